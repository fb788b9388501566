//! Every way in which simulated Facebook takes photos and videos.

use crate::meta::api::{self, JPEG, Told, VIDEO, graph, jpeg, multipart, page_tokens, person, rig};
use crate::rig::Rig;
use http::Method;
use serde_json::{Value, json};
use simulator::networks::facebook::Spelling;
use time::Duration;

const STUDIO: &str = "104482915678301";
const KITCHEN: &str = "104482915678302";
const SCOPES: &str = "pages_show_list,pages_read_engagement,pages_manage_posts";
const VIDEOS: &str = "graph-video.facebook.com/v25.0/104482915678301/videos";

/// The person's token and the studio's.
async fn tokens(rig: &Rig) -> (String, String) {
    let (person, _) = person(rig, SCOPES, &[STUDIO, KITCHEN]).await;
    let studio = page_tokens(rig, &person).await[STUDIO].clone();
    (person, studio)
}

async fn whole(rig: &Rig, token: &str, fields: &[(&str, &str)], file: Option<&[u8]>) -> Told {
    let (kind, body) = multipart(fields, file.map(|bytes| ("source", bytes)));
    api::send(rig, Method::POST, VIDEOS, token, &kind, body).await
}

async fn raw(rig: &Rig, path: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Told {
    let said = rig.send(Method::POST, path, headers, bytes.to_vec()).await;
    Told {
        status: said.status,
        body: said.json(),
    }
}

#[tokio::test]
async fn a_whole_video_comes_by_its_bytes_or_its_address() {
    let rig = rig("facebook");
    let (_, token) = tokens(&rig).await;
    let words = [("title", "Dawn"), ("description", "Waves")];
    let by_bytes = whole(&rig, &token, &words, Some(&api::mp4(2_000))).await;
    let by_url = [("file_url", VIDEO)];
    let by_url_alone = whole(&rig, &token, &by_url, None).await;
    let usual_host = graph(&format!("{STUDIO}/videos"));
    let usual = api::post(&rig, &usual_host, &token, &by_url).await;
    let ledger = rig.simulator.ledger();
    for (told, post) in [by_bytes, by_url_alone, usual].iter().zip(ledger.posts()) {
        assert_eq!(post.details["video"], told.text("id"), "an id of the video");
    }
    let first = &ledger.posts()[0];
    assert_eq!(
        (first.text.as_str(), &first.details["title"]),
        ("Waves", &json!("Dawn"))
    );
    assert_eq!(ledger.posts().len(), 3);
    for (fields, subcode) in [
        (vec![], 1_363_033),
        (vec![("file_url", "https://media.example/none")], 1_363_033),
        (
            vec![("fbuploader_video_file_chunk", "2:guessed")],
            1_363_033,
        ),
        (vec![("upload_phase", "pause")], 0),
        (vec![("file_url", VIDEO), ("content_category", "DAWN")], 0),
        (vec![("file_url", VIDEO), ("embeddable", "perhaps")], 0),
        (vec![("file_url", VIDEO), ("published", "false")], 0),
    ] {
        let said = whole(&rig, &token, &fields, None).await;
        assert_eq!((said.code(), said.subcode()), (100, subcode), "{fields:?}");
    }
    let small = whole(&rig, &token, &[], Some(&api::mp4(1_000))).await;
    assert_eq!(small.subcode(), 1_363_022);
    let elsewhere = api::post(&rig, &usual_host, &token, &[("title", "a")]).await;
    assert_eq!(elsewhere.code(), 100);
    assert_eq!(rig.simulator.ledger().posts().len(), 3);
}

#[tokio::test]
async fn a_file_for_the_app_goes_on_where_it_stopped_and_becomes_a_video() {
    let rig = rig("facebook");
    let (person, studio) = tokens(&rig).await;
    let uploads = graph("client/uploads");
    let fields = [
        ("file_name", "a.mp4"),
        ("file_length", "3000"),
        ("file_type", "video/mp4"),
    ];
    assert_eq!(
        api::post(&rig, &uploads, &studio, &fields).await.code(),
        100
    );
    let begun = api::post(&rig, &uploads, &person, &fields).await.text("id");
    assert!(begun.starts_with("upload:"));
    let (path, file) = (graph(&begun), api::mp4(3_000));
    let (who, page) = (format!("OAuth {person}"), format!("OAuth {studio}"));
    for (who, offset, expected) in [
        (&page, "0", "NotAuthorizedError"),
        (&who, "9", "OffsetInvalidError"),
        (&who, "0", "PartialRequestError"),
    ] {
        let headers = [("authorization", who.as_str()), ("file_offset", offset)];
        let said = raw(&rig, &path, &headers, &file[..1_000]).await;
        assert_eq!(said.body["debug_info"]["type"], expected);
    }
    let bearer = [("authorization", "Bearer a"), ("file_offset", "0")];
    assert_eq!(raw(&rig, &path, &bearer, &file).await.subcode(), 33);
    let headers = [("authorization", who.as_str())];
    let said = rig.send(Method::GET, &path, &headers, "").await;
    assert_eq!(said.json(), json!({ "id": begun, "file_offset": "1000" }));
    let headers = [("authorization", who.as_str()), ("file_offset", "1000")];
    let handle = raw(&rig, &path, &headers, &file[1_000..]).await.text("h");
    let made = whole(
        &rig,
        &studio,
        &[("fbuploader_video_file_chunk", &handle)],
        None,
    )
    .await;
    assert_eq!(
        rig.simulator.ledger().posts()[0].details["video"],
        made.text("id")
    );
}

#[tokio::test]
async fn a_canceled_upload_is_gone() {
    let rig = rig("facebook");
    let (_, token) = tokens(&rig).await;
    let start = [("upload_phase", "start"), ("file_size", "3000")];
    let session = whole(&rig, &token, &start, None)
        .await
        .text("upload_session_id");
    let cancel = [
        ("upload_phase", "cancel"),
        ("upload_session_id", session.as_str()),
    ];
    let said = whole(&rig, &token, &cancel, None).await;
    assert_eq!(said.body, json!({ "success": true }));
    assert_eq!(whole(&rig, &token, &cancel, None).await.code(), 100);
}

#[tokio::test]
async fn what_is_wrong_with_a_video_is_told_by_its_number_in_both_spellings() {
    for (spelling, place, count) in [
        (Spelling::AsSeen, "/errors/0/code", "bytes_transferred"),
        (Spelling::AsInGuides, "/error/code", "bytes_transfered"),
    ] {
        let rig = rig("facebook");
        let (_, token) = tokens(&rig).await;
        rig.simulator.world().states().facebook().spell(spelling);
        for number in [1_363_040, 1_363_127, 1_363_128, 1_363_129] {
            rig.simulator
                .world()
                .states()
                .facebook()
                .fail_next_video(number);
            let id = whole(&rig, &token, &[("file_url", VIDEO)], None)
                .await
                .text("id");
            let path = graph(&format!("{id}?fields=status,published"));
            let told = api::get(&rig, &path, &token).await;
            let status = &told.body["status"];
            assert_eq!(status["video_status"], "error");
            assert_eq!(
                status["processing_phase"].pointer(place),
                Some(&json!(number))
            );
            assert_eq!(status["uploading_phase"][count], 4_000);
        }
        assert!(rig.simulator.ledger().posts().is_empty());
        let id = whole(&rig, &token, &[("file_url", VIDEO)], None)
            .await
            .text("id");
        rig.simulator.world().states().facebook().tell_whole();
        let path = graph(&format!("{id}?fields=post_id,permalink_url"));
        let told = api::get(&rig, &path, &token).await;
        assert!(told.text("post_id").starts_with(STUDIO));
        assert!(told.text("permalink_url").starts_with("https://"));
        let number = told.text("post_id").replace(&format!("{STUDIO}_"), "");
        let path = graph(&format!("{number}?fields=permalink_url"));
        assert_eq!(
            api::get(&rig, &path, &token).await.code(),
            12,
            "a bare number"
        );
    }
}

async fn hidden(rig: &Rig, token: &str, fields: &[(&str, &str)]) -> Told {
    let fields = [fields, &[("published", "false")]].concat();
    let (kind, body) = multipart(&fields, Some(("source", &jpeg(100, 100, 900))));
    let path = graph(&format!("{STUDIO}/photos"));
    api::send(rig, Method::POST, &path, token, &kind, body).await
}

async fn attach(rig: &Rig, page: &str, token: &str, photo: &str) -> Told {
    let attached = json!([{ "media_fbid": photo }]).to_string();
    let path = graph(&format!("{page}/feed"));
    api::post(rig, &path, token, &[("attached_media", &attached)]).await
}

#[tokio::test]
async fn a_photo_is_shown_once_by_its_own_page_and_a_temporary_one_within_a_day() {
    let rig = rig("facebook");
    let (person, token) = tokens(&rig).await;
    let kitchen = page_tokens(&rig, &person).await[KITCHEN].clone();
    let photo = hidden(&rig, &token, &[("temporary", "true")])
        .await
        .text("id");
    let kept = hidden(&rig, &token, &[]).await.text("id");
    let foreign = attach(&rig, KITCHEN, &kitchen, &photo).await;
    assert_eq!(foreign.code(), 100);
    rig.clock.advance(Duration::hours(25));
    assert_eq!(attach(&rig, STUDIO, &token, &photo).await.code(), 100);
    assert_eq!(attach(&rig, STUDIO, &token, &kept).await.status, 200);
    let again = attach(&rig, STUDIO, &token, &kept).await;
    assert_eq!(again.subcode(), 1_366_051);
    let wrong = [("temporary", "true"), ("published", "true")];
    let (kind, body) = multipart(&wrong, Some(("source", &jpeg(100, 100, 900))));
    let path = graph(&format!("{STUDIO}/photos"));
    let said = api::send(&rig, Method::POST, &path, &token, &kind, body).await;
    assert_eq!(said.code(), 100);
    let pulled = api::post(&rig, &path, &token, &[("url", JPEG)]).await;
    assert!(pulled.body["post_id"].is_string(), "{pulled:?}");
}

#[tokio::test]
async fn a_reel_is_fetched_from_an_address_too() {
    let rig = rig("facebook");
    let (_, token) = tokens(&rig).await;
    let reels = graph(&format!("{STUDIO}/video_reels"));
    let begun = api::post(&rig, &reels, &token, &[("upload_phase", "start")]).await;
    let id = begun.text("video_id");
    let path = format!("rupload.facebook.com/video-upload/v25.0/{id}");
    let who = format!("OAuth {token}");
    for (url, expected) in [
        ("https://media.example/none", json!("ProcessingFailedError")),
        (VIDEO, Value::Null),
    ] {
        let headers = [("authorization", who.as_str()), ("file_url", url)];
        let said = raw(&rig, &path, &headers, b"").await;
        assert_eq!(said.body["debug_info"]["type"], expected);
    }
    let finish = [
        ("upload_phase", "finish"),
        ("video_id", id.as_str()),
        ("video_state", "PUBLISHED"),
        ("title", "Dawn"),
        ("place", STUDIO),
    ];
    let wrong = [&finish[..4], &[("place", "harbour")]].concat();
    assert_eq!(api::post(&rig, &reels, &token, &wrong).await.code(), 100);
    assert_eq!(api::post(&rig, &reels, &token, &finish).await.status, 200);
    let details = rig.simulator.ledger().posts()[0].details.clone();
    assert_eq!(
        (&details["title"], &details["place"]),
        (&json!("Dawn"), &json!(STUDIO))
    );
}
