//! What Meta tells of a person's grant, which Facebook and Instagram share.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Platform;
use http::{Request, StatusCode, header};
use serde_json::json;
use sqlx::PgPool;

use super::house::{House, SUBJECT, Signer, client_secret, now, sha256};

const FORM: &str = "application/x-www-form-urlencoded";

fn signed_request(secret: &str, subject: &str) -> String {
    signed_at(secret, subject, now())
}

fn signed_at(secret: &str, subject: &str, time: i64) -> String {
    let payload = json!({"algorithm": "HMAC-SHA256", "issued_at": time, "user_id": subject});
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

const DEAUTHORIZE: &str = "/api/webhooks/facebook/deauthorize";
const DELETE: &str = "/api/webhooks/facebook/data-deletion";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_withdrawn_grant_leaves_no_token_and_a_newer_grant_stands(pool: PgPool) {
    let house = House::open(pool.clone());
    let id = house.connection(Platform::Facebook, SUBJECT).await;
    sqlx::query(
        "UPDATE connections SET access_token_ciphertext = '1', refresh_token_ciphertext = '2'",
    )
    .execute(&pool)
    .await
    .unwrap();
    let secret = client_secret(Platform::Facebook);
    let late = signed_at(&secret, SUBJECT, now() - 600);
    let answer = house.post_to(DEAUTHORIZE, &form(), late).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(house.health(id).await, "active");

    let body = signed_request(&secret, SUBJECT);
    let answer = house.post_to(DEAUTHORIZE, &form(), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(house.health(id).await, "needs_reconnect");
    let left: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM connections
         WHERE access_token_ciphertext IS NOT NULL OR refresh_token_ciphertext IS NOT NULL",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_deletion_leaves_nothing_that_the_network_gave_and_the_authors_own_words(pool: PgPool) {
    let house = House::open(pool.clone());
    let page = house.connection(Platform::Facebook, SUBJECT).await;
    let account = house.connection(Platform::Instagram, SUBJECT).await;
    let other = house.connection(Platform::Facebook, "1").await;
    sqlx::query(
        "UPDATE connections SET access_token_ciphertext = '1', refresh_token_ciphertext = '2', username = 'canary',
             display_name = 'canary', avatar_url = 'canary', facts = '{\"pageId\": \"canary\"}', scopes = '{canary}'",
    )
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO events (user_id, kind, subject, data)
         SELECT user_id, 'connection.needs_reconnect', id,
             '{\"username\": \"canary\", \"displayName\": \"canary\", \"healthReason\": \"canary\"}'
         FROM connections WHERE id <> $1",
    )
    .bind(other.uuid())
    .execute(&pool)
    .await
    .unwrap();
    for (stage, connection) in [
        ("scheduled", page),
        ("prepared", page),
        ("firing", page),
        ("confirming", account),
        ("published", account),
        ("canceled", account),
        ("scheduled", other),
    ] {
        let id = house
            .post_at(connection, Platform::Facebook, stage, "canary")
            .await;
        sqlx::query(
            "UPDATE posts SET external_id = 'canary' || id, external_url = 'canary', progress = 'canary',
                 candidates = '[\"canary\"]', error = '{\"code\": \"a\", \"message\": \"b\", \"evidence\": \"canary\"}'
             WHERE id = $1",
        )
        .bind(id.uuid())
        .execute(&pool)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO events (user_id, kind, subject, data)
             SELECT user_id, 'post.published', id, '{\"externalId\": \"canary\", \"url\": \"canary\"}' FROM posts WHERE id = $1",
        )
        .bind(id.uuid())
        .execute(&pool)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO job_log (post_id, user_id, step, outcome, detail)
             SELECT id, user_id, 'publish', 'done', 'canary' FROM posts WHERE id = $1",
        )
        .bind(id.uuid())
        .execute(&pool)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO attempts (id, post_id, user_id, number, step, evidence)
             SELECT id, id, user_id, 1, 'publish', 'canary' FROM posts WHERE id = $1",
        )
        .bind(id.uuid())
        .execute(&pool)
        .await
        .unwrap();
    }
    let told: Confirmation = {
        let body = signed_request(&client_secret(Platform::Facebook), SUBJECT);
        let answer = house.post_to(DELETE, &form(), body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let again = house.post_to(DELETE, &form(), body).await;
        assert_eq!(answer.body, again.body);
        serde_json::from_str(&answer.body).unwrap()
    };
    assert_eq!(house.count("deletions").await, 1);

    // A canary is left in the other person's rows, and in no other.
    for table in ["attempts", "connections", "events", "job_log", "posts"] {
        let query = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%canary%'");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(left, 1, "{table}");
    }
    // Neither in clear nor as what was posted does anything hold the person's id.
    for table in ["connections", "deletions", "posts", "webhook_receipts"] {
        let query = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%{SUBJECT}%'");
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let stages: Vec<String> =
        sqlx::query_scalar("SELECT stage FROM posts WHERE caption = 'words' ORDER BY sequence")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(
        stages,
        [
            "failed",
            "failed",
            "needs_attention",
            "needs_attention",
            "published",
            "canceled",
            "scheduled"
        ]
    );
    for id in [page, account] {
        assert_eq!(house.health(id).await, "disconnected");
    }
    assert_eq!(house.health(other).await, "active");

    let path = told
        .url
        .strip_prefix("https://api.picscripter.example")
        .unwrap();
    assert_eq!(path, format!("/api/deletions/{}", told.confirmation_code));
    assert!(
        told.confirmation_code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric())
    );
    let shown = house
        .ask(Request::get(path).body(Body::empty()).unwrap())
        .await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.headers[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        shown.body.contains("Your data was deleted"),
        "{}",
        shown.body
    );
    assert!(shown.body.contains("Facebook") && shown.body.contains(&told.confirmation_code));
}

#[derive(Debug, serde::Deserialize)]
struct Confirmation {
    url: String,
    confirmation_code: String,
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_deletion_nobody_signed_deletes_nothing_and_a_code_nobody_gave_shows_nothing(
    pool: PgPool,
) {
    let house = House::open(pool);
    let id = house.connection(Platform::Facebook, SUBJECT).await;
    for path in [DELETE, DEAUTHORIZE] {
        for (body, rule) in [
            (signed_request("guessed", SUBJECT), "unsigned_event"),
            ("signed_request=".to_owned(), "malformed_event"),
            (String::new(), "malformed_event"),
        ] {
            let answer = house.post_to(path, &form(), body).await;
            assert_eq!(answer.rule(), rule, "{path}");
        }
    }
    // Of other networks there is no such address.
    for platform in [Platform::X, Platform::Pinterest] {
        let body = signed_request(&client_secret(platform), SUBJECT);
        for what in ["deauthorize", "data-deletion"] {
            let path = format!("/api/webhooks/{platform}/{what}");
            let answer = house.post_to(&path, &form(), body.clone()).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert_eq!(house.health(id).await, "active");
    assert_eq!(house.count("webhook_receipts").await, 0);
    for code in ["0", "%3Cscript%3E", "00000000000000000000000000000000"] {
        let path = format!("/api/deletions/{code}");
        let shown = house
            .ask(Request::get(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND);
        assert!(!shown.body.contains("<script>"));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_has_nothing_here_is_told_so_too(pool: PgPool) {
    let house = House::open(pool);
    let body = signed_request(&client_secret(Platform::Facebook), SUBJECT);
    let answer = house.post_to(DELETE, &form(), body).await;
    let told: Confirmation = serde_json::from_str(&answer.body).unwrap();
    let path = format!("/api/deletions/{}", told.confirmation_code);
    let shown = house
        .ask(Request::get(path).body(Body::empty()).unwrap())
        .await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.body.contains("We had nothing of yours"),
        "{}",
        shown.body
    );
}
