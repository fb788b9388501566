//! How simulated Instagram takes the bytes of videos, and what it refuses of them.

use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::meta::api::{self, JPEG, Told, VIDEO, graph, mp4, person};
use crate::meta::instagram::{SCOPES, create, publish, status, studio};
use crate::rig::Rig;

const GARDEN: &str = "17841405822304916";
const REEL: [(&str, &str); 2] = [("media_type", "REELS"), ("upload_type", "resumable")];

/// A container, and where its bytes go.
async fn begin(rig: &Rig, token: &str, fields: &[(&str, &str)]) -> (String, String) {
    let told = create(rig, token, fields).await;
    let path = told.text("uri").replace("https://", "");
    (told.text("id"), path)
}

async fn send(rig: &Rig, path: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Told {
    let said = rig.send(Method::POST, path, headers, bytes.to_vec()).await;
    Told {
        status: said.status,
        body: said.json(),
    }
}

/// Sends bytes from `offset` on of a file of `size`.
async fn bytes(rig: &Rig, path: &str, token: &str, offset: &str, size: &str, file: &[u8]) -> Told {
    let who = format!("OAuth {token}");
    let headers = [
        ("authorization", who.as_str()),
        ("offset", offset),
        ("file_size", size),
    ];
    send(rig, path, &headers, file).await
}

async fn video_status(rig: &Rig, token: &str, id: &str) -> Value {
    let path = graph(&format!("{id}?fields=video_status"));
    api::get(rig, &path, token).await.body["video_status"].clone()
}

fn kind(told: &Told) -> &str {
    told.body["debug_info"]["type"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn the_bytes_of_a_reel_go_into_its_container() {
    let (rig, token) = studio().await;
    let world = rig.simulator.world();
    world.set_processing("instagram", Duration::minutes(1));
    let (id, path) = begin(&rig, &token, &REEL).await;
    assert_eq!(
        path,
        format!("rupload.facebook.com/ig-api-upload/v25.0/{id}")
    );
    rig.clock.advance(Duration::hours(1));
    let told = status(&rig, &token, &id).await;
    assert_eq!(told.text("status_code"), "IN_PROGRESS", "no bytes yet");
    assert_eq!(
        video_status(&rig, &token, &id).await,
        json!({
            "uploading_phase": { "status": "not_started", "bytes_transferred": 0 },
            "processing_phase": { "status": "not_started" },
        })
    );
    let file = mp4(3_000);
    let said = bytes(&rig, &path, &token, "0", "3000", &file).await;
    assert_eq!(
        said.body,
        json!({ "success": true, "message": "Upload successful." })
    );
    let phases = video_status(&rig, &token, &id).await;
    assert_eq!(phases["uploading_phase"]["status"], "complete");
    assert_eq!(phases["processing_phase"]["status"], "in_progress");
    assert_eq!(publish(&rig, &token, &id).await.subcode(), 2_207_027);
    rig.clock.advance(Duration::minutes(1));
    assert_eq!(publish(&rig, &token, &id).await.status, 200);
    let ledger = rig.simulator.ledger();
    let (_, kept) = world
        .kept(&ledger.posts()[0].media[0].digest)
        .expect("a file");
    assert_eq!(kept, file, "byte for byte");
}

#[tokio::test]
async fn what_broke_off_goes_on_where_it_stopped() {
    let (rig, token) = studio().await;
    let (id, path) = begin(&rig, &token, &REEL).await;
    let file = mp4(3_000);
    let said = bytes(&rig, &path, &token, "0", "3000", &file[..1_000]).await;
    assert_eq!((said.status, kind(&said)), (400, "PartialRequestError"));
    assert_eq!(said.body["debug_info"]["retriable"], true);
    for offset in ["0", "999", "1001", "3000", "", "soon"] {
        let said = bytes(&rig, &path, &token, offset, "3000", &file[1_000..]).await;
        assert_eq!(kind(&said), "OffsetInvalidError", "{offset}");
    }
    let phases = video_status(&rig, &token, &id).await;
    assert_eq!(
        phases["uploading_phase"],
        json!({ "status": "in_progress", "bytes_transferred": 1_000 })
    );
    let more = [&file[1_000..], &[0]].concat();
    let said = bytes(&rig, &path, &token, "1000", "3000", &more).await;
    assert_eq!(kind(&said), "PartialRequestError", "a byte too many");
    let said = bytes(&rig, &path, &token, "1000", "3000", &file[1_000..]).await;
    assert_eq!(said.body["success"], true);
    let said = bytes(&rig, &path, &token, "0", "3000", &file).await;
    assert_eq!(kind(&said), "OffsetInvalidError", "all of it is there");
    rig.simulator
        .world()
        .states()
        .instagram()
        .break_next_upload(7);
    let (id, path) = begin(&rig, &token, &REEL).await;
    let said = bytes(&rig, &path, &token, "0", "3000", &file).await;
    assert_eq!(kind(&said), "PartialRequestError");
    let phases = video_status(&rig, &token, &id).await;
    assert_eq!(phases["uploading_phase"]["bytes_transferred"], 7);
}

#[tokio::test]
async fn only_the_accounts_token_in_metas_own_scheme_sends_bytes() {
    let (rig, token) = studio().await;
    let (id, path) = begin(&rig, &token, &REEL).await;
    let (stranger, _) = person(&rig, SCOPES, &[GARDEN]).await;
    let file = mp4(3_000);
    let size = [("offset", "0"), ("file_size", "3000")];
    let (bearer, guessed) = (format!("Bearer {token}"), "OAuth guessed".to_owned());
    for who in [&bearer, &guessed, &token] {
        let headers = [("authorization", who.as_str()), size[0], size[1]];
        let said = send(&rig, &path, &headers, &file).await;
        assert_eq!((said.status, kind(&said)), (401, "NotAuthorizedError"));
    }
    assert_eq!(send(&rig, &path, &size, &file).await.status, 401);
    let other = path.replace(&id, "1");
    let old = path.replace("v25.0", "v2.0");
    for (path, token) in [(&path, &stranger), (&other, &token), (&old, &token)] {
        let said = bytes(&rig, path, token, "0", "3000", &file).await;
        assert_eq!((said.status, kind(&said)), (404, "NotAuthorizedError"));
    }
    let phases = video_status(&rig, &token, &id).await;
    assert_eq!(phases["uploading_phase"]["bytes_transferred"], 0);
    let world = rig.simulator.world();
    let now = world.now();
    world.states().meta().change_password("instagram", now);
    let said = bytes(&rig, &path, &token, "0", "3000", &file).await;
    assert_eq!((said.status, kind(&said)), (401, "NotAuthorizedError"));
}

#[tokio::test]
async fn bytes_come_for_a_living_container_of_an_upload_and_in_their_number() {
    let (rig, token) = studio().await;
    let (id, path) = begin(&rig, &token, &REEL).await;
    let file = mp4(3_000);
    for size in ["", "0", "many"] {
        let said = bytes(&rig, &path, &token, "0", size, &file).await;
        assert_eq!(kind(&said), "PartialRequestError", "{size}");
    }
    bytes(&rig, &path, &token, "0", "3000", &file[..1_000]).await;
    let said = bytes(&rig, &path, &token, "1000", "2000", &file[1_000..2_000]).await;
    assert_eq!(kind(&said), "ProcessingFailedError", "another number");
    let fetched = [("media_type", "REELS"), ("video_url", VIDEO)];
    let plain = create(&rig, &token, &fetched).await.text("id");
    let elsewhere = path.replace(&id, &plain);
    let said = bytes(&rig, &elsewhere, &token, "0", "3000", &file).await;
    assert_eq!(kind(&said), "ProcessingFailedError", "it was fetched");
    assert_eq!(video_status(&rig, &token, &plain).await, Value::Null);
    rig.clock.advance(Duration::hours(24));
    let said = bytes(&rig, &path, &token, "1000", "3000", &file[1_000..]).await;
    assert_eq!(kind(&said), "ProcessingFailedError", "it has expired");
    assert_eq!(said.body["debug_info"]["retriable"], false);
    let told = status(&rig, &token, &id).await;
    assert_eq!(told.text("status_code"), "EXPIRED");
}

#[tokio::test]
async fn what_is_wrong_with_the_file_shows_once_all_of_it_is_there() {
    let (rig, token) = studio().await;
    let (id, path) = begin(&rig, &token, &REEL).await;
    let said = bytes(&rig, &path, &token, "0", "9", b"no video.").await;
    assert_eq!(said.body["success"], true);
    let told = status(&rig, &token, &id).await;
    assert!(told.text("status").contains("2207026"), "{told:?}");
    let phases = video_status(&rig, &token, &id).await;
    assert_eq!(phases["processing_phase"]["status"], "error");
}

#[tokio::test]
async fn the_host_fetches_a_file_too_where_it_is_told_an_address_and_nothing_else() {
    let (rig, token) = studio().await;
    let who = format!("OAuth {token}");
    let (id, path) = begin(&rig, &token, &REEL).await;
    for (url, body) in [("https://media.example/none", ""), (VIDEO, "a")] {
        let headers = [("authorization", who.as_str()), ("file_url", url)];
        let said = send(&rig, &path, &headers, body.as_bytes()).await;
        assert_eq!(kind(&said), "ProcessingFailedError", "{url}");
    }
    let headers = [("authorization", who.as_str()), ("file_url", VIDEO)];
    assert_eq!(send(&rig, &path, &headers, b"").await.status, 200);
    assert_eq!(publish(&rig, &token, &id).await.status, 200);
    let ledger = rig.simulator.ledger();
    assert_eq!(ledger.posts()[0].media[0].bytes, 4_000);
}

#[tokio::test]
async fn stories_and_videos_among_several_files_are_sent_too_and_pictures_never() {
    let (rig, token) = studio().await;
    let upload = ("upload_type", "resumable");
    let child = ("is_carousel_item", "true");
    let file = mp4(3_000);
    let story = [("media_type", "STORIES"), upload];
    let video = [("media_type", "VIDEO"), child, upload];
    let mut made = Vec::new();
    for fields in [story.as_slice(), video.as_slice()] {
        let (id, path) = begin(&rig, &token, fields).await;
        let said = bytes(&rig, &path, &token, "0", "3000", &file).await;
        assert_eq!(said.status, 200);
        made.push(id);
    }
    assert_eq!(publish(&rig, &token, &made[0]).await.status, 200);
    let picture = [("image_url", JPEG), child];
    let picture = create(&rig, &token, &picture).await.text("id");
    let (late, path) = begin(&rig, &token, &video).await;
    let whole = |second: &str| format!("{picture},{second}");
    for (children, subcode) in [(whole(&late), 2_207_028), (whole(&made[1]), 0)] {
        let fields = [("media_type", "CAROUSEL"), ("children", children.as_str())];
        assert_eq!(create(&rig, &token, &fields).await.subcode(), subcode);
    }
    assert_eq!(
        bytes(&rig, &path, &token, "0", "3000", &file).await.status,
        200
    );
    for (fields, code) in [
        (vec![upload], 9_004),
        (vec![upload, ("image_url", JPEG)], 9_004),
        (vec![upload, child], 9_004),
        (vec![upload, ("media_type", "VIDEO")], 100),
        (vec![upload, ("media_type", "CAROUSEL")], 100),
        (vec![upload, REEL[0], ("video_url", VIDEO)], 100),
        (vec![REEL[0], ("upload_type", "chunked")], 100),
    ] {
        let said = create(&rig, &token, &fields).await;
        assert_eq!(said.code(), code, "{fields:?}");
    }
}
