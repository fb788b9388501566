//! One story that asks at every route.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::*};
use deploy::routes;
use domain::Platform;
use hmac::{Hmac, Mac as _};
use http::{Method, StatusCode};
use lambda::event;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::PgPool;
use tests::{Answer, settings::CANARY};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::house::{Ask, House};

const EMAIL: &str = "somebody@example.com";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_route_is_answered_and_a_post_goes_from_the_app_to_its_network(pool: PgPool) {
    let house = House::open(&pool).await;
    look_around(&house).await;
    let token = sign_in(&house).await;
    let connection = house.connect(&token).await;
    let shown = get(&house, &token, "/api/connections", "/api/connections").await;
    assert_eq!(shown["connections"][0]["id"], connection["id"]);
    ask_account(
        &house,
        &token,
        shown["connections"][0]["id"].as_str().unwrap(),
    )
    .await;
    publish(&house, &token).await;
    schedule(&house, &pool, &token).await;
    hear_of_it(&house, &token).await;
    hear_from_networks(&house).await;
    disconnect(&house, &token).await;
    sign_out(&house, &token).await;

    let all: BTreeSet<_> = routes::of_watch()
        .into_iter()
        .map(|route| (route.method, route.path))
        .collect();
    assert_eq!(house.driven(), all);
    assert!(
        !house.watch.log().contains(CANARY),
        "a secret is in the log"
    );
}

async fn look_around(house: &House) {
    for (path, beginning) in [
        ("/", "<!doctype html>"),
        ("/docs", "<!doctype html>"),
        ("/healthz", r#"{"status":"ok"}"#),
        ("/openapi.json", "{"),
        ("/readyz", "{"),
    ] {
        let answer = house.ask(Method::GET, path, Ask::default()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        let body = answer.body.to_lowercase();
        assert!(body.starts_with(beginning), "{path}: {}", answer.body);
    }
}

/// Signs up and in; gives a token that was refreshed.
async fn sign_in(house: &House) -> String {
    house.sign_up(EMAIL).await;
    let ask = Ask::default().json(&House::credentials(EMAIL));
    let signed_in = house.ask(Method::POST, "/api/auth/login", ask).await;
    assert_eq!(signed_in.status, StatusCode::OK, "{}", signed_in.body);
    let refresh = json!({ "refreshToken": signed_in.text("refreshToken") });
    let ask = Ask::default().json(&refresh);
    let refreshed = house.ask(Method::POST, "/api/auth/refresh", ask).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
    let token = refreshed.text("token").to_owned();
    let me = get(house, &token, "/api/me", "/api/me").await;
    assert_eq!(me["user"]["email"], EMAIL);
    token
}

/// Asks what the account may do; it is one of X, which has neither numbers nor a form of its own.
async fn ask_account(house: &House, token: &str, id: &str) {
    let route = "/api/connections/{connectionId}/allowances";
    let path = format!("/api/connections/{id}/allowances");
    let told = get(house, token, route, &path).await;
    assert_eq!(told, json!({ "allowances": [] }));
    let board = json!({ "name": "Recipes" });
    for (method, rest, rule) in [
        (Method::GET, "creator-info", "no_creator_info"),
        (Method::GET, "boards", "no_boards"),
        (Method::POST, "boards", "no_boards"),
        (Method::GET, "boards/{boardId}/sections", "no_boards"),
    ] {
        let route = format!("/api/connections/{{connectionId}}/{rest}");
        let path = format!("/api/connections/{id}/{}", rest.replace("{boardId}", "1"));
        let mut ask = Ask::of(token).at(&path);
        if method == Method::POST {
            ask = ask.json(&board);
        }
        let refused = house.ask(method, &route, ask).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.body);
        assert_eq!(refused.json()["type"], format!("/problems/{rule}"));
    }
}

/// Publishes a picture at once: the ring goes through SQS, and the publisher is sent it as Lambda would.
async fn publish(house: &House, token: &str) {
    let draft = json!({
        "platform": "x",
        "caption": "Through the runtime",
        "media": { "type": "image", "url": format!("{}/photo.jpg", house.samples) },
    });
    let ask = || Ask::of(token).json(&draft);
    let answer = house.ask(Method::POST, "/api/posts/validate", ask()).await;
    assert_eq!(answer.json()["valid"], true, "{}", answer.body);
    let accepted = house.ask(Method::POST, "/api/posts", ask()).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.body);
    let id = accepted.text("id").to_owned();

    while house.live("Through the runtime").is_empty() {
        let rings = house.receive(house.immediate_queue()).await;
        assert!(!rings.is_empty(), "nothing rings: {}", house.watch.log());
        let event = event::messages(rings.iter().map(String::as_str));
        let (status, answer) = house.watch.send("publisher", &event).await;
        assert_eq!((status, answer), (200, json!({ "batchItemFailures": [] })));
    }

    let path = format!("/api/posts/{id}");
    let shown = get(house, token, "/api/posts/{id}", &path).await;
    assert_eq!(shown["status"], "published", "{shown}");
    let path = format!("/api/posts/{id}/status");
    let status = get(house, token, "/api/posts/{id}/status", &path).await;
    assert_eq!(status["status"], "published", "{status}");
    let path = format!("/api/posts/{id}/log");
    let log = get(house, token, "/api/posts/{id}/log", &path).await;
    assert!(log.to_string().contains("create_post"), "{log}");
    let path = format!("/api/posts/{id}/resolve");
    let ask = Ask::of(token)
        .at(&path)
        .json(&json!({ "resolution": "retry" }));
    let refused = house
        .ask(Method::POST, "/api/posts/{id}/resolve", ask)
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(house.live("Through the runtime").len(), 1);
}

/// Schedules a post for tomorrow, edits it, looks for it, lets an operator look at it, and calls it off.
async fn schedule(house: &House, pool: &PgPool, token: &str) {
    let at = store::now(pool).await.unwrap() + Duration::days(1);
    let draft = json!({ "platform": "x", "caption": "Tomorrow", "scheduledAtISO": text(at) });
    let ask = Ask::of(token).json(&draft);
    let accepted = house.ask(Method::POST, "/api/schedule", ask).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.body);
    let id = accepted.text("id").to_owned();
    let path = format!("/api/posts/{id}");
    assert_eq!(house.schedules().await, [format!("{id}-1")]);

    let edit = json!({ "caption": "The day after", "revision": 1, "scheduledAtISO": text(at + Duration::days(1)) });
    let ask = Ask::of(token).at(&path).json(&edit);
    let edited = house.ask(Method::PATCH, "/api/posts/{id}", ask).await;
    assert_eq!(edited.json()["revision"], 2, "{}", edited.body);
    assert_eq!(house.schedules().await, [format!("{id}-2")]);
    let listed = get(
        house,
        token,
        "/api/posts",
        "/api/posts?status=queued&limit=1",
    )
    .await;
    assert_eq!(listed["posts"][0]["id"], id.as_str());

    let requeue = format!("/api/admin/posts/{id}/requeue");
    let ask = || Ask::of(token).at(&requeue).json(&json!({}));
    let route = "/api/admin/posts/{id}/requeue";
    let refused = house.ask(Method::POST, route, ask()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert!(store::admin::grant(pool, EMAIL).await.unwrap());
    let requeued = house.ask(Method::POST, route, ask()).await;
    assert!(requeued.status.is_success(), "{}", requeued.body);
    let route = "/api/admin/punctuality";
    let told = get(house, token, route, &format!("{route}?hours=1")).await;
    assert!(told["all"]["count"].is_u64(), "{told}");

    let ask = Ask::of(token).at(&path);
    let canceled = house.ask(Method::DELETE, "/api/posts/{id}", ask).await;
    assert_eq!(canceled.json()["status"], "canceled", "{}", canceled.body);
    assert!(house.schedules().await.is_empty());
}

/// Reads the feed; has a server of one's own told, whose ring goes through a queue of its own.
async fn hear_of_it(house: &House, token: &str) {
    let feed = get(house, token, "/api/events", "/api/events?limit=200").await;
    let events = feed["events"].as_array().unwrap();
    let told = |kind: &str| events.iter().any(|event| event["type"] == kind);
    assert!(told("post.published") && told("post.canceled"), "{feed}");

    let (listener, base) = tests::world::listen().await;
    let (heard, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = axum::Router::new().fallback(move |headers: http::HeaderMap, body: String| {
        let heard = heard.clone();
        async move { heard.send((headers, body)).unwrap() }
    });
    tokio::spawn(async move { axum::serve(listener, server).await.unwrap() });
    let route = "/api/webhook-endpoints";
    let ask = Ask::of(token).json(&json!({ "url": format!("{base}/hook") }));
    let made = house.ask(Method::POST, route, ask).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let (id, secret) = (made.text("id"), made.text("secret"));
    let listed = get(house, token, route, route).await;
    assert_eq!(listed["endpoints"][0]["id"], id);
    let (one, path) = (format!("{route}/{{endpointId}}"), format!("{route}/{id}"));
    let shown = get(house, token, &one, &path).await;
    assert_eq!(shown["enabled"], true);
    let ask = Ask::of(token)
        .at(&path)
        .json(&json!({ "description": "Ours" }));
    let changed = house.ask(Method::PATCH, &one, ask).await;
    assert_eq!(changed.text("description"), "Ours");

    let at = async |rest: &str, body: Value| {
        let (route, path) = (format!("{one}{rest}"), format!("{path}{rest}"));
        let answer = house
            .ask(Method::POST, &route, Ask::of(token).at(&path).json(&body))
            .await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
        answer
    };
    at("/test", json!({})).await;
    publish_rings(house).await;
    let (headers, body) = told.recv().await.unwrap();
    assert_eq!(
        signed(&headers, &body, secret),
        headers["webhook-signature"]
    );
    let route = format!("{one}/deliveries");
    let sent = get(house, token, &route, &format!("{path}/deliveries")).await;
    assert_eq!(sent["deliveries"][0]["status"], "delivered", "{sent}");
    let delivery = sent["deliveries"][0]["id"].as_str().unwrap();
    let route = format!("{one}/deliveries/{{deliveryId}}/redeliver");
    let again = format!("{path}/deliveries/{delivery}/redeliver");
    let ask = Ask::of(token).at(&again).json(&json!({}));
    let ordered = house.ask(Method::POST, &route, ask).await;
    assert_eq!(ordered.status, StatusCode::ACCEPTED, "{}", ordered.body);
    publish_rings(house).await;
    let (_, twin) = told.recv().await.unwrap();
    assert_eq!(twin, body);
    at("/rotate-secret", json!({})).await;
    let replayed = at("/replay", json!({ "since": "2026-01-01T00:00:00Z" })).await;
    assert_eq!(replayed.json()["planned"], events.len());
    let removed = house
        .ask(Method::DELETE, &one, Ask::of(token).at(&path))
        .await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.body);
}

/// Has the publisher answer what rings for deliveries.
async fn publish_rings(house: &House) {
    let rings = house.receive(house.delivery_queue()).await;
    assert!(!rings.is_empty(), "nothing rings: {}", house.watch.log());
    let event = event::messages(rings.iter().map(String::as_str));
    let (status, answer) = house.watch.send("publisher", &event).await;
    assert_eq!((status, answer), (200, json!({ "batchItemFailures": [] })));
}

/// The signature of a request, as whoever receives it makes it by the specification.
fn signed(headers: &http::HeaderMap, body: &str, secret: &str) -> String {
    let key = BASE64_STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .unwrap();
    let [id, time] = ["webhook-id", "webhook-timestamp"].map(|it| headers[it].to_str().unwrap());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// The check of an address, a signed body of JSON, and a signed form, which the runtime hands on in base64.
async fn hear_from_networks(house: &House) {
    let hear = async |method: Method, ask| house.ask(method, "/api/webhooks/{platform}", ask).await;
    let secret = format!("{CANARY}-webhook_secret-x");
    let ask = Ask::default().at("/api/webhooks/x?crc_token=word");
    let checked = hear(Method::GET, ask).await;
    let expected = format!("sha256={}", BASE64_STANDARD.encode(sha256(&secret, "word")));
    assert_eq!(checked.text("response_token"), expected);

    let body = r#"{"data":{}}"#;
    let signature = format!("sha256={}", BASE64_STANDARD.encode(sha256(&secret, body)));
    let news = || {
        Ask::default()
            .at("/api/webhooks/x")
            .body("application/json", body.to_owned())
    };
    let heard = hear(
        Method::POST,
        news().header("x-twitter-webhooks-signature", &signature),
    )
    .await;
    assert_eq!(heard.status, StatusCode::OK, "{}", heard.body);
    let forged = hear(Method::POST, news()).await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED, "{}", forged.body);

    let secret = format!("{CANARY}-client_secret-{}", Platform::Facebook);
    let payload = json!({ "algorithm": "HMAC-SHA256", "issued_at": 1_795_867_200, "user_id": "1" });
    let payload = BASE64_URL_SAFE_NO_PAD.encode(payload.to_string());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(sha256(&secret, &payload));
    let form = format!("signed_request={signature}.{payload}");
    let ask = Ask::default()
        .at("/api/webhooks/facebook")
        .body("application/x-www-form-urlencoded", form.clone());
    let heard = hear(Method::POST, ask).await;
    assert_eq!(heard.status, StatusCode::OK, "{}", heard.body);
    for what in ["deauthorize", "data-deletion"] {
        let path = format!("/api/webhooks/facebook/{what}");
        let ask = Ask::default()
            .at(&path)
            .body("application/x-www-form-urlencoded", form.clone());
        let route = format!("/api/webhooks/{{platform}}/{what}");
        let heard = house.ask(Method::POST, &route, ask).await;
        assert_eq!(heard.status, StatusCode::OK, "{}", heard.body);
        if what == "data-deletion" {
            let path = format!("/api/deletions/{}", heard.text("confirmation_code"));
            let ask = Ask::default().at(&path);
            let shown = house.ask(Method::GET, "/api/deletions/{code}", ask).await;
            assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
        }
    }
}

/// Disconnects; the publisher, rung for, revokes the access and wipes the tokens.
async fn disconnect(house: &House, token: &str) {
    let ask = Ask::of(token).at("/api/disconnect/x");
    let route = "/api/disconnect/{platform}";
    let begun = house.ask(Method::POST, route, ask).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.body);
    let rings = house.receive(house.immediate_queue()).await;
    let event = event::messages(rings.iter().map(String::as_str));
    let (status, answer) = house.watch.send("publisher", &event).await;
    assert_eq!((status, answer), (200, json!({ "batchItemFailures": [] })));
    let shown = get(house, token, "/api/connections", "/api/connections").await;
    assert_ne!(
        shown["connections"][0]["health"], "disconnecting",
        "{shown}"
    );
}

async fn sign_out(house: &House, token: &str) {
    let left = house
        .ask(Method::POST, "/api/auth/logout", Ask::of(token))
        .await;
    assert_eq!(left.status, StatusCode::NO_CONTENT, "{}", left.body);
    let refused: Answer = house.ask(Method::GET, "/api/me", Ask::of(token)).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.body);
    assert_eq!(refused.rule(), "unauthorized");
}

async fn get(house: &House, token: &str, route: &str, path: &str) -> Value {
    let answer = house.ask(Method::GET, route, Ask::of(token).at(path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.json()
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()
}

fn sha256(secret: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
