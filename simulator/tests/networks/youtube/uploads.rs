//! Resumable uploads.

use axum::body::{Body, Bytes};
use http::Method;
use serde_json::json;
use simulator::{Fault, FaultScript};
use time::Duration;

use crate::{
    rig::with_query,
    youtube::api::{
        CHANNEL, SECOND, UPLOAD, access, access_of, mp4, page, put, reason_of, resource, rig,
        session, start, tokens, upload,
    },
};

const PUT: &str = "PUT /upload/youtube/v3/videos";

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
        ("/status/license", json!("mine"), "invalidVideoMetadata"),
        ("/status/embeddable", json!("yes"), "invalidVideoMetadata"),
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
async fn a_publishing_time_needs_a_private_video() {
    for (privacy, status) in [("private", 200), ("public", 400), ("unlisted", 400)] {
        let rig = rig();
        let access = access(&rig, CHANNEL).await;
        let mut resource = resource();
        resource["status"] = json!({"privacyStatus": privacy, "publishAt": "2026-03-05T00:00:00Z"});
        let said = start(&rig, &access, &resource, 10).await;
        assert_eq!(said.status, status, "{privacy}");
    }
}

#[tokio::test]
async fn the_final_answer_is_repeated_as_it_was() {
    let rig = rig();
    rig.simulator
        .world()
        .set_processing("youtube", Duration::minutes(1));
    let access = access(&rig, CHANNEL).await;
    let session = session(&start(&rig, &access, &resource(), 1_000).await);
    let said = put(&rig, &access, &session, "bytes 0-999/1000", &mp4(1_000)).await;
    rig.clock.advance(Duration::minutes(2));
    for (range, bytes) in [
        ("bytes */1000", Vec::new()),
        ("bytes 0-999/1000", mp4(1_000)),
    ] {
        let again = put(&rig, &access, &session, range, &bytes).await;
        assert_eq!((again.status, again.json()), (201, said.json()), "{range}");
    }
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn a_session_ends_after_its_time() {
    let rig = rig();
    let first = access(&rig, CHANNEL).await;
    let session = session(&start(&rig, &first, &resource(), 1_000).await);
    rig.clock.advance(Duration::days(7));
    let later = access(&rig, CHANNEL).await;
    let said = put(&rig, &later, &session, "bytes */1000", &[]).await;
    assert_eq!(said.status, 404);
}

#[tokio::test]
async fn of_a_request_that_breaks_off_whole_units_are_kept() {
    const UNIT: u64 = 262_144;
    for (bytes, kept) in [
        (0, 0),
        (1, 0),
        (UNIT - 1, 0),
        (UNIT, UNIT),
        (2 * UNIT - 1, UNIT),
        (2 * UNIT, 2 * UNIT),
        (599_999, 2 * UNIT),
    ] {
        let rig = rig();
        let access = access(&rig, CHANNEL).await;
        let session = session(&start(&rig, &access, &resource(), 600_000).await);
        let cut = FaultScript::first("www.googleapis.com", PUT, Fault::CutRequest { bytes });
        rig.simulator.script(cut);
        let file = mp4(600_000);
        put(&rig, &access, &session, "bytes 0-599999/600000", &file).await;
        assert!(rig.simulator.ledger().posts().is_empty(), "{bytes}");
        let asked = put(&rig, &access, &session, "bytes */600000", &[]).await;
        let range = if kept == 0 {
            String::new()
        } else {
            format!("bytes=0-{}", kept - 1)
        };
        assert_eq!(
            (asked.status, asked.header("range")),
            (308, range.as_str()),
            "{bytes}"
        );
        let rest = format!("bytes {kept}-599999/600000");
        let from = usize::try_from(kept).expect("a place");
        let said = put(&rig, &access, &session, &rest, &file[from..]).await;
        assert_eq!(said.status, 201, "{bytes}");
        let kept = rig.simulator.ledger().posts()[0].media[0].digest.clone();
        let kept = rig.simulator.world().kept(&kept).expect("the file");
        assert_eq!(kept.1.to_vec(), file, "{bytes}");
    }
}

#[tokio::test]
async fn a_request_whose_last_byte_arrived_made_the_video_though_its_answer_is_lost() {
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let session = session(&start(&rig, &access, &resource(), 1_000).await);
    let cut = Fault::CutRequest { bytes: 1_000 };
    rig.simulator
        .script(FaultScript::first("www.googleapis.com", PUT, cut));
    put(&rig, &access, &session, "bytes 0-999/1000", &mp4(1_000)).await;
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn a_large_file_is_taken_as_it_comes() {
    const TOTAL: u64 = 96 << 20;
    let rig = rig();
    let access = access(&rig, CHANNEL).await;
    let session = session(&start(&rig, &access, &resource(), TOTAL).await);
    let mut first = mp4(1 << 20);
    let pieces = (0..96).map(move |nth| {
        if nth > 0 {
            first.fill(9);
        }
        Ok::<_, std::io::Error>(Bytes::from(first.clone()))
    });
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let (bearer, length) = (format!("Bearer {access}"), TOTAL.to_string());
    let range = format!("bytes 0-{}/{TOTAL}", TOTAL - 1);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-length", length.as_str()),
        ("content-range", range.as_str()),
    ];
    let path = session.strip_prefix("https://").expect("an https address");
    let said = rig.send(Method::PUT, path, &headers, body).await;
    assert_eq!(said.status, 201);
    let media = rig.simulator.ledger().posts()[0].media[0].clone();
    assert_eq!(media.bytes, TOTAL);
    assert_eq!(rig.simulator.world().kept(&media.digest), None);
}
