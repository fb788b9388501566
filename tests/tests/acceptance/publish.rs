//! Each network: what is posted goes live once, as it was meant, and when it was meant.

use domain::Platform;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use simulator::LivePost;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::Level;

use crate::{
    house::{House, Log},
    networks::{NETWORKS, Network, What},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_posted_goes_live_once_as_it_was_meant(pool: PgPool) {
    each_goes_live_once(&House::open(pool).await).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn through_a_pooler_in_transaction_mode_it_goes_live_once_too(pool: PgPool) {
    let (house, _pooler) = House::open_behind_pooler(pool, 2).await;
    each_goes_live_once(&house).await;
}

/// What was asked of the network, what it answered, and what came of it, in this order.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_log_of_a_post_tells_every_step(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Step by step");
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    let path = format!("/api/posts/{id}/log");
    let log = house.get(&author, &path).await.json();
    let steps = log.as_array().unwrap().iter();
    let told: Vec<_> = steps
        .map(|step| {
            let [name, outcome] = ["step", "outcome"].map(|key| step[key].as_str().unwrap());
            (name, outcome, step["httpStatus"].as_i64())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("upload_picture", "answered", Some(200)),
            ("arm", "done", None),
            ("create_post", "answered", Some(201)),
            ("publish", "done", None),
        ]
    );
}

async fn each_goes_live_once(house: &House) {
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        let connection = house.connect(&author, platform).await;
        for (what, _) in network.kinds() {
            let words = format!("{what:?} for {platform} — señor's 1st ☕");
            let id = house
                .post(&author, &house.draft(network, what, &words))
                .await;
            house.run_all().await;
            let told = house.status(&author, &id).await;
            assert_eq!(told["status"], "published", "{platform} {what:?}: {told}");
            assert_eq!(told["error"], Value::Null, "{platform} {what:?}");
            let live = house.live(&words);
            assert_eq!(live.len(), 1, "{platform} {what:?}: {live:?}");
            let [post] = live.as_slice() else {
                unreachable!("one was counted")
            };
            assert_eq!(post.network, platform.as_str());
            // LinkedIn writes the account's id as a name of its own around the same id.
            let account = connection["accountId"].as_str().unwrap();
            assert!(account.ends_with(&post.account_id), "{platform}: {account}");
            if network.tells_id {
                assert_eq!(told["externalId"], post.post_id.as_str(), "{platform}");
                assert!(told["url"].as_str().unwrap().starts_with("https://"));
            }
            assert_carries(house, what, post);
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_scheduled_goes_out_at_its_time_and_not_before(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        house.connect(&author, platform).await;
        let (what, _) = network.simplest();
        let words = format!("Tomorrow at {platform}");
        let due = house.now() + Duration::days(1);
        let draft = house.draft(network, what, &words);
        let id = house.schedule(&author, &draft, due).await;
        house.run_due().await;
        assert_eq!(house.status(&author, &id).await["status"], "queued");
        // It is prepared before its time, and seen by nobody.
        house.advance_to(due - Duration::minutes(1));
        house.run_due().await;
        assert_eq!(house.live(&words), [], "{platform}");
        assert_eq!(
            house.status(&author, &id).await["status"],
            "publishing",
            "{platform}"
        );
        house.advance_to(due - Duration::seconds(2));
        house.run_due().await;
        assert_eq!(house.live(&words), [], "{platform}");
        house.run_all().await;
        let told = house.status(&author, &id).await;
        assert_eq!(told["status"], "published", "{platform}: {told}");
        let live = house.live(&words);
        assert_eq!(live.len(), 1, "{platform}: {live:?}");
        assert!(live.iter().all(|post| post.created_at >= due), "{platform}");
        let late = told["lateMs"].as_i64().unwrap();
        assert!((0..5_000).contains(&late), "{platform}: {late} ms late");
    }
}

/// The networks that work on a video before it is posted; the others do so afterwards.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_video_that_takes_a_minute_at_the_network_goes_out_at_its_second(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for platform in [
        Platform::Instagram,
        Platform::Linkedin,
        Platform::Pinterest,
        Platform::X,
    ] {
        let world = house.networks.world();
        world.set_processing(platform.as_str(), Duration::MINUTE);
        house.connect(&author, platform).await;
        let words = format!("A long one for {platform}");
        let due = (house.now() + Duration::hours(2))
            .replace_nanosecond(0)
            .unwrap();
        let draft = house.draft(Network::of(platform), What::Video, &words);
        let id = house.schedule(&author, &draft, due).await;
        house.run_all().await;
        let told = house.get(&author, &format!("/api/posts/{id}")).await.json();
        assert_eq!(told["status"], "published", "{platform}: {told}");
        let late = told["lateMs"].as_i64().unwrap();
        assert!((0..1_000).contains(&late), "{platform}: {late} ms late");
        let at = |name: &str| OffsetDateTime::parse(told[name].as_str().unwrap(), &Rfc3339);
        let [meant, armed, accepted] = ["dueAt", "armedAt", "acceptedAt"].map(|it| at(it).unwrap());
        assert_eq!(meant, due, "{platform}");
        assert!(due <= armed && armed <= accepted, "{platform}: {told}");
        assert_eq!((accepted - due).whole_milliseconds(), i128::from(late));
        let live = house.live(&words);
        assert_eq!(live.len(), 1, "{platform}: {live:?}");
        let shown = live[0].created_at - due;
        assert!(
            (Duration::ZERO..Duration::SECOND).contains(&shown),
            "{platform}: {shown}"
        );
    }
}

/// They would only stand in each other's way: an account is sent one post at a time.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn posts_of_an_account_and_a_second_are_rung_for_one_after_the_other(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let due = (house.now() + Duration::hours(1))
        .replace_nanosecond(0)
        .unwrap();
    let network = Network::of(Platform::X);
    for words in ["The first", "The second", "The third"] {
        let draft = house.draft(network, What::Picture, words);
        house.schedule(&author, &draft, due).await;
    }
    house.advance(due - Duration::MINUTE - house.now());
    house.run_due().await;
    let ahead: Vec<i64> = sqlx::query_scalar(
        "SELECT (extract(epoch FROM next_attempt_at - due_at) * 1000)::bigint FROM posts
         WHERE stage = 'prepared' ORDER BY sequence",
    )
    .fetch_all(&house.pool)
    .await
    .unwrap();
    assert_eq!(ahead, [0, 80, 160]);
    house.run_all().await;
    let live: Vec<_> = house.networks.ledger().posts().to_vec();
    let words: Vec<&str> = live.iter().map(|post| post.text.as_str()).collect();
    assert_eq!(words, ["The first", "The second", "The third"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_not_accepted_is_not_late(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let network = Network::of(Platform::X);
    let draft = house.draft(network, What::Picture, "Not yet");
    let due = house.now() + Duration::hours(1);
    let id = house.schedule(&author, &draft, due).await;
    house.advance_to(due - Duration::minutes(1));
    house.run_due().await;
    let told = house.get(&author, &format!("/api/posts/{id}")).await.json();
    for name in ["armedAt", "acceptedAt", "lateMs"] {
        assert_eq!(told[name], Value::Null, "{name}: {told}");
    }
    let now = house.post(&author, &draft).await;
    house.run_due().await;
    let told = house
        .get(&author, &format!("/api/posts/{now}"))
        .await
        .json();
    assert_eq!(told["status"], "published", "{told}");
    assert!(told["lateMs"].as_i64().unwrap() >= 0, "{told}");
    assert_eq!(told["dueAt"], told["createdAt"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_schedule_outlives_the_loss_of_every_ring(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let network = Network::of(Platform::X);
    let due = house.now() + Duration::hours(2);
    let draft = house.draft(network, What::Picture, "Lost and found");
    let id = house.schedule(&author, &draft, due).await;
    house.lose_all_rings().await;
    house.advance_to(due + Duration::seconds(31));
    house.run_due().await;
    assert_eq!(house.live("Lost and found"), []);
    let swept = house.sweep().await;
    assert_eq!(swept.posts, 1);
    house.run_all().await;
    assert_eq!(house.status(&author, &id).await["status"], "published");
    assert_eq!(house.live("Lost and found").len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_what_was_scheduled_can_be_late(pool: PgPool) {
    let (log, _heard) = Log::listen(Level::INFO);
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
        let (what, _) = network.simplest();
        let draft = house.draft(network, what, "At once");
        let at_once = house.post(&author, &draft).await;
        house.run_all().await;
        let due = house.now() + Duration::hours(1);
        let draft = house.draft(network, what, "On time");
        let planned = house.schedule(&author, &draft, due).await;
        house.run_all().await;
        let text = log.text();
        let line = |id: &str| {
            let wanted = format!("published {id}");
            text.lines().find(|line| line.contains(&wanted)).unwrap()
        };
        let (at_once, planned) = (line(&at_once), line(&planned));
        assert!(at_once.contains(" took_ms="), "{at_once}");
        assert!(!at_once.contains("late_ms"), "{at_once}");
        assert!(planned.contains(" late_ms="), "{planned}");
        assert!(!planned.contains("took_ms"), "{planned}");
    }
}

/// The post shows the very video, or the very picture encoded anew.
fn assert_carries(house: &House, what: What, post: &LivePost) {
    let [file] = post.media.as_slice() else {
        panic!("not one file: {post:?}")
    };
    let (_, bytes) = house.networks.world().kept(&file.digest).unwrap();
    assert_eq!(hex::encode(Sha256::digest(&bytes)), file.digest);
    match what {
        What::Picture => {
            let sent = image::load_from_memory(&bytes).unwrap().to_rgb8();
            let meant = image::load_from_memory(media::samples::photo_jpeg())
                .unwrap()
                .to_rgb8();
            assert_eq!(sent.dimensions(), meant.dimensions());
            let apart: u64 = sent
                .as_raw()
                .iter()
                .zip(meant.as_raw())
                .map(|(one, other)| u64::from(one.abs_diff(*other)))
                .sum();
            let mean = apart / sent.as_raw().len() as u64;
            assert!(mean < 4, "the pictures differ by {mean} of 255");
        }
        What::Video => assert_eq!(
            file.digest,
            hex::encode(Sha256::digest(media::samples::clip_mp4()))
        ),
    }
}
