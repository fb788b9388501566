//! What the simulated Pinterest refuses, and how.

mod rig;
mod samples;

use std::collections::BTreeMap;

use axum::body::Body;
use http::Method;
use rig::{BACK, Rig, Said, with_query};
use samples::{jpeg, mp4};
use serde_json::{Value, json};
use time::Duration;

const STUDIO: &str = "813744226420795884";
const RECIPES: &str = "549755885175";
const AUTHORIZE: &str = "www.pinterest.com/oauth/";
const TOKEN: &str = "api.pinterest.com/v5/oauth/token";
const BASIC: &str = "Basic Y2xpZW50OnNlY3JldA==";
const PINS: &str = "api.pinterest.com/v5/pins";
const SCOPES: &str = "user_accounts:read,boards:read,boards:write,pins:read,pins:write";
const IMAGE: &str = "https://media.example/1.jpg";
const GIF: &str = "https://media.example/2.gif";

#[tokio::test]
async fn the_consent_page_opens_for_a_registered_app_only() {
    let rig = rig();
    let right = [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("scope", SCOPES),
    ];
    for (name, value, status) in [
        ("state", "s", 200),
        ("redirect_uri", "https://app.example/back?a", 400),
        ("client_id", "other", 400),
        ("response_type", "token", 400),
        ("scope", "boards:read pins:read", 400),
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
    let back = rig.decide(&visit(SCOPES), "deny", &[]).await;
    assert_eq!(
        (back["error"].as_str(), back["state"].as_str()),
        ("access_denied", "a state")
    );
}

#[tokio::test]
async fn the_token_endpoint_wants_basic_and_a_form() {
    let rig = rig();
    let code = code(&rig, SCOPES).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", BACK),
    ];
    for wrong in [
        vec![],
        vec![("authorization", "Basic b3RoZXI6b25l".to_owned())],
    ] {
        let reply = form(&rig, TOKEN, &wrong, &pairs).await;
        assert_eq!((reply.status, &reply.json()["code"]), (401, &json!(2)));
    }
    let basic = [
        ("authorization", BASIC.to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    let json = send(&rig, Method::POST, TOKEN, &basic, b"{}".to_vec()).await;
    assert_eq!(json.status, 400);
}

#[tokio::test]
async fn a_code_works_once_for_its_way_back_and_ten_minutes() {
    let rig = rig();
    let first = code(&rig, SCOPES).await;
    let tokens = exchanged(&rig, &first, BACK).await;
    assert_eq!(tokens.status, 200);
    let body = tokens.json();
    assert_eq!(body["expires_in"], 2_592_000);
    assert_eq!(body["refresh_token_expires_in"], 5_184_000);
    assert!(body["refresh_token_expires_at"].is_u64());
    assert_eq!(body["scope"], SCOPES.replace(',', " "));
    assert_ne!(tokens.header("x-pinterest-rid"), "");
    assert_eq!(exchanged(&rig, &first, BACK).await.status, 400);
    let second = code(&rig, SCOPES).await;
    assert_eq!(
        exchanged(&rig, &second, "https://app.example/x")
            .await
            .status,
        400
    );
    let third = code(&rig, SCOPES).await;
    rig.clock.advance(Duration::minutes(11));
    assert_eq!(exchanged(&rig, &third, BACK).await.status, 400);
}

#[tokio::test]
async fn a_refresh_gives_a_new_pair_and_spends_the_old_token() {
    for keeps in [false, true] {
        let rig = rig();
        rig.simulator
            .world()
            .states()
            .pinterest()
            .keeps_used_refresh_tokens = keeps;
        let code = code(&rig, SCOPES).await;
        let first = exchanged(&rig, &code, BACK).await.json();
        let refresh = async |token: &Value| {
            let pairs = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str().expect("a token")),
            ];
            form(&rig, TOKEN, &[("authorization", BASIC.to_owned())], &pairs).await
        };
        let second = refresh(&first["refresh_token"]).await;
        assert_eq!(second.status, 200);
        assert_ne!(second.json()["refresh_token"], first["refresh_token"]);
        assert_ne!(second.json()["access_token"], first["access_token"]);
        let again = refresh(&first["refresh_token"]).await.status;
        assert_eq!(again, if keeps { 200 } else { 401 });
    }
}

#[tokio::test]
async fn a_token_of_the_app_takes_nothing_but_its_secret_and_opens_nothing() {
    let rig = rig();
    let ask = async |basic: &str, scope: &str| {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        let headers = [("authorization", basic.to_owned())];
        form(&rig, TOKEN, &headers, &fields).await
    };
    let wrong = ask("Basic b3RoZXI6b25l", "user_accounts:read").await;
    assert_eq!((wrong.status, &wrong.json()["code"]), (401, &json!(2)));
    for scope in ["", "everything"] {
        assert_eq!(ask(BASIC, scope).await.status, 400);
    }
    let given = ask(BASIC, "user_accounts:read").await.json();
    assert_eq!(given["response_type"], "client_credentials");
    let token = given["access_token"].as_str().expect("a token");
    let user = get(&rig, "api.pinterest.com/v5/user_account", token).await;
    assert_eq!(user.status, 401);
}

#[tokio::test]
async fn people_cannot_revoke() {
    let rig = rig();
    let reply = form(
        &rig,
        "api.pinterest.com/v5/oauth/token/revoke",
        &[],
        &[("token", "t")],
    )
    .await;
    assert_eq!((reply.status, &reply.json()["code"]), (403, &json!(29)));
}

#[tokio::test]
async fn boards_come_page_by_page() {
    let rig = rig();
    let token = token_for(&rig, "813744226420795885", SCOPES).await;
    let list = async |query: &str| {
        let path = format!("api.pinterest.com/v5/boards{query}");
        get(&rig, &path, &token).await
    };
    let first = list("").await.json();
    assert_eq!(first["items"].as_array().expect("boards").len(), 25);
    let rest = list("?page_size=250&bookmark=Zz250").await.json();
    assert_eq!(
        (
            rest["items"].as_array().expect("boards").len(),
            &rest["bookmark"]
        ),
        (10, &Value::Null)
    );
    for wrong in [
        "?page_size=251",
        "?page_size=0",
        "?page_size=x",
        "?privacy=MINE",
        "?bookmark=x",
    ] {
        let reply = list(wrong).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &json!(1)),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_pin_is_answered_with_its_shape_and_twice_makes_two() {
    let rig = rig();
    let token = token(&rig).await;
    for number in 1..=2 {
        let reply = post_json(&rig, PINS, &token, &pin()).await;
        assert_eq!(reply.status, 201, "{}", text(&reply));
        let body = reply.json();
        assert_eq!(body["media"]["media_type"], "image");
        let id: u64 = body["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id");
        assert!(id > 1 << 53);
        assert!(!body["created_at"].as_str().expect("a time").ends_with('Z'));
        assert_eq!(rig.simulator.ledger().posts().len(), number);
    }
    for path in [
        PINS.to_owned(),
        format!("api.pinterest.com/v5/boards/{RECIPES}/pins"),
    ] {
        let listed = get(&rig, &path, &token).await.json();
        assert_eq!(listed["items"].as_array().expect("pins").len(), 2);
    }
    let id = rig.simulator.ledger().posts()[0].post_id.clone();
    let path = format!("{PINS}/{id}");
    assert_eq!(get(&rig, &path, &token).await.status, 200);
    let delete = async || {
        send(&rig, Method::DELETE, &path, &bearer(&token), vec![])
            .await
            .status
    };
    assert_eq!(delete().await, 204);
    assert_eq!(delete().await, 404);
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn each_missing_scope_is_told() {
    for missing in ["boards:read", "boards:write", "pins:read", "pins:write"] {
        let rig = rig();
        let scopes: Vec<&str> = SCOPES
            .split(',')
            .filter(|scope| *scope != missing)
            .collect();
        let token = token_for(&rig, STUDIO, &scopes.join(",")).await;
        let reply = post_json(&rig, PINS, &token, &pin()).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (401, &json!(3)),
            "{missing}"
        );
        rig.simulator
            .world()
            .states()
            .pinterest()
            .hides_missing_scopes = true;
        let reply = post_json(&rig, PINS, &token, &pin()).await;
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!(29)));
    }
}

#[tokio::test]
async fn each_field_of_a_pin_is_checked() {
    let rig = rig();
    let token = token(&rig).await;
    let with = |name: &str, value: Value| {
        let mut body = pin();
        body[name] = value;
        body
    };
    let url = |url: &str| json!({"source_type": "image_url", "url": url});
    for (body, status, code, words) in [
        (with("board_id", json!("abc")), 400, 1, "does not match"),
        (with("board_id", Value::Null), 400, 1, "does not match"),
        (with("board_id", json!("1")), 404, 40, "Board not found"),
        (
            with("board_id", json!("813744364859010001")),
            403,
            29,
            "not permitted",
        ),
        (
            with("board_section_id", json!("1")),
            404,
            2031,
            "section not found",
        ),
        (with("title", json!("é".repeat(101))), 400, 1, "title"),
        (
            with("description", json!("é".repeat(801))),
            400,
            1,
            "description",
        ),
        (with("alt_text", json!("é".repeat(501))), 400, 1, "alt_text"),
        (
            with(
                "link",
                json!(format!("https://a.example/{}", "a".repeat(2048))),
            ),
            400,
            1,
            "link",
        ),
        (with("link", json!("nowhere")), 400, 1, "Whoops"),
        (with("surprise", json!(1)), 400, 1, "surprise"),
        (
            with("media_source", json!({"source_type": "image_url"})),
            400,
            1,
            "'url' is a required",
        ),
        (with("media_source", json!({})), 400, 1, "source_type"),
        (
            with("media_source", url("https://media.example/none")),
            400,
            1,
            "Unable to reach the URL",
        ),
        (
            with("media_source", url(GIF)),
            400,
            1,
            "neither JPEG nor PNG",
        ),
    ] {
        let reply = post_json(&rig, PINS, &token, &body).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (status, &json!(code)),
            "{body}"
        );
        assert!(text(&reply).contains(words), "{}", text(&reply));
    }
    let dead = post_json(&rig, PINS, "other", &pin()).await;
    assert_eq!((dead.status, &dead.json()["code"]), (401, &json!(2)));
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn trial_access_pins_in_the_sandbox_only() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.world().states().pinterest().is_on_trial = true;
    let refused = post_json(&rig, PINS, &token, &pin()).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!(29)));
    assert!(text(&refused).contains("Trial access"));
    let sandbox = PINS.replace("api.", "api-sandbox.");
    assert_eq!(post_json(&rig, &sandbox, &token, &pin()).await.status, 201);
}

#[tokio::test]
async fn too_many_writes_are_told_with_headers() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.world().states().pinterest().calls_a_minute = (1000, 1);
    assert_eq!(post_json(&rig, PINS, &token, &pin()).await.status, 201);
    let refused = post_json(&rig, PINS, &token, &pin()).await;
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!(8)));
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    let reset: i64 = refused
        .header("x-ratelimit-reset")
        .parse()
        .expect("a number");
    assert!((1..=60).contains(&reset));
    rig.clock.advance(Duration::seconds(61));
    assert_eq!(post_json(&rig, PINS, &token, &pin()).await.status, 201);
}

#[tokio::test]
async fn the_store_takes_the_whole_form_in_order_and_nothing_else() {
    let rig = rig();
    let token = token(&rig).await;
    let (_, parameters) = registered(&rig, &token).await;
    assert_eq!(parameters.len(), 8);
    let mut swapped = parameters.clone();
    swapped.swap(0, 1);
    let mut changed = parameters.clone();
    changed[5].1.push('x');
    let fewer = parameters[1..].to_vec();
    for wrong in [swapped, changed, fewer] {
        let refused = stored(&rig, &upload_form(&wrong, true, &mp4(500)), &[]).await;
        assert_eq!(refused.status, 403);
        assert!(
            text(&refused).contains("<Code>AccessDenied</Code>"),
            "{}",
            text(&refused)
        );
    }
    let file_first = stored(&rig, &upload_form(&parameters, false, &mp4(500)), &[]).await;
    assert_eq!(file_first.status, 400);
    let body = upload_form(&parameters, true, &mp4(500));
    assert_eq!(stored(&rig, &body, &bearer(&token)).await.status, 400);
    let chunked = rig
        .send(Method::POST, STORE, &[MULTIPART], body.clone())
        .await;
    assert_eq!(chunked.status, 411);
    let done = stored(&rig, &body, &[]).await;
    assert_eq!((done.status, text(&done).as_str()), (204, ""));
    rig.clock.advance(Duration::hours(2));
    let late = stored(&rig, &body, &[]).await;
    assert!(late.status == 403 && text(&late).contains("expired"));
}

#[tokio::test]
async fn a_video_is_registered_processing_and_succeeded_or_failed() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator
        .world()
        .set_processing("pinterest", Duration::seconds(30));
    let (id, parameters) = registered(&rig, &token).await;
    let status = async |id: &str| {
        let path = format!("api.pinterest.com/v5/media/{id}");
        get(&rig, &path, &token).await.json()["status"].clone()
    };
    let mut order = pin();
    order["media_source"] =
        json!({"source_type": "video_id", "media_id": id, "cover_image_key_frame_time": 0});
    assert_eq!(status(&id).await, "registered");
    assert_eq!(post_json(&rig, PINS, &token, &order).await.status, 400);
    stored(&rig, &upload_form(&parameters, true, &mp4(500)), &[]).await;
    assert_eq!(status(&id).await, "processing");
    assert_eq!(post_json(&rig, PINS, &token, &order).await.status, 400);
    rig.clock.advance(Duration::seconds(31));
    assert_eq!(status(&id).await, "succeeded");
    let mut bare = order.clone();
    bare["media_source"] = json!({"source_type": "video_id", "media_id": id});
    let refused = post_json(&rig, PINS, &token, &bare).await;
    assert!(refused.status == 400 && text(&refused).contains("cover_image_url"));
    assert_eq!(post_json(&rig, PINS, &token, &order).await.status, 201);
    let (broken, parameters) = registered(&rig, &token).await;
    stored(&rig, &upload_form(&parameters, true, b"no video"), &[]).await;
    assert_eq!(status(&broken).await, "failed");
    let other = token_for(&rig, "813744226420795886", SCOPES).await;
    let path = format!("api.pinterest.com/v5/media/{id}");
    assert_eq!(get(&rig, &path, &other).await.status, 404);
}

fn pin() -> Value {
    json!({
        "board_id": RECIPES,
        "title": "Tart",
        "description": "With lemon",
        "media_source": {"source_type": "image_url", "url": IMAGE},
    })
}

fn rig() -> Rig {
    let files = [
        (IMAGE, jpeg(100, 150)),
        (GIF, b"GIF89a\x01\0\x01\0".to_vec()),
    ];
    let files = files.map(|(url, bytes)| (url.to_owned(), bytes));
    Rig::new("pinterest", BTreeMap::from(files))
}

async fn post_json(rig: &Rig, path: &str, token: &str, body: &Value) -> Said {
    let mut headers = bearer(token);
    headers.push(("content-type", "application/json".to_owned()));
    send(rig, Method::POST, path, &headers, body.to_string()).await
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

async fn code(rig: &Rig, scopes: &str) -> String {
    rig.approve(&visit(scopes), STUDIO).await["code"].clone()
}

async fn exchanged(rig: &Rig, code: &str, back: &str) -> Said {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", back),
        ("continuous_refresh", "true"),
    ];
    form(rig, TOKEN, &[("authorization", BASIC.to_owned())], &pairs).await
}

async fn token(rig: &Rig) -> String {
    token_for(rig, STUDIO, SCOPES).await
}

async fn token_for(rig: &Rig, account: &str, scopes: &str) -> String {
    let back = rig.approve(&visit(scopes), account).await;
    let reply = exchanged(rig, &back["code"], BACK).await;
    reply.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

/// A video's id, and the fields of its form in the order in which they were given.
async fn registered(rig: &Rig, token: &str) -> (String, Vec<(String, String)>) {
    let path = "api.pinterest.com/v5/media";
    let reply = post_json(rig, path, token, &json!({"media_type": "video"})).await;
    assert_eq!(reply.status, 201);
    let body = reply.json();
    let mut parameters: Vec<(String, String)> = body["upload_parameters"]
        .as_object()
        .expect("parameters")
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect();
    parameters.sort_by_key(|(name, _)| text(&reply).find(&format!("\"{name}\":")));
    (
        body["media_id"].as_str().expect("an id").to_owned(),
        parameters,
    )
}

fn upload_form(parameters: &[(String, String)], file_last: bool, file: &[u8]) -> Vec<u8> {
    let field = |name: &str, more: &str, bytes: &[u8]| {
        let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        [head.as_bytes(), bytes, b"\r\n"].concat()
    };
    let file = field("file", "; filename=\"v\"\r\ncontent-type: video/mp4", file);
    let fields: Vec<u8> = parameters
        .iter()
        .flat_map(|(name, value)| field(name, "", value.as_bytes()))
        .collect();
    let end = b"--b--\r\n".to_vec();
    if file_last {
        [fields, file, end].concat()
    } else {
        [file, fields, end].concat()
    }
}

const STORE: &str = "pinterest-media-upload.s3-accelerate.amazonaws.com/";
const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

async fn stored(rig: &Rig, body: &[u8], headers: &Headers) -> Said {
    let length = body.len().to_string();
    let mut headers = borrowed(headers);
    headers.extend([MULTIPART, ("content-length", length.as_str())]);
    rig.send(Method::POST, STORE, &headers, body.to_vec()).await
}
