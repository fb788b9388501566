//! The keys that secrets lie under, replaced by an operator's order or by age while posts are under way.

use std::{collections::BTreeSet, sync::Mutex};

use serde_json::json;
use sqlx::PgPool;
use tests::survives;
use time::Duration;

use crate::{
    house::{House, Person},
    networks::NETWORKS,
};

/// What is published once the key was replaced in the middle of its preparation.
struct UnderWay {
    words: String,
    id: String,
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_ordered_rotation_seals_everything_anew_and_every_post_under_way_is_published(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let posts = prepared(&house, &author).await;
    let before = lie_under(&house).await;
    assert!(!before.is_empty(), "nothing was sealed");
    sweeper::handle(&house.publisher, &json!({"rotateKeys": true}))
        .await
        .unwrap();
    let after = lie_under(&house).await;
    assert_eq!(after, BTreeSet::from([current(&house).await]));
    assert!(after.is_disjoint(&before), "the key was not replaced");
    all_are_published(&house, &author, &posts).await;

    // A day later the old keys are gone, and everybody can still publish.
    house.advance(Duration::days(1) + Duration::minutes(1));
    sweeper::handle(&house.publisher, &json!({})).await.unwrap();
    let kept = keys(&house).await;
    assert!(kept.is_disjoint(&before), "a key outlived what it sealed");
    assert!(kept.contains(&current(&house).await));
    let posts = prepared_anew(&house, &author).await;
    all_are_published(&house, &author, &posts).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_timer_sends_and_a_misspelt_order_replace_no_key(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, NETWORKS[0].platform).await;
    // What was sealed by a request lies under a key of its own until the sweep.
    house.sweep().await;
    let before = current(&house).await;
    for event in [
        json!({}),
        json!({"rotateKeys": false}),
        json!({"version": "0", "source": "aws.scheduler", "detail-type": "Scheduled Event"}),
    ] {
        sweeper::handle(&house.publisher, &event).await.unwrap();
    }
    for order in [
        json!({"rotateKeys": "yes"}),
        json!({"rotateKeys": true, "dryRun": true}),
    ] {
        let refused = sweeper::handle(&house.publisher, &order).await;
        assert!(refused.is_err(), "{order}");
    }
    assert_eq!(current(&house).await, before);
    assert_eq!(lie_under(&house).await, BTreeSet::from([before]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_sweep_replaces_a_key_that_is_as_old_as_the_setting_allows(pool: PgPool) {
    let house = House::open_with(pool, &[("KEY_ROTATION_DAYS", "2")]).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
    }
    house.sweep().await;
    let before = current(&house).await;
    house.advance(Duration::hours(47));
    house.sweep().await;
    assert_eq!(current(&house).await, before, "too early");
    house.advance(Duration::hours(2));
    house.sweep().await;
    let after = current(&house).await;
    assert_ne!(after, before, "the key is two days old");
    assert_eq!(lie_under(&house).await, BTreeSet::from([after]));
    let posts = prepared_anew(&house, &author).await;
    all_are_published(&house, &author, &posts).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_command_replaces_the_key_and_may_be_stopped_anywhere_and_run_again(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let posts = prepared(&house, &author).await;
    let mut polls = 1;
    let mut currents = BTreeSet::new();
    loop {
        let ran = local::keys::rotate(&house.publisher, &house.pool, |_: &str| ());
        let lived = survives(ran, polls).await;
        let known = keys(&house).await;
        assert!(lie_under(&house).await.is_subset(&known), "a key is lost");
        currents.insert(current(&house).await);
        if lived {
            break;
        }
        polls += 1 + polls / 2;
    }
    assert!(
        currents.len() > 1,
        "it was never stopped after the rotation"
    );
    let now = current(&house).await;
    assert_eq!(lie_under(&house).await, BTreeSet::from([now]));
    all_are_published(&house, &author, &posts).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_command_says_what_it_did_and_what_it_could_not_do(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
    }
    let lines = Mutex::new(Vec::new());
    let say = |line: &str| lines.lock().unwrap().push(line.to_owned());
    local::keys::rotate(&house.publisher, &house.pool, say)
        .await
        .unwrap();
    let told = std::mem::take(&mut *lines.lock().unwrap());
    let [replaced, resealed, end] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert!(replaced.ends_with("is the current data key"), "{replaced}");
    assert_eq!(*resealed, format!("{} rows sealed anew", NETWORKS.len()));
    assert!(end.starts_with("nothing lies under older keys"), "{end}");

    // One that does not open stays where it is, and is told of.
    sqlx::query(
        "UPDATE connections SET access_token_ciphertext = access_token_ciphertext || '\\x00'
         WHERE id = (SELECT id FROM connections LIMIT 1)",
    )
    .execute(&house.pool)
    .await
    .unwrap();
    let refused = local::keys::rotate(&house.publisher, &house.pool, say).await;
    let error = refused.unwrap_err().to_string();
    assert!(
        error.starts_with("rows that still lie under older keys: 1;"),
        "{error}"
    );
}

/// Connects every network and has a post prepared for each.
async fn prepared(house: &House, author: &Person) -> Vec<UnderWay> {
    for network in NETWORKS {
        house.connect(author, network.platform).await;
    }
    prepared_anew(house, author).await
}

/// A post for each network that is prepared and not yet due.
async fn prepared_anew(house: &House, author: &Person) -> Vec<UnderWay> {
    let mut posts = Vec::new();
    let at = house.now() + Duration::minutes(5);
    for network in NETWORKS {
        let words = format!("For {} at {at}", network.platform);
        let draft = house.draft(network, network.simplest().0, &words);
        let id = house.schedule(author, &draft, at).await;
        posts.push(UnderWay { words, id });
    }
    house.advance(Duration::minutes(4));
    house.run_due().await;
    for post in &posts {
        let told = house.status(author, &post.id).await;
        assert_eq!(told["status"], "publishing", "{}: {told}", post.words);
    }
    posts
}

async fn all_are_published(house: &House, author: &Person, posts: &[UnderWay]) {
    house.run_all().await;
    for UnderWay { words, id } in posts {
        let ending = house.ending(author, id, words).await;
        assert_eq!(
            (ending.status(), ending.live),
            ("published", 1),
            "{words}: {ending}"
        );
    }
}

/// The ids of the data keys that something lies under.
async fn lie_under(house: &House) -> BTreeSet<String> {
    let ids: Vec<String> = sqlx::query_scalar(
        "SELECT encode(substring(sealed FROM 2 FOR 16), 'hex') FROM (
             SELECT access_token_ciphertext FROM connections
             UNION ALL SELECT refresh_token_ciphertext FROM connections
             UNION ALL SELECT progress FROM posts
         ) s (sealed) WHERE sealed IS NOT NULL",
    )
    .fetch_all(&house.pool)
    .await
    .unwrap();
    ids.into_iter().collect()
}

async fn keys(house: &House) -> BTreeSet<String> {
    let ids: Vec<String> = sqlx::query_scalar("SELECT replace(id::text, '-', '') FROM data_keys")
        .fetch_all(&house.pool)
        .await
        .unwrap();
    ids.into_iter().collect()
}

async fn current(house: &House) -> String {
    sqlx::query_scalar("SELECT replace(id::text, '-', '') FROM data_keys WHERE is_current")
        .fetch_one(&house.pool)
        .await
        .unwrap()
}
