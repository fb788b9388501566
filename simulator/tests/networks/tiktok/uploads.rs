//! Plans, chunks and the upload host.

use serde_json::json;
use simulator::{Fault, FaultScript};
use time::Duration;

use crate::tiktok::bench::*;

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
async fn a_chunk_that_breaks_off_leaves_nothing_of_itself() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let order = video_order(10_000_003, 5_000_000, 2, "SELF_ONLY");
    let data = post(&rig, VIDEO, &access, &order).await.json()["data"].clone();
    let url = data["upload_url"].as_str().expect("an address").to_owned();
    let id = data["publish_id"].as_str().expect("an id").to_owned();
    let file = mp4(10_000_003);
    let cut = Fault::CutRequest { bytes: 4_999_999 };
    let host = "open-upload.tiktokapis.com";
    rig.simulator
        .script(FaultScript::first(host, "PUT /video/", cut));
    put(&rig, &url, "bytes 0-4999999/10000003", &file[..5_000_000]).await;
    assert_eq!(status(&rig, &access, &id).await["uploaded_bytes"], 0);
    let said = put(&rig, &url, "bytes 0-4999999/10000003", &file[..5_000_000]).await;
    assert_eq!(said.status, 206);
    assert_eq!(
        status(&rig, &access, &id).await["uploaded_bytes"],
        5_000_000
    );
}

#[tokio::test]
async fn the_upload_host_takes_no_token_of_the_account() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let (_, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
    let path = url.strip_prefix("https://").expect("an https address");
    let bearer = format!("Bearer {access}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "video/mp4"),
        ("content-length", "1000"),
        ("content-range", "bytes 0-999/1000"),
    ];
    let said = rig
        .send(http::Method::PUT, path, &headers, mp4(1_000))
        .await;
    assert_eq!(said.status, 400);
}

#[tokio::test]
async fn every_fail_reason_can_be_ordered() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    for reason in [
        "file_format_check_failed",
        "duration_check_failed",
        "frame_rate_check_failed",
        "picture_size_check_failed",
        "internal",
        "video_pull_failed",
        "photo_pull_failed",
        "publish_cancelled",
        "auth_removed",
        "spam_risk_too_many_posts",
        "spam_risk_user_banned_from_posting",
        "spam_risk_text",
        "spam_risk",
    ] {
        let world = rig.simulator.world();
        world
            .states()
            .tiktok()
            .failures
            .push_back(reason.to_owned());
        rig.clock.advance(Duration::minutes(1));
        let (id, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
        put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
        let told = status(&rig, &access, &id).await;
        assert_eq!(
            (&told["status"], &told["fail_reason"]),
            (&json!("FAILED"), &json!(reason))
        );
    }
    assert!(rig.simulator.ledger().posts().is_empty());
}
