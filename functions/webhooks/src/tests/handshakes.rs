//! How networks check our address, and who has no business here.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Platform;
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use settings::Apps;
use sqlx::PgPool;

use super::house::{House, Signer, app, sha256, verify_token};

const CHANNEL: &str = "UCaaaaaaaaaaaaaaaaaaaaaa";

fn topic(channel: &str) -> String {
    format!("https://www.youtube.com/xml/feeds/videos.xml?channel_id={channel}")
}

/// As the sweeper does.
async fn ask_for_feeds(house: &House) {
    let (youtube, day) = (Platform::Youtube, time::Duration::DAY);
    let asked = store::subscriptions::wanted(&house.pool, youtube, day, 10).await;
    assert_eq!(asked.unwrap(), [CHANNEL]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn x_is_answered_with_its_token_signed(pool: PgPool) {
    let house = House::open(pool);
    for token in ["challenge", "a b&c=d", "ü🦦", ""] {
        let answer = house.get(Platform::X, &[("crc_token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
        let right = STANDARD.encode(sha256(&Signer::X.secrets().0, token.as_bytes()));
        let right = json!({"response_token": format!("sha256={right}")});
        assert_eq!(answer.body, right.to_string());
    }
    let answer = house.get(Platform::X, &[]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.rule(), "malformed_event");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn linkedin_is_answered_with_its_challenge_and_the_challenge_signed(pool: PgPool) {
    let house = House::open(pool);
    let challenge = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    let answer = house
        .get(Platform::Linkedin, &[("challengeCode", challenge)])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    let signed = sha256(&Signer::Linkedin.secrets().0, challenge.as_bytes());
    let right = json!({"challengeCode": challenge, "challengeResponse": hex::encode(signed)});
    let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(said, right);
    for wrong in ["", &"x".repeat(201)] {
        let answer = house
            .get(Platform::Linkedin, &[("challengeCode", wrong)])
            .await;
        assert_eq!(answer.rule(), "malformed_event");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn youtube_is_answered_with_its_challenge_to_the_byte_and_as_text(pool: PgPool) {
    let house = House::open(pool);
    house.connection(Platform::Youtube, CHANNEL).await;
    ask_for_feeds(&house).await;
    let topic = topic(CHANNEL);
    for challenge in [
        "c-1",
        "<script>alert(1)</script>",
        " spaced ",
        "ü\r\nset-cookie: a=b",
    ] {
        let query = [
            ("hub.mode", "subscribe"),
            ("hub.topic", &topic),
            ("hub.challenge", challenge),
        ];
        let answer = house.get(Platform::Youtube, &query).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.body, challenge);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/plain");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let foreign = [
        ("hub.mode", "subscribe"),
        ("hub.topic", "https://other.example/feed"),
        ("hub.challenge", "c"),
    ];
    let answer = house.get(Platform::Youtube, &foreign).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(!answer.body.contains("other.example"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_hub_is_told_yes_only_to_what_we_asked_for(pool: PgPool) {
    const OTHER: &str = "UCbbbbbbbbbbbbbbbbbbbbbb";
    let house = House::open(pool.clone());
    let connection = house.connection(Platform::Youtube, CHANNEL).await;
    let answer = async |mode: &str, channel: &str| {
        let topic = topic(channel);
        let query = [
            ("hub.mode", mode),
            ("hub.topic", &topic),
            ("hub.challenge", "c-1"),
            ("hub.lease_seconds", "432000"),
        ];
        house.get(Platform::Youtube, &query).await.status
    };
    assert_eq!(answer("subscribe", CHANNEL).await, StatusCode::NOT_FOUND);
    ask_for_feeds(&house).await;
    assert_eq!(answer("subscribe", CHANNEL).await, StatusCode::OK);
    assert_eq!(answer("subscribe", OTHER).await, StatusCode::NOT_FOUND);
    // Nobody else ends it while the account is connected.
    assert_eq!(answer("unsubscribe", CHANNEL).await, StatusCode::NOT_FOUND);
    let lasts: bool = sqlx::query_scalar(
        "SELECT lease_until BETWEEN app_now() + interval '4 days' AND app_now() + interval '6 days' FROM subscriptions",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(lasts);
    sqlx::query("UPDATE connections SET health = 'disconnected' WHERE id = $1")
        .bind(connection.uuid())
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(answer("subscribe", CHANNEL).await, StatusCode::NOT_FOUND);
    assert_eq!(answer("unsubscribe", CHANNEL).await, StatusCode::OK);
    assert_eq!(answer("unsubscribe", CHANNEL).await, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn meta_is_answered_with_its_challenge_when_it_knows_the_token(pool: PgPool) {
    let house = House::open(pool);
    for platform in [Platform::Facebook, Platform::Instagram] {
        let ask = |token: String| {
            [
                ("hub.mode", "subscribe".to_owned()),
                ("hub.challenge", "1158201444".to_owned()),
                ("hub.verify_token", token),
            ]
        };
        let known = ask(verify_token(platform));
        let known = known
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let answer = house.get(platform, &known).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "text/plain");
        assert_eq!(answer.body, "1158201444");
        for guessed in ["", "verify", &format!("{} ", verify_token(platform))] {
            let guessed = ask(guessed.to_owned());
            let guessed = guessed
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            let answer = house.get(platform, &guessed).await;
            assert!(answer.status.is_client_error(), "{answer:?}");
            assert!(!answer.body.contains("1158201444"));
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn networks_without_webhooks_without_registration_and_unknown_ones_answer_alike(
    pool: PgPool,
) {
    let house = House::open(pool.clone());
    let nowhere = House::with(pool, Apps::default());
    let unknown = house
        .ask(
            Request::post("/api/webhooks/myspace")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let mut answers = vec![
        house.post(Platform::Pinterest, &[], "{}").await,
        house.get(Platform::Pinterest, &[]).await,
        house.get(Platform::Tiktok, &[]).await,
    ];
    for platform in Platform::ALL {
        answers.push(nowhere.post(platform, &[], "{}").await);
        answers.push(nowhere.get(platform, &[]).await);
    }
    for answer in answers {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
        assert_eq!(answer.body, unknown.body);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_network_whose_secret_we_lack_is_never_believed(pool: PgPool) {
    for signer in [Signer::X, Signer::Youtube] {
        let mut app = app(signer.platform());
        app.webhook_secret = None;
        let house = House::with(pool.clone(), Apps::from_pairs([(signer.platform(), app)]));
        let news = signer.news("true");
        for secret in ["", &signer.secrets().0, &signer.secrets().1] {
            let signature = signer.sign_with(secret, news.as_bytes(), 0);
            let headers = [(signer.header(), signature)];
            let answer = house.post(signer.platform(), &headers, news.as_str()).await;
            assert!(answer.status.is_client_error(), "{signer:?} {answer:?}");
        }
        assert_eq!(house.count("webhook_receipts").await, 0);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn other_methods_are_no_news(pool: PgPool) {
    let house = House::open(pool);
    for method in [Method::DELETE, Method::PATCH, Method::PUT] {
        let request = Request::builder().method(&method).uri("/api/webhooks/x");
        let answer = house.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.rule(), "method_not_allowed");
    }
}

impl House {
    async fn get(&self, platform: Platform, query: &[(&str, &str)]) -> super::house::Answer {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let request = Request::get(format!("/api/webhooks/{platform}?{query}"));
        self.ask(request.body(Body::empty()).unwrap()).await
    }
}
