//! A publisher that dies, wherever it dies: the sweeper finds what it left, and nothing is doubled.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use domain::Platform;
use serde_json::json;
use sqlx::{PgPool, Row as _};
use tests::survives;
use time::{Duration, OffsetDateTime};

use crate::{
    house::{House, MAX_CONNECTIONS},
    networks::{NETWORKS, Network, What},
};

/// Longer than a publisher may hold a post.
const LEASE_OVER: Duration = Duration::minutes(7);

/// How long an account rests between two posts.
const BETWEEN: Duration = Duration::hours(2);

/// What follows a death: the lease runs out, and sweeps find the post. The first may come while the database
/// has not yet noticed that the dead one's connection is gone, and passes over rows that it holds.
async fn recover(house: &House) {
    house.advance(LEASE_OVER);
    house.live_through(2).await;
    house.run_all().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn wherever_a_publisher_dies_the_post_is_live_at_most_once(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut wrong = Vec::new();
    for network in NETWORKS {
        let platform = network.platform;
        house.connect(&author, platform).await;
        let (what, _) = network.simplest();
        let mut polls = 1;
        loop {
            let words = format!("{platform}, dead after {polls}");
            let id = house
                .post(&author, &house.draft(network, what, &words))
                .await;
            let lived = survives(Box::pin(house.publisher.answer(&id)), polls).await;
            house.lose_all_rings().await;
            recover(&house).await;
            let ending = house.ending(&author, &id, &words).await;
            if !ending.is_true() || ending.status() == "failed" {
                wrong.push(format!("{words}: {ending}"));
            }
            if lived {
                break;
            }
            // Networks limit how much an account may post in a day; the sweeper keeps its tokens fresh.
            house.advance(BETWEEN);
            house.sweep().await;
            polls += 1 + polls / 8;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_dies_with_the_commit_on_its_way_leaves_a_post_that_is_never_sent_on_a_guess(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut wrong = Vec::new();
    for network in NETWORKS {
        let platform = network.platform;
        house.connect(&author, platform).await;
        for (what, commit) in network.kinds() {
            for later in 0..3 {
                let words = format!("{what:?} to {platform}, dead {later} polls after its commit");
                let id = house
                    .post(&author, &house.draft(network, what, &words))
                    .await;
                let sent = house.calls(commit) + commit.nth as usize;
                loop {
                    house.hear_next().await;
                    let is_out = || house.calls(commit) >= sent;
                    let look = Box::pin(house.publisher.answer(&id));
                    // With a quick answer a look can be over before it has been polled so often.
                    if !survives_until(look, is_out, later).await || is_out() {
                        break;
                    }
                }
                if later == 0 {
                    assert_eq!(stage(&house, &id).await, "firing", "{words}");
                }
                house.lose_all_rings().await;
                recover(&house).await;
                let ending = house.ending(&author, &id, &words).await;
                if !ending.is_true() || ending.status() == "failed" {
                    wrong.push(format!("{words}: {ending}"));
                }
                house.advance(BETWEEN);
                house.sweep().await;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Not at once, again and again, until then.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_that_another_holds_is_rung_for_when_its_lease_ends(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Held");
    let id = house.post(&author, &draft).await;
    let holder = Box::pin(house.publisher.answer(&id));
    let is_leased = || {
        house
            .networks
            .calls()
            .iter()
            .any(|call| call.contains("tweets"))
    };
    assert!(!survives_until(holder, is_leased, 0).await);
    house.lose_all_rings().await;
    house.publisher.answer(&id).await;
    let (due, until): (OffsetDateTime, OffsetDateTime) = sqlx::query_as(
        "SELECT r.due_at, p.lease_until FROM posts p JOIN rings r ON r.subject = $1
         WHERE p.lease_until > app_now()",
    )
    .bind(&id)
    .fetch_one(&house.pool)
    .await
    .unwrap();
    assert_eq!(due, until);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn doubt_ends_after_a_day_although_nobody_can_look(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut armed = Vec::new();
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
        let (what, commit) = network.simplest();
        let words = format!("To {}, with nobody to look after it", network.platform);
        let id = house
            .post(&author, &house.draft(network, what, &words))
            .await;
        let sent = house.calls(commit) + commit.nth as usize;
        loop {
            house.hear_next().await;
            let look = Box::pin(house.publisher.answer(&id));
            let is_out = || house.calls(commit) >= sent;
            if !survives_until(look, is_out, 0).await {
                break;
            }
        }
        assert_eq!(stage(&house, &id).await, "firing", "{words}");
        armed.push((id, words));
    }
    sqlx::query("UPDATE connections SET health = 'needs_reconnect'")
        .execute(&house.pool)
        .await
        .unwrap();
    house.live_through_a_day().await;
    for (id, words) in &armed {
        let ending = house.ending(&author, id, words).await;
        assert!(
            ending.is_true() && ending.status() == "unconfirmed",
            "{words}: {ending}"
        );
    }
}

/// Three publishers died over it in a row; whatever they came to, the fourth tells no more than is known.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_breaks_its_publishers_is_called_failed_only_if_it_is_not_live(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    for (stage, outcome, status, code) in [
        ("preparing", None, "failed", "publisher_crashed"),
        ("prepared", Some("absent"), "failed", "publisher_crashed"),
        ("prepared", Some("rejected"), "failed", "publisher_crashed"),
        ("firing", Some("unknown"), "unconfirmed", "outcome_unknown"),
        (
            "confirming",
            Some("unknown"),
            "unconfirmed",
            "outcome_unknown",
        ),
        (
            "confirming",
            Some("accepted"),
            "unconfirmed",
            "publisher_crashed",
        ),
    ] {
        let draft = house.draft(Network::of(Platform::X), What::Picture, "Hard to publish");
        let id = house.post(&author, &draft).await;
        let row: domain::PostId = id.parse().unwrap();
        sqlx::query(
            "WITH arm AS (
                 INSERT INTO attempts (id, post_id, user_id, number, step, outcome)
                 SELECT gen_random_uuid(), id, user_id, 1, 'create_post', $3 FROM posts
                 WHERE id = $1 AND $3 IS NOT NULL
             )
             UPDATE posts SET stage = $2, crash_count = 3,
                 armed_at = CASE WHEN $3 IS NOT NULL THEN app_now() END,
                 accepted_at = CASE WHEN $3 = 'accepted' THEN app_now() END
             WHERE id = $1",
        )
        .bind(row.uuid())
        .bind(stage)
        .bind(outcome)
        .execute(&house.pool)
        .await
        .unwrap();
        house.publisher.answer(&id).await;
        let told = house.status(&author, &id).await;
        assert_eq!(
            (&told["status"], &told["error"]["code"]),
            (&json!(status), &json!(code)),
            "{stage} {outcome:?}: {told}"
        );
    }
    assert_eq!(house.live("Hard to publish"), []);
}

/// Another build may be able to read it, so it is not given up at once.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_that_cannot_be_read_is_left_to_a_person_after_some_looks(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let draft = house.draft(Network::of(Platform::X), What::Picture, "In a new shape");
    let id = house.post(&author, &draft).await;
    let row: domain::PostId = id.parse().unwrap();
    sqlx::query("UPDATE posts SET media = '[{\"shape\": \"unknown\"}]' WHERE id = $1")
        .bind(row.uuid())
        .execute(&house.pool)
        .await
        .unwrap();
    for _ in 0..3 {
        house.publisher.answer(&id).await;
        assert_eq!(stage(&house, &id).await, "scheduled");
        house.advance(LEASE_OVER);
    }
    house.publisher.answer(&id).await;
    assert_eq!(stage(&house, &id).await, "needs_attention");
    let code: String = sqlx::query_scalar("SELECT error ->> 'code' FROM posts WHERE id = $1")
        .bind(row.uuid())
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(code, "post_unreadable");
}

async fn stage(house: &House, id: &str) -> String {
    let id: domain::PostId = id.parse().unwrap();
    sqlx::query_scalar("SELECT stage FROM posts WHERE id = $1")
        .bind(id.uuid())
        .fetch_one(&house.pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_dies_while_a_transaction_begins_leaves_none_open(pool: PgPool) {
    let house = House::open(pool).await;
    let mut polls = 1;
    while !survives(house.pool.begin(), polls).await {
        polls += 1;
    }
    let mut all = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        all.push(house.pool.acquire().await.unwrap());
    }
    for connection in &mut all {
        let row = sqlx::raw_sql("SELECT now() = statement_timestamp()")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert!(
            row.get::<bool, _>(0),
            "a transaction that nobody will end is open"
        );
    }
}

/// Lets a future run until something is so and for so many polls more, and then drops it; tells
/// whether it came to its end before.
async fn survives_until(
    future: impl Future + Unpin,
    is_so: impl Fn() -> bool,
    more: usize,
) -> bool {
    let mut future = pin!(future);
    let mut left = more;
    poll_fn(|context| {
        if is_so() {
            if left == 0 {
                return Poll::Ready(false);
            }
            left -= 1;
        }
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
