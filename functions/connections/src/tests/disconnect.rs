//! Disconnecting.

use axum::body::Body;
use domain::{ConnectionId, Platform, PostId};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::house::{Answer, House, Person, as_person};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_only_account_of_a_network_is_disconnected_without_being_named(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for (n, platform) in Platform::ALL.into_iter().enumerate() {
        let connection = house.connect(&person, platform, 0).await;
        let body = [
            None,
            Some(json!({})),
            Some(json!({"connectionId": connection["id"]})),
        ];
        let answer = house
            .disconnect(&person, platform, body[n % 3].clone())
            .await;
        assert_eq!(
            answer.status,
            StatusCode::ACCEPTED,
            "{platform}: {}",
            answer.body
        );
        let told = answer.json();
        assert_eq!(told["id"], connection["id"]);
        assert_eq!(told["health"], "disconnecting");
        let subject = connection["id"].as_str().unwrap();
        assert_eq!(rings(&house, subject).await, 1, "{platform}");
    }
    let listed = house.get(&person, "/api/connections").await;
    assert_eq!(listed.json(), json!({"connections": []}));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_several_accounts_one_must_be_named(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let first = house.connect(&person, Platform::X, 0).await;
    let second = house.connect(&person, Platform::X, 1).await;
    assert_ne!(first["id"], second["id"]);
    let answer = house.disconnect(&person, Platform::X, None).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.rule(), "connection_ambiguous");
    for connection in [&first, &second] {
        assert!(answer.body.contains(connection["id"].as_str().unwrap()));
    }
    let named = json!({"connectionId": second["id"]});
    let answer = house.disconnect(&person, Platform::X, Some(named)).await;
    assert_eq!(answer.json()["id"], second["id"]);
    let listed = house.get(&person, "/api/connections").await;
    assert_eq!(listed.json()["connections"], json!([first]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_foreign_an_absent_and_a_gone_account_answer_alike(pool: PgPool) {
    let house = House::open(pool).await;
    let (person, other) = (house.person().await, house.person().await);
    let foreign = house.connect(&other, Platform::X, 0).await;
    let elsewhere = house.connect(&person, Platform::Youtube, 0).await;
    let gone = house.connect(&person, Platform::X, 0).await;
    assert_eq!(
        house.disconnect(&person, Platform::X, None).await.status,
        StatusCode::ACCEPTED
    );
    let absent = ConnectionId::mint().to_string();
    let mut answers = vec![house.disconnect(&person, Platform::X, None).await];
    for id in [
        &foreign["id"],
        &elsewhere["id"],
        &gone["id"],
        &json!(absent),
        &json!(PostId::mint().to_string()),
        &json!("con_"),
        &json!(""),
        &json!("' OR true --"),
    ] {
        let body = json!({"connectionId": id});
        answers.push(house.disconnect(&person, Platform::X, Some(body)).await);
    }
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
        assert_eq!(answer.body, answers[0].body);
    }
    let listed = house.get(&other, "/api/connections").await;
    assert_eq!(listed.json()["connections"], json!([foreign]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn posts_that_wait_for_a_disconnected_account_fail_and_others_stay(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let x = house.connect(&person, Platform::X, 0).await;
    let youtube = house.connect(&person, Platform::Youtube, 0).await;
    let mut posts = Vec::new();
    for (connection, stage, expected) in [
        (&x, "scheduled", "failed"),
        (&x, "preparing", "failed"),
        (&x, "prepared", "failed"),
        (&x, "confirming", "publishing"),
        (&x, "published", "published"),
        (&youtube, "scheduled", "queued"),
    ] {
        posts.push((
            post(&house, &person, connection, stage).await,
            stage,
            expected,
        ));
    }
    let answer = house.disconnect(&person, Platform::X, None).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    for (id, stage, expected) in posts {
        let (status, error): (String, Option<Value>) =
            sqlx::query_as("SELECT status, error FROM posts WHERE id = $1")
                .bind(id.uuid())
                .fetch_one(&house.pool)
                .await
                .unwrap();
        assert_eq!(status, expected, "{stage}");
        let code = error.map_or(Value::Null, |error| error["code"].clone());
        let failed = expected == "failed";
        assert_eq!(code == "account_disconnected", failed, "{stage}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_many_who_disconnect_at_once_one_does(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    house.connect(&person, Platform::X, 0).await;
    let asked = (0..10).map(|_| house.disconnect(&person, Platform::X, None));
    let answers = futures_util::future::join_all(asked).await;
    let done = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::ACCEPTED);
    assert_eq!(done.count(), 1);
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = 'connection.disconnecting'")
            .fetch_one(&house.pool)
            .await
            .unwrap();
    assert_eq!(told, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_cannot_be_a_request_to_disconnect_disconnects_nothing(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let connection = house.connect(&person, Platform::X, 0).await;
    for (kind, body, rule) in [
        (
            "application/json",
            r#"{"connection_id": "con_1"}"#,
            "unknown_field",
        ),
        (
            "application/json",
            r#"{"connectionId": 7}"#,
            "invalid_field",
        ),
        (
            "application/json",
            r#"{"connectionId": ["con_1"]}"#,
            "invalid_field",
        ),
        ("application/json", "{", "malformed_json"),
        ("application/json", "{} {}", "malformed_json"),
        ("text/plain", "{}", "not_json"),
    ] {
        let request = as_person(Method::POST, &person, "/api/disconnect/x")
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .unwrap();
        let answer = house.ask(request).await;
        assert!(answer.status.is_client_error(), "{body}");
        assert_eq!(answer.rule(), rule, "{body}");
    }
    let answer = house.get(&person, "/api/disconnect/x").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let listed = house.get(&person, "/api/connections").await;
    assert_eq!(listed.json()["connections"], json!([connection]));
}

impl House {
    async fn disconnect(&self, person: &Person, platform: Platform, body: Option<Value>) -> Answer {
        let mut request = as_person(Method::POST, person, &format!("/api/disconnect/{platform}"));
        let body = match body {
            None => Body::empty(),
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
        };
        self.ask(request.body(body).unwrap()).await
    }
}

async fn rings(house: &House, subject: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM rings WHERE subject = $1")
        .bind(subject)
        .fetch_one(&house.pool)
        .await
        .unwrap()
}

async fn post(house: &House, person: &Person, connection: &Value, stage: &str) -> PostId {
    let id = PostId::mint();
    let connection_id: ConnectionId = connection["id"].as_str().unwrap().parse().unwrap();
    sqlx::query(
        "INSERT INTO posts (id, user_id, connection_id, platform, caption, fingerprint, stage, due_at, next_attempt_at)
         VALUES ($1, $2, $3, $4, 'words', '', $5, now(), now())",
    )
    .bind(id.uuid())
    .bind(person.id.uuid())
    .bind(connection_id.uuid())
    .bind(connection["platform"].as_str().unwrap())
    .bind(stage)
    .execute(&house.pool)
    .await
    .unwrap();
    id
}
