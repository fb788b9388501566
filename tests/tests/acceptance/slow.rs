//! Whatever is slow, a look ends before its function does, and holds up no other.

use std::time::Duration;

use domain::Platform;
use futures_util::future::{Either, select};
use serde_json::json;
use sqlx::PgPool;
use tokio::time::Instant;

use crate::{
    house::House,
    networks::{NETWORKS, Network, What},
};

/// How long the publisher may run in the template.
const FUNCTION: Duration = Duration::from_mins(5);
/// Less than a file or a commit may take.
const TOO_LITTLE: Duration = Duration::from_secs(80);

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_look_that_stalls_holds_up_no_neighbour_and_is_put_down_in_time(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let network = Network::of(Platform::X);
    house.connect(&author, Platform::X).await;
    let stalled = house
        .post(&author, &house.draft(network, What::Picture, "Comes again"))
        .await;
    not_taken_in(&house, &stalled).await;
    let good = house
        .post(&author, &house.draft(network, What::Picture, "Not held up"))
        .await;
    // Whoever wants to write that a file of the post is kept waits for this.
    let mut lock = house.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM media WHERE object_key IS NULL FOR UPDATE")
        .execute(&mut lock)
        .await
        .unwrap();
    let batch = [&stalled, &good];
    let all = Box::pin(handle(&house, &batch, FUNCTION));
    let one = Box::pin(async {
        while house.live("Not held up").is_empty() || waiting(&house).await == 0 {
            tokio::task::yield_now().await;
        }
    });
    let Either::Right(((), all)) = select(all, one).await else {
        panic!("the neighbour was held up");
    };
    drop(lock);
    assert_eq!(all.await, Vec::<String>::new());
    assert_eq!(house.status(&author, &good).await["status"], "published");

    // What stalls without end is put down.
    let stalled = house
        .post(&author, &house.draft(network, What::Picture, "Comes back"))
        .await;
    let mut lock = house.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE connections")
        .execute(&mut lock)
        .await
        .unwrap();
    let soon = Duration::from_secs(21);
    let answered = tokio::time::timeout(soon, handle(&house, &[&stalled], soon)).await;
    let failed = answered.expect("the function ends before it is killed");
    assert_eq!(failed, Vec::<String>::new());
    assert!(!under_lease(&house, &stalled).await);
    drop(lock);
    house.run_all().await;
    for (id, words) in [(good, "Not held up"), (stalled, "Comes back")] {
        house.assert_published(&author, &id, words).await;
    }
    assert_eq!(house.live("Comes again").len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_is_begun_only_with_time_for_all_of_it(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let network = Network::of(Platform::X);
    house.connect(&author, Platform::X).await;
    let draft = house.draft(network, What::Video, "Not in a hurry");
    let id = house.post(&author, &draft).await;
    not_taken_in(&house, &id).await;
    for _ in 0..6 {
        let until = Instant::now() + TOO_LITTLE;
        house.publisher.answer_by(&id, until).await;
        house.advance(time::Duration::seconds(2));
    }
    assert_eq!(house.status(&author, &id).await["status"], "queued");
    assert!(!under_lease(&house, &id).await);
    house.run_all().await;
    house.assert_published(&author, &id, "Not in a hurry").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_commit_is_begun_only_with_time_for_its_answer(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
        let (what, _) = network.simplest();
        let words = format!("Not in a hurry to be on {}", network.platform);
        let id = house
            .post(&author, &house.draft(network, what, &words))
            .await;
        for _ in 0..6 {
            let until = Instant::now() + TOO_LITTLE;
            house.publisher.answer_by(&id, until).await;
            house.advance(time::Duration::seconds(2));
        }
        assert_eq!(house.live(&words), [], "{words}");
        house.run_all().await;
        house.assert_published(&author, &id, &words).await;
    }
}

/// Answers these messages as a function that is killed after `time`; gives those that failed.
async fn handle(house: &House, messages: &[&String], time: Duration) -> Vec<String> {
    let records: Vec<_> = messages
        .iter()
        .map(|id| json!({"messageId": id, "body": id}))
        .collect();
    let event = serde_json::from_value(json!({"Records": records})).unwrap();
    let response = publisher::handle(&house.publisher, event, Instant::now() + time).await;
    let failures = response.batch_item_failures.into_iter();
    failures.map(|failure| failure.item_identifier).collect()
}

/// As if the files of a post had been too large to be taken in while its author waited.
async fn not_taken_in(house: &House, id: &str) {
    let id: domain::PostId = id.parse().unwrap();
    let files = sqlx::query(
        "UPDATE media SET object_key = NULL, bytes = NULL, sha256 = NULL, facts = NULL
         WHERE (SELECT media FROM posts WHERE id = $1) @>
             jsonb_build_array(jsonb_build_object('mediaId', 'med_' || replace(id::text, '-', '')))",
    )
    .bind(id.uuid())
    .execute(&house.pool)
    .await
    .unwrap();
    assert_eq!(files.rows_affected(), 1);
}

/// How many statements wait for a lock.
async fn waiting(house: &House) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .fetch_one(&house.pool)
    .await
    .unwrap()
}

async fn under_lease(house: &House, id: &str) -> bool {
    let id: domain::PostId = id.parse().unwrap();
    sqlx::query_scalar("SELECT lease_until IS NOT NULL FROM posts WHERE id = $1")
        .bind(id.uuid())
        .fetch_one(&house.pool)
        .await
        .unwrap()
}
