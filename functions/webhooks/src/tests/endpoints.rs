//! Endpoints of users: which addresses are taken, how many, and what is kept of a secret.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::house::House;

const PATH: &str = "/api/webhook-endpoints";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_public_https_addresses_are_taken(pool: PgPool) {
    let house = House::open(pool);
    let (_, token) = house.sign_in().await;
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    let cases = [
        ("", "url_invalid"),
        ("example.com/hook", "url_invalid"),
        ("http://example.com/", "url_invalid"),
        ("ftp://example.com/", "url_invalid"),
        ("https://example.com:8443/", "url_invalid"),
        ("https://me:word@example.com/", "url_invalid"),
        ("https://example.com/#there", "url_invalid"),
        ("http://127.0.0.1:4000/", "url_invalid"),
        ("http://localhost/", "url_invalid"),
        ("https://127.0.0.1/", "url_private"),
        ("https://[::1]/", "url_private"),
        ("https://169.254.169.254/latest/meta-data/", "url_private"),
        ("https://0x7f000001/", "url_private"),
        ("https://private.example.com/", "url_private"),
        ("https://mixed.example.com/", "url_private"),
        ("https://nowhere.example.com/", "url_unknown"),
        (&long, "url_too_long"),
    ];
    let good = json!({ "url": "https://example.com/hook" });
    let made = house.call(&token, Method::POST, PATH, Some(&good)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let one = format!("{PATH}/{}", made.json()["id"].as_str().unwrap());
    for (url, rule) in cases {
        let body = json!({ "url": url });
        for (method, path) in [(Method::POST, PATH), (Method::PATCH, &one)] {
            let answer = house.call(&token, method, path, Some(&body)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
            assert_eq!(answer.rule(), rule, "{url}");
            let told = &answer.json()["errors"][0];
            assert_eq!(told["field"], "url");
            assert!(!told["remedy"].as_str().unwrap().is_empty());
        }
    }
    assert_eq!(house.count("webhook_endpoints").await, 1);
    let shown = house.call(&token, Method::GET, &one, None).await.json();
    assert_eq!(shown["url"], good["url"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_wrong_is_told_by_field_and_rule(pool: PgPool) {
    let house = House::open(pool);
    let (_, token) = house.sign_in().await;
    let cases = [
        (json!({}), "body", "missing_field"),
        (json!({ "url": 7 }), "url", "invalid_field"),
        (json!({ "surprise": 1 }), "surprise", "unknown_field"),
        (json!({ "secret": "whsec_mine" }), "secret", "unknown_field"),
        (
            json!({ "description": "x".repeat(201) }),
            "description",
            "invalid_description",
        ),
        (
            json!({ "description": "two\nlines" }),
            "description",
            "invalid_description",
        ),
        (
            json!({ "eventTypes": "post.published" }),
            "eventTypes",
            "invalid_field",
        ),
        (
            json!({ "eventTypes": ["post.published", "post.*"] }),
            "eventTypes[1]",
            "unknown_event_type",
        ),
        (
            json!({ "eventTypes": ["ping"] }),
            "eventTypes[0]",
            "unknown_event_type",
        ),
        (json!({ "enabled": "yes" }), "enabled", "invalid_field"),
    ];
    for (change, field, rule) in cases {
        let mut body = change.clone();
        if change != json!({}) && change.get("url").is_none() {
            body["url"] = "https://example.com/hook".into();
        }
        let answer = house.call(&token, Method::POST, PATH, Some(&body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.rule(), rule, "{body}: {answer:?}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{body}");
    }
    assert_eq!(house.count("webhook_endpoints").await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_eleventh_endpoint_is_refused_also_when_all_are_made_at_once(pool: PgPool) {
    let house = House::open(pool);
    let (_, token) = house.sign_in().await;
    let body = json!({ "url": "https://example.com/hook" });
    let asked = (0..12).map(|_| house.call(&token, Method::POST, PATH, Some(&body)));
    let answers = futures_util::future::join_all(asked).await;
    let made = |status| answers.iter().filter(|it| it.status == status).count();
    assert_eq!(made(StatusCode::CREATED), 10);
    assert_eq!(made(StatusCode::CONFLICT), 2);
    let refused = answers.iter().find(|it| it.status == StatusCode::CONFLICT);
    assert_eq!(refused.unwrap().rule(), "too_many_endpoints");
    assert_eq!(house.count("webhook_endpoints").await, 10);
    assert_eq!(house.count("webhook_secrets").await, 10);
    let (_, other) = house.sign_in().await;
    let made = house.call(&other, Method::POST, PATH, Some(&body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_secret_is_shown_once_and_rests_sealed(pool: PgPool) {
    let house = House::open(pool.clone());
    let (_, token) = house.sign_in().await;
    let body = json!({ "url": "https://example.com/hook", "eventTypes": ["post.published", "post.published"] });
    let made = house.call(&token, Method::POST, PATH, Some(&body)).await;
    let made = made.json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let rotate = format!("{path}/rotate-secret");
    let rotated = house.call(&token, Method::POST, &rotate, None).await.json();
    let secrets = [&made["secret"], &rotated["secret"]].map(|it| it.as_str().unwrap());
    assert_ne!(secrets[0], secrets[1]);
    let rows: Vec<Vec<u8>> = sqlx::query_scalar("SELECT ciphertext FROM webhook_secrets")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    for secret in secrets {
        let text = secret.strip_prefix("whsec_").unwrap();
        let bytes = STANDARD.decode(text).unwrap();
        assert!((24..=64).contains(&bytes.len()), "{}", bytes.len());
        assert!(rows.iter().all(|row| !holds(row, &bytes)));
    }
    let list = house.call(&token, Method::GET, PATH, None).await;
    let shown = house.call(&token, Method::GET, &path, None).await;
    for answer in [&list, &shown] {
        assert!(secrets.iter().all(|secret| !answer.body.contains(secret)));
    }
    let mut told: Value = made.clone();
    told.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown.json(), told);
    assert_eq!(told["eventTypes"], json!(["post.published"]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_is_changed_field_by_field_and_removed(pool: PgPool) {
    let house = House::open(pool);
    let (_, token) = house.sign_in().await;
    let body = json!({ "url": "https://example.com/hook", "description": "Ours" });
    let made = house.call(&token, Method::POST, PATH, Some(&body)).await;
    let path = format!("{PATH}/{}", made.json()["id"].as_str().unwrap());
    let change = async |body: Value| {
        let answer = house.call(&token, Method::PATCH, &path, Some(&body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    };
    let named = change(json!({ "eventTypes": ["post.failed"] })).await;
    assert_eq!(
        (&named["description"], &named["url"]),
        (&"Ours".into(), &body["url"])
    );
    let off = change(json!({ "enabled": false })).await;
    assert_eq!(
        (&off["enabled"], &off["disabledReason"]),
        (&false.into(), &"asked".into())
    );
    assert!(off["disabledAt"].is_string());
    let still = change(json!({ "description": "" })).await;
    assert_eq!(
        (&still["description"], &still["disabledAt"]),
        (&Value::Null, &off["disabledAt"])
    );
    let on = change(json!({ "enabled": true })).await;
    assert_eq!(
        (&on["disabledReason"], &on["eventTypes"]),
        (&Value::Null, &named["eventTypes"])
    );
    for (method, status) in [
        (Method::DELETE, StatusCode::NO_CONTENT),
        (Method::DELETE, StatusCode::NOT_FOUND),
        (Method::GET, StatusCode::NOT_FOUND),
    ] {
        let answer = house.call(&token, method, &path, None).await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(house.count("webhook_secrets").await, 0);
}

fn holds(row: &[u8], bytes: &[u8]) -> bool {
    row.windows(bytes.len()).any(|window| window == bytes)
}
