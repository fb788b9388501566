//! What the simulated LinkedIn refuses, and how.

mod rig;
mod samples;

use std::collections::BTreeMap;

use axum::body::Body;
use http::Method;
use rig::{BACK, Rig, Said, with_query};
use samples::{jpeg, mp4};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::{Duration, macros::date};

const STUDIO: &str = "8sTd1oQx2z";
const AUTHORIZE: &str = "www.linkedin.com/oauth/v2/authorization";
const TOKEN: &str = "www.linkedin.com/oauth/v2/accessToken";
const REVOKE: &str = "www.linkedin.com/oauth/v2/revoke";
const POSTS: &str = "api.linkedin.com/rest/posts";
const SCOPES: &str = "openid profile w_member_social";

#[tokio::test]
async fn the_consent_page_opens_for_a_registered_app_only() {
    let rig = rig();
    let right = [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("scope", SCOPES),
    ];
    let with_parameters = format!("{BACK}?a=b");
    for (name, value, status) in [
        ("state", "s", 200),
        ("redirect_uri", with_parameters.as_str(), 200),
        ("redirect_uri", "https://app.example/back/", 400),
        ("redirect_uri", "https://app.example/back#f", 400),
        ("client_id", "other", 400),
        ("response_type", "token", 400),
        ("scope", "openid r_member_social", 400),
        ("scope", "", 400),
    ] {
        let pairs: Vec<(&str, &str)> = right
            .into_iter()
            .filter(|(key, _)| *key != name)
            .chain([(name, value)])
            .collect();
        let page = get(&rig, &with_query(AUTHORIZE, &pairs), "").await;
        assert_eq!(page.status, status, "{name}={value}");
    }
}

#[tokio::test]
async fn denial_and_state_come_back() {
    let rig = rig();
    let back = rig.decide(&visit(SCOPES), "deny", &[]).await;
    assert_eq!(back["error"], "user_cancelled_authorize");
    assert_eq!(back["state"], "a state");
}

#[tokio::test]
async fn the_secret_belongs_into_the_body() {
    let rig = rig();
    let basic = [("authorization", "Basic Y2xpZW50OnNlY3JldA==".to_owned())];
    let code = code(&rig).await;
    let without = form(
        &rig,
        TOKEN,
        &basic,
        &[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", BACK),
            ("client_id", "client"),
        ],
    )
    .await;
    assert_eq!(without.status, 400);
    assert_eq!(
        without.json()["error_description"],
        "A required parameter \"client_secret\" is missing"
    );
    let wrong = exchanged(&rig, &code, BACK, "other").await;
    assert_eq!(
        (wrong.status, &wrong.json()["error"]),
        (401, &json!("invalid_client"))
    );
}

#[tokio::test]
async fn a_code_works_once_for_its_way_back_and_half_an_hour() {
    let rig = rig();
    let code_1 = code(&rig).await;
    let tokens = exchanged(&rig, &code_1, BACK, "secret").await;
    assert_eq!(tokens.status, 200);
    let tokens = tokens.json();
    assert_eq!(tokens["expires_in"], 5_184_000);
    assert_eq!(tokens["scope"], "openid,profile,w_member_social");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_null());
    let again = exchanged(&rig, &code_1, BACK, "secret").await;
    assert_eq!(
        (again.status, &again.json()["error"]),
        (400, &json!("invalid_request"))
    );
    let code_2 = code(&rig).await;
    assert_eq!(
        exchanged(&rig, &code_2, "https://app.example/x", "secret")
            .await
            .status,
        400
    );
    let code_3 = code(&rig).await;
    rig.clock.advance(Duration::minutes(31));
    assert_eq!(exchanged(&rig, &code_3, BACK, "secret").await.status, 400);
}

#[tokio::test]
async fn a_token_is_told_to_be_unknown_revoked_or_expired() {
    let rig = rig();
    let token = token(&rig).await;
    let ask = async |token: &str| {
        let reply = get(&rig, "api.linkedin.com/v2/userinfo", token).await;
        (reply.status, reply.json()["serviceErrorCode"].clone())
    };
    assert_eq!(ask(&token).await.0, 200);
    assert_eq!(ask("other").await, (401, json!(65600)));
    rig.clock.advance(Duration::days(61));
    assert_eq!(ask(&token).await, (401, json!(65602)));
    let token = self::token(&rig).await;
    let fields = [
        ("token", token.as_str()),
        ("client_id", "client"),
        ("client_secret", "secret"),
    ];
    assert_eq!(form(&rig, REVOKE, &[], &fields).await.status, 200);
    assert_eq!(ask(&token).await, (401, json!(65601)));
    assert_eq!(form(&rig, REVOKE, &[], &fields).await.status, 400);
}

#[tokio::test]
async fn the_gateway_wants_a_served_version_and_the_protocol() {
    let rig = rig();
    let token = token(&rig).await;
    let send = async |version: &str, protocol: &str| {
        let mut headers = bearer(&token);
        headers.push(("content-type", "application/json".to_owned()));
        for (name, value) in [
            ("linkedin-version", version),
            ("x-restli-protocol-version", protocol),
        ] {
            if !value.is_empty() {
                headers.push((name, value.to_owned()));
            }
        }
        let body = post("Hello").to_string();
        send(&rig, Method::POST, POSTS, &headers, body).await
    };
    let missing = send("", "2.0.0").await;
    assert_eq!(
        (missing.status, &missing.json()["code"]),
        (400, &json!("VERSION_MISSING"))
    );
    for (version, echoed) in [
        ("202507", "20250701"),
        ("202512", "20251201"),
        ("20241101", "20241101"),
    ] {
        let refused = send(version, "2.0.0").await;
        assert_eq!(refused.status, 426);
        assert_eq!(
            refused.json(),
            json!({"status": 426, "code": "NONEXISTENT_VERSION", "message": format!("Requested version {echoed} is not active")})
        );
    }
    assert_eq!(send("202607", "").await.status, 400);
    assert_eq!(send("202508", "2.0.0").await.status, 201);
    rig.simulator.world().states().linkedin().versions_as_of = date!(2026 - 08 - 18);
    assert_eq!(send("202508", "2.0.0").await.status, 426);
}

#[tokio::test]
async fn days_are_counted_for_member_and_app() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.world().states().linkedin().member_calls_a_day = 1;
    assert_eq!(publish(&rig, &token, &post("1")).await.status, 201);
    let member = publish(&rig, &token, &post("2")).await;
    assert_eq!(member.status, 429);
    assert_eq!(
        member.json()["message"],
        "Resource level throttle limit for calls to this resource is reached."
    );
    rig.clock.advance(Duration::days(1));
    assert_eq!(publish(&rig, &token, &post("2")).await.status, 201);
    rig.simulator.world().states().linkedin().member_calls_a_day = 150;
    rig.simulator.world().states().linkedin().app_calls_a_day = 1;
    let app = publish(&rig, &token, &post("3")).await;
    assert!(text(&app).contains("APPLICATION DAY"));
}

#[tokio::test]
async fn a_post_is_answered_with_its_id_and_shows_up() {
    let rig = rig();
    let token = token(&rig).await;
    let reply = publish(&rig, &token, &post("Hello \\(all\\)")).await;
    assert_eq!((reply.status, text(&reply).as_str()), (201, ""));
    let urn = reply.header("x-restli-id").to_owned();
    assert!(urn.starts_with("urn:li:share:"));
    let live = rig.simulator.ledger().posts()[0].clone();
    assert_eq!((live.post_id, live.text.as_str()), (urn, "Hello (all)"));
}

#[tokio::test]
async fn an_unescaped_character_truncates_and_is_answered_all_the_same() {
    let rig = rig();
    let token = token(&rig).await;
    assert_eq!(
        publish(&rig, &token, &post("Hello (all) of you"))
            .await
            .status,
        201
    );
    assert_eq!(rig.simulator.ledger().posts()[0].text, "Hello ");
}

#[tokio::test]
async fn an_equal_post_is_refused_for_ten_minutes_and_names_the_first() {
    let rig = rig();
    let token = token(&rig).await;
    let first = publish(&rig, &token, &post("Hello")).await;
    let second = publish(&rig, &token, &post("Hello")).await;
    assert_eq!(second.status, 422);
    let urn = first.header("x-restli-id");
    let body = second.json();
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|text| text.ends_with(urn))
    );
    assert_eq!(
        body["errorDetails"]["inputErrors"][0]["code"],
        "DUPLICATE_POST"
    );
    rig.clock.advance(Duration::minutes(11));
    assert_eq!(publish(&rig, &token, &post("Hello")).await.status, 201);
}

#[tokio::test]
async fn a_stored_post_may_lose_its_answer_or_its_id() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.script(FaultScript::first(
        "api.linkedin.com",
        "POST /rest/posts",
        Fault::LoseAnswer,
    ));
    publish(&rig, &token, &post("Lost")).await;
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
    rig.simulator.world().states().linkedin().hides_post_ids = true;
    let bare = publish(&rig, &token, &post("Bare")).await;
    assert_eq!((bare.status, bare.header("x-restli-id")), (201, ""));
}

#[tokio::test]
async fn each_field_of_a_post_is_checked() {
    let rig = rig();
    let token = token(&rig).await;
    let with = |name: &str, value: Value| {
        let mut body = post("Hello");
        body[name] = value;
        body
    };
    let image = |id: &str| json!({"media": {"id": id}});
    let images = |count: usize| json!({"multiImage": {"images": vec![json!({"id": "urn:li:image:1"}); count]}});
    for (body, status, code) in [
        (with("author", Value::Null), 400, "MISSING_FIELD"),
        (with("author", json!("8sTd1oQx2z")), 400, "INVALID_URN_ID"),
        (
            with("author", json!("urn:li:group:1")),
            400,
            "INVALID_URN_TYPE",
        ),
        (
            with("author", json!("urn:li:person:other")),
            403,
            "ACCESS_DENIED",
        ),
        (
            with("visibility", json!("FRIENDS")),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
        (
            with("lifecycleState", json!("DRAFT")),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
        (
            with("distribution", json!({})),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
        (with("surprise", json!(1)), 400, "INVALID_VALUE_FOR_FIELD"),
        (with("commentary", json!("")), 400, "MISSING_FIELD"),
        (
            with("commentary", json!("a".repeat(3001))),
            400,
            "FIELD_LENGTH_TOO_LONG",
        ),
        (
            with("content", image("urn:li:image:1")),
            400,
            "INVALID_IMAGE_ID",
        ),
        (
            with("content", image("urn:li:video:1")),
            400,
            "INVALID_VIDEO_ID",
        ),
        (with("content", images(1)), 400, "INVALID_VALUE_FOR_FIELD"),
        (with("content", images(21)), 400, "INVALID_VALUE_FOR_FIELD"),
        (with("content", images(2)), 400, "INVALID_IMAGE_ID"),
        (
            with("content", json!({"media": {}, "multiImage": {}})),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
    ] {
        let reply = publish(&rig, &token, &body).await;
        assert_eq!(
            (reply.status, code_of(&reply).as_str()),
            (status, code),
            "{body}"
        );
    }
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn posting_needs_the_scope_and_reading_another() {
    let rig = rig();
    let reader = token_for(&rig, STUDIO, "openid profile").await;
    let reply = publish(&rig, &reader, &post("Hello")).await;
    assert_eq!(
        reply.json(),
        json!({"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED",
            "message": "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260701"})
    );
    let writer = token(&rig).await;
    let urn = publish(&rig, &writer, &post("Hello")).await;
    let urn = urn.header("x-restli-id").replace(':', "%3A");
    for (path, resource) in [
        (
            format!("{POSTS}?q=author&author=urn%3Ali%3Aperson%3A{STUDIO}"),
            "FINDER-author",
        ),
        (format!("{POSTS}/{urn}"), "GET"),
        (
            "api.linkedin.com/rest/images/urn%3Ali%3Aimage%3A1".to_owned(),
            "partnerApiImages.GET",
        ),
    ] {
        let reply = send(&rig, Method::GET, &path, &versioned(&writer), Vec::new()).await;
        assert_eq!(reply.status, 403);
        assert!(text(&reply).contains(resource), "{}", text(&reply));
    }
    for _ in 0..2 {
        let path = format!("{POSTS}/{urn}");
        let reply = send(&rig, Method::DELETE, &path, &versioned(&writer), Vec::new()).await;
        assert_eq!(reply.status, 204);
    }
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_picture_needs_its_bytes_and_the_token() {
    let rig = rig();
    let token = token(&rig).await;
    let (urn, url) = announced_image(&rig, &token).await;
    let body = |urn: &str| {
        let mut body = post("Hello");
        body["content"] = json!({"media": {"id": urn}});
        body
    };
    let early = publish(&rig, &token, &body(&urn)).await;
    assert_eq!(code_of(&early), "MEDIA_ASSET_WAITING_UPLOAD");
    assert_eq!(put(&rig, &url, &[], jpeg(10, 10)).await.status, 401);
    assert_eq!(
        put(&rig, &url, &bearer(&token), jpeg(10, 10)).await.status,
        201
    );
    assert_eq!(publish(&rig, &token, &body(&urn)).await.status, 201);
    for broken in [b"no picture".to_vec(), jpeg(6013, 6013)] {
        let (urn, url) = announced_image(&rig, &token).await;
        assert_eq!(put(&rig, &url, &bearer(&token), broken).await.status, 201);
        let refused = publish(&rig, &token, &body(&urn)).await;
        assert_eq!(code_of(&refused), "MEDIA_ASSET_PROCESSING_FAILED");
    }
    let (_, url) = announced_image(&rig, &token).await;
    rig.clock.advance(Duration::hours(25));
    let late = put(&rig, &url, &bearer(&token), jpeg(10, 10)).await;
    assert_eq!(
        (late.status, code_of(&late).as_str()),
        (403, "EXPIRED_UPLOAD_URL")
    );
}

#[tokio::test]
async fn files_belong_to_their_owner() {
    let rig = rig();
    let (studio, bakery) = (
        token(&rig).await,
        token_for(&rig, "aB4k3ryW-7", SCOPES).await,
    );
    let order = json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z"}});
    let path = "api.linkedin.com/rest/images?action=initializeUpload";
    assert_eq!(action(&rig, path, &bakery, &order).await.status, 403);
    let (urn, url) = announced_image(&rig, &studio).await;
    assert_eq!(
        put(&rig, &url, &bearer(&bakery), jpeg(1, 1)).await.status,
        403
    );
    let mut body = post("Hello");
    body["author"] = json!("urn:li:person:aB4k3ryW-7");
    body["content"] = json!({"media": {"id": urn}});
    assert_eq!(
        code_of(&publish(&rig, &bakery, &body).await),
        "INVALID_IMAGE_ID"
    );
}

#[tokio::test]
async fn a_video_is_put_together_in_the_order_of_its_tags() {
    for is_right in [true, false] {
        let rig = rig();
        let token = token(&rig).await;
        let file = mp4(9_000_000);
        let (urn, mut tags) = uploaded_video(&rig, &token, &file).await;
        // The first part stays in place, or it would no longer look like a video.
        if !is_right {
            tags.swap(1, 2);
        }
        assert_eq!(finalized(&rig, &token, &urn, &tags).await.status, 200);
        let mut body = post("Hello");
        body["content"] = json!({"media": {"id": urn}});
        assert_eq!(publish(&rig, &token, &body).await.status, 201);
        let live = rig.simulator.ledger().posts()[0].clone();
        let (_, kept) = rig
            .simulator
            .world()
            .kept(&live.media[0].digest)
            .expect("a file");
        assert_eq!(kept == file, is_right);
    }
}

#[tokio::test]
async fn a_video_is_refused_piece_by_piece() {
    let rig = rig();
    let token = token(&rig).await;
    for bytes in [74_999, 500_000_001_u64] {
        let refused = action(&rig, VIDEOS, &token, &video_order(bytes)).await;
        assert_eq!(code_of(&refused), "INVALID_VALUE_FOR_FIELD");
    }
    let announced = action(&rig, VIDEOS, &token, &video_order(5_000_000))
        .await
        .json();
    let parts = announced["value"]["uploadInstructions"]
        .as_array()
        .expect("parts")
        .clone();
    assert_eq!(parts.len(), 2);
    assert_eq!(
        (&parts[1]["firstByte"], &parts[1]["lastByte"]),
        (&json!(4_194_304), &json!(4_999_999))
    );
    let url = parts[1]["uploadUrl"].as_str().expect("an address");
    let octets = ("content-type", "application/octet-stream".to_owned());
    let right = vec![0; 805_696];
    let with_token: Vec<_> = bearer(&token).into_iter().chain([octets.clone()]).collect();
    assert_eq!(put(&rig, url, &with_token, right.clone()).await.status, 400);
    assert_eq!(
        put(&rig, url, std::slice::from_ref(&octets), vec![0; 10])
            .await
            .status,
        400
    );
    assert_eq!(put(&rig, url, &[], right.clone()).await.status, 415);
    let done = put(&rig, url, std::slice::from_ref(&octets), right.clone()).await;
    assert_eq!(done.status, 200);
    let urn = announced["value"]["video"].as_str().expect("a video");
    let tag = done.header("etag").trim_matches('"').to_owned();
    for tags in [vec![], vec![tag.clone()], vec![tag, "other".to_owned()]] {
        assert_eq!(finalized(&rig, &token, urn, &tags).await.status, 400);
    }
    assert_eq!(
        status(&rig, &token, urn).await.json()["status"],
        "WAITING_UPLOAD"
    );
    rig.clock.advance(Duration::hours(25));
    assert_eq!(
        put(&rig, url, std::slice::from_ref(&octets), right)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_video_takes_its_time_and_may_fail() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator
        .world()
        .set_processing("linkedin", Duration::seconds(30));
    let (urn, tags) = uploaded_video(&rig, &token, &mp4(80_000)).await;
    assert_eq!(finalized(&rig, &token, &urn, &tags).await.status, 200);
    assert_eq!(finalized(&rig, &token, &urn, &tags).await.status, 400);
    assert_eq!(
        status(&rig, &token, &urn).await.json()["status"],
        "PROCESSING"
    );
    let mut body = post("Hello");
    body["content"] = json!({"media": {"id": urn}});
    let early = publish(&rig, &token, &body).await;
    assert_eq!(code_of(&early), "MEDIA_ASSET_WAITING_UPLOAD");
    rig.clock.advance(Duration::seconds(31));
    assert_eq!(
        status(&rig, &token, &urn).await.json()["status"],
        "AVAILABLE"
    );
    assert_eq!(publish(&rig, &token, &body).await.status, 201);
    let (urn, tags) = uploaded_video(&rig, &token, &vec![7; 80_000]).await;
    finalized(&rig, &token, &urn, &tags).await;
    let failed = status(&rig, &token, &urn).await.json();
    assert_eq!(failed["status"], "PROCESSING_FAILED");
    assert_eq!(failed["processingFailureReason"], "UNSUPPORTED_FORMAT");
    let bare = format!("api.linkedin.com/rest/videos/{urn}");
    let reply = send(&rig, Method::GET, &bare, &versioned(&token), Vec::new()).await;
    assert_eq!(reply.status, 400, "a URN in a path is encoded");
}

const VIDEOS: &str = "api.linkedin.com/rest/videos?action=initializeUpload";

fn post(commentary: &str) -> Value {
    json!({
        "author": "urn:li:person:8sTd1oQx2z",
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
    })
}

fn video_order(bytes: u64) -> Value {
    json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z", "fileSizeBytes": bytes}})
}

fn rig() -> Rig {
    Rig::new("linkedin", BTreeMap::new())
}

type Headers = [(&'static str, String)];

fn bearer(token: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {token}"))]
}

fn text(said: &Said) -> String {
    String::from_utf8(said.body.clone()).expect("text")
}

async fn send(
    rig: &Rig,
    method: Method,
    path: &str,
    headers: &Headers,
    body: impl Into<Body>,
) -> Said {
    rig.send(method, path, &borrowed(headers), body).await
}

async fn get(rig: &Rig, path: &str, token: &str) -> Said {
    send(rig, Method::GET, path, &bearer(token), "").await
}

async fn form(rig: &Rig, path: &str, headers: &Headers, fields: &[(&str, &str)]) -> Said {
    rig.form_with(path, &borrowed(headers), fields).await
}

fn borrowed(headers: &Headers) -> Vec<(&str, &str)> {
    headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

fn visit(scopes: &str) -> String {
    with_query(
        AUTHORIZE,
        &[
            ("response_type", "code"),
            ("client_id", "client"),
            ("redirect_uri", BACK),
            ("scope", scopes),
            ("state", "a state"),
        ],
    )
}

fn versioned(token: &str) -> Vec<(&'static str, String)> {
    let mut headers = bearer(token);
    headers.push(("linkedin-version", "202607".to_owned()));
    headers.push(("x-restli-protocol-version", "2.0.0".to_owned()));
    headers
}

fn code_of(reply: &Said) -> String {
    let body = reply.json();
    let detail = &body["errorDetails"]["inputErrors"][0]["code"];
    let code = if detail.is_string() {
        detail
    } else {
        &body["code"]
    };
    code.as_str().unwrap_or_default().to_owned()
}

async fn code(rig: &Rig) -> String {
    rig.approve(&visit(SCOPES), STUDIO).await["code"].clone()
}

async fn exchanged(rig: &Rig, code: &str, back: &str, secret: &str) -> Said {
    form(
        rig,
        TOKEN,
        &[],
        &[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("client_id", "client"),
            ("client_secret", secret),
        ],
    )
    .await
}

async fn token(rig: &Rig) -> String {
    token_for(rig, STUDIO, SCOPES).await
}

async fn token_for(rig: &Rig, account: &str, scopes: &str) -> String {
    let back = rig.approve(&visit(scopes), account).await;
    let reply = exchanged(rig, &back["code"], BACK, "secret").await;
    reply.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

async fn action(rig: &Rig, path: &str, token: &str, body: &Value) -> Said {
    let mut headers = versioned(token);
    headers.push(("content-type", "application/json".to_owned()));
    send(rig, Method::POST, path, &headers, body.to_string()).await
}

async fn publish(rig: &Rig, token: &str, body: &Value) -> Said {
    action(rig, POSTS, token, body).await
}

async fn put(rig: &Rig, url: &str, headers: &Headers, bytes: Vec<u8>) -> Said {
    let path = url.strip_prefix("https://").expect("an https address");
    send(rig, Method::PUT, path, headers, bytes).await
}

async fn announced_image(rig: &Rig, token: &str) -> (String, String) {
    let order = json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z"}});
    let path = "api.linkedin.com/rest/images?action=initializeUpload";
    let value = action(rig, path, token, &order).await.json()["value"].clone();
    let text = |name: &str| value[name].as_str().expect("a text").to_owned();
    (text("image"), text("uploadUrl"))
}

async fn uploaded_video(rig: &Rig, token: &str, file: &[u8]) -> (String, Vec<String>) {
    let order = video_order(file.len() as u64);
    let value = action(rig, VIDEOS, token, &order).await.json()["value"].clone();
    let mut tags = Vec::new();
    for part in value["uploadInstructions"].as_array().expect("parts") {
        let place =
            |name: &str| usize::try_from(part[name].as_u64().expect("a place")).expect("small");
        let bytes = file[place("firstByte")..=place("lastByte")].to_vec();
        let url = part["uploadUrl"].as_str().expect("an address");
        let headers = [("content-type", "application/octet-stream".to_owned())];
        let reply = put(rig, url, &headers, bytes).await;
        tags.push(reply.header("etag").trim_matches('"').to_owned());
    }
    (value["video"].as_str().expect("a video").to_owned(), tags)
}

async fn finalized(rig: &Rig, token: &str, urn: &str, tags: &[String]) -> Said {
    let path = "api.linkedin.com/rest/videos?action=finalizeUpload";
    let order = json!({"finalizeUploadRequest": {"video": urn, "uploadToken": "", "uploadedPartIds": tags}});
    action(rig, path, token, &order).await
}

async fn status(rig: &Rig, token: &str, urn: &str) -> Said {
    let path = format!("api.linkedin.com/rest/videos/{}", urn.replace(':', "%3A"));
    send(rig, Method::GET, &path, &versioned(token), Vec::new()).await
}
