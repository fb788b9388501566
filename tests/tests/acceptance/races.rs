//! An author who changes their mind just when a post goes out: whoever is first, what the author is told is true.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use domain::Platform;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::{
    house::{Answer, House, Person},
    networks::{Network, What},
};

/// What an author does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Cancel,
    Edit,
}

/// How often the author, and how often the publisher was first.
#[derive(Debug, Default)]
struct Score {
    author: usize,
    publisher: usize,
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_is_first_to_a_text_its_author_is_told_the_truth(pool: PgPool) {
    let house = House::open(pool).await;
    everywhere(&house, Platform::X, |polls| polls + 1).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_is_first_to_a_picture_its_author_is_told_the_truth(pool: PgPool) {
    let house = House::open(pool).await;
    for platform in [Platform::Facebook, Platform::Instagram, Platform::Linkedin] {
        everywhere(&house, platform, |polls| polls + 1 + polls / 6).await;
    }
}

/// Changes a post at each point that `next` gives of the look that sends it, and holds the answer against what is live.
async fn everywhere(house: &House, platform: Platform, next: impl Fn(usize) -> usize) {
    let author = house.sign_up().await;
    house.connect(&author, platform).await;
    let mut wrong = Vec::new();
    for change in [Change::Cancel, Change::Edit] {
        let (mut score, mut polls) = (Score::default(), 1);
        loop {
            let words = format!("To {platform}, {change:?} at {polls}");
            let (is_over, verdict) = race(house, &author, platform, change, polls, &words).await;
            match verdict {
                Ok(true) => score.author += 1,
                Ok(false) => score.publisher += 1,
                Err(why) => wrong.push(format!("{words}: {why}")),
            }
            if is_over {
                break;
            }
            polls = next(polls);
            // Networks limit how much an account may post in a day.
            house.advance(Duration::hours(1));
            house.sweep().await;
        }
        assert!(
            score.author > 0 && score.publisher > 0,
            "{platform} {change:?}: {score:?} is no race"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lets a publisher go so far and its author change the post from there on, both at once. Tells whether the publisher
/// was over before; and whether the author was first, or what was said that is not true.
async fn race(
    house: &House,
    author: &Person,
    platform: Platform,
    change: Change,
    polls: usize,
    words: &str,
) -> (bool, Result<bool, String>) {
    let mut draft = house.draft(Network::of(platform), What::Picture, words);
    if platform == Platform::X {
        draft["media"] = json!([]);
    }
    let due = house.now() + Duration::minutes(20);
    let id = house.schedule(author, &draft, due).await;
    house.advance_to(due - Duration::minutes(1));
    house.run_due().await;
    house.advance_to(due);
    let mut look = pin!(house.publisher.answer(&id));
    let is_over = ends_within(look.as_mut(), polls).await;
    let other = words.replace(" at ", " as edited at ");
    let asked = ask(house, author, &id, change, &other);
    let answer = if is_over {
        asked.await
    } else {
        futures_util::join!(look, asked).1
    };
    house.run_all().await;
    (
        is_over,
        judged(house, author, &id, change, &answer, [words, &other]).await,
    )
}

async fn ask(house: &House, author: &Person, id: &str, change: Change, words: &str) -> Answer {
    let path = format!("/api/posts/{id}");
    match change {
        Change::Cancel => house.call(author, Method::DELETE, &path, None).await,
        Change::Edit => {
            let body = json!({ "caption": words });
            house.call(author, Method::PATCH, &path, Some(&body)).await
        }
    }
}

/// Whether the author was first, if what the author was told is true.
async fn judged(
    house: &House,
    author: &Person,
    id: &str,
    change: Change,
    answer: &Answer,
    [before, after]: [&str; 2],
) -> Result<bool, String> {
    let live = [house.live(before).len(), house.live(after).len()];
    let told: Value = house.status(author, id).await;
    let status = told["status"].as_str().unwrap_or_default();
    let expected = match (answer.status, change) {
        (StatusCode::OK, Change::Cancel) => (true, "canceled", [0, 0]),
        (StatusCode::OK, Change::Edit) => (true, "published", [0, 1]),
        (StatusCode::CONFLICT, _) => (false, "published", [1, 0]),
        _ => return Err(format!("answered {}: {}", answer.status, answer.body)),
    };
    if !expected.0 && !["post_is_over", "publish_in_progress"].contains(&&*answer.rule()) {
        return Err(format!("refused by {}", answer.rule()));
    }
    if (status, live) == (expected.1, expected.2) {
        return Ok(expected.0);
    }
    Err(format!(
        "answered {}, then live {live:?}, told {told}",
        answer.status
    ))
}

/// Polls a future so often; tells whether it came to its end.
async fn ends_within(mut future: impl Future + Unpin, polls: usize) -> bool {
    let mut left = polls;
    poll_fn(|context| {
        let mut future = pin!(&mut future);
        if future.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        left -= 1;
        if left == 0 {
            Poll::Ready(false)
        } else {
            Poll::Pending
        }
    })
    .await
}
