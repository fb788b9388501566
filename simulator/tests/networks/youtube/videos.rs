//! Videos, their processing and the project's quotas.

use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::youtube::api::{
    CHANNEL, SECOND, access, access_of, call, get, mp4, owner, page, put, reason_of, resource, rig,
    session, start, tokens, upload,
};

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

#[tokio::test]
async fn the_day_of_the_quotas_ends_at_midnight_in_california() {
    let rig = rig();
    rig.simulator.world().states().youtube().uploads_a_day = 1;
    // It is 05:06:07 UTC: 21:06:07 in California, so midnight is 2:53:53 away.
    let access = access(&rig, CHANNEL).await;
    assert_eq!(start(&rig, &access, &resource(), 10).await.status, 200);
    for (seconds, status) in [
        (0, 429),
        (2 * 3_600 + 53 * 60 + 52, 429),
        (1, 200),
        (0, 429),
    ] {
        rig.clock.advance(Duration::seconds(seconds));
        let access = self::access(&rig, CHANNEL).await;
        let said = start(&rig, &access, &resource(), 10).await;
        assert_eq!(said.status, status);
    }
}

#[tokio::test]
async fn changes_cost_fifty_units_and_lists_one_and_uploads_have_their_own() {
    let rig = rig();
    let access = owner(&rig, CHANNEL).await;
    rig.simulator.world().states().youtube().units_a_day = 51;
    upload(&rig, &access, 1_000).await;
    let change = "/playlistItems?part=snippet";
    let said = call(&rig, &access, Method::POST, change, &json!({})).await;
    assert_eq!(reason_of(&said).0, 400, "what is refused costs as well");
    let said = call(&rig, &access, Method::POST, change, &json!({})).await;
    assert_eq!(reason_of(&said), (403, "quotaExceeded".to_owned()));
    let list = "/channels?part=id&mine=true";
    assert_eq!(get(&rig, &access, list).await.status, 200);
    assert_eq!(get(&rig, &access, list).await.status, 403);
    assert_eq!(start(&rig, &access, &resource(), 10).await.status, 200);
}

#[tokio::test]
async fn each_way_to_end_is_told_where_youtube_tells_it() {
    let failures = [
        "codec",
        "conversion",
        "emptyFile",
        "invalidFile",
        "tooSmall",
        "uploadAborted",
    ];
    let rejections = [
        "claim",
        "copyright",
        "duplicate",
        "inappropriate",
        "legal",
        "length",
        "termsOfUse",
        "trademark",
        "uploaderAccountClosed",
        "uploaderAccountSuspended",
    ];
    let processing = [
        "uploadFailed",
        "transcodeFailed",
        "streamingFailed",
        "other",
    ];
    let mut all: Vec<(&str, &str, &str, &str)> = Vec::new();
    all.extend(failures.map(|it| ("failed", it, "failed", "/status/failureReason")));
    all.extend(rejections.map(|it| ("rejected", it, "rejected", "/status/rejectionReason")));
    let reason = "/processingDetails/processingFailureReason";
    all.extend(processing.map(|it| ("processing failed", it, "uploaded", reason)));
    all.push(("processing terminated", "other", "uploaded", reason));
    for (ending, reason, word, place) in all {
        let rig = rig();
        let ending = (ending.to_owned(), reason.to_owned());
        rig.simulator
            .world()
            .states()
            .youtube()
            .endings
            .push_back(ending);
        let access = access(&rig, CHANNEL).await;
        let id = upload(&rig, &access, 1_000).await;
        let path = format!("/videos?part=status,processingDetails&id={id}");
        let video = get(&rig, &access, &path).await.json()["items"][0].clone();
        assert_eq!(video["status"]["uploadStatus"], word, "{reason}");
        assert_eq!(video.pointer(place), Some(&json!(reason)), "{word}");
        assert!(rig.simulator.ledger().posts().is_empty());
    }
}

#[tokio::test]
async fn a_private_video_becomes_public_at_its_time() {
    let rig = rig();
    let owner = access(&rig, CHANNEL).await;
    let mut resource = resource();
    resource["status"]["publishAt"] = json!("2026-03-04T06:00:00Z");
    let session = session(&start(&rig, &owner, &resource, 1_000).await);
    let said = put(&rig, &owner, &session, "bytes 0-999/1000", &mp4(1_000)).await;
    let id = said.json()["id"].as_str().expect("an id").to_owned();
    let path = format!("/videos?part=status&id={id}");
    let stranger = access_of(&tokens(&rig, &page(&[]), SECOND).await);
    let status = get(&rig, &owner, &path).await.json()["items"][0]["status"].clone();
    assert_eq!(
        (&status["privacyStatus"], &status["publishAt"]),
        (&json!("private"), &json!("2026-03-04T06:00:00Z"))
    );
    assert_eq!(get(&rig, &stranger, &path).await.json().get("items"), None);
    rig.clock.advance(Duration::minutes(54));
    for access in [owner, stranger] {
        let status = get(&rig, &access, &path).await.json()["items"][0]["status"].clone();
        assert_eq!(
            (&status["privacyStatus"], status.get("publishAt")),
            (&json!("public"), None)
        );
    }
}

#[tokio::test]
async fn parts_that_are_the_owners_are_told_to_nobody_else() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let resource = json!({"snippet": {"title": "T"}, "status": {"privacyStatus": "public"}});
    let session = session(&start(&rig, &access, &resource, 1_000).await);
    let said = put(&rig, &access, &session, "bytes 0-999/1000", &mp4(1_000)).await;
    let id = said.json()["id"].as_str().expect("an id").to_owned();
    let stranger = access_of(&tokens(&rig, &page(&[]), SECOND).await);
    for part in ["processingDetails", "fileDetails", "suggestions"] {
        let path = format!("/videos?part={part}&id={id}");
        assert_eq!(
            reason_of(&get(&rig, &stranger, &path).await),
            (403, "forbidden".to_owned())
        );
        assert_eq!(get(&rig, &access, &path).await.status, 200);
    }
    let path = format!("/videos?part=status&id={id}");
    assert_eq!(
        get(&rig, &stranger, &path).await.json()["items"][0]["id"],
        id
    );
}

#[tokio::test]
async fn an_update_wipes_what_it_leaves_out_of_a_part() {
    let rig = rig();
    let access = owner(&rig, CHANNEL).await;
    let id = upload(&rig, &access, 1_000).await;
    let update = async |part: &str, body: Value| {
        let path = format!("/videos?part={part}");
        call(&rig, &access, Method::PUT, &path, &body).await
    };
    let said = update("snippet", json!({"id": id, "snippet": {"title": "U"}})).await;
    assert_eq!(reason_of(&said), (400, "invalidCategoryId".to_owned()));
    let said = update(
        "snippet",
        json!({"id": id, "snippet": {"categoryId": "22"}}),
    )
    .await;
    assert_eq!(reason_of(&said), (400, "invalidTitle".to_owned()));
    let said = update(
        "snippet",
        json!({"id": id, "snippet": {"title": "U", "categoryId": "22"}}),
    )
    .await;
    let snippet = said.json()["snippet"].clone();
    assert_eq!(
        (
            &snippet["title"],
            &snippet["description"],
            snippet.get("tags")
        ),
        (&json!("U"), &json!(""), None)
    );
    let path = format!("/videos?part=status&id={id}");
    let status = get(&rig, &access, &path).await.json()["items"][0]["status"].clone();
    assert_eq!(status["privacyStatus"], "private", "the other part stays");
    let said = update("status", json!({"id": id, "status": {"embeddable": false}})).await;
    let status = said.json()["status"].clone();
    assert_eq!(
        (&status["privacyStatus"], &status["embeddable"]),
        (&json!("public"), &json!(false))
    );
    let late = json!({"privacyStatus": "private", "publishAt": "2026-03-05T00:00:00Z"});
    let said = update("status", json!({"id": id, "status": late})).await;
    assert_eq!(
        reason_of(&said),
        (400, "invalidPublishAt".to_owned()),
        "it was public"
    );
    let said = update("status", json!({"id": "unknown", "status": {}})).await;
    assert_eq!(reason_of(&said), (404, "videoNotFound".to_owned()));
}

#[tokio::test]
async fn a_video_is_deleted_by_its_owner_alone() {
    let rig = rig();
    let access = owner(&rig, CHANNEL).await;
    let stranger = self::owner(&rig, SECOND).await;
    let id = upload(&rig, &access, 1_000).await;
    let path = format!("/videos?id={id}");
    for (access, status) in [(&stranger, 403), (&access, 204), (&access, 404)] {
        let said = call(&rig, access, Method::DELETE, &path, &json!({})).await;
        assert_eq!(said.status, status);
    }
    assert!(rig.simulator.ledger().posts().is_empty());
    let path = format!("/videos?part=status&id={id}");
    assert_eq!(get(&rig, &access, &path).await.json().get("items"), None);
}
