//! The sweep: it reaches everything, holds nothing up, and counts what it did.

use std::collections::HashSet;

use domain::Platform;
use serde_json::json;
use sqlx::PgPool;
use store::rings;
use time::Duration;

use crate::{
    deliveries::endpoint,
    house::{House, Person, Receiver},
    networks::{NETWORKS, Network, What},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_more_overdue_posts_than_one_sweep_takes_none_is_forgotten(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let id = scheduled(&house, &author, "One of a crowd").await;
    sqlx::query(
        "INSERT INTO posts (id, user_id, connection_id, platform, caption, fingerprint, due_at,
             next_attempt_at)
         SELECT gen_random_uuid(), user_id, connection_id, platform, caption, fingerprint, due_at,
             next_attempt_at
         FROM posts, generate_series(1, 600)",
    )
    .execute(&house.pool)
    .await
    .unwrap();
    house.lose_all_rings().await;
    house.advance(Duration::hours(1) + Duration::minutes(1));
    let mut rung = HashSet::new();
    for _ in 0..2 {
        house.sweep().await;
        let subjects: Vec<String> = sqlx::query_scalar("SELECT subject FROM rings")
            .fetch_all(&house.pool)
            .await
            .unwrap();
        rung.extend(subjects);
        // Nobody hears them.
        house.lose_all_rings().await;
        house.advance(Duration::MINUTE);
    }
    assert_eq!(rung.len(), 601);
    assert!(rung.contains(&id));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn with_every_ring_but_the_sweepers_lost_nothing_is_two_minutes_late(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut posts = Vec::new();
    let begun = house.now();
    for (turn, network) in (0..).zip(NETWORKS) {
        house.connect(&author, network.platform).await;
        let (what, _) = network.simplest();
        for number in 0..4 {
            let words = format!(
                "Number {number} to {}, rung for by nobody",
                network.platform
            );
            // At every place between two sweeps.
            let due =
                begun + Duration::minutes(16 + 7 * number) + Duration::seconds(turn * 9 + number);
            let draft = house.draft(network, what, &words);
            posts.push((house.schedule(&author, &draft, due).await, words));
        }
    }
    for _ in 0..45 {
        house.lose_all_rings().await;
        house.sweep().await;
        // What a sweep rings for comes some moments after it.
        house.advance(Duration::seconds(2));
        let heard = rings::take(&house.pool, 100, Duration::MINUTE, &[], &[])
            .await
            .unwrap();
        house.lose_all_rings().await;
        for ring in heard {
            house.publisher.answer(&ring.subject).await;
        }
        house.advance(Duration::seconds(58));
    }
    for (id, words) in &posts {
        house.assert_published(&author, id, words).await;
        let told = house.get(&author, &format!("/api/posts/{id}")).await.json();
        let late = told["lateMs"].as_i64().unwrap();
        assert!(late <= 120_000, "{words}: {late} ms late");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_sweep_tells_what_it_found(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let receiver = Receiver::silent().await;
    for words in ["One overlooked", "Another one"] {
        scheduled(&house, &author, words).await;
    }
    for platform in [Platform::Linkedin, Platform::Tiktok] {
        house.connect(&author, platform).await;
        let path = format!("/api/disconnect/{platform}");
        house.send(&author, &path, &json!({})).await;
    }
    sqlx::query(
        r#"INSERT INTO errands (id, user_id, connection_id, wish, due_at)
           SELECT gen_random_uuid(), user_id, id, '{"kind": "boards"}', app_now()
           FROM connections, generate_series(1, 2) WHERE platform = 'x'"#,
    )
    .execute(&house.pool)
    .await
    .unwrap();
    let endpoint = endpoint(&house, &author, &receiver.url("/"), json!({})).await;
    for _ in 0..2 {
        let test = endpoint.path("/test");
        house.send(&author, &test, &json!({})).await;
    }
    house.lose_all_rings().await;
    house.advance(Duration::hours(1) + Duration::minutes(1));
    let swept = house.publisher.sweep().await.unwrap();
    let found = [
        swept.posts,
        swept.connections,
        swept.errands,
        swept.deliveries,
    ];
    assert_eq!(found, [2; 4], "{swept:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn files_are_kept_for_a_month_after_their_post(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let network = Network::of(Platform::X);
    house.connect(&author, network.platform).await;
    for words in ["A picture", "Another one"] {
        house
            .post(&author, &house.draft(network, What::Picture, words))
            .await;
        house.run_all().await;
    }
    let keys: Vec<String> = sqlx::query_scalar("SELECT object_key FROM media")
        .fetch_all(&house.pool)
        .await
        .unwrap();
    for (days, files) in [(29, 0), (2, 2), (1, 0)] {
        house.advance(Duration::days(days));
        assert_eq!(house.publisher.sweep().await.unwrap().files, files);
    }
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert!(!house.kept(&key).exists(), "{key} is still there");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_ring_of_a_sweep_comes_at_its_time(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let id = scheduled(&house, &author, "Rung for").await;
    house.lose_all_rings().await;
    house.advance(Duration::hours(1) + Duration::minutes(1));
    house.sweep().await;
    house.hear_next().await;
    house.publisher.answer(&id).await;
    assert_eq!(house.live("Rung for").len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn renewals_that_hang_hold_up_neither_rings_nor_retention(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    scheduled(&house, &author, "Rung for nevertheless").await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
    }
    // Nothing is left to be sealed anew, which would wait too.
    house.sweep().await;
    house.lose_all_rings().await;
    house.advance(Duration::days(2));
    // Whoever wants to renew a token waits for this.
    let mut lock = house.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM connections FOR UPDATE")
        .execute(&mut lock)
        .await
        .unwrap();
    let limit = std::time::Duration::from_secs(20);
    let swept = tokio::time::timeout(limit, house.publisher.sweep()).await;
    let swept = swept.expect("a sweep that ends").unwrap();
    assert_eq!(swept.posts, 1);
    assert!(swept.rows > 0, "{swept:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_what_was_sealed_anew_counts_as_sealed_anew(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    assert_eq!(
        house.sweep().await.resealed,
        1,
        "from the key of its sealer"
    );
    house.another_vault().rotate().await.unwrap();
    // This process takes the key before for the current one as long as it may keep keys.
    assert_eq!(house.sweep().await.resealed, 0);
    house.advance(Duration::minutes(6));
    assert_eq!(house.sweep().await.resealed, 1);
    assert_eq!(house.sweep().await.resealed, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everything_that_is_sealed_is_sealed_anew_and_counted(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for platform in [Platform::X, Platform::Linkedin] {
        house.connect(&author, platform).await;
    }
    let receiver = Receiver::open().await;
    for number in 0..3 {
        let address = receiver.url(&format!("/{number}"));
        endpoint(&house, &author, &address, json!({})).await;
    }
    scheduled(&house, &author, "Under way").await;
    house.advance(Duration::minutes(59));
    house.run_due().await;
    let (accounts, secrets, posts) = (2, 3, 1);
    assert_eq!(house.sweep().await.resealed, accounts + secrets);
    house.publisher.rotate_keys().await.unwrap();
    assert_eq!(house.sweep().await.resealed, accounts + secrets + posts);
    assert_eq!(house.sweep().await.resealed, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_row_that_nobody_can_read_ends_before_an_operator(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let id = scheduled(&house, &author, "In no shape").await;
    sqlx::query("UPDATE posts SET media = '7'")
        .execute(&house.pool)
        .await
        .unwrap();
    house.live_through(90).await;
    let id: domain::PostId = id.parse().unwrap();
    let stage: String = sqlx::query_scalar("SELECT stage FROM posts WHERE id = $1")
        .bind(id.uuid())
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(stage, "needs_attention");
}

/// A picture for X, scheduled for in an hour; gives its id.
async fn scheduled(house: &House, author: &Person, words: &str) -> String {
    let network = Network::of(Platform::X);
    house.connect(author, network.platform).await;
    let draft = house.draft(network, What::Picture, words);
    let due = house.now() + Duration::hours(1);
    house.schedule(author, &draft, due).await
}
