//! An author who changes their mind just when a post goes out: whoever is first, what the author is told is true.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use domain::Platform;
use futures_util::future::join;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;
use tokio::time::timeout;

use crate::{
    house::{Answer, House, Person},
    networks::{Network, What},
};

/// Less than a look may last: so long one of the two waits for the other only if both wait.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(4);

/// What an author does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Cancel,
    Edit,
}

/// Who begins, and how many steps before the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Author(usize),
    Publisher(usize),
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
    Box::pin(everywhere(&house, Platform::X, |steps| steps + 1)).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_is_first_to_a_picture_its_author_is_told_the_truth(pool: PgPool) {
    let house = House::open(pool).await;
    for platform in [Platform::Facebook, Platform::Instagram, Platform::Linkedin] {
        Box::pin(everywhere(&house, platform, |steps| steps + 1 + steps / 6)).await;
    }
}

/// Changes posts while they are sent: one of the two begins, and the other one follows after so many steps as `next`
/// gives, until the one who began is over before. Holds each answer against what is live.
async fn everywhere(house: &House, platform: Platform, next: impl Fn(usize) -> usize) {
    let author = house.sign_up().await;
    house.connect(&author, platform).await;
    let mut wrong = Vec::new();
    for change in [Change::Cancel, Change::Edit] {
        let mut score = Score::default();
        for begins in [Start::Author, Start::Publisher] {
            let (mut steps, mut is_over) = (1, false);
            while !is_over {
                let race = Race {
                    change,
                    start: begins(steps),
                    words: format!("To {platform}, {change:?} at {:?}", begins(steps)),
                };
                let ran = timeout(PATIENCE, Box::pin(race.run(house, &author, platform))).await;
                let Ok((was_over, verdict)) = ran else {
                    panic!("{}: they hold each other up", race.words);
                };
                match verdict {
                    Ok(true) => score.author += 1,
                    Ok(false) => score.publisher += 1,
                    Err(why) => wrong.push(format!("{}: {why}", race.words)),
                }
                is_over = was_over;
                steps = next(steps);
                // Networks limit how much an account may post in a day.
                house.advance(Duration::hours(1));
                house.sweep().await;
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(
            score.author > 0 && score.publisher > 0,
            "{platform} {change:?}: {score:?} is no race"
        );
    }
}

/// A post that is changed while it is sent.
struct Race {
    change: Change,
    start: Start,
    words: String,
}

impl Race {
    /// Tells whether who began was over before the other one followed; and whether the author was first, or what was
    /// said that is not true.
    async fn run(
        &self,
        house: &House,
        author: &Person,
        platform: Platform,
    ) -> (bool, Result<bool, String>) {
        let mut draft = house.draft(Network::of(platform), What::Picture, &self.words);
        if platform == Platform::X {
            draft["media"] = json!([]);
        }
        let due = house.now() + Duration::minutes(20);
        let id = house.schedule(author, &draft, due).await;
        house.advance_to(due - Duration::minutes(1));
        house.run_due().await;
        house.advance_to(due + Duration::SECOND);
        let other = self.words.replace(" at ", " as edited at ");
        let mut look = pin!(house.publisher.answer(&id));
        let mut asked = pin!(ask(house, author, &id, self.change, &other));
        let (is_over, answer) = match self.start {
            Start::Author(steps) => match ends_within(asked.as_mut(), steps).await {
                Some(answer) => {
                    look.await;
                    (true, answer)
                }
                None => (false, join(look, asked).await.1),
            },
            Start::Publisher(steps) => match ends_within(look.as_mut(), steps).await {
                Some(_) => (true, asked.await),
                None => (false, join(look, asked).await.1),
            },
        };
        house.run_all().await;
        let words = [self.words.as_str(), &other];
        let verdict = judged(house, author, &id, self.change, &answer, words).await;
        (is_over, verdict)
    }
}

async fn ask(house: &House, author: &Person, id: &str, change: Change, words: &str) -> Answer {
    match change {
        Change::Cancel => {
            let path = format!("/api/posts/{id}");
            house.call(author, Method::DELETE, &path, None).await
        }
        Change::Edit => house.edit(author, id, &json!({ "caption": words })).await,
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

/// Polls a future so often; gives what it came to, if it came to its end.
async fn ends_within<T>(mut future: Pin<&mut impl Future<Output = T>>, polls: usize) -> Option<T> {
    let mut left = polls;
    poll_fn(|context| {
        if let Poll::Ready(end) = future.as_mut().poll(context) {
            return Poll::Ready(Some(end));
        }
        left -= 1;
        if left == 0 {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}
