//! What simulated TikTok refuses, and how it says so.

mod rig;

use std::collections::BTreeMap;

use http::Method;
use rig::{BACK, Rig, Said, with_query};
use serde_json::{Value, json};
use time::Duration;

const STUDIO: &str = "_000fQ1sampleStudioBq7Zk3nYt0wHd";
const PRIVATE: &str = "_000fQ1privateStudioC8mXr4pLs2vJe";
const TOKEN: &str = "open.tiktokapis.com/v2/oauth/token/";
const REVOKE: &str = "open.tiktokapis.com/v2/oauth/revoke/";
const USER: &str = "open.tiktokapis.com/v2/user/info/";
const CREATOR: &str = "open.tiktokapis.com/v2/post/publish/creator_info/query/";
const VIDEO: &str = "open.tiktokapis.com/v2/post/publish/video/init/";
const PHOTO: &str = "open.tiktokapis.com/v2/post/publish/content/init/";
const STATUS: &str = "open.tiktokapis.com/v2/post/publish/status/fetch/";
const JPEG: &str = "https://media.example/1.jpg";

#[tokio::test]
async fn the_consent_page_checks_who_asks_and_for_what() {
    let rig = rig();
    for (name, value) in [
        ("client_key", "other"),
        ("redirect_uri", "https://app.example/back/"),
        ("response_type", "token"),
        ("scope", ""),
        ("scope", "user.info.basic video.publish"),
        ("scope", "user.info.everything"),
        ("disable_auto_auth", "2"),
    ] {
        let page = page(&[(name, value)]);
        let said = rig.send(Method::GET, &page, &[], "").await;
        assert_eq!(said.status, 400, "{name}={value}");
    }
    let back = rig.approve(&page(&[]), STUDIO).await;
    assert_eq!(back["state"], "s");
    assert_eq!(
        back["scopes"],
        "user.info.basic,user.info.profile,video.publish"
    );
}

#[tokio::test]
async fn a_code_works_once_and_only_for_its_way_back() {
    let rig = rig();
    for (redirect, error) in [("https://app.example/other", "invalid_request"), (BACK, "")] {
        let code = rig.approve(&page(&[]), STUDIO).await["code"].clone();
        let said = exchange(&rig, &code, redirect).await;
        assert_eq!(said.json()["error"].as_str().unwrap_or_default(), error);
        let again = exchange(&rig, &code, BACK).await;
        assert_eq!(again.json()["error"], "invalid_grant");
    }
    let code = rig.approve(&page(&[]), STUDIO).await["code"].clone();
    rig.clock.advance(Duration::minutes(11));
    assert_eq!(
        exchange(&rig, &code, BACK).await.json()["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn the_token_endpoint_takes_forms_of_a_known_app_only() {
    let rig = rig();
    let headers = [("content-type", "application/json")];
    let said = rig.send(Method::POST, TOKEN, &headers, "{}").await;
    assert_eq!(said.json()["error"], "invalid_request");
    let fields = [("client_key", "client"), ("client_secret", "wrong")];
    assert_eq!(
        rig.form(TOKEN, &fields).await.json()["error"],
        "invalid_client"
    );
    let fields = [
        ("client_key", "client"),
        ("client_secret", "secret"),
        ("grant_type", "password"),
    ];
    assert_eq!(
        rig.form(TOKEN, &fields).await.json()["error"],
        "unsupported_grant_type"
    );
}

#[tokio::test]
async fn tokens_end_rotate_and_are_revoked_by_the_access_token() {
    let rig = rig();
    let tokens = connect(&rig, STUDIO).await;
    assert_eq!(
        (&tokens["expires_in"], &tokens["refresh_expires_in"]),
        (&json!(7_200), &json!(15_552_000))
    );
    rig.clock.advance(Duration::seconds(7_200));
    let old = tokens["access_token"].as_str().expect("a token");
    assert_eq!(
        code_of(&post(&rig, CREATOR, old, &json!({})).await),
        (401, "access_token_invalid".to_owned())
    );

    let refresh = |token: String| {
        let rig = &rig;
        async move {
            let fields = [
                ("client_key", "client"),
                ("client_secret", "secret"),
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
            ];
            rig.form(TOKEN, &fields).await.json()
        }
    };
    let first = tokens["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let renewed = refresh(first.clone()).await;
    assert_eq!(refresh(first).await["error"], "invalid_grant");
    let access = renewed["access_token"].as_str().expect("a token");
    assert_eq!(post(&rig, CREATOR, access, &json!({})).await.status, 200);

    let revoke = |token| {
        let fields = [
            ("client_key", "client"),
            ("client_secret", "secret"),
            ("token", token),
        ];
        let rig = &rig;
        async move { rig.form(REVOKE, &fields).await.json() }
    };
    let refresh_token = renewed["refresh_token"].as_str().expect("a token");
    assert_eq!(revoke(refresh_token).await["error"], "invalid_grant");
    assert_eq!(revoke(access).await, json!({}));
    assert_eq!(post(&rig, CREATOR, access, &json!({})).await.status, 401);
    assert_eq!(
        refresh(refresh_token.to_owned()).await["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_field_without_its_scope_and_a_call_without_its_scope_are_refused() {
    let rig = rig();
    let denied = ["user.info.profile", "video.publish"].map(str::to_owned);
    rig.simulator
        .world()
        .states()
        .tiktok()
        .denied_scopes
        .extend(denied);
    let access = access(&rig, STUDIO).await;
    let user = |fields| {
        let (rig, access) = (&rig, access.clone());
        async move {
            let bearer = format!("Bearer {access}");
            let path = with_query(USER, &[("fields", fields)]);
            rig.send(Method::GET, &path, &[("authorization", &bearer)], "")
                .await
        }
    };
    assert_eq!(
        user("open_id,display_name").await.json()["data"]["user"]["open_id"],
        STUDIO
    );
    let said = user("open_id,username").await;
    assert_eq!(code_of(&said), (401, "scope_not_authorized".to_owned()));
    assert_eq!(said.json().get("data"), None);
    assert_eq!(code_of(&user("open_id,secrets").await).0, 400);
    let said = post(&rig, CREATOR, &access, &json!({})).await;
    assert_eq!(code_of(&said), (401, "scope_not_authorized".to_owned()));
}

#[tokio::test]
async fn an_account_offers_what_it_may_and_caps_come_with_status_200() {
    let rig = rig();
    let access = access(&rig, PRIVATE).await;
    let creator = post(&rig, CREATOR, &access, &json!({})).await.json()["data"].clone();
    assert_eq!(creator["privacy_level_options"][0], "FOLLOWER_OF_CREATOR");
    assert_eq!(
        (&creator["duet_disabled"], &creator["stitch_disabled"]),
        (&json!(true), &json!(true))
    );
    for code in [
        "spam_risk_user_banned_from_posting",
        "reached_active_user_cap",
    ] {
        let cap = (PRIVATE.to_owned(), code.to_owned());
        rig.simulator.world().states().tiktok().caps.extend([cap]);
        assert_eq!(
            code_of(&post(&rig, CREATOR, &access, &json!({})).await),
            (200, code.to_owned())
        );
        let order = video_order(1_000, 1_000, 1, "SELF_ONLY");
        assert_eq!(
            code_of(&post(&rig, VIDEO, &access, &order).await),
            (403, code.to_owned())
        );
    }
}

#[tokio::test]
async fn an_order_that_breaks_a_rule_is_refused() {
    for (path, value, status, code) in [
        (
            "/post_info/privacy_level",
            Value::Null,
            400,
            "invalid_params",
        ),
        (
            "/post_info/privacy_level",
            json!("FOLLOWER_OF_CREATOR"),
            403,
            "privacy_level_option_mismatch",
        ),
        (
            "/post_info/brand_content_toggle",
            Value::Null,
            400,
            "invalid_params",
        ),
        (
            "/post_info/brand_organic_toggle",
            Value::Null,
            400,
            "invalid_params",
        ),
        (
            "/post_info/brand_content_toggle",
            json!(true),
            400,
            "invalid_param",
        ),
        (
            "/post_info/title",
            json!("🎬".repeat(1_101)),
            400,
            "invalid_params",
        ),
        (
            "/source_info/source",
            json!("PULL_FROM_URL"),
            400,
            "invalid_params",
        ),
        ("/source_info/video_size", json!(0), 400, "invalid_params"),
        (
            "/source_info/total_chunk_count",
            json!(2),
            400,
            "invalid_params",
        ),
        ("/source_info/chunk_size", json!(999), 400, "invalid_params"),
    ] {
        let rig = rig();
        let access = access(&rig, STUDIO).await;
        let mut order = video_order(1_000, 1_000, 1, "SELF_ONLY");
        *order.pointer_mut(path).expect("a field") = value;
        let said = post(&rig, VIDEO, &access, &order).await;
        assert_eq!(code_of(&said), (status, code.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn plans_of_chunks_must_add_up() {
    for (total, chunk, count, is_taken) in [
        (4_194_304, 4_194_304, 1, true),
        (50_000_123, 10_000_000, 5, true),
        (50_000_123, 10_000_000, 6, false),
        (64_000_001, 10_000_000, 6, true),
        (4_294_967_296_u64, 10_000_000, 429, true),
        (4_294_967_297, 10_000_000, 429, false),
        (70_000_000, 70_000_000, 1, false),
        (10_000_000, 4_000_000, 2, false),
        (20_000_000, 5_000_000, 3, false),
    ] {
        let rig = rig();
        let access = access(&rig, STUDIO).await;
        let order = video_order(total, chunk, count, "SELF_ONLY");
        let said = post(&rig, VIDEO, &access, &order).await;
        assert_eq!(said.status == 200, is_taken, "{total} {chunk} {count}");
    }
}

#[tokio::test]
async fn an_app_without_an_audit_posts_privately_to_private_accounts_only() {
    for (account, privacy, is_taken) in [
        (STUDIO, "SELF_ONLY", false),
        (STUDIO, "PUBLIC_TO_EVERYONE", false),
        (PRIVATE, "MUTUAL_FOLLOW_FRIENDS", false),
        (PRIVATE, "SELF_ONLY", true),
    ] {
        let rig = rig();
        rig.simulator.world().states().tiktok().is_unaudited = true;
        let access = access(&rig, account).await;
        let said = post(&rig, VIDEO, &access, &video_order(1_000, 1_000, 1, privacy)).await;
        assert_eq!(said.status == 200, is_taken, "{account} {privacy}");
        if !is_taken {
            assert_eq!(
                code_of(&said).1,
                "unaudited_client_can_only_post_to_private_accounts"
            );
        }
    }
}

#[tokio::test]
async fn windows_of_a_minute_and_fifteen_posts_a_day_are_kept() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    for (path, body, max) in [
        (CREATOR, json!({}), 20),
        (VIDEO, video_order(1_000, 1_000, 1, "SELF_ONLY"), 6),
        (STATUS, json!({"publish_id": "x"}), 30),
    ] {
        for _ in 0..max {
            assert_ne!(post(&rig, path, &access, &body).await.status, 429);
        }
        let said = post(&rig, path, &access, &body).await;
        assert_eq!(code_of(&said), (429, "rate_limit_exceeded".to_owned()));
        rig.clock.advance(Duration::seconds(60));
        assert_ne!(post(&rig, path, &access, &body).await.status, 429);
    }
    for _ in 0..15 {
        rig.clock.advance(Duration::seconds(60));
        let (_, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
        assert_eq!(
            put(&rig, &url, "bytes 0-999/1000", &mp4(1_000))
                .await
                .status,
            201
        );
    }
    rig.clock.advance(Duration::seconds(60));
    let order = video_order(1_000, 1_000, 1, "SELF_ONLY");
    let said = post(&rig, VIDEO, &access, &order).await;
    assert_eq!(code_of(&said), (403, "spam_risk_too_many_posts".to_owned()));
    let said = post(&rig, CREATOR, &access, &json!({})).await;
    assert_eq!(code_of(&said), (200, "spam_risk_too_many_posts".to_owned()));
}

#[tokio::test]
async fn chunks_are_taken_in_order_to_the_byte() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let order = video_order(10_000_003, 5_000_000, 2, "SELF_ONLY");
    let data = post(&rig, VIDEO, &access, &order).await.json()["data"].clone();
    let url = data["upload_url"].as_str().expect("an address").to_owned();
    let file = mp4(10_000_003);
    let (first, last) = file.split_at(5_000_000);

    for (range, bytes, status) in [
        ("bytes 5000000-10000002/10000003", last, 416),
        ("bytes 0-4999999/10000004", first, 400),
        ("bytes 0-4999998/10000003", first, 400),
        ("bytes 0-99/10000003", &file[..100], 400),
        ("0-4999999/10000003", first, 400),
    ] {
        assert_eq!(
            put(&rig, &url, range, bytes).await.status,
            status,
            "{range}"
        );
    }
    let wrong_type = put_as(&rig, &url, "bytes 0-4999999/10000003", first, "video/avi").await;
    assert_eq!(wrong_type.status, 400);

    let said = put(&rig, &url, "bytes 0-4999999/10000003", first).await;
    assert_eq!(
        (said.status, said.header("content-range")),
        (206, "bytes 0-5000000/10000003")
    );
    let said = put(&rig, &url, "bytes 0-4999999/10000003", first).await;
    assert_eq!(
        (said.status, said.header("content-range")),
        (416, "bytes 0-5000000/10000003")
    );
    assert!(rig.simulator.ledger().posts().is_empty());
    let said = put(&rig, &url, "bytes 5000000-10000002/10000003", last).await;
    assert_eq!(said.status, 201);
    assert_eq!(
        put(&rig, &url, "bytes 5000000-10000002/10000003", last)
            .await
            .status,
        416
    );
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
    assert_eq!(rig.simulator.ledger().posts()[0].media[0].bytes, 10_000_003);
}

#[tokio::test]
async fn an_upload_address_ends_after_an_hour_and_nobody_guesses_it() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let (_, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
    let file = mp4(1_000);
    let (id, _) = url.split_once("&upload_token=").expect("a token");
    let stranger = format!("{id}&upload_token=guessed");
    assert_eq!(
        put(&rig, &stranger, "bytes 0-999/1000", &file).await.status,
        403
    );
    let unknown = "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=2";
    assert_eq!(
        put(&rig, unknown, "bytes 0-999/1000", &file).await.status,
        404
    );
    rig.clock.advance(Duration::hours(1));
    assert_eq!(put(&rig, &url, "bytes 0-999/1000", &file).await.status, 403);
}

#[tokio::test]
async fn a_status_follows_the_task_and_shows_ids_of_public_posts_only() {
    for (privacy, is_shown) in [("PUBLIC_TO_EVERYONE", true), ("SELF_ONLY", false)] {
        let rig = rig();
        rig.simulator
            .world()
            .set_processing("tiktok", Duration::seconds(30));
        let access = access(&rig, STUDIO).await;
        let (id, url) = open(&rig, &access, 1_000, privacy).await;
        assert_eq!(
            status(&rig, &access, &id).await,
            json!({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0})
        );
        put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
        assert_eq!(
            status(&rig, &access, &id).await["status"],
            "PROCESSING_UPLOAD"
        );
        rig.clock.advance(Duration::seconds(31));
        let complete = status(&rig, &access, &id).await;
        assert_eq!(complete["status"], "PUBLISH_COMPLETE");
        assert_eq!(complete["publicaly_available_post_id"], json!([]));
        rig.clock.advance(Duration::seconds(30));
        let shown = status(&rig, &access, &id).await["publicaly_available_post_id"].clone();
        let live = rig.simulator.ledger().posts()[0].post_id.clone();
        let expected: Vec<u64> = is_shown
            .then(|| live.parse().expect("a number"))
            .into_iter()
            .collect();
        assert_eq!(shown, json!(expected));
        assert!(live.parse::<u64>().expect("a number") > 1 << 53);
    }
}

#[tokio::test]
async fn a_status_of_nothing_or_of_another_account_is_refused() {
    let rig = rig();
    let access_one = access(&rig, STUDIO).await;
    let access_two = access(&rig, PRIVATE).await;
    let (id, _) = open(&rig, &access_one, 1_000, "SELF_ONLY").await;
    for (token, id, code) in [
        (&access_one, "v_pub_file~v2-1.1", "invalid_publish_id"),
        (
            &access_two,
            id.as_str(),
            "token_not_authorized_for_specified_publish_id",
        ),
    ] {
        let said = post(&rig, STATUS, token, &json!({"publish_id": id})).await;
        assert_eq!(code_of(&said), (400, code.to_owned()));
    }
}

#[tokio::test]
async fn a_file_that_is_no_video_and_a_failure_on_order_leave_nothing_live() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let (id, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
    assert_eq!(
        put(&rig, &url, "bytes 0-999/1000", &[0; 1_000])
            .await
            .status,
        201
    );
    assert_eq!(
        status(&rig, &access, &id).await["fail_reason"],
        "file_format_check_failed"
    );
    rig.simulator
        .world()
        .states()
        .tiktok()
        .failures
        .push_back("spam_risk".to_owned());
    let (id, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
    put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
    assert_eq!(status(&rig, &access, &id).await["fail_reason"], "spam_risk");
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_second_identical_order_makes_a_second_post() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    for _ in 0..2 {
        let (_, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
        put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
    }
    assert_eq!(rig.simulator.ledger().posts().len(), 2);
}

#[tokio::test]
async fn pictures_come_from_verified_https_domains_and_are_looked_at() {
    for (urls, cover, outcome) in [
        (json!([JPEG]), json!(0), Ok("PUBLISH_COMPLETE")),
        (json!([]), json!(0), Err((400, "invalid_params"))),
        (
            json!(vec![JPEG; 36]),
            json!(0),
            Err((400, "invalid_params")),
        ),
        (json!([JPEG]), json!(1), Err((400, "invalid_params"))),
        (json!([JPEG]), Value::Null, Err((400, "invalid_params"))),
        (
            json!(["http://media.example/1.jpg"]),
            json!(0),
            Err((400, "invalid_params")),
        ),
        (
            json!(["https://10.0.0.1/1.jpg"]),
            json!(0),
            Err((400, "invalid_params")),
        ),
        (
            json!(["https://unverified.example/1.jpg"]),
            json!(0),
            Err((403, "url_ownership_unverified")),
        ),
        (
            json!(["https://media.example/none.jpg"]),
            json!(0),
            Ok("photo_pull_failed"),
        ),
        (
            json!(["https://media.example/2.png"]),
            json!(0),
            Ok("file_format_check_failed"),
        ),
        (
            json!(["https://media.example/3.jpg"]),
            json!(0),
            Ok("picture_size_check_failed"),
        ),
    ] {
        let rig = rig();
        let unverified = "unverified.example".to_owned();
        rig.simulator
            .world()
            .states()
            .tiktok()
            .unverified_hosts
            .insert(unverified);
        let access = access(&rig, STUDIO).await;
        let order = json!({
            "media_type": "PHOTO", "post_mode": "DIRECT_POST",
            "post_info": {
                "description": "Words", "privacy_level": "SELF_ONLY",
                "brand_content_toggle": false, "brand_organic_toggle": false,
            },
            "source_info": {"source": "PULL_FROM_URL", "photo_images": urls, "photo_cover_index": cover},
        });
        let said = post(&rig, PHOTO, &access, &order).await;
        match outcome {
            Err((status, code)) => assert_eq!(code_of(&said), (status, code.to_owned()), "{urls}"),
            Ok(end) => {
                let id = said.json()["data"]["publish_id"]
                    .as_str()
                    .expect("an id")
                    .to_owned();
                let told = status(&rig, &access, &id).await;
                let ended = told["fail_reason"].as_str().or(told["status"].as_str());
                assert_eq!(ended, Some(end), "{urls}");
                let is_live = end == "PUBLISH_COMPLETE";
                assert_eq!(rig.simulator.ledger().posts().len(), usize::from(is_live));
            }
        }
    }
}

fn rig() -> Rig {
    let files = [
        (JPEG, jpeg(1_080, 1_920)),
        ("https://unverified.example/1.jpg", jpeg(100, 100)),
        (
            "https://media.example/2.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0".to_vec(),
        ),
        ("https://media.example/3.jpg", jpeg(2_000, 2_000)),
    ];
    let files = files.map(|(url, bytes)| (url.to_owned(), bytes));
    Rig::new("tiktok", BTreeMap::from(files))
}

/// The consent page, with some parameters changed.
fn page(changed: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("client_key", "client"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "user.info.basic,user.info.profile,video.publish"),
        ("state", "s"),
    ];
    for (name, value) in changed {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    with_query("www.tiktok.com/v2/auth/authorize/", &pairs)
}

async fn exchange(rig: &Rig, code: &str, redirect_uri: &str) -> Said {
    let fields = [
        ("client_key", "client"),
        ("client_secret", "secret"),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
    ];
    rig.form(TOKEN, &fields).await
}

async fn connect(rig: &Rig, account: &str) -> Value {
    let code = rig.approve(&page(&[]), account).await["code"].clone();
    let tokens = exchange(rig, &code, BACK).await.json();
    assert_eq!(tokens["open_id"], account);
    tokens
}

async fn access(rig: &Rig, account: &str) -> String {
    let tokens = connect(rig, account).await;
    tokens["access_token"].as_str().expect("a token").to_owned()
}

async fn post(rig: &Rig, path: &str, access: &str, body: &Value) -> Said {
    let bearer = format!("Bearer {access}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json; charset=UTF-8"),
    ];
    rig.send(Method::POST, path, &headers, body.to_string())
        .await
}

async fn open(rig: &Rig, access: &str, bytes: u64, privacy: &str) -> (String, String) {
    let said = post(rig, VIDEO, access, &video_order(bytes, bytes, 1, privacy)).await;
    let data = said.json()["data"].clone();
    let text = |name: &str| data[name].as_str().expect("a text").to_owned();
    (text("publish_id"), text("upload_url"))
}

async fn put(rig: &Rig, url: &str, range: &str, bytes: &[u8]) -> Said {
    put_as(rig, url, range, bytes, "video/mp4").await
}

async fn put_as(rig: &Rig, url: &str, range: &str, bytes: &[u8], kind: &str) -> Said {
    let path = url.strip_prefix("https://").expect("an https address");
    let length = bytes.len().to_string();
    let headers = [
        ("content-type", kind),
        ("content-length", length.as_str()),
        ("content-range", range),
    ];
    rig.send(Method::PUT, path, &headers, bytes.to_vec()).await
}

async fn status(rig: &Rig, access: &str, id: &str) -> Value {
    let said = post(rig, STATUS, access, &json!({"publish_id": id})).await;
    assert_eq!(code_of(&said), (200, "ok".to_owned()));
    said.json()["data"].clone()
}

fn code_of(said: &Said) -> (u16, String) {
    let code = said.json()["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (said.status, code)
}

fn video_order(total: u64, chunk: u64, count: u64, privacy: &str) -> Value {
    json!({
        "post_info": {
            "title": "Words", "privacy_level": privacy,
            "brand_content_toggle": false, "brand_organic_toggle": false,
        },
        "source_info": {
            "source": "FILE_UPLOAD", "video_size": total, "chunk_size": chunk,
            "total_chunk_count": count,
        },
    })
}

fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42".to_vec();
    file.resize(bytes, 7);
    file
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
    file.extend(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xFF\xC0\0\x11\x08");
    file.extend(height.to_be_bytes());
    file.extend(width.to_be_bytes());
    file.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    file
}
