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
    let (well, ill) = (
        house.sign_up("well@example.com").await,
        house.sign_up("ill@example.com").await,
    );
    house.connect(&well).await;
    let connection = house.connect(&ill).await["id"].as_str().unwrap().to_owned();
    let good = post(&house, &well, "A good one").await;
    let bad = post(&house, &ill, "A bad one").await;
    garble_tokens(&pool, &connection).await;

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

/// What lies in the row can then be opened by nobody.
async fn garble_tokens(pool: &PgPool, connection: &str) {
    let garbled = sqlx::query(
        "UPDATE connections SET access_token_ciphertext = set_byte(access_token_ciphertext,
            length(access_token_ciphertext) - 1, get_byte(access_token_ciphertext, length(access_token_ciphertext) - 1) # 1)
         WHERE 'con_' || replace(id::text, '-', '') = $1",
    )
    .bind(connection)
    .execute(pool)
    .await;
    assert_eq!(garbled.unwrap().rows_affected(), 1);
}
