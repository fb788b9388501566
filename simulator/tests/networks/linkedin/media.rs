//! Pictures and videos: announced, uploaded, processed.

use http::Method;
use serde_json::json;
use time::Duration;

use crate::{
    linkedin::bench::*,
    samples::{jpeg, mp4},
};

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
    assert_eq!(action(&rig, IMAGES, &bakery, &order).await.status, 403);
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

#[tokio::test]
async fn an_upload_gives_back_the_token_that_it_was_given() {
    let rig = rig();
    let token = token(&rig).await;
    let (urn, tags) = uploaded_video(&rig, &token, &mp4(80_000)).await;
    rig.simulator.world().states().linkedin().upload_token = "a token".to_owned();
    assert_eq!(finalized(&rig, &token, &urn, &tags).await.status, 400);
    rig.simulator
        .world()
        .states()
        .linkedin()
        .upload_token
        .clear();
    assert_eq!(finalized(&rig, &token, &urn, &tags).await.status, 200);
}

#[tokio::test]
async fn the_last_tag_of_a_part_counts() {
    let rig = rig();
    let token = token(&rig).await;
    let announced = action(&rig, VIDEOS, &token, &video_order(80_000))
        .await
        .json();
    let value = &announced["value"];
    let url = value["uploadInstructions"][0]["uploadUrl"]
        .as_str()
        .expect("an address");
    let urn = value["video"].as_str().expect("a video");
    let octets = [("content-type", "application/octet-stream".to_owned())];
    let mut tags = Vec::new();
    for _ in 0..2 {
        let reply = put(&rig, url, &octets, mp4(80_000)).await;
        tags.push(reply.header("etag").trim_matches('"').to_owned());
    }
    assert_eq!(finalized(&rig, &token, urn, &tags[..1]).await.status, 400);
    assert_eq!(finalized(&rig, &token, urn, &tags[1..]).await.status, 200);
}

#[tokio::test]
async fn a_picture_of_a_page_takes_its_time_and_may_fail() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    let world = rig.simulator.world();
    world.set_processing("linkedin", Duration::seconds(10));
    let order = json!({"initializeUploadRequest": {"owner": PAGE}});
    for (bytes, end) in [
        (jpeg(10, 10), "AVAILABLE"),
        (b"no picture".to_vec(), "PROCESSING_FAILED"),
    ] {
        let value = action(&rig, IMAGES, &token, &order).await.json()["value"].clone();
        let urn = value["image"].as_str().expect("a picture").to_owned();
        let path = format!("api.linkedin.com/rest/images/{}", encoded(&urn));
        let status = async || read(&rig, &path, &token).await.json()["status"].clone();
        assert_eq!(status().await, "WAITING_UPLOAD");
        let url = value["uploadUrl"].as_str().expect("an address");
        assert_eq!(put(&rig, url, &bearer(&token), bytes).await.status, 201);
        assert_eq!(status().await, "PROCESSING");
        let fields = json!({"author": PAGE, "commentary": end, "content": {"media": {"id": urn}}});
        let early = publish(&rig, &token, &with(&fields)).await;
        assert_eq!(early.status, 201, "it is shown when it is ready");
        rig.clock.advance(Duration::seconds(10));
        assert_eq!(status().await, end);
    }
    let shown: Vec<usize> = rig
        .simulator
        .ledger()
        .posts()
        .iter()
        .map(|post| post.media.len())
        .collect();
    assert_eq!(shown, [1, 0], "a picture that fails is missing");
}

#[tokio::test]
async fn a_member_may_not_ask_after_pictures() {
    let rig = rig();
    let token = token(&rig).await;
    let (urn, _) = announced_image(&rig, &token).await;
    let path = format!("api.linkedin.com/rest/images/{}", encoded(&urn));
    let denied = read(&rig, &path, &token).await;
    assert_eq!(denied.status, 403);
    assert!(text(&denied).contains("partnerApiImages.GET"));
}

#[tokio::test]
async fn an_image_of_another_member_is_not_posted_by_a_page() {
    let rig = rig();
    let scopes = format!("w_member_social {PAGE_SCOPES}");
    let token = token_for(&rig, STUDIO, &scopes).await;
    let (urn, url) = announced_image(&rig, &token).await;
    put(&rig, &url, &bearer(&token), jpeg(10, 10)).await;
    let body = with(&json!({"author": PAGE, "content": {"media": {"id": urn}}}));
    assert_eq!(
        code_of(&publish(&rig, &token, &body).await),
        "INVALID_IMAGE_ID"
    );
}
