//! Each network, at the one call that makes a post visible: whatever becomes of the request and its
//! answer, at most one post is live, and what we say of it is true.

use serde_json::json;
use simulator::Fault;
use sqlx::PgPool;
use time::Duration;

use crate::{
    house::House,
    networks::{AfterLoss, NETWORKS},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whatever_is_lost_at_the_commit_nothing_is_doubled_or_misreported(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut wrong = Vec::new();
    for network in NETWORKS {
        let platform = network.platform;
        house.connect(&author, platform).await;
        for (what, commit) in network.kinds() {
            for (name, fault, has_effect) in faults() {
                let words = format!("{what:?} to {platform}, {name}");
                let called = house.calls(commit);
                house.script(commit.goes_wrong(fault));
                let id = house
                    .post(&author, &house.draft(network, what, &words))
                    .await;
                house.run_all().await;
                house.networks.clear_faults();
                let ending = house.ending(&author, &id, &words).await;
                let known = expected(commit.after_loss, has_effect);
                if !ending.is_true() || ending.status() != known {
                    wrong.push(format!("{words} should be {known}: {ending}"));
                }
                let sent = house.calls(commit) - called;
                assert!(sent >= commit.nth as usize, "{words}: {sent} calls");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A list that shows nothing while it is looked at, and shows the post hours later.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_shows_up_hours_later_settles_the_post_by_itself(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut posts = Vec::new();
    for network in NETWORKS {
        let platform = network.platform;
        let (what, commit) = network.simplest();
        if !matches!(commit.after_loss, AfterLoss::Found) {
            continue;
        }
        house.connect(&author, platform).await;
        let world = house.networks.world();
        world.set_listing_lag(platform.as_str(), Duration::hours(3));
        house.script(commit.goes_wrong(Fault::LoseAnswer));
        let words = format!("To {platform}, and seen too late");
        let draft = house.draft(network, what, &words);
        let id = house.post(&author, &draft).await;
        house.run_all().await;
        let told = house.status(&author, &id).await;
        assert_eq!(told["status"], "unconfirmed", "{words}: {told}");
        posts.push((id, words));
    }
    assert!(posts.len() >= 2, "{posts:?}");
    house.live_through_a_day().await;
    for (id, words) in posts {
        house.assert_published(&author, &id, &words).await;
    }
}

/// What an honest publisher can say in the end.
const fn expected(known: AfterLoss, has_effect: bool) -> &'static str {
    match (known, has_effect) {
        (AfterLoss::All, _) | (AfterLoss::Found, true) => "published",
        (AfterLoss::Found, false) | (AfterLoss::Nothing, _) => "unconfirmed",
    }
}

/// What can become of a call, and whether the network did what it asked for.
fn faults() -> [(&'static str, Fault, bool); 6] {
    let body = json!({"message": "try again later"});
    [
        ("the answer lost", Fault::LoseAnswer, true),
        ("the request lost", Fault::LoseRequest, false),
        ("half of the answer lost", Fault::Truncate, true),
        (
            "500 with effect",
            Fault::AnswerAfterEffect {
                status: 500,
                body: body.clone(),
            },
            true,
        ),
        (
            "500 without effect",
            Fault::Answer {
                status: 500,
                headers: Vec::new(),
                body: body.clone(),
            },
            false,
        ),
        (
            "503 without effect, and a time to come again",
            Fault::Answer {
                status: 503,
                headers: vec![("retry-after".to_owned(), "30".to_owned())],
                body,
            },
            false,
        ),
    ]
}
