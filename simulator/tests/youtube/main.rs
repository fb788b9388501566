//! What simulated YouTube refuses, and how it says so.

mod rig;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use rig::{BACK, Rig, Said, with_query};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::Duration;

const CHANNEL: &str = "UCsampleStudio7Qk2Wm9Zt1";
const SECOND: &str = "UCsecondStage4Rv8Xn3Ly6P";
const NOBODY: &str = "google-without-a-channel";
const TOKEN: &str = "oauth2.googleapis.com/token";
const REVOKE: &str = "oauth2.googleapis.com/revoke";
const DATA: &str = "www.googleapis.com/youtube/v3";
const UPLOAD: &str = "www.googleapis.com/upload/youtube/v3/videos";
const SCOPES: &str = "https://www.googleapis.com/auth/youtube.upload https://www.googleapis.com/auth/youtube.readonly";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-in-all";

#[tokio::test]
async fn the_consent_page_checks_who_asks_and_for_what() {
    let rig = rig();
    for (name, value) in [
        ("client_id", "other"),
        ("redirect_uri", "https://app.example/back/"),
        ("redirect_uri", "https://APP.example/back"),
        ("response_type", "token"),
        ("scope", ""),
        ("scope", "youtube.upload"),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
    ] {
        let said = rig
            .send(Method::GET, &page(&[(name, value)]), &[], "")
            .await;
        assert_eq!(said.status, 400, "{name}={value}");
    }
    let back = rig.approve(&page(&[]), CHANNEL).await;
    assert_eq!(
        (back["state"].as_str(), back["scope"].as_str()),
        ("s", SCOPES)
    );
}

#[tokio::test]
async fn a_code_works_once_with_its_verifier_and_its_way_back() {
    let rig = rig();
    for (verifier, redirect, error) in [
        (VERIFIER, BACK, ""),
        ("", BACK, "invalid_grant"),
        (
            "another-verifier-of-forty-three-characters-at-least",
            BACK,
            "invalid_grant",
        ),
        (
            VERIFIER,
            "https://app.example/other",
            "redirect_uri_mismatch",
        ),
    ] {
        let code = rig.approve(&page(&[]), CHANNEL).await["code"].clone();
        let said = exchange(&rig, &code, verifier, redirect).await;
        assert_eq!(said.json()["error"].as_str().unwrap_or_default(), error);
        let again = exchange(&rig, &code, VERIFIER, BACK).await;
        assert_eq!(
            (again.status, again.json()["error"].clone()),
            (400, json!("invalid_grant"))
        );
    }
}

#[tokio::test]
async fn a_refresh_token_comes_with_offline_access_and_on_a_repeated_consent_only_when_asked() {
    let rig = rig();
    for (access_type, prompt, comes) in [
        ("online", "consent", false),
        ("offline", "none", false),
        ("offline", "consent select_account", true),
    ] {
        let page = page(&[("access_type", access_type), ("prompt", prompt)]);
        let tokens = tokens(&rig, &page, CHANNEL).await;
        assert_eq!(
            tokens.get("refresh_token").is_some(),
            comes,
            "{access_type} {prompt}"
        );
        assert_eq!(tokens["expires_in"], 3_599);
    }
}

#[tokio::test]
async fn refreshing_brings_no_refresh_token_and_a_test_apps_ends_after_a_week() {
    let rig = rig();
    rig.simulator.world().states().youtube().is_testing = true;
    let tokens = tokens(&rig, &page(&[]), CHANNEL).await;
    assert_eq!(tokens["refresh_token_expires_in"], 604_800);
    let token = tokens["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let renewed = refresh(&rig, &token).await;
    assert_eq!(
        (renewed.status, renewed.json().get("refresh_token")),
        (200, None)
    );
    rig.clock.advance(Duration::days(7));
    let said = refresh(&rig, &token).await;
    assert_eq!(
        (said.status, said.json()["error"].clone()),
        (400, json!("invalid_grant"))
    );
}

#[tokio::test]
async fn revoking_one_token_ends_all_of_the_google_account() {
    let rig = rig();
    let first = tokens(&rig, &page(&[]), CHANNEL).await;
    let second = tokens(&rig, &page(&[]), SECOND).await;
    let token = first["access_token"].as_str().expect("a token");
    assert_eq!(rig.form(REVOKE, &[("token", token)]).await.status, 200);
    let said = rig.form(REVOKE, &[("token", token)]).await;
    assert_eq!(
        (said.status, said.json()),
        (400, json!({"error": "invalid_token"}))
    );
    let other = second["refresh_token"].as_str().expect("a token");
    assert_eq!(refresh(&rig, other).await.status, 400);
    let access = second["access_token"].as_str().expect("a token");
    assert_eq!(
        reason_of(&get(&rig, access, "/channels?part=id&mine=true").await),
        (401, "authError".to_owned())
    );
}

#[tokio::test]
async fn scopes_allow_their_calls_and_no_others() {
    let prefix = "https://www.googleapis.com/auth/";
    for (scope, may_upload, may_read) in [
        ("youtube.upload", true, false),
        ("youtube.readonly", false, true),
        ("youtube", true, true),
        ("youtube.force-ssl", true, true),
    ] {
        let rig = rig();
        let page = page(&[("scope", &format!("{prefix}{scope}"))]);
        let access = access_of(&tokens(&rig, &page, CHANNEL).await);
        let upload = start(&rig, &access, &resource(), 10).await;
        let read = get(&rig, &access, "/channels?part=id&mine=true").await;
        for (said, may) in [(upload, may_upload), (read, may_read)] {
            let expected = if may {
                (200, "")
            } else {
                (403, "insufficientPermissions")
            };
            assert_eq!(
                reason_of(&said),
                (expected.0, expected.1.to_owned()),
                "{scope}"
            );
        }
    }
}

#[tokio::test]
async fn an_account_without_a_channel_is_told_to_sign_up() {
    let rig = rig();
    let access = access(&rig, NOBODY).await;
    let said = get(&rig, &access, "/channels?part=id&mine=true").await;
    assert_eq!(reason_of(&said), (401, "youtubeSignupRequired".to_owned()));
    let said = start(&rig, &access, &resource(), 10).await;
    assert_eq!(reason_of(&said), (401, "youtubeSignupRequired".to_owned()));
}

#[tokio::test]
async fn a_session_checks_the_metadata_before_any_byte() {
    for (path, value, reason) in [
        ("/snippet/title", json!(""), "invalidTitle"),
        ("/snippet/title", json!("a>b"), "invalidTitle"),
        ("/snippet/title", json!("x".repeat(101)), "invalidTitle"),
        (
            "/snippet/description",
            json!("é".repeat(2_501)),
            "invalidDescription",
        ),
        ("/snippet/description", json!("<"), "invalidDescription"),
        ("/snippet/tags", json!(["x".repeat(501)]), "invalidTags"),
        ("/snippet/tags", json!([""]), "invalidTags"),
        ("/snippet/categoryId", json!("21"), "invalidCategoryId"),
        (
            "/status/privacyStatus",
            json!("friends"),
            "invalidVideoMetadata",
        ),
        (
            "/status/publishAt",
            json!("2020-01-01T00:00:00Z"),
            "invalidPublishAt",
        ),
        ("/status/publishAt", json!("no time"), "invalidPublishAt"),
    ] {
        let rig = rig();
        let access = access(&rig, CHANNEL).await;
        let mut resource = resource();
        *resource.pointer_mut(path).expect("a field") = value;
        let said = start(&rig, &access, &resource, 10).await;
        assert_eq!(reason_of(&said), (400, reason.to_owned()), "{path}");
    }
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let bearer = format!("Bearer {access}");
    let multipart = with_query(
        UPLOAD,
        &[("uploadType", "multipart"), ("part", "snippet,status")],
    );
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let said = rig
        .send(Method::POST, &multipart, &headers, resource().to_string())
        .await;
    assert_eq!(said.status, 400);
}

#[tokio::test]
async fn a_video_without_a_privacy_is_public() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let resource = json!({"snippet": {"title": "T"}, "status": {}});
    let session = session(&start(&rig, &access, &resource, 1_000).await);
    let said = put(&rig, &access, &session, "bytes 0-999/1000", &mp4(1_000)).await;
    assert_eq!(said.status, 201);
    assert_eq!(said.json()["status"]["privacyStatus"], "public");
}

#[tokio::test]
async fn chunks_are_multiples_of_256_kib_end_to_end() {
    const TOTAL: usize = 600_000;
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let session = session(&start(&rig, &access, &resource(), 600_000).await);
    let file = mp4(TOTAL);
    let none = put(&rig, &access, &session, "bytes */600000", &[]).await;
    assert_eq!((none.status, none.header("range")), (308, ""));

    for (range, bytes) in [
        ("bytes 0-262142/600000", &file[..262_143]),
        ("bytes 262144-524287/600000", &file[262_144..524_288]),
        ("bytes 0-262143/600001", &file[..262_144]),
        ("bytes 0-262142/600000", &file[..262_144]),
        ("bytes 0-600000/600000", &file[..]),
        ("bytes */600001", &[]),
        ("0-262143/600000", &file[..262_144]),
    ] {
        assert_eq!(
            put(&rig, &access, &session, range, bytes).await.status,
            400,
            "{range}"
        );
    }
    rig.simulator
        .world()
        .states()
        .youtube()
        .partial
        .push_back(300_000);
    let said = put(
        &rig,
        &access,
        &session,
        "bytes 0-524287/600000",
        &file[..524_288],
    )
    .await;
    assert_eq!(
        (said.status, said.header("range")),
        (308, "bytes=0-262143"),
        "partly kept"
    );
    let asked = put(&rig, &access, &session, "bytes */600000", &[]).await;
    assert_eq!(
        (asked.status, asked.header("range")),
        (308, "bytes=0-262143")
    );
    assert!(rig.simulator.ledger().posts().is_empty());
    let said = put(
        &rig,
        &access,
        &session,
        "bytes 262144-599999/600000",
        &file[262_144..],
    )
    .await;
    assert_eq!(said.status, 201);
    let repeated = put(&rig, &access, &session, "bytes */600000", &[]).await;
    assert_eq!(repeated.json()["id"], said.json()["id"]);
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
    let kept = rig.simulator.ledger().posts()[0].media[0].digest.clone();
    assert_eq!(
        rig.simulator
            .world()
            .kept(&kept)
            .expect("the file")
            .1
            .to_vec(),
        file
    );
}

#[tokio::test]
async fn a_session_ends_and_belongs_to_its_channel() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let session = session(&start(&rig, &access, &resource(), 1_000).await);
    let stranger = access_of(&tokens(&rig, &page(&[]), SECOND).await);
    assert_eq!(
        put(&rig, &stranger, &session, "bytes */1000", &[])
            .await
            .status,
        403
    );
    assert_eq!(
        put(&rig, "nobody", &session, "bytes */1000", &[])
            .await
            .status,
        401
    );
    let unknown = with_query(&format!("https://{UPLOAD}"), &[("upload_id", "guessed")]);
    assert_eq!(
        put(&rig, &access, &unknown, "bytes */1000", &[])
            .await
            .status,
        404
    );
    rig.simulator.world().states().youtube().end_sessions();
    assert_eq!(
        put(&rig, &access, &session, "bytes */1000", &[])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn each_session_can_make_a_video() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    for _ in 0..2 {
        upload(&rig, &access, 1_000).await;
    }
    assert_eq!(rig.simulator.ledger().posts().len(), 2);
}

#[tokio::test]
async fn a_video_is_processed_in_its_time_and_told_to_its_owner() {
    let rig = rig();
    rig.simulator
        .world()
        .set_processing("youtube", Duration::minutes(5));
    let access = access(&rig, CHANNEL).await;
    let id = upload(&rig, &access, 1_000).await;
    let path = format!("/videos?part=status,processingDetails,fileDetails&id={id}");
    let video = get(&rig, &access, &path).await.json()["items"][0].clone();
    assert_eq!(video["status"]["uploadStatus"], "uploaded");
    assert_eq!(
        video["processingDetails"]["processingProgress"]["partsTotal"],
        "10"
    );
    assert_eq!(video["fileDetails"]["fileSize"], "1000");
    rig.clock.advance(Duration::minutes(5));
    let video = get(&rig, &access, &path).await.json()["items"][0].clone();
    assert_eq!(video["status"]["uploadStatus"], "processed");

    let stranger = access_of(&tokens(&rig, &page(&[]), SECOND).await);
    assert_eq!(
        get(&rig, &stranger, &format!("/videos?part=status&id={id}"))
            .await
            .json()
            .get("items"),
        None
    );
    let uploads =
        "/playlistItems?part=contentDetails&maxResults=50&playlistId=UUsampleStudio7Qk2Wm9Zt1";
    assert_eq!(
        get(&rig, &access, uploads).await.json()["items"][0]["contentDetails"]["videoId"],
        id
    );
    assert_eq!(get(&rig, &stranger, uploads).await.status, 404);
}

#[tokio::test]
async fn a_video_that_fails_or_is_rejected_says_why_and_is_not_live() {
    for (bytes, ending, field, reason) in [
        (
            mp4(1_000),
            Some(("failed", "codec")),
            "failureReason",
            "codec",
        ),
        (
            mp4(1_000),
            Some(("rejected", "claim")),
            "rejectionReason",
            "claim",
        ),
        (vec![0; 1_000], None, "failureReason", "invalidFile"),
    ] {
        let rig = rig();
        let ending = ending.map(|(word, reason)| (word.to_owned(), reason.to_owned()));
        rig.simulator
            .world()
            .states()
            .youtube()
            .endings
            .extend(ending);
        let access = access(&rig, CHANNEL).await;
        let session = session(&start(&rig, &access, &resource(), 1_000).await);
        let said = put(&rig, &access, &session, "bytes 0-999/1000", &bytes).await;
        assert_eq!(said.json()["status"][field], reason);
        assert!(rig.simulator.ledger().posts().is_empty());
    }
}

#[tokio::test]
async fn quotas_are_the_projects_and_begin_anew_within_a_day() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    rig.simulator.world().states().youtube().uploads_a_day = 1;
    rig.simulator.world().states().youtube().units_a_day = 1;
    assert_eq!(start(&rig, &access, &resource(), 10).await.status, 200);
    let said = start(&rig, &access, &resource(), 10).await;
    assert_eq!(reason_of(&said), (429, "rateLimitExceeded".to_owned()));
    assert!(
        said.json()["error"]["message"]
            .to_string()
            .contains("Video Uploads per day")
    );
    assert_eq!(
        get(&rig, &access, "/channels?part=id&mine=true")
            .await
            .status,
        200
    );
    let said = get(&rig, &access, "/channels?part=id&mine=true").await;
    assert_eq!(reason_of(&said), (403, "quotaExceeded".to_owned()));
    assert!(
        said.json()["error"]["message"]
            .to_string()
            .contains("<a href")
    );

    rig.clock.advance(Duration::hours(25));
    let access = access_of(&tokens(&rig, &page(&[]), CHANNEL).await);
    assert_eq!(start(&rig, &access, &resource(), 10).await.status, 200);
    rig.simulator.world().states().youtube().uploads_a_day = 100;
    rig.simulator
        .world()
        .states()
        .youtube()
        .full_channels
        .insert(CHANNEL.to_owned());
    let said = start(&rig, &access, &resource(), 10).await;
    assert_eq!(reason_of(&said), (400, "uploadLimitExceeded".to_owned()));
}

fn rig() -> Rig {
    Rig::new("youtube", BTreeMap::new())
}

/// The consent page, with some parameters changed.
fn page(changed: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut pairs = vec![
        ("client_id", "client"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("state", "s"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changed {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    with_query("accounts.google.com/o/oauth2/v2/auth", &pairs)
}

async fn exchange(rig: &Rig, code: &str, verifier: &str, redirect_uri: &str) -> Said {
    let fields = [
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", redirect_uri),
    ];
    rig.form(TOKEN, &fields).await
}

async fn refresh(rig: &Rig, token: &str) -> Said {
    let fields = [
        ("client_id", "client"),
        ("client_secret", "secret"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
    ];
    rig.form(TOKEN, &fields).await
}

async fn tokens(rig: &Rig, page: &str, account: &str) -> Value {
    let code = rig.approve(page, account).await["code"].clone();
    exchange(rig, &code, VERIFIER, BACK).await.json()
}

async fn access(rig: &Rig, account: &str) -> String {
    access_of(&tokens(rig, &page(&[]), account).await)
}

fn access_of(tokens: &Value) -> String {
    tokens["access_token"].as_str().expect("a token").to_owned()
}

async fn get(rig: &Rig, access: &str, path: &str) -> Said {
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str())];
    rig.send(Method::GET, &format!("{DATA}{path}"), &headers, "")
        .await
}

async fn start(rig: &Rig, access: &str, resource: &Value, bytes: u64) -> Said {
    let (bearer, bytes) = (format!("Bearer {access}"), bytes.to_string());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json; charset=UTF-8"),
        ("x-upload-content-type", "video/mp4"),
        ("x-upload-content-length", bytes.as_str()),
    ];
    let path = with_query(
        UPLOAD,
        &[("uploadType", "resumable"), ("part", "snippet,status")],
    );
    rig.send(Method::POST, &path, &headers, resource.to_string())
        .await
}

fn session(said: &Said) -> String {
    assert_eq!(said.status, 200, "{said:?}");
    said.header("location").to_owned()
}

async fn put(rig: &Rig, access: &str, session: &str, range: &str, bytes: &[u8]) -> Said {
    let (bearer, length) = (format!("Bearer {access}"), bytes.len().to_string());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-length", length.as_str()),
        ("content-range", range),
    ];
    let path = session.strip_prefix("https://").expect("an https address");
    rig.send(Method::PUT, path, &headers, bytes.to_vec()).await
}

/// A whole video; its id.
async fn upload(rig: &Rig, access: &str, bytes: usize) -> String {
    let session = session(&start(rig, access, &resource(), bytes as u64).await);
    let range = format!("bytes 0-{}/{bytes}", bytes - 1);
    let said = put(rig, access, &session, &range, &mp4(bytes)).await;
    said.json()["id"].as_str().expect("an id").to_owned()
}

fn resource() -> Value {
    json!({
        "snippet": {"title": "T", "description": "D", "tags": ["a", "b c"], "categoryId": "22"},
        "status": {"privacyStatus": "private", "publishAt": null},
    })
}

fn reason_of(said: &Said) -> (u16, String) {
    let reason = said.json()["error"]["errors"][0]["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (said.status, reason)
}

fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42".to_vec();
    file.resize(bytes, 7);
    file
}
