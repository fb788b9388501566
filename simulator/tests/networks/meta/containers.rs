//! What simulated Instagram makes of containers: stories, labels, covers, and knobs for trouble.

use std::collections::BTreeMap;

use axum::body::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::Method;
use serde_json::{Value, json};
use simulator::{Clock, Pull, Pulled, Registration, Settings, Simulator};
use time::{Duration, macros::datetime};

use crate::meta::api::{self, JPEG, LARGE, PNG, VIDEO, WIDE, graph, mp4, page_tokens, person};
use crate::meta::instagram::{PAGE, SCOPES, STUDIO, create, publish, status, studio};
use crate::rig::{BACK, Rig};

const REEL: [(&str, &str); 2] = [("media_type", "REELS"), ("video_url", VIDEO)];
const STORY: [(&str, &str); 2] = [("media_type", "STORIES"), ("image_url", WIDE)];

fn with<'a>(first: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [first, more].concat()
}

async fn list(rig: &Rig, token: &str, path: &str) -> Value {
    let told = api::get(rig, &graph(&format!("{STUDIO}/{path}")), token).await;
    told.body["data"].clone()
}

#[tokio::test]
async fn stories_are_of_any_shape_stand_apart_and_are_gone_after_a_day() {
    let (rig, token) = studio().await;
    let tags = r#"[{"username":"a"},{"username":"b","x":0.5,"y":0.5}]"#;
    let picture = with(&STORY, &[("user_tags", tags)]);
    let video = [("media_type", "STORIES"), ("video_url", VIDEO)];
    for fields in [picture, video.to_vec(), vec![("image_url", JPEG)]] {
        let id = create(&rig, &token, &fields).await.text("id");
        assert_eq!(publish(&rig, &token, &id).await.status, 200);
    }
    let fields = "fields=media_type,media_product_type,permalink";
    let stories = list(&rig, &token, &format!("stories?{fields}")).await;
    let kinds: Vec<_> = stories.as_array().expect("stories").iter().collect();
    assert_eq!(kinds.len(), 2);
    assert_eq!(kinds[0]["media_type"], "VIDEO");
    assert_eq!(kinds[1]["media_type"], "IMAGE");
    assert_eq!(kinds[1]["media_product_type"], "STORY");
    let posts = list(&rig, &token, &format!("media?{fields}")).await;
    assert_eq!(posts.as_array().map(Vec::len), Some(1));
    assert_eq!(posts[0]["media_product_type"], "FEED");
    let ledger = rig.simulator.ledger();
    assert_eq!(ledger.posts()[0].kind, "story");
    assert_eq!(ledger.posts()[0].details["userTags"][1]["x"], 0.5);
    rig.clock.advance(Duration::hours(24));
    assert_eq!(list(&rig, &token, "stories").await, json!([]));
}

#[tokio::test]
async fn a_story_has_neither_words_nor_anything_of_a_post() {
    let (rig, token) = studio().await;
    for (name, value) in [
        ("alt_text", "a"),
        ("audio_name", "a"),
        ("branded_content_sponsor_ids", "[\"1\"]"),
        ("caption", "a"),
        ("collaborators", "[\"a\"]"),
        ("cover_url", JPEG),
        ("is_ai_generated", "true"),
        ("is_carousel_item", "true"),
        ("is_paid_partnership", "true"),
        ("location_id", "1"),
        ("share_to_feed", "true"),
        ("thumb_offset", "1"),
        ("trial_params", "{\"graduation_strategy\":\"MANUAL\"}"),
        ("user_tags", "[{\"username\":\"a\",\"x\":0.5}]"),
    ] {
        let said = create(&rig, &token, &with(&STORY, &[(name, value)])).await;
        assert_eq!(said.code(), 100, "{name}: {said:?}");
    }
    for (fields, code) in [
        (vec![("media_type", "STORIES")], 9_004),
        (with(&STORY, &[("video_url", VIDEO)]), 9_004),
        (vec![("media_type", "STORIES"), ("image_url", PNG)], 36_001),
        (
            vec![("media_type", "STORIES"), ("image_url", LARGE)],
            36_000,
        ),
    ] {
        assert_eq!(
            create(&rig, &token, &fields).await.code(),
            code,
            "{fields:?}"
        );
    }
}

#[tokio::test]
async fn a_reel_has_a_cover_a_trial_and_labels() {
    let (rig, token) = studio().await;
    let trial = r#"{"graduation_strategy":"SS_PERFORMANCE"}"#;
    let fields = with(
        &REEL,
        &[
            ("cover_url", WIDE),
            ("trial_params", trial),
            ("is_ai_generated", "true"),
            ("is_paid_partnership", "true"),
            ("branded_content_sponsor_ids", r#"["1","2"]"#),
        ],
    );
    let id = create(&rig, &token, &fields).await.text("id");
    publish(&rig, &token, &id).await;
    let details = rig.simulator.ledger().posts()[0].details.clone();
    assert!(details["cover"].is_string());
    assert_eq!(details["trial"], "SS_PERFORMANCE");
    assert_eq!(details["sponsors"], json!(["1", "2"]));
    assert_eq!(
        (&details["aiGenerated"], &details["paidPartnership"]),
        (&json!(true), &json!(true))
    );
    for (name, value, code, subcode) in [
        (
            "cover_url",
            "https://media.example/none.jpg",
            9_004,
            2_207_052,
        ),
        ("cover_url", PNG, 36_001, 2_207_005),
        ("cover_url", LARGE, 36_000, 2_207_004),
        ("trial_params", "MANUAL", 100, 0),
        ("trial_params", r#"{"graduation_strategy":"LATER"}"#, 100, 0),
        ("is_ai_generated", "yes", 100, 0),
        ("branded_content_sponsor_ids", r#"["1","2","3"]"#, 100, 0),
    ] {
        let said = create(&rig, &token, &with(&REEL, &[(name, value)])).await;
        assert_eq!((said.code(), said.subcode()), (code, subcode), "{name}");
    }
    rig.simulator.world().states().instagram().forbid_trials();
    let said = create(&rig, &token, &with(&REEL, &[("trial_params", trial)])).await;
    assert_eq!((said.code(), said.subcode()), (100, 2_207_081));
}

#[tokio::test]
async fn one_of_several_is_no_reel_and_only_a_picture_has_accounts_seen_in_it() {
    let (rig, token) = studio().await;
    let child = ("is_carousel_item", "true");
    let tags = ("user_tags", r#"[{"username":"a","x":0.5,"y":0.5}]"#);
    let picture = [("image_url", JPEG), child];
    let video = [("media_type", "VIDEO"), ("video_url", VIDEO), child];
    let said = create(&rig, &token, &with(&REEL, &[child])).await;
    assert_eq!((said.code(), said.subcode()), (100, 2_207_023));
    assert_eq!(
        create(&rig, &token, &with(&video, &[tags])).await.code(),
        100
    );
    for label in ["is_ai_generated", "is_paid_partnership"] {
        let said = create(&rig, &token, &with(&picture, &[(label, "true")])).await;
        assert_eq!(said.code(), 100, "{label}");
    }
    let first = create(&rig, &token, &with(&picture, &[tags])).await;
    let framed = with(&video, &[("thumb_offset", "100")]);
    let second = create(&rig, &token, &framed).await;
    let children = json!([first.text("id"), second.text("id")]).to_string();
    let whole = [
        ("media_type", "CAROUSEL"),
        ("children", children.as_str()),
        ("is_ai_generated", "true"),
    ];
    let whole = create(&rig, &token, &whole).await.text("id");
    assert_eq!(publish(&rig, &token, &whole).await.status, 200);
    let details = rig.simulator.ledger().posts()[0].details.clone();
    assert_eq!(details["children"][0]["userTags"][0]["username"], "a");
    assert_eq!(details["children"][1]["thumbOffset"], 100);
    assert_eq!(details["aiGenerated"], true);
}

#[tokio::test]
async fn children_that_are_not_ready_or_expired_make_no_carousel() {
    let (rig, token) = studio().await;
    let child = [("image_url", JPEG), ("is_carousel_item", "true")];
    rig.simulator.world().states().instagram().finish_after(1);
    let slow = create(&rig, &token, &child).await.text("id");
    rig.simulator.world().states().instagram().finish_after(0);
    let quick = create(&rig, &token, &child).await.text("id");
    let children = format!("{slow},{quick}");
    let whole = [("media_type", "CAROUSEL"), ("children", children.as_str())];
    assert_eq!(create(&rig, &token, &whole).await.subcode(), 2_207_028);
    status(&rig, &token, &slow).await;
    assert_eq!(create(&rig, &token, &whole).await.status, 200);
    rig.clock.advance(Duration::hours(24));
    assert_eq!(create(&rig, &token, &whole).await.subcode(), 2_207_028);
}

#[tokio::test]
async fn a_container_is_ready_after_so_many_questions_and_tells_what_is_asked() {
    let (rig, token) = studio().await;
    let world = rig.simulator.world();
    world.states().instagram().finish_after(2);
    let id = create(&rig, &token, &[("image_url", JPEG)])
        .await
        .text("id");
    assert_eq!(publish(&rig, &token, &id).await.subcode(), 2_207_027);
    for expected in ["IN_PROGRESS", "IN_PROGRESS", "FINISHED"] {
        let told = status(&rig, &token, &id).await;
        assert_eq!(told.text("status_code"), expected);
    }
    let path = graph(&format!("{id}?fields=status_code"));
    assert_eq!(
        api::get(&rig, &path, &token).await.body,
        json!({ "id": id, "status_code": "FINISHED" })
    );
    assert_eq!(
        api::get(&rig, &graph(&id), &token).await.body,
        json!({ "id": id })
    );
    world.states().instagram().finish_after(0);
    world.states().instagram().expire_after(Duration::hours(1));
    let id = create(&rig, &token, &[("image_url", JPEG)])
        .await
        .text("id");
    rig.clock.advance(Duration::hours(1));
    let told = status(&rig, &token, &id).await;
    assert_eq!(told.text("status_code"), "EXPIRED");
}

#[tokio::test]
async fn a_day_holds_so_many_containers() {
    let (rig, token) = studio().await;
    rig.simulator
        .world()
        .states()
        .instagram()
        .allow_containers(1);
    let picture = [("image_url", JPEG)];
    assert_eq!(create(&rig, &token, &picture).await.status, 200);
    let path = graph(&format!("{STUDIO}/media?image_url={JPEG}"));
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let said = rig.send(Method::POST, &path, &headers, "").await;
    assert_eq!(said.json()["error"]["code"], 80_002);
    let usage: Value =
        serde_json::from_str(said.header("x-business-use-case-usage")).expect("usage");
    assert_eq!(usage[STUDIO][0]["estimated_time_to_regain_access"], 60);
    rig.clock.advance(Duration::hours(24));
    assert_eq!(create(&rig, &token, &picture).await.status, 200);
}

#[tokio::test]
async fn what_a_container_is_made_of_comes_in_the_query_in_a_form_or_in_json() {
    let (rig, token) = studio().await;
    let tags = json!([{ "username": "a", "x": 0.5, "y": 0.5 }]);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("image_url", JPEG)
        .append_pair("user_tags", &tags.to_string())
        .finish();
    let plain = graph(&format!("{STUDIO}/media"));
    let asked = format!("{plain}?{query}");
    let body = json!({ "image_url": JPEG, "user_tags": tags, "is_ai_generated": true });
    let form = "application/x-www-form-urlencoded";
    for (path, kind, body) in [
        (&asked, "", String::new()),
        (&plain, form, query.clone()),
        (&plain, "application/json", body.to_string()),
    ] {
        let body = body.into_bytes();
        let told = api::send(&rig, Method::POST, path, &token, kind, body).await;
        publish(&rig, &token, &told.text("id")).await;
    }
    let ledger = rig.simulator.ledger();
    assert_eq!(ledger.posts().len(), 3);
    for post in ledger.posts() {
        assert_eq!(post.details["userTags"], tags);
    }
    assert_eq!(ledger.posts()[2].details["aiGenerated"], true);
}

#[tokio::test]
async fn posts_are_listed_between_two_times() {
    let (rig, token) = studio().await;
    let start = rig.clock.now().unix_timestamp();
    for caption in ["a", "b", "c"] {
        let id = create(&rig, &token, &[("image_url", JPEG), ("caption", caption)])
            .await
            .text("id");
        publish(&rig, &token, &id).await;
        rig.clock.advance(Duration::minutes(1));
    }
    let (since, until) = (start + 60, start + 90);
    let path = format!("media?fields=caption&since={since}&until={until}");
    let posts = list(&rig, &token, &path).await;
    assert_eq!(posts.as_array().map(Vec::len), Some(1));
    assert_eq!(posts[0]["caption"], "b");
    let wrong = graph(&format!("{STUDIO}/media?since=yesterday"));
    assert_eq!(api::get(&rig, &wrong, &token).await.code(), 100);
}

/// Serves a video, by ranges where they are known.
struct Server {
    knows_ranges: bool,
}

impl Pull for Server {
    fn pull(&self, _: String) -> BoxFuture<'static, Result<Pulled, String>> {
        answer(200)
    }

    fn pull_range(
        &self,
        url: String,
        range: &'static str,
    ) -> BoxFuture<'static, Result<Pulled, String>> {
        assert_eq!(range, "bytes=0-");
        if self.knows_ranges {
            answer(206)
        } else {
            self.pull(url)
        }
    }
}

fn answer(status: u16) -> BoxFuture<'static, Result<Pulled, String>> {
    let file = Pulled {
        status,
        content_type: "video/mp4".to_owned(),
        bytes: Bytes::from(mp4(4_000)),
    };
    std::future::ready(Ok(file)).boxed()
}

#[tokio::test]
async fn a_video_whose_server_knows_no_ranges_cannot_be_processed_where_one_is_asked_for() {
    for (knows_ranges, expected) in [(true, "FINISHED"), (false, "ERROR")] {
        let clock = Clock::standing_at(datetime!(2026-03-04 05:06:07 UTC));
        let simulator = Simulator::new(Settings {
            clock: clock.clone(),
            pull: Box::new(Server { knows_ranges }),
            registrations: vec![Registration {
                network: "instagram".to_owned(),
                client_id: "client".to_owned(),
                client_secret: "secret".to_owned(),
                redirect_uris: vec![BACK.to_owned()],
            }],
            base_url: "https://simulator.example".to_owned(),
        });
        let rig = Rig { simulator, clock };
        let (token, _) = person(&rig, SCOPES, &[STUDIO]).await;
        let tokens: BTreeMap<String, String> = page_tokens(&rig, &token).await;
        let token = &tokens[PAGE];
        rig.simulator.world().states().instagram().ask_for_ranges();
        let id = create(&rig, token, &REEL).await.text("id");
        let told = status(&rig, token, &id).await;
        assert_eq!(told.text("status_code"), expected);
        assert_eq!(told.text("status").contains("2207077"), !knows_ranges);
    }
}
