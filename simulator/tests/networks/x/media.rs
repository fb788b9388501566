//! Pictures and videos: in one go, or in chunks.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde_json::{Value, json};
use simulator::networks::x::Failure;
use time::Duration;

use crate::x::bench::*;

#[tokio::test]
async fn a_picture_must_be_a_small_picture_of_a_known_use() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let upload = async |bytes: &[u8], category: &str, more: Option<&str>| {
        let mut body = json!({ "media": STANDARD.encode(bytes), "media_category": category });
        if let Some(more) = more {
            body[more] = json!("1");
        }
        visitor.post(&token, "/2/media/upload", &body).await
    };
    let good = upload(PICTURE, "tweet_image", None).await;
    assert_eq!(good.status, StatusCode::OK);
    assert!(is_invalid(&upload(PICTURE, "portrait", None).await));
    assert!(is_invalid(
        &upload(PICTURE, "tweet_image", Some("alt")).await
    ));
    assert!(is_invalid(
        &upload(b"no picture", "tweet_image", None).await
    ));
    let mut large = PICTURE.to_vec();
    large.resize((5 << 20) + 1, 0);
    let heard = upload(&large, "tweet_image", None).await;
    assert_eq!(heard.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(heard.text, "");
}

#[tokio::test]
async fn a_large_file_is_announced_in_known_words() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let good =
        json!({ "media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": 9 });
    let path = "/2/media/upload/initialize";
    assert_eq!(
        visitor.post(&token, path, &good).await.status,
        StatusCode::OK
    );
    for (field, wrong) in [
        ("media_type", Value::Null),
        ("media_type", json!("video/avi")),
        ("media_category", json!("film")),
        ("total_bytes", Value::Null),
        ("total_bytes", json!((512_u64 << 20) + 1)),
        ("name", json!("x")),
    ] {
        let mut body = good.clone();
        body[field] = wrong;
        assert!(
            is_invalid(&visitor.post(&token, path, &body).await),
            "{body}"
        );
    }
}

#[tokio::test]
async fn chunks_have_bounds_and_must_add_up() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let id = visitor.initialize(&token, VIDEO.len()).await;
    let (start, rest) = VIDEO.split_at(10);
    assert!(is_invalid(
        &visitor.append(&token, &id, "1000", start).await
    ));
    assert!(is_invalid(&visitor.append(&token, "1", "0", start).await));
    let huge = vec![0; (4 << 20) + 1];
    let heard = visitor.append(&token, &id, "0", &huge).await;
    assert_eq!(heard.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(heard.text, "");
    for _ in 0..2 {
        let heard = visitor.append(&token, &id, "0", start).await;
        assert!(heard.body["data"]["expires_at"].is_i64());
    }
    assert!(is_invalid(&visitor.finalize(&token, &id, &json!({})).await));
    visitor.append(&token, &id, "1", rest).await;
    let heard = visitor.finalize(&token, &id, &json!([])).await;
    let message = &heard.body["errors"][0]["message"];
    assert_eq!(message, "Request body must be a JSON object.");
    let heard = visitor.finalize(&token, &id, &json!({})).await;
    assert_eq!(heard.body["data"]["processing_info"]["state"], "pending");
    assert!(is_invalid(&visitor.finalize(&token, &id, &json!({})).await));
}

#[tokio::test]
async fn a_video_can_be_posted_when_it_was_worked_on_and_until_it_is_forgotten() {
    let visitor = Visitor::new();
    let world = visitor.rig.simulator.world();
    world.set_processing("x", Duration::seconds(10));
    let token = visitor.connected(STUDIO).await;
    let id = visitor.initialize(&token, VIDEO.len()).await;
    visitor.append(&token, &id, "0", VIDEO).await;
    visitor.finalize(&token, &id, &json!({})).await;
    let status = format!("/2/media/upload?media_id={id}&command=STATUS");
    let state = async || {
        let heard = visitor.get(&token, &status).await;
        heard.body["data"]["processing_info"]["state"].clone()
    };
    let post = |text: &str| json!({ "text": text, "media": { "media_ids": [id] } });
    let early = visitor.tweet(&token, post("early")).await;
    let message = &early.body["errors"][0]["message"];
    assert_eq!(message, "Your media IDs are invalid.");
    assert_eq!(state().await, "pending");
    visitor.rig.clock.advance(Duration::seconds(5));
    assert_eq!(state().await, "in_progress");
    visitor.rig.clock.advance(Duration::seconds(5));
    assert_eq!(state().await, "succeeded");
    let other = visitor.connected(TRAILS).await;
    assert!(is_invalid(&visitor.tweet(&other, post("not mine")).await));
    let heard = visitor.get(&other, &status).await;
    assert_eq!(heard.status, StatusCode::NOT_FOUND);
    let good = visitor.tweet(&token, post("good")).await;
    assert_eq!(good.status, StatusCode::CREATED);
    visitor.rig.clock.advance(Duration::days(1));
    let token = visitor.connected(STUDIO).await;
    assert!(is_invalid(&visitor.tweet(&token, post("late")).await));
}

#[tokio::test]
async fn a_description_has_a_thousand_characters_at_most() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let id = visitor.picture(&token).await;
    let describe = async |text: &str| {
        let body = json!({ "id": id, "metadata": { "alt_text": { "text": text } } });
        visitor.post(&token, "/2/media/metadata", &body).await
    };
    assert_eq!(describe(&"é".repeat(1000)).await.status, StatusCode::OK);
    assert!(is_invalid(&describe(&"é".repeat(1001)).await));
}

#[tokio::test]
async fn a_mix_of_pictures_and_a_film_is_refused() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let film = visitor.initialize(&token, VIDEO.len()).await;
    visitor.append(&token, &film, "0", VIDEO).await;
    visitor.finalize(&token, &film, &json!({})).await;
    visitor.rig.clock.advance(Duration::seconds(2));
    let picture = visitor.picture(&token).await;
    let mixed = json!({ "text": "a", "media": { "media_ids": [picture, film] } });
    assert!(is_invalid(&visitor.tweet(&token, mixed).await));
}

#[tokio::test]
async fn who_asks_after_a_film_too_early_hears_the_same_again() {
    let visitor = Visitor::new();
    visitor
        .rig
        .simulator
        .world()
        .set_processing("x", Duration::seconds(4));
    let token = visitor.connected(STUDIO).await;
    let id = visitor.initialize(&token, VIDEO.len()).await;
    visitor.append(&token, &id, "0", VIDEO).await;
    visitor.finalize(&token, &id, &json!({})).await;
    let status = format!("/2/media/upload?media_id={id}&command=STATUS");
    visitor.rig.clock.advance(Duration::seconds(1));
    let heard = visitor.get(&token, &status).await;
    let info = &heard.body["data"]["processing_info"];
    assert_eq!(
        (&info["state"], &info["check_after_secs"]),
        (&json!("in_progress"), &json!(4))
    );
    visitor.rig.clock.advance(Duration::seconds(3));
    let early = visitor.get(&token, &status).await;
    assert_eq!(
        early.body["data"]["processing_info"]["state"],
        "in_progress"
    );
    visitor.rig.clock.advance(Duration::seconds(1));
    let heard = visitor.get(&token, &status).await;
    assert_eq!(heard.body["data"]["processing_info"]["state"], "succeeded");
}

#[tokio::test]
async fn an_unusable_film_is_told_with_a_reason_or_without() {
    for (failure, has_reason) in [(Failure::Told, true), (Failure::Untold, false)] {
        let visitor = Visitor::new();
        let token = visitor.connected(STUDIO).await;
        visitor
            .rig
            .simulator
            .world()
            .states()
            .x()
            .fail_next_file(failure);
        let id = visitor.initialize(&token, VIDEO.len()).await;
        visitor.append(&token, &id, "0", VIDEO).await;
        visitor.finalize(&token, &id, &json!({})).await;
        visitor.rig.clock.advance(Duration::seconds(1));
        let status = format!("/2/media/upload?media_id={id}&command=STATUS");
        let heard = visitor.get(&token, &status).await;
        let info = &heard.body["data"]["processing_info"];
        assert_eq!(info["state"], "failed");
        assert_eq!(info["error"].is_object(), has_reason);
        let post = json!({ "text": "a", "media": { "media_ids": [id] } });
        assert!(is_invalid(&visitor.tweet(&token, post).await));
    }
}

#[tokio::test]
async fn chunks_may_be_bounded_and_taken_once_only() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    visitor
        .rig
        .simulator
        .world()
        .states()
        .x()
        .take_chunks_up_to(10);
    visitor
        .rig
        .simulator
        .world()
        .states()
        .x()
        .refuse_repeated_chunks();
    let id = visitor.initialize(&token, VIDEO.len()).await;
    let heard = visitor.append(&token, &id, "0", &VIDEO[..11]).await;
    assert_eq!(heard.status, StatusCode::PAYLOAD_TOO_LARGE);
    let heard = visitor.append(&token, &id, "0", &VIDEO[..10]).await;
    assert_eq!(heard.status, StatusCode::OK);
    assert!(is_invalid(
        &visitor.append(&token, &id, "0", &VIDEO[..10]).await
    ));
}
