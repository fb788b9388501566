//! Batches of SQS messages, good and bad, at the publisher.

use domain::PostId;
use http::{Method, StatusCode};
use lambda::event;
use serde_json::json;
use sqlx::PgPool;

use crate::house::{Ask, House};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_message_that_fails_comes_back_alone_and_what_is_no_message_is_dropped(pool: PgPool) {
    let house = House::open(&pool).await;
    let token = house.sign_up("somebody@example.com").await;
    house.connect(&token).await;
    let good = post(&house, &token, "A good one").await;
    let bad = post(&house, &token, "A bad one").await;
    refuse_changes(&pool).await;

    let event = event::messages([
        "nothing that anybody knows",
        " ",
        &bad,
        &PostId::mint().to_string(),
        r#"{"id":"pst_0","revision":1}"#,
        &good,
        &good,
    ]);
    let (status, answer) = house.watch.send("publisher", &event).await;
    assert_eq!(status, 200, "{answer}");
    let failures = json!({ "batchItemFailures": [{ "itemIdentifier": "message-2" }] });
    assert_eq!(answer, failures);
    assert_eq!(house.live("A good one").len(), 1);
    assert!(house.live("A bad one").is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_event_that_is_no_batch_is_refused_and_the_next_is_answered(pool: PgPool) {
    let house = House::open(&pool).await;
    for poison in [json!({ "Records": "none" }), json!([]), json!("boo")] {
        let (_, answer) = house.watch.send("publisher", &poison).await;
        assert!(
            answer.get("batchItemFailures").is_none(),
            "{poison}: {answer}"
        );
    }
    let (status, answer) = house.watch.send("publisher", &event::messages([])).await;
    assert_eq!((status, answer), (200, json!({ "batchItemFailures": [] })));
    let (status, answer) = house.watch.send("sweeper", &json!({})).await;
    assert_eq!((status, answer), (200, json!(null)));
    let (status, answer) = house.watch.send("migrate", &json!({})).await;
    assert_eq!((status, answer), (200, json!({ "done": "migrated" })));
}

async fn post(house: &House, token: &str, words: &str) -> String {
    let ask = Ask::of(token).json(&json!({ "platform": "x", "caption": words }));
    let answer = house.ask(Method::POST, "/api/posts", ask).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    answer.text("id").to_owned()
}

/// The database takes no change of the bad post from here on, so whoever looks at it fails.
async fn refuse_changes(pool: &PgPool) {
    let refused = sqlx::raw_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         CREATE TRIGGER refused BEFORE UPDATE ON posts FOR EACH ROW
             WHEN (OLD.caption = 'A bad one') EXECUTE FUNCTION refuse();",
    );
    refused.execute(pool).await.unwrap();
}
