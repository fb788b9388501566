//! What Meta tells of a person's grant, which Facebook and Instagram share.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Platform;
use http::{StatusCode, header};
use serde_json::json;
use sqlx::PgPool;

use super::house::{House, SUBJECT, Signer, client_secret, sha256};

const FORM: &str = "application/x-www-form-urlencoded";

fn signed_request(secret: &str, subject: &str) -> String {
    let payload =
        json!({"algorithm": "HMAC-SHA256", "issued_at": 1_700_000_000, "user_id": subject});
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let signature = URL_SAFE_NO_PAD.encode(sha256(secret, payload.as_bytes()));
    format!("signed_request={signature}.{payload}")
}

fn form() -> [(&'static str, String); 1] {
    [(header::CONTENT_TYPE.as_str(), FORM.to_owned())]
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_withdrawn_grant_ends_the_connections_of_both_networks(pool: PgPool) {
    let house = House::open(pool);
    let hit = [
        house.connection(Platform::Facebook, SUBJECT).await,
        house.connection(Platform::Instagram, SUBJECT).await,
    ];
    let missed = [
        house.connection(Platform::Facebook, "1").await,
        house.connection(Platform::Pinterest, SUBJECT).await,
    ];
    let body = signed_request(&client_secret(Platform::Facebook), SUBJECT);
    let answer = house.post(Platform::Facebook, &form(), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    for id in hit {
        assert_eq!(house.health(id).await, "needs_reconnect");
    }
    for id in missed {
        assert_eq!(house.health(id).await, "active");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_withdrawal_that_meta_did_not_sign_changes_nothing(pool: PgPool) {
    let house = House::open(pool);
    let id = house.connection(Platform::Instagram, SUBJECT).await;
    let right = signed_request(&client_secret(Platform::Instagram), SUBJECT);
    let other = signed_request(&client_secret(Platform::Instagram), "1");
    let swapped = format!(
        "{}.{}",
        other.split('.').next().unwrap(),
        right.split('.').nth(1).unwrap()
    );
    for (body, rule) in [
        (signed_request("guessed", SUBJECT), "unsigned_event"),
        (signed_request("", SUBJECT), "unsigned_event"),
        (swapped, "unsigned_event"),
        ("signed_request=".to_owned(), "malformed_event"),
        ("user_id=1".to_owned(), "malformed_event"),
        (String::new(), "malformed_event"),
    ] {
        let answer = house.post(Platform::Instagram, &form(), body.clone()).await;
        assert_eq!(answer.rule(), rule, "{body}");
        assert_eq!(house.health(id).await, "active", "{body}");
    }
    let answer = house.post(Platform::Instagram, &form(), right).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(house.health(id).await, "needs_reconnect");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn instagrams_events_are_signed_as_facebooks_and_leave_nothing(pool: PgPool) {
    let house = House::open(pool);
    let body = r#"{"object":"instagram","entry":[{"id":"1","changes":[{"field":"comments"}]}]}"#;
    let secret = client_secret(Platform::Instagram);
    for (secret, status) in [
        (secret.as_str(), StatusCode::OK),
        ("guessed", StatusCode::UNAUTHORIZED),
    ] {
        let signature = Signer::Facebook.sign_with(secret, body.as_bytes(), 0);
        let headers = [(Signer::Facebook.header(), signature)];
        let answer = house.post(Platform::Instagram, &headers, body).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(house.count("webhook_receipts").await, 0);
}
