//! Stories of simulated Facebook Pages.

use crate::meta::api::{self, graph, jpeg, multipart, page_tokens, person, rig};
use crate::rig::Rig;
use http::Method;
use serde_json::json;
use time::Duration;

const STUDIO: &str = "104482915678301";
const SCOPES: &str = "pages_show_list,pages_read_engagement,pages_manage_posts";

async fn studio(rig: &Rig) -> String {
    let (token, _) = person(rig, SCOPES, &[STUDIO]).await;
    page_tokens(rig, &token).await[STUDIO].clone()
}

async fn photo(rig: &Rig, token: &str) -> String {
    let fields = [("published", "false")];
    let (kind, body) = multipart(&fields, Some(("source", &jpeg(100, 100, 900))));
    let path = graph(&format!("{STUDIO}/photos"));
    let said = api::send(rig, Method::POST, &path, token, &kind, body).await;
    said.text("id")
}

#[tokio::test]
async fn a_photo_is_a_story_once_and_stands_in_a_list_of_its_own() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    let stories = graph(&format!("{STUDIO}/photo_stories"));
    let photo = photo(&rig, &token).await;
    for wrong in [vec![], vec![("photo_id", "1")], vec![("photo", "1")]] {
        let said = api::post(&rig, &stories, &token, &wrong).await;
        assert_eq!(said.code(), 100, "{wrong:?}");
    }
    let made = api::post(&rig, &stories, &token, &[("photo_id", &photo)]).await;
    assert_eq!(made.body["success"], true);
    assert!(!made.text("post_id").contains('_'), "the number alone");
    let again = api::post(&rig, &stories, &token, &[("photo_id", &photo)]).await;
    assert_eq!(again.subcode(), 1_366_051);
    let ledger = rig.simulator.ledger();
    assert_eq!(
        (ledger.posts().len(), ledger.posts()[0].kind.as_str()),
        (1, "story")
    );
    let list = graph(&format!(
        "{STUDIO}/stories?fields=post_id,status,media_type"
    ));
    let told = api::get(&rig, &list, &token).await;
    assert_eq!(told.body["data"][0]["status"], "PUBLISHED");
    assert_eq!(told.body["data"][0]["media_type"], "photo");
    rig.clock.advance(Duration::hours(25));
    let told = api::get(&rig, &format!("{list}&status=PUBLISHED"), &token).await;
    assert_eq!(told.body["data"], json!([]));
    let told = api::get(&rig, &graph(&format!("{STUDIO}/published_posts")), &token).await;
    assert_eq!(
        told.body["data"],
        json!([]),
        "a story is no post of the Page"
    );
}

#[tokio::test]
async fn a_video_story_goes_the_way_of_reels_by_an_edge_of_its_own() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    let edge = |name: &str| graph(&format!("{STUDIO}/{name}"));
    let start = [("upload_phase", "start")];
    let id = api::post(&rig, &edge("video_stories"), &token, &start)
        .await
        .text("video_id");
    let finish = [("upload_phase", "finish"), ("video_id", id.as_str())];
    let early = api::post(&rig, &edge("video_stories"), &token, &finish).await;
    assert_eq!(early.subcode(), 1_363_045);
    let who = format!("OAuth {token}");
    let headers = [
        ("authorization", who.as_str()),
        ("offset", "0"),
        ("file_size", "2000"),
    ];
    let path = format!("rupload.facebook.com/video-upload/v25.0/{id}");
    let said = rig
        .send(Method::POST, &path, &headers, api::mp4(2_000))
        .await;
    assert_eq!(said.json(), json!({ "success": true }));
    let as_reel = [&finish[..], &[("video_state", "PUBLISHED")]].concat();
    let said = api::post(&rig, &edge("video_reels"), &token, &as_reel).await;
    assert_eq!(said.code(), 100, "it is no reel");
    rig.simulator.world().states().facebook().hide_posts();
    let made = api::post(&rig, &edge("video_stories"), &token, &finish).await;
    assert_eq!(made.body, json!({ "success": true }));
    let ledger = rig.simulator.ledger();
    assert_eq!(
        (ledger.posts().len(), ledger.posts()[0].kind.as_str()),
        (1, "story")
    );
    let told = api::get(&rig, &graph(&format!("{id}?fields=status,post_id")), &token).await;
    assert_eq!(told.body["status"]["video_status"], "ready");
    assert!(ledger.posts()[0].post_id.ends_with(&told.text("post_id")));
}
