//! What TikTok fetches itself.

use axum::body::Bytes;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use simulator::{Clock, Pulled, Registration, Settings, Simulator};
use time::{Duration, macros::datetime};

use crate::{
    rig::{BACK, Rig},
    tiktok::bench::*,
};

#[tokio::test]
async fn pictures_come_from_verified_https_domains_and_are_looked_at() {
    for (urls, cover, outcome) in [
        (json!([JPEG]), json!(0), Ok("PUBLISH_COMPLETE")),
        (json!([]), json!(0), Err((400, "invalid_params"))),
        (
            json!(vec![JPEG; 36]),
            json!(0),
            Err((400, "invalid_params")),
        ),
        (json!([JPEG]), json!(1), Err((400, "invalid_params"))),
        (json!([JPEG]), Value::Null, Err((400, "invalid_params"))),
        (
            json!(["http://media.example/1.jpg"]),
            json!(0),
            Err((400, "invalid_params")),
        ),
        (
            json!(["https://10.0.0.1/1.jpg"]),
            json!(0),
            Err((400, "invalid_params")),
        ),
        (
            json!(["https://unverified.example/1.jpg"]),
            json!(0),
            Err((403, "url_ownership_unverified")),
        ),
        (
            json!(["https://media.example/none.jpg"]),
            json!(0),
            Ok("photo_pull_failed"),
        ),
        (
            json!(["https://media.example/2.png"]),
            json!(0),
            Ok("file_format_check_failed"),
        ),
        (
            json!(["https://media.example/3.jpg"]),
            json!(0),
            Ok("picture_size_check_failed"),
        ),
    ] {
        let rig = rig();
        let unverified = "unverified.example".to_owned();
        rig.simulator
            .world()
            .states()
            .tiktok()
            .unverified_hosts
            .insert(unverified);
        let access = access(&rig, STUDIO).await;
        let order = json!({
            "media_type": "PHOTO", "post_mode": "DIRECT_POST",
            "post_info": {
                "description": "Words", "privacy_level": "SELF_ONLY",
                "brand_content_toggle": false, "brand_organic_toggle": false,
            },
            "source_info": {"source": "PULL_FROM_URL", "photo_images": urls, "photo_cover_index": cover},
        });
        let said = post(&rig, PHOTO, &access, &order).await;
        match outcome {
            Err((status, code)) => assert_eq!(code_of(&said), (status, code.to_owned()), "{urls}"),
            Ok(end) => {
                let id = said.json()["data"]["publish_id"]
                    .as_str()
                    .expect("an id")
                    .to_owned();
                let told = status(&rig, &access, &id).await;
                let ended = told["fail_reason"].as_str().or(told["status"].as_str());
                assert_eq!(ended, Some(end), "{urls}");
                let is_live = end == "PUBLISH_COMPLETE";
                assert_eq!(rig.simulator.ledger().posts().len(), usize::from(is_live));
            }
        }
    }
}

#[tokio::test]
async fn a_video_is_fetched_and_looked_at() {
    for (url, end) in [
        (MP4, "PUBLISH_COMPLETE"),
        ("https://media.example/none.mp4", "video_pull_failed"),
        ("https://media.example/no.mp4", "file_format_check_failed"),
    ] {
        let rig = rig();
        let access = access(&rig, STUDIO).await;
        let id = ordered(&rig, VIDEO, &access, &pull_order(url, "SELF_ONLY")).await;
        assert!(id.starts_with("v_pub_url~"));
        let told = status(&rig, &access, &id).await;
        let ended = told["fail_reason"].as_str().or(told["status"].as_str());
        assert_eq!(ended, Some(end), "{url}");
        let live = rig.simulator.ledger().posts().len();
        assert_eq!(live, usize::from(end == "PUBLISH_COMPLETE"));
    }
    for (url, status, code) in [
        ("http://media.example/1.mp4", 400, "invalid_params"),
        ("https://10.0.0.1/1.mp4", 400, "invalid_params"),
        (
            "https://other.example/1.mp4",
            403,
            "url_ownership_unverified",
        ),
    ] {
        let rig = rig();
        let property = "media.example".to_owned();
        rig.simulator
            .world()
            .states()
            .tiktok()
            .properties
            .push(property);
        let access = access(&rig, STUDIO).await;
        let said = post(&rig, VIDEO, &access, &pull_order(url, "SELF_ONLY")).await;
        assert_eq!(code_of(&said), (status, code.to_owned()), "{url}");
    }
}

#[tokio::test]
async fn a_domain_covers_what_is_below_it_and_a_prefix_only_itself() {
    const BELOW: &str = "https://cdn.media.example/4.jpg";
    for (property, url, is_taken) in [
        ("media.example", JPEG, true),
        ("media.example", BELOW, true),
        ("dia.example", JPEG, false),
        ("cdn.media.example", JPEG, false),
        ("https://media.example/", JPEG, true),
        ("https://media.example/pictures/", JPEG, false),
        ("https://media.example/", BELOW, false),
    ] {
        let rig = rig();
        let property = property.to_owned();
        rig.simulator
            .world()
            .states()
            .tiktok()
            .properties
            .push(property.clone());
        let access = access(&rig, STUDIO).await;
        let order = photo_order("DIRECT_POST", &json!([url]), &json!(0));
        let said = post(&rig, PHOTO, &access, &order).await;
        assert_eq!(said.status == 200, is_taken, "{property} {url}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let clock = Clock::standing_at(datetime!(2026-03-04 05:06:07 UTC));
    let simulator = Simulator::new(Settings {
        clock: clock.clone(),
        pull: Box::new(|_: String| {
            let moved = Pulled {
                status: 302,
                content_type: "image/jpeg".to_owned(),
                bytes: Bytes::from(jpeg(100, 100)),
            };
            async move { Ok(moved) }.boxed()
        }),
        registrations: vec![Registration {
            network: "tiktok".to_owned(),
            client_id: "client".to_owned(),
            client_secret: "secret".to_owned(),
            redirect_uris: vec![BACK.to_owned()],
        }],
        base_url: "https://simulator.example".to_owned(),
    });
    let rig = Rig { simulator, clock };
    let access = access(&rig, STUDIO).await;
    let order = photo_order("DIRECT_POST", &json!([JPEG]), &json!(0));
    let id = ordered(&rig, PHOTO, &access, &order).await;
    assert_eq!(
        status(&rig, &access, &id).await["fail_reason"],
        "photo_pull_failed"
    );
}

#[tokio::test]
async fn a_file_that_never_arrives_whole_is_given_up_after_an_hour() {
    for (path, order, reason) in [
        (VIDEO, pull_order(MP4, "SELF_ONLY"), "video_pull_failed"),
        (
            PHOTO,
            photo_order("DIRECT_POST", &json!([JPEG]), &json!(0)),
            "photo_pull_failed",
        ),
    ] {
        let rig = rig();
        let host = "media.example".to_owned();
        rig.simulator
            .world()
            .states()
            .tiktok()
            .hanging_hosts
            .insert(host);
        let access = access(&rig, STUDIO).await;
        let id = ordered(&rig, path, &access, &order).await;
        rig.clock.advance(Duration::minutes(59));
        assert_eq!(
            status(&rig, &access, &id).await["status"],
            "PROCESSING_DOWNLOAD"
        );
        rig.clock.advance(Duration::minutes(1));
        assert_eq!(status(&rig, &access, &id).await["fail_reason"], reason);
        assert!(rig.simulator.ledger().posts().is_empty());
    }
}

#[tokio::test]
async fn only_a_fetch_that_is_under_way_can_be_cancelled() {
    let rig = rig();
    let world = rig.simulator.world();
    world.set_processing("tiktok", Duration::seconds(30));
    let access = access(&rig, STUDIO).await;
    let cancel = |id: String| {
        let (rig, access) = (&rig, access.clone());
        async move { post(rig, CANCEL, &access, &json!({"publish_id": id})).await }
    };
    let refused = (400, "publish_not_cancellable".to_owned());

    let pulled = ordered(&rig, VIDEO, &access, &pull_order(MP4, "SELF_ONLY")).await;
    let said = cancel(pulled.clone()).await;
    assert_eq!(code_of(&said), (200, "ok".to_owned()));
    assert_eq!(said.json().get("data"), None);
    assert_eq!(
        status(&rig, &access, &pulled).await["fail_reason"],
        "publish_cancelled"
    );
    assert!(rig.simulator.ledger().posts().is_empty());
    assert_eq!(code_of(&cancel(pulled).await), refused);

    let late = ordered(&rig, VIDEO, &access, &pull_order(MP4, "SELF_ONLY")).await;
    rig.clock.advance(Duration::seconds(30));
    assert_eq!(code_of(&cancel(late).await), refused);
    let (uploaded, _) = open(&rig, &access, 1_000, "SELF_ONLY").await;
    assert_eq!(code_of(&cancel(uploaded).await), refused);
    let unknown = cancel("p_pub_url~v2-1.1".to_owned()).await;
    assert_eq!(code_of(&unknown), (400, "invalid_publish_id".to_owned()));
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
}
