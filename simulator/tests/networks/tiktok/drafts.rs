//! Drafts: what goes to the inbox, for the person to finish.

use http::Method;
use serde_json::{Value, json};
use simulator::networks::tiktok::finish_draft;
use time::Duration;

use crate::{rig::Rig, tiktok::bench::*};

#[tokio::test]
async fn a_draft_waits_in_the_inbox_until_the_person_posts_it() {
    let rig = rig();
    let world = rig.simulator.world();
    world.set_processing("tiktok", Duration::seconds(30));
    let access = access(&rig, STUDIO).await;
    let (id, url) = draft(&rig, &access).await;
    assert!(id.starts_with("v_inbox_file~"));
    put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
    assert_eq!(
        status(&rig, &access, &id).await["status"],
        "PROCESSING_UPLOAD"
    );
    rig.clock.advance(Duration::seconds(30));
    assert_eq!(
        status(&rig, &access, &id).await["status"],
        "SEND_TO_USER_INBOX"
    );
    assert_eq!(rig.simulator.ledger().posts()[0].kind, "draft");

    for posts in 1..=2 {
        assert!(finish_draft(world, &id, "PUBLIC_TO_EVERYONE"));
        rig.clock.advance(Duration::minutes(1));
        let told = status(&rig, &access, &id).await;
        assert_eq!(told["status"], "PUBLISH_COMPLETE");
        let ids = told["publicaly_available_post_id"]
            .as_array()
            .expect("ids")
            .len();
        assert_eq!(ids, posts);
        assert_eq!(rig.simulator.ledger().posts().len(), posts);
    }
    assert!(!finish_draft(world, "v_inbox_file~v2-1.1", "SELF_ONLY"));
}

#[tokio::test]
async fn of_a_draft_only_the_source_counts_and_it_may_be_fetched() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let order = pull_order(MP4, "NOBODY");
    let id = ordered(&rig, INBOX, &access, &order).await;
    assert!(id.starts_with("v_inbox_url~"));
    let shown = rig.simulator.ledger().posts()[0].clone();
    assert_eq!((shown.text.as_str(), shown.details), ("", Value::Null));
    let photos = photo_order("MEDIA_UPLOAD", &json!([JPEG]), &json!(0));
    let id = ordered(&rig, PHOTO, &access, &photos).await;
    assert_eq!(
        status(&rig, &access, &id).await["status"],
        "SEND_TO_USER_INBOX"
    );
    assert_eq!(rig.simulator.ledger().posts()[1].text, "Words");
}

#[tokio::test]
async fn each_kind_of_order_asks_for_its_scope() {
    let photos = |mode| photo_order(mode, &json!([JPEG]), &json!(0));
    let inbox = json!({"source_info": video_order(1_000, 1_000, 1, "")["source_info"]});
    for (denied, path, order, is_taken) in [
        ("video.upload", INBOX, inbox.clone(), false),
        ("video.publish", INBOX, inbox.clone(), true),
        (
            "video.publish",
            VIDEO,
            video_order(1_000, 1_000, 1, "SELF_ONLY"),
            false,
        ),
        (
            "video.upload",
            VIDEO,
            video_order(1_000, 1_000, 1, "SELF_ONLY"),
            true,
        ),
        ("video.upload", PHOTO, photos("MEDIA_UPLOAD"), false),
        ("video.publish", PHOTO, photos("MEDIA_UPLOAD"), true),
        ("video.publish", PHOTO, photos("DIRECT_POST"), false),
        ("video.upload", PHOTO, photos("DIRECT_POST"), true),
        ("video.publish", CREATOR, json!({}), false),
    ] {
        let rig = rig();
        let scope = denied.to_owned();
        rig.simulator
            .world()
            .states()
            .tiktok()
            .denied_scopes
            .insert(scope);
        let access = access(&rig, STUDIO).await;
        let said = post(&rig, path, &access, &order).await;
        let expected = if is_taken {
            (200, "ok".to_owned())
        } else {
            (401, "scope_not_authorized".to_owned())
        };
        assert_eq!(code_of(&said), expected, "{denied} {path}");
        if is_taken {
            let data = said.json()["data"].clone();
            let id = data["publish_id"].as_str().expect("an id");
            status(&rig, &access, id).await;
        }
    }
}

#[tokio::test]
async fn five_drafts_may_wait_and_a_finished_one_makes_room() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        rig.clock.advance(Duration::minutes(1));
        let (id, url) = draft(&rig, &access).await;
        put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
        ids.push(id);
    }
    rig.clock.advance(Duration::minutes(1));
    let order = json!({"source_info": video_order(1_000, 1_000, 1, "")["source_info"]});
    let full = (403, "spam_risk_too_many_pending_share".to_owned());
    assert_eq!(code_of(&post(&rig, INBOX, &access, &order).await), full);
    let photos = photo_order("MEDIA_UPLOAD", &json!([JPEG]), &json!(0));
    assert_eq!(code_of(&post(&rig, PHOTO, &access, &photos).await), full);
    let direct = video_order(1_000, 1_000, 1, "SELF_ONLY");
    assert_eq!(post(&rig, VIDEO, &access, &direct).await.status, 200);
    finish_draft(rig.simulator.world(), &ids[0], "SELF_ONLY");
    assert_eq!(post(&rig, INBOX, &access, &order).await.status, 200);
}

#[tokio::test]
async fn a_banned_account_gets_no_drafts_but_other_caps_do_not_count_for_them() {
    for (cap, status) in [
        ("spam_risk_user_banned_from_posting", 403),
        ("spam_risk_too_many_posts", 200),
        ("reached_active_user_cap", 200),
    ] {
        let rig = rig();
        let access = access(&rig, STUDIO).await;
        let caps = (STUDIO.to_owned(), cap.to_owned());
        rig.simulator.world().states().tiktok().caps.extend([caps]);
        let order = json!({"source_info": video_order(1_000, 1_000, 1, "")["source_info"]});
        assert_eq!(
            post(&rig, INBOX, &access, &order).await.status,
            status,
            "{cap}"
        );
    }
}

async fn draft(rig: &Rig, access: &str) -> (String, String) {
    let order = json!({"source_info": video_order(1_000, 1_000, 1, "")["source_info"]});
    let bearer = format!("Bearer {access}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let said = rig
        .send(Method::POST, INBOX, &headers, order.to_string())
        .await;
    let data = said.json()["data"].clone();
    let text = |name: &str| data[name].as_str().expect("a text").to_owned();
    (text("publish_id"), text("upload_url"))
}
