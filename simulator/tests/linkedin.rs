//! What the simulated LinkedIn refuses, and how.

#[expect(dead_code, reason = "shared by the tests of several networks")]
mod bench;

use bench::{BACK, Bench, CLIENT, Reply, SECRET, bearer, jpeg, mp4, request, with_query};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::{Duration, macros::date};

const STUDIO: &str = "8sTd1oQx2z";
const AUTHORIZE: &str = "/www.linkedin.com/oauth/v2/authorization";
const TOKEN: &str = "/www.linkedin.com/oauth/v2/accessToken";
const REVOKE: &str = "/www.linkedin.com/oauth/v2/revoke";
const POSTS: &str = "/api.linkedin.com/rest/posts";
const SCOPES: &str = "openid profile w_member_social";

#[tokio::test]
async fn the_consent_page_opens_for_a_registered_app_only() {
    let bench = Bench::new("linkedin");
    let right = [
        ("response_type", "code"),
        ("client_id", CLIENT),
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
        let page = bench.get(&with_query(AUTHORIZE, &pairs), "").await;
        assert_eq!(page.status, status, "{name}={value}");
    }
}

#[tokio::test]
async fn denial_and_state_come_back() {
    let bench = Bench::new("linkedin");
    let back = bench.decide(&visit(SCOPES), "deny", STUDIO).await;
    assert_eq!(back["error"], "user_cancelled_authorize");
    assert_eq!(back["state"], "a state");
}

#[tokio::test]
async fn the_secret_belongs_into_the_body() {
    let bench = Bench::new("linkedin");
    let basic = [(
        "authorization",
        "Basic Y2xpZW50OmNsaWVudC1zZWNyZXQ=".to_owned(),
    )];
    let code = code(&bench).await;
    let without = bench
        .post_form(
            TOKEN,
            &basic,
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", BACK),
                ("client_id", CLIENT),
            ],
        )
        .await;
    assert_eq!(without.status, 400);
    assert_eq!(
        without.json()["error_description"],
        "A required parameter \"client_secret\" is missing"
    );
    let wrong = exchanged(&bench, &code, BACK, "other").await;
    assert_eq!(
        (wrong.status, &wrong.json()["error"]),
        (401, &json!("invalid_client"))
    );
}

#[tokio::test]
async fn a_code_works_once_for_its_way_back_and_half_an_hour() {
    let bench = Bench::new("linkedin");
    let code_1 = code(&bench).await;
    let tokens = exchanged(&bench, &code_1, BACK, SECRET).await;
    assert_eq!(tokens.status, 200);
    let tokens = tokens.json();
    assert_eq!(tokens["expires_in"], 5_184_000);
    assert_eq!(tokens["scope"], "openid,profile,w_member_social");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_null());
    let again = exchanged(&bench, &code_1, BACK, SECRET).await;
    assert_eq!(
        (again.status, &again.json()["error"]),
        (400, &json!("invalid_request"))
    );
    let code_2 = code(&bench).await;
    assert_eq!(
        exchanged(&bench, &code_2, "https://app.example/x", SECRET)
            .await
            .status,
        400
    );
    let code_3 = code(&bench).await;
    bench.clock.advance(Duration::minutes(31));
    assert_eq!(exchanged(&bench, &code_3, BACK, SECRET).await.status, 400);
}

#[tokio::test]
async fn a_token_is_told_to_be_unknown_revoked_or_expired() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    let ask = async |token: &str| {
        let reply = bench.get("/api.linkedin.com/v2/userinfo", token).await;
        (reply.status, reply.json()["serviceErrorCode"].clone())
    };
    assert_eq!(ask(&token).await.0, 200);
    assert_eq!(ask("other").await, (401, json!(65600)));
    bench.clock.advance(Duration::days(61));
    assert_eq!(ask(&token).await, (401, json!(65602)));
    let token = self::token(&bench).await;
    let form = [
        ("token", token.as_str()),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
    ];
    assert_eq!(bench.post_form(REVOKE, &[], &form).await.status, 200);
    assert_eq!(ask(&token).await, (401, json!(65601)));
    assert_eq!(bench.post_form(REVOKE, &[], &form).await.status, 400);
}

#[tokio::test]
async fn the_gateway_wants_a_served_version_and_the_protocol() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
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
        let body = post("Hello").to_string().into();
        bench.send(request("POST", POSTS, &headers, body)).await
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
    bench.simulator.world().states().linkedin().versions_as_of = date!(2026 - 08 - 18);
    assert_eq!(send("202508", "2.0.0").await.status, 426);
}

#[tokio::test]
async fn days_are_counted_for_member_and_app() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    bench
        .simulator
        .world()
        .states()
        .linkedin()
        .member_calls_a_day = 1;
    assert_eq!(publish(&bench, &token, &post("1")).await.status, 201);
    let member = publish(&bench, &token, &post("2")).await;
    assert_eq!(member.status, 429);
    assert_eq!(
        member.json()["message"],
        "Resource level throttle limit for calls to this resource is reached."
    );
    bench.clock.advance(Duration::days(1));
    assert_eq!(publish(&bench, &token, &post("2")).await.status, 201);
    bench
        .simulator
        .world()
        .states()
        .linkedin()
        .member_calls_a_day = 150;
    bench.simulator.world().states().linkedin().app_calls_a_day = 1;
    let app = publish(&bench, &token, &post("3")).await;
    assert!(app.text.contains("APPLICATION DAY"));
}

#[tokio::test]
async fn a_post_is_answered_with_its_id_and_shows_up() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    let reply = publish(&bench, &token, &post("Hello \\(all\\)")).await;
    assert_eq!((reply.status, reply.text.as_str()), (201, ""));
    let urn = reply.header("x-restli-id").to_owned();
    assert!(urn.starts_with("urn:li:share:"));
    let live = bench.simulator.ledger().posts()[0].clone();
    assert_eq!((live.post_id, live.text.as_str()), (urn, "Hello (all)"));
}

#[tokio::test]
async fn an_unescaped_character_truncates_and_is_answered_all_the_same() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    assert_eq!(
        publish(&bench, &token, &post("Hello (all) of you"))
            .await
            .status,
        201
    );
    assert_eq!(bench.simulator.ledger().posts()[0].text, "Hello ");
}

#[tokio::test]
async fn an_equal_post_is_refused_for_ten_minutes_and_names_the_first() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    let first = publish(&bench, &token, &post("Hello")).await;
    let second = publish(&bench, &token, &post("Hello")).await;
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
    bench.clock.advance(Duration::minutes(11));
    assert_eq!(publish(&bench, &token, &post("Hello")).await.status, 201);
}

#[tokio::test]
async fn a_stored_post_may_lose_its_answer_or_its_id() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    bench.simulator.script(FaultScript::first(
        "api.linkedin.com",
        "POST /rest/posts",
        Fault::LoseAnswer,
    ));
    publish(&bench, &token, &post("Lost")).await;
    assert_eq!(bench.simulator.ledger().posts().len(), 1);
    bench.simulator.world().states().linkedin().hides_post_ids = true;
    let bare = publish(&bench, &token, &post("Bare")).await;
    assert_eq!((bare.status, bare.header("x-restli-id")), (201, ""));
}

#[tokio::test]
async fn each_field_of_a_post_is_checked() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
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
        let reply = publish(&bench, &token, &body).await;
        assert_eq!(
            (reply.status, code_of(&reply).as_str()),
            (status, code),
            "{body}"
        );
    }
    assert!(bench.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn posting_needs_the_scope_and_reading_another() {
    let bench = Bench::new("linkedin");
    let reader = token_for(&bench, STUDIO, "openid profile").await;
    let reply = publish(&bench, &reader, &post("Hello")).await;
    assert_eq!(
        reply.json(),
        json!({"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED",
            "message": "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260701"})
    );
    let writer = token(&bench).await;
    let urn = publish(&bench, &writer, &post("Hello")).await;
    let urn = urn.header("x-restli-id").replace(':', "%3A");
    for (path, resource) in [
        (
            format!("{POSTS}?q=author&author=urn%3Ali%3Aperson%3A{STUDIO}"),
            "FINDER-author",
        ),
        (format!("{POSTS}/{urn}"), "GET"),
        (
            "/api.linkedin.com/rest/images/urn%3Ali%3Aimage%3A1".to_owned(),
            "partnerApiImages.GET",
        ),
    ] {
        let reply = bench
            .send(request("GET", &path, &versioned(&writer), Vec::new()))
            .await;
        assert_eq!(reply.status, 403);
        assert!(reply.text.contains(resource), "{}", reply.text);
    }
    for _ in 0..2 {
        let path = format!("{POSTS}/{urn}");
        let reply = bench
            .send(request("DELETE", &path, &versioned(&writer), Vec::new()))
            .await;
        assert_eq!(reply.status, 204);
    }
    assert!(bench.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_picture_needs_its_bytes_and_the_token() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    let (urn, url) = announced_image(&bench, &token).await;
    let body = |urn: &str| {
        let mut body = post("Hello");
        body["content"] = json!({"media": {"id": urn}});
        body
    };
    let early = publish(&bench, &token, &body(&urn)).await;
    assert_eq!(code_of(&early), "MEDIA_ASSET_WAITING_UPLOAD");
    assert_eq!(put(&bench, &url, &[], jpeg(10, 10)).await.status, 401);
    assert_eq!(
        put(&bench, &url, &bearer(&token), jpeg(10, 10))
            .await
            .status,
        201
    );
    assert_eq!(publish(&bench, &token, &body(&urn)).await.status, 201);
    for broken in [b"no picture".to_vec(), jpeg(6013, 6013)] {
        let (urn, url) = announced_image(&bench, &token).await;
        assert_eq!(put(&bench, &url, &bearer(&token), broken).await.status, 201);
        let refused = publish(&bench, &token, &body(&urn)).await;
        assert_eq!(code_of(&refused), "MEDIA_ASSET_PROCESSING_FAILED");
    }
    let (_, url) = announced_image(&bench, &token).await;
    bench.clock.advance(Duration::hours(25));
    let late = put(&bench, &url, &bearer(&token), jpeg(10, 10)).await;
    assert_eq!(
        (late.status, code_of(&late).as_str()),
        (403, "EXPIRED_UPLOAD_URL")
    );
}

#[tokio::test]
async fn files_belong_to_their_owner() {
    let bench = Bench::new("linkedin");
    let (studio, bakery) = (
        token(&bench).await,
        token_for(&bench, "aB4k3ryW-7", SCOPES).await,
    );
    let order = json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z"}});
    let path = "/api.linkedin.com/rest/images?action=initializeUpload";
    assert_eq!(action(&bench, path, &bakery, &order).await.status, 403);
    let (urn, url) = announced_image(&bench, &studio).await;
    assert_eq!(
        put(&bench, &url, &bearer(&bakery), jpeg(1, 1)).await.status,
        403
    );
    let mut body = post("Hello");
    body["author"] = json!("urn:li:person:aB4k3ryW-7");
    body["content"] = json!({"media": {"id": urn}});
    assert_eq!(
        code_of(&publish(&bench, &bakery, &body).await),
        "INVALID_IMAGE_ID"
    );
}

#[tokio::test]
async fn a_video_is_put_together_in_the_order_of_its_tags() {
    for is_right in [true, false] {
        let bench = Bench::new("linkedin");
        let token = token(&bench).await;
        let file = mp4(9_000_000);
        let (urn, mut tags) = uploaded_video(&bench, &token, &file).await;
        // The first part stays in place, or it would no longer look like a video.
        if !is_right {
            tags.swap(1, 2);
        }
        assert_eq!(finalized(&bench, &token, &urn, &tags).await.status, 200);
        let mut body = post("Hello");
        body["content"] = json!({"media": {"id": urn}});
        assert_eq!(publish(&bench, &token, &body).await.status, 201);
        let live = bench.simulator.ledger().posts()[0].clone();
        let (_, kept) = bench
            .simulator
            .world()
            .kept(&live.media[0].digest)
            .expect("a file");
        assert_eq!(kept == file, is_right);
    }
}

#[tokio::test]
async fn a_video_is_refused_piece_by_piece() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    for bytes in [74_999, 500_000_001_u64] {
        let refused = action(&bench, VIDEOS, &token, &video_order(bytes)).await;
        assert_eq!(code_of(&refused), "INVALID_VALUE_FOR_FIELD");
    }
    let announced = action(&bench, VIDEOS, &token, &video_order(5_000_000))
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
    assert_eq!(
        put(&bench, url, &with_token, right.clone()).await.status,
        400
    );
    assert_eq!(
        put(&bench, url, std::slice::from_ref(&octets), vec![0; 10])
            .await
            .status,
        400
    );
    assert_eq!(put(&bench, url, &[], right.clone()).await.status, 415);
    let done = put(&bench, url, std::slice::from_ref(&octets), right.clone()).await;
    assert_eq!(done.status, 200);
    let urn = announced["value"]["video"].as_str().expect("a video");
    let tag = done.header("etag").trim_matches('"').to_owned();
    for tags in [vec![], vec![tag.clone()], vec![tag, "other".to_owned()]] {
        assert_eq!(finalized(&bench, &token, urn, &tags).await.status, 400);
    }
    assert_eq!(
        status(&bench, &token, urn).await.json()["status"],
        "WAITING_UPLOAD"
    );
    bench.clock.advance(Duration::hours(25));
    assert_eq!(
        put(&bench, url, std::slice::from_ref(&octets), right)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_video_takes_its_time_and_may_fail() {
    let bench = Bench::new("linkedin");
    let token = token(&bench).await;
    bench
        .simulator
        .world()
        .set_processing("linkedin", Duration::seconds(30));
    let (urn, tags) = uploaded_video(&bench, &token, &mp4(80_000)).await;
    assert_eq!(finalized(&bench, &token, &urn, &tags).await.status, 200);
    assert_eq!(finalized(&bench, &token, &urn, &tags).await.status, 400);
    assert_eq!(
        status(&bench, &token, &urn).await.json()["status"],
        "PROCESSING"
    );
    let mut body = post("Hello");
    body["content"] = json!({"media": {"id": urn}});
    let early = publish(&bench, &token, &body).await;
    assert_eq!(code_of(&early), "MEDIA_ASSET_WAITING_UPLOAD");
    bench.clock.advance(Duration::seconds(31));
    assert_eq!(
        status(&bench, &token, &urn).await.json()["status"],
        "AVAILABLE"
    );
    assert_eq!(publish(&bench, &token, &body).await.status, 201);
    let (urn, tags) = uploaded_video(&bench, &token, &vec![7; 80_000]).await;
    finalized(&bench, &token, &urn, &tags).await;
    let failed = status(&bench, &token, &urn).await.json();
    assert_eq!(failed["status"], "PROCESSING_FAILED");
    assert_eq!(failed["processingFailureReason"], "UNSUPPORTED_FORMAT");
    let bare = format!("/api.linkedin.com/rest/videos/{urn}");
    let reply = bench
        .send(request("GET", &bare, &versioned(&token), Vec::new()))
        .await;
    assert_eq!(reply.status, 400, "a URN in a path is encoded");
}

const VIDEOS: &str = "/api.linkedin.com/rest/videos?action=initializeUpload";

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

fn visit(scopes: &str) -> String {
    with_query(
        AUTHORIZE,
        &[
            ("response_type", "code"),
            ("client_id", CLIENT),
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

fn code_of(reply: &Reply) -> String {
    let body = reply.json();
    let detail = &body["errorDetails"]["inputErrors"][0]["code"];
    let code = if detail.is_string() {
        detail
    } else {
        &body["code"]
    };
    code.as_str().unwrap_or_default().to_owned()
}

async fn code(bench: &Bench) -> String {
    bench.decide(&visit(SCOPES), "approve", STUDIO).await["code"].clone()
}

async fn exchanged(bench: &Bench, code: &str, back: &str, secret: &str) -> Reply {
    bench
        .post_form(
            TOKEN,
            &[],
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", back),
                ("client_id", CLIENT),
                ("client_secret", secret),
            ],
        )
        .await
}

async fn token(bench: &Bench) -> String {
    token_for(bench, STUDIO, SCOPES).await
}

async fn token_for(bench: &Bench, account: &str, scopes: &str) -> String {
    let back = bench.decide(&visit(scopes), "approve", account).await;
    let reply = exchanged(bench, &back["code"], BACK, SECRET).await;
    reply.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

async fn action(bench: &Bench, path: &str, token: &str, body: &Value) -> Reply {
    let mut headers = versioned(token);
    headers.push(("content-type", "application/json".to_owned()));
    bench
        .send(request("POST", path, &headers, body.to_string().into()))
        .await
}

async fn publish(bench: &Bench, token: &str, body: &Value) -> Reply {
    action(bench, POSTS, token, body).await
}

async fn put(
    bench: &Bench,
    url: &str,
    headers: &[(&'static str, String)],
    bytes: Vec<u8>,
) -> Reply {
    let path = url.strip_prefix("https:/").expect("an https address");
    bench.send(request("PUT", path, headers, bytes)).await
}

async fn announced_image(bench: &Bench, token: &str) -> (String, String) {
    let order = json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z"}});
    let path = "/api.linkedin.com/rest/images?action=initializeUpload";
    let value = action(bench, path, token, &order).await.json()["value"].clone();
    let text = |name: &str| value[name].as_str().expect("a text").to_owned();
    (text("image"), text("uploadUrl"))
}

async fn uploaded_video(bench: &Bench, token: &str, file: &[u8]) -> (String, Vec<String>) {
    let order = video_order(file.len() as u64);
    let value = action(bench, VIDEOS, token, &order).await.json()["value"].clone();
    let mut tags = Vec::new();
    for part in value["uploadInstructions"].as_array().expect("parts") {
        let place =
            |name: &str| usize::try_from(part[name].as_u64().expect("a place")).expect("small");
        let bytes = file[place("firstByte")..=place("lastByte")].to_vec();
        let url = part["uploadUrl"].as_str().expect("an address");
        let headers = [("content-type", "application/octet-stream".to_owned())];
        let reply = put(bench, url, &headers, bytes).await;
        tags.push(reply.header("etag").trim_matches('"').to_owned());
    }
    (value["video"].as_str().expect("a video").to_owned(), tags)
}

async fn finalized(bench: &Bench, token: &str, urn: &str, tags: &[String]) -> Reply {
    let path = "/api.linkedin.com/rest/videos?action=finalizeUpload";
    let order = json!({"finalizeUploadRequest": {"video": urn, "uploadToken": "", "uploadedPartIds": tags}});
    action(bench, path, token, &order).await
}

async fn status(bench: &Bench, token: &str, urn: &str) -> Reply {
    let path = format!("/api.linkedin.com/rest/videos/{}", urn.replace(':', "%3A"));
    bench
        .send(request("GET", &path, &versioned(token), Vec::new()))
        .await
}
