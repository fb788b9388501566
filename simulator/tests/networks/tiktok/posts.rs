//! Orders, their limits, and what is told of them.

use serde_json::{Value, json};
use time::Duration;

use crate::tiktok::bench::*;

#[tokio::test]
async fn an_account_offers_what_it_may_and_caps_come_with_status_200() {
    let rig = rig();
    let access = access(&rig, PRIVATE).await;
    let creator = post(&rig, CREATOR, &access, &json!({})).await.json()["data"].clone();
    assert_eq!(creator["privacy_level_options"][0], "FOLLOWER_OF_CREATOR");
    assert_eq!(
        (&creator["duet_disabled"], &creator["stitch_disabled"]),
        (&json!(true), &json!(true))
    );
    for code in [
        "spam_risk_user_banned_from_posting",
        "reached_active_user_cap",
    ] {
        let cap = (PRIVATE.to_owned(), code.to_owned());
        rig.simulator.world().states().tiktok().caps.extend([cap]);
        assert_eq!(
            code_of(&post(&rig, CREATOR, &access, &json!({})).await),
            (200, code.to_owned())
        );
        let order = video_order(1_000, 1_000, 1, "SELF_ONLY");
        assert_eq!(
            code_of(&post(&rig, VIDEO, &access, &order).await),
            (403, code.to_owned())
        );
    }
}

#[tokio::test]
async fn an_order_that_breaks_a_rule_is_refused() {
    for (path, value, status, code) in [
        (
            "/post_info/privacy_level",
            Value::Null,
            400,
            "invalid_params",
        ),
        (
            "/post_info/privacy_level",
            json!("FOLLOWER_OF_CREATOR"),
            403,
            "privacy_level_option_mismatch",
        ),
        (
            "/post_info/brand_content_toggle",
            Value::Null,
            400,
            "invalid_params",
        ),
        (
            "/post_info/brand_organic_toggle",
            Value::Null,
            400,
            "invalid_params",
        ),
        (
            "/post_info/brand_content_toggle",
            json!(true),
            400,
            "invalid_param",
        ),
        (
            "/post_info/title",
            json!("🎬".repeat(1_101)),
            400,
            "invalid_params",
        ),
        (
            "/source_info/source",
            json!("PULL_FROM_URL"),
            400,
            "invalid_params",
        ),
        ("/source_info/source", json!("FILE"), 400, "invalid_params"),
        ("/source_info/video_size", json!(0), 400, "invalid_params"),
        (
            "/source_info/total_chunk_count",
            json!(2),
            400,
            "invalid_params",
        ),
        ("/source_info/chunk_size", json!(999), 400, "invalid_params"),
    ] {
        let rig = rig();
        let access = access(&rig, STUDIO).await;
        let mut order = video_order(1_000, 1_000, 1, "SELF_ONLY");
        *order.pointer_mut(path).expect("a field") = value;
        let said = post(&rig, VIDEO, &access, &order).await;
        assert_eq!(code_of(&said), (status, code.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn an_app_without_an_audit_posts_privately_to_private_accounts_only() {
    for (account, privacy, is_taken) in [
        (STUDIO, "SELF_ONLY", false),
        (STUDIO, "PUBLIC_TO_EVERYONE", false),
        (PRIVATE, "MUTUAL_FOLLOW_FRIENDS", false),
        (PRIVATE, "SELF_ONLY", true),
    ] {
        let rig = rig();
        rig.simulator.world().states().tiktok().is_unaudited = true;
        let access = access(&rig, account).await;
        let said = post(&rig, VIDEO, &access, &video_order(1_000, 1_000, 1, privacy)).await;
        assert_eq!(said.status == 200, is_taken, "{account} {privacy}");
        if !is_taken {
            assert_eq!(
                code_of(&said).1,
                "unaudited_client_can_only_post_to_private_accounts"
            );
        }
    }
}

#[tokio::test]
async fn windows_of_a_minute_and_fifteen_posts_a_day_are_kept() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    for (path, body, max) in [
        (CREATOR, json!({}), 20),
        (VIDEO, video_order(1_000, 1_000, 1, "SELF_ONLY"), 6),
        (STATUS, json!({"publish_id": "x"}), 30),
    ] {
        for _ in 0..max {
            assert_ne!(post(&rig, path, &access, &body).await.status, 429);
        }
        let said = post(&rig, path, &access, &body).await;
        assert_eq!(code_of(&said), (429, "rate_limit_exceeded".to_owned()));
        rig.clock.advance(Duration::seconds(60));
        assert_ne!(post(&rig, path, &access, &body).await.status, 429);
    }
    for _ in 0..15 {
        rig.clock.advance(Duration::seconds(60));
        let (_, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
        assert_eq!(
            put(&rig, &url, "bytes 0-999/1000", &mp4(1_000))
                .await
                .status,
            201
        );
    }
    rig.clock.advance(Duration::seconds(60));
    let order = video_order(1_000, 1_000, 1, "SELF_ONLY");
    let said = post(&rig, VIDEO, &access, &order).await;
    assert_eq!(code_of(&said), (403, "spam_risk_too_many_posts".to_owned()));
    let said = post(&rig, CREATOR, &access, &json!({})).await;
    assert_eq!(code_of(&said), (200, "spam_risk_too_many_posts".to_owned()));
}

#[tokio::test]
async fn a_status_follows_the_task_and_shows_ids_of_public_posts_only() {
    for (privacy, is_shown) in [("PUBLIC_TO_EVERYONE", true), ("SELF_ONLY", false)] {
        let rig = rig();
        rig.simulator
            .world()
            .set_processing("tiktok", Duration::seconds(30));
        let access = access(&rig, STUDIO).await;
        let (id, url) = open(&rig, &access, 1_000, privacy).await;
        assert_eq!(
            status(&rig, &access, &id).await,
            json!({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0})
        );
        put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
        assert_eq!(
            status(&rig, &access, &id).await["status"],
            "PROCESSING_UPLOAD"
        );
        rig.clock.advance(Duration::seconds(31));
        let complete = status(&rig, &access, &id).await;
        assert_eq!(complete["status"], "PUBLISH_COMPLETE");
        assert_eq!(complete["publicaly_available_post_id"], json!([]));
        rig.clock.advance(Duration::seconds(30));
        let shown = status(&rig, &access, &id).await["publicaly_available_post_id"].clone();
        let live = rig.simulator.ledger().posts()[0].post_id.clone();
        let expected: Vec<u64> = is_shown
            .then(|| live.parse().expect("a number"))
            .into_iter()
            .collect();
        assert_eq!(shown, json!(expected));
        assert!(live.parse::<u64>().expect("a number") > 1 << 53);
    }
}

#[tokio::test]
async fn a_status_of_nothing_or_of_another_account_is_refused() {
    let rig = rig();
    let access_one = access(&rig, STUDIO).await;
    let access_two = access(&rig, PRIVATE).await;
    let (id, _) = open(&rig, &access_one, 1_000, "SELF_ONLY").await;
    for (token, id, code) in [
        (&access_one, "v_pub_file~v2-1.1", "invalid_publish_id"),
        (
            &access_two,
            id.as_str(),
            "token_not_authorized_for_specified_publish_id",
        ),
    ] {
        let said = post(&rig, STATUS, token, &json!({"publish_id": id})).await;
        assert_eq!(code_of(&said), (400, code.to_owned()));
    }
}

#[tokio::test]
async fn a_second_identical_order_makes_a_second_post() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    for _ in 0..2 {
        let (_, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
        put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
    }
    assert_eq!(rig.simulator.ledger().posts().len(), 2);
}

#[tokio::test]
async fn a_task_that_is_stuck_or_spoken_of_oddly_is_never_complete() {
    let rig = rig();
    let access = access(&rig, STUDIO).await;
    rig.simulator.world().states().tiktok().is_stuck = true;
    let (id, url) = open(&rig, &access, 1_000, "SELF_ONLY").await;
    put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
    rig.clock.advance(Duration::hours(1));
    assert_eq!(
        status(&rig, &access, &id).await["status"],
        "PROCESSING_UPLOAD"
    );
    let word = Some("PROCESSING".to_owned());
    rig.simulator.world().states().tiktok().working_word = word;
    assert_eq!(status(&rig, &access, &id).await["status"], "PROCESSING");
}

#[tokio::test]
async fn texts_of_pictures_have_limits_of_their_own() {
    for (field, length, is_taken) in [
        ("title", 90, true),
        ("title", 91, false),
        ("description", 4_000, true),
        ("description", 4_001, false),
    ] {
        let rig = rig();
        let access = access(&rig, STUDIO).await;
        let mut order = photo_order("DIRECT_POST", &json!([JPEG]), &json!(0));
        order["post_info"][field] = json!("é".repeat(length));
        let said = post(&rig, PHOTO, &access, &order).await;
        assert_eq!(said.status == 200, is_taken, "{field} {length}");
    }
}

#[tokio::test]
async fn the_list_shows_public_posts_newest_first_and_only_with_its_scope() {
    let rig = rig();
    let access_one = access(&rig, STUDIO).await;
    for privacy in ["PUBLIC_TO_EVERYONE", "SELF_ONLY", "PUBLIC_TO_EVERYONE"] {
        rig.clock.advance(Duration::minutes(1));
        let (_, url) = open(&rig, &access_one, 1_000, privacy).await;
        put(&rig, &url, "bytes 0-999/1000", &mp4(1_000)).await;
    }
    let said = post(&rig, LIST, &access_one, &json!({"max_count": 20}))
        .await
        .json();
    let ids: Vec<&str> = said["data"]["videos"]
        .as_array()
        .expect("videos")
        .iter()
        .map(|video| video["id"].as_str().expect("a text"))
        .collect();
    let ledger = rig.simulator.ledger();
    let live = |place: usize| ledger.posts()[place].post_id.as_str();
    assert_eq!(ids, [live(2), live(0)]);
    assert_eq!(said["data"]["videos"][0]["title"], "Words");
    let page = post(&rig, LIST, &access_one, &json!({"max_count": 1}))
        .await
        .json();
    assert_eq!(page["data"]["has_more"], true);
    assert_eq!(
        post(&rig, LIST, &access_one, &json!({"max_count": 21}))
            .await
            .status,
        400
    );

    rig.simulator
        .world()
        .set_listing_lag("tiktok", Duration::seconds(90));
    let said = post(&rig, LIST, &access_one, &json!({"max_count": 20}))
        .await
        .json();
    assert_eq!(said["data"]["videos"][0]["id"], live(0));

    let denied = "video.list".to_owned();
    rig.simulator
        .world()
        .states()
        .tiktok()
        .denied_scopes
        .insert(denied);
    let access_two = access(&rig, STUDIO).await;
    let said = post(&rig, LIST, &access_two, &json!({})).await;
    assert_eq!(code_of(&said), (401, "scope_not_authorized".to_owned()));
}
