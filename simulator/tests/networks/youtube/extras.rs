//! Thumbnails and playlists.

use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::{
    rig::{Rig, Said, with_query},
    youtube::api::{CHANNEL, PLAYLIST, SECOND, access, call, get, owner, reason_of, rig, upload},
};

const SET: &str = "www.googleapis.com/upload/youtube/v3/thumbnails/set";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

pub async fn thumbnail(rig: &Rig, access: &str, video: &str, kind: &str, bytes: &[u8]) -> Said {
    let bearer = format!("Bearer {access}");
    let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
    let path = with_query(SET, &[("videoId", video), ("uploadType", "media")]);
    rig.send(Method::POST, &path, &headers, bytes.to_vec())
        .await
}

#[tokio::test]
async fn a_thumbnail_is_a_jpeg_or_png_of_50_mb_at_most() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let id = upload(&rig, &access, 1_000).await;
    let mut largest = PNG.to_vec();
    largest.resize(50 * 1_024 * 1_024, 0);
    let mut larger = largest.clone();
    larger.push(0);
    for (kind, bytes, status, reason) in [
        ("image/gif", PNG, 400, "badContent"),
        ("image/png", b"".as_slice(), 400, "mediaBodyRequired"),
        ("image/png", b"GIF89a".as_slice(), 400, "invalidImage"),
        ("image/png", larger.as_slice(), 413, "uploadTooLarge"),
        ("image/png", largest.as_slice(), 200, ""),
        ("image/jpeg", b"\xFF\xD8\xFF\xE0".as_slice(), 200, ""),
        ("application/octet-stream", PNG, 200, ""),
    ] {
        let said = thumbnail(&rig, &access, &id, kind, bytes).await;
        assert_eq!(
            reason_of(&said),
            (status, reason.to_owned()),
            "{kind} {}",
            bytes.len()
        );
    }
    let set = rig.simulator.world().states().youtube().thumbnail(&id);
    assert_eq!(set.expect("a thumbnail").bytes, PNG.len() as u64);
    let path = format!("/videos?part=snippet&id={id}");
    let snippet = get(&rig, &access, &path).await.json()["items"][0]["snippet"].clone();
    assert!(
        snippet["thumbnails"]["default"]["url"]
            .to_string()
            .contains("custom")
    );
}

#[tokio::test]
async fn who_may_set_thumbnails_and_how_often() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let id = upload(&rig, &access, 1_000).await;
    let stranger = self::access(&rig, SECOND).await;
    let set = async |access: &str, id: &str| {
        reason_of(&thumbnail(&rig, access, id, "image/png", PNG).await)
    };
    let refused = |status, reason: &str| (status, reason.to_owned());
    assert_eq!(set(&access, "unknown").await, refused(404, "videoNotFound"));
    assert_eq!(set(&stranger, &id).await, refused(403, "forbidden"));
    let world = rig.simulator.world();
    world
        .states()
        .youtube()
        .unverified_channels
        .insert(CHANNEL.to_owned());
    let said = thumbnail(&rig, &access, &id, "image/png", PNG).await;
    assert_eq!(
        said.json()["error"]["errors"][0]["domain"],
        "youtube.thumbnail"
    );
    assert_eq!(reason_of(&said), refused(403, "forbidden"));
    world.states().youtube().unverified_channels.clear();
    world.states().youtube().thumbnails = 1;
    assert_eq!(set(&access, &id).await, refused(200, ""));
    assert_eq!(
        set(&access, &id).await,
        refused(429, "uploadRateLimitExceeded")
    );
}

#[tokio::test]
async fn a_short_takes_its_thumbnail_once_it_is_processed() {
    for is_short in [false, true] {
        let rig = rig();
        let world = rig.simulator.world();
        world.set_processing("youtube", Duration::minutes(1));
        world.states().youtube().are_shorts = is_short;
        let access = access(&rig, CHANNEL).await;
        let id = upload(&rig, &access, 1_000).await;
        let early = thumbnail(&rig, &access, &id, "image/png", PNG).await;
        assert_eq!(early.status, if is_short { 403 } else { 200 });
        rig.clock.advance(Duration::minutes(1));
        let said = thumbnail(&rig, &access, &id, "image/png", PNG).await;
        assert_eq!(said.status, 200);
    }
}

#[tokio::test]
async fn a_playlist_takes_a_video_as_often_as_it_is_told_and_tells_whether_it_has_it() {
    let rig = rig();
    let access = owner(&rig, CHANNEL).await;
    let id = upload(&rig, &access, 1_000).await;
    let other = upload(&rig, &access, 1_000).await;
    let path = format!("/playlistItems?part=id&playlistId={PLAYLIST}&videoId=");
    let count = async |id: &str| {
        let list = get(&rig, &access, &format!("{path}{id}")).await.json();
        list["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count(&id).await, 0);
    for times in 1..=2 {
        let said = add(&rig, &access, &item(PLAYLIST, &id)).await;
        assert_eq!(said.json()["kind"], "youtube#playlistItem");
        assert_eq!((count(&id).await, count(&other).await), (times, 0));
    }
    let videos = rig.simulator.world().states().youtube().playlist(PLAYLIST);
    assert_eq!(videos, [id.clone(), id]);
}

#[tokio::test]
async fn a_playlist_is_filled_by_its_channel_alone_and_with_videos_alone() {
    let rig = rig();
    let access = owner(&rig, CHANNEL).await;
    let id = upload(&rig, &access, 1_000).await;
    let stranger = owner(&rig, SECOND).await;
    let mut channel = item(PLAYLIST, &id);
    channel["snippet"]["resourceId"]["kind"] = json!("youtube#channel");
    for (access, item, status, reason) in [
        (&access, item("", &id), 400, "playlistIdRequired"),
        (&access, item("PLunknown", &id), 404, "playlistNotFound"),
        (&access, item(PLAYLIST, "unknown"), 404, "videoNotFound"),
        (&access, channel, 400, "invalidResourceType"),
        (
            &stranger,
            item(PLAYLIST, &id),
            403,
            "playlistItemsNotAccessible",
        ),
    ] {
        let said = add(&rig, access, &item).await;
        assert_eq!(reason_of(&said), (status, reason.to_owned()));
    }
    let path = format!("/playlistItems?part=id&playlistId={PLAYLIST}");
    assert_eq!(get(&rig, &stranger, &path).await.status, 404);
}

async fn add(rig: &Rig, access: &str, item: &Value) -> Said {
    call(
        rig,
        access,
        Method::POST,
        "/playlistItems?part=snippet",
        item,
    )
    .await
}

fn item(playlist: &str, video: &str) -> Value {
    json!({"snippet": {
        "playlistId": playlist, "resourceId": {"kind": "youtube#video", "videoId": video},
    }})
}
