//! Threads at X: one post of ours, several at the network, each of them a commit of its own.

use domain::Platform;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use sqlx::PgPool;
use time::Duration;

use crate::{
    house::{House, Person},
    networks::{Network, What},
};

/// A thread of three parts, each of which holds these words.
fn draft(house: &House, words: &str) -> Value {
    let mut draft = house.draft(Network::of(Platform::X), What::Picture, words);
    let parts = ["two", "three"].map(|part| json!({ "text": format!("{words}, {part}") }));
    draft["options"]["thread"] = json!(parts);
    draft
}

async fn author(house: &House) -> Person {
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    author
}

/// The order for what goes wrong with one part, from 1.
fn goes_wrong(part: u32, fault: Fault) -> FaultScript {
    FaultScript::first("api.x.com", "POST /2/tweets", fault).nth(part)
}

fn refusal(status: u16, body: Value) -> Fault {
    Fault::Answer {
        status,
        headers: Vec::new(),
        body,
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_thread_goes_out_part_by_part(pool: PgPool) {
    let house = House::open(pool).await;
    let author = author(&house).await;
    let id = house.post(&author, &draft(&house, "A tale")).await;
    house.run_all().await;
    let status = house.status(&author, &id).await;
    assert_eq!(status["status"], "published", "{status}");
    let live = house.live("A tale");
    assert_eq!(live.len(), 3);
    assert_eq!(live[1].details["replyTo"], json!(live[0].post_id));
    assert_eq!(live[2].details["replyTo"], json!(live[1].post_id));
    let outcomes: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT step, outcome FROM attempts ORDER BY number")
            .fetch_all(&house.pool)
            .await
            .unwrap();
    let accepted = |step: &str| (step.to_owned(), Some("accepted".to_owned()));
    assert_eq!(
        outcomes,
        ["create_post", "create_part_2", "create_part_3"].map(accepted)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whatever_is_lost_at_a_part_is_found_or_asked_for(pool: PgPool) {
    let house = House::open(pool).await;
    let author = author(&house).await;
    for part in [1, 2, 3] {
        for (fault, is_whole) in [(Fault::LoseAnswer, true), (Fault::LoseRequest, false)] {
            let words = format!("Part {part} of a tale, {is_whole}");
            house.script(goes_wrong(part, fault));
            let id = house.post(&author, &draft(&house, &words)).await;
            house.run_all().await;
            house.networks.clear_faults();
            let status = house.status(&author, &id).await;
            let live = house.live(&words).len();
            if is_whole {
                assert_eq!(status["status"], "published", "{status}");
                assert_eq!(live, 3);
            } else {
                assert_eq!(status["status"], "unconfirmed", "{status}");
                assert_eq!(live, part as usize - 1);
            }
        }
    }
}

/// Between two parts a thread can be neither canceled nor missed: people see it already.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_thread_that_waits_in_the_middle_stays_as_it_is(pool: PgPool) {
    let house = House::open(pool).await;
    let author = author(&house).await;
    let body =
        json!({ "title": "CreditsDepleted", "type": "https://api.x.com/2/problems/credits" });
    house.script(goes_wrong(2, refusal(402, body)).times(20));
    let id = house.post(&author, &draft(&house, "Unpaid")).await;
    house.live_through(70).await;
    assert_eq!(house.status(&author, &id).await["status"], "publishing");
    assert_eq!(house.live("Unpaid").len(), 1);
    let path = format!("/api/posts/{id}");
    let answer = house.call(&author, Method::DELETE, &path, None).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    house.networks.clear_faults();
    house.advance(Duration::minutes(10));
    house.run_all().await;
    assert_eq!(house.status(&author, &id).await["status"], "published");
    assert_eq!(house.live("Unpaid").len(), 3);
}

/// Nothing about it is unknown, so it is not called unknown.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_thread_whose_account_is_lost_in_the_middle_is_told_with_what_is_live(pool: PgPool) {
    let house = House::open(pool).await;
    let author = author(&house).await;
    let body =
        json!({ "title": "CreditsDepleted", "type": "https://api.x.com/2/problems/credits" });
    house.script(goes_wrong(2, refusal(402, body)).times(20));
    let id = house.post(&author, &draft(&house, "Locked out")).await;
    house.live_through(10).await;
    assert_eq!(house.live("Locked out").len(), 1);
    sqlx::query(
        "UPDATE connections SET health = 'needs_reconnect', health_reason = 'Access was withdrawn.'",
    )
    .execute(&house.pool)
    .await
    .unwrap();
    house.live_through_a_day().await;
    let status = house.status(&author, &id).await;
    assert_eq!(status["status"], "unconfirmed", "{status}");
    assert_eq!(status["error"]["code"], "thread_incomplete");
    assert_eq!(
        status["error"]["message"],
        "1 of 3 parts of the thread is live; part 2 was not sent: Access was withdrawn. Take the live parts down, or post the rest by hand; then resolve the post."
    );
    let post = house.get(&author, &format!("/api/posts/{id}")).await.json();
    let first = house.live("Locked out").remove(0);
    assert_eq!(post["candidates"][0]["externalId"], first.post_id, "{post}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_part_that_is_refused_for_good_is_told_with_what_is_live(pool: PgPool) {
    let house = House::open(pool).await;
    let author = author(&house).await;
    let body = json!({ "title": "Forbidden", "type": "about:blank", "status": 403,
        "detail": "You are not permitted to perform this action." });
    house.script(goes_wrong(3, refusal(403, body)));
    let id = house.post(&author, &draft(&house, "Cut short")).await;
    house.run_all().await;
    let status = house.status(&author, &id).await;
    assert_eq!(status["status"], "unconfirmed", "{status}");
    assert_eq!(status["error"]["code"], "thread_incomplete");
    let message = status["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("2 of 3 parts of the thread are live; part 3 was refused"));
    assert_eq!(house.live("Cut short").len(), 2);
}
