//! Where a Pin's pictures come from, and what is refused of them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    pinterest::bench::*,
    rig::{Rig, Said},
    samples::{jpeg, mp4},
};

fn data() -> String {
    STANDARD.encode(jpeg(100, 150))
}

fn several(count: usize) -> Value {
    let items = vec![json!({"url": IMAGE}); count];
    json!({"source_type": "multiple_image_urls", "items": items})
}

fn of_bytes(content_type: &str, data: &str) -> Value {
    json!({"source_type": "image_base64", "content_type": content_type, "data": data})
}

async fn pinned(source: Value) -> (Rig, Said) {
    let rig = rig();
    let token = token(&rig).await;
    let mut order = pin();
    order["media_source"] = source;
    let said = post_json(&rig, PINS, &token, &order).await;
    (rig, said)
}

#[tokio::test]
async fn a_picture_comes_as_bytes() {
    let (rig, made) = pinned(of_bytes("image/jpeg", &data())).await;
    assert_eq!(made.status, 201, "{}", text(&made));
    let posts = rig.simulator.ledger().posts().to_vec();
    let (_, bytes) = rig
        .simulator
        .world()
        .kept(&posts[0].media[0].digest)
        .expect("the file");
    assert_eq!(bytes, jpeg(100, 150));
}

#[tokio::test]
async fn several_pictures_keep_their_order_and_words() {
    let item = json!({"content_type": "image/jpeg", "data": data(), "title": "Last"});
    let by_bytes =
        json!({"source_type": "multiple_image_base64", "items": [item, item], "index": 1});
    for (source, count) in [(several(5), 5), (by_bytes, 2)] {
        let (rig, made) = pinned(source).await;
        assert_eq!(made.status, 201, "{}", text(&made));
        let body = made.json();
        assert_eq!(body["media"]["media_type"], "multiple_images");
        assert_eq!(
            body["media"]["items"].as_array().expect("items").len(),
            count
        );
        let posts = rig.simulator.ledger().posts().to_vec();
        assert_eq!(
            (posts[0].kind.as_str(), posts[0].media.len()),
            ("carousel", count)
        );
    }
}

#[tokio::test]
async fn what_no_source_allows_is_refused() {
    let none = "https://media.example/none";
    let data = data();
    for (source, words) in [
        (
            json!({"source_type": "pin_url", "url": IMAGE}),
            "source_type",
        ),
        (
            json!({"source_type": "image_url", "url": IMAGE, "title": "a"}),
            "'title' was unexpected",
        ),
        (
            json!({"source_type": "image_base64", "data": data}),
            "'content_type' is a required",
        ),
        (
            json!({"source_type": "image_base64", "content_type": "image/png"}),
            "'data' is a required",
        ),
        (of_bytes("image/gif", &data), "not one of"),
        (
            of_bytes("image/jpeg", &format!("data:image/jpeg;base64,{data}")),
            "does not match",
        ),
        (
            of_bytes("image/jpeg", &format!("{data}\n")),
            "does not match",
        ),
        (of_bytes("image/jpeg", ""), "does not match"),
        (of_bytes("image/jpeg", "abc"), "no base64"),
        (
            of_bytes("image/jpeg", &STANDARD.encode(b"GIF89a\x01\0\x01\0")),
            "neither JPEG nor PNG",
        ),
        (several(1), "minItems=2"),
        (json!({"source_type": "multiple_image_urls"}), "minItems=2"),
        (several(6), "maxItems=5"),
        (
            json!({"source_type": "multiple_image_urls", "items": [{"url": IMAGE}, {}]}),
            "'url' is a required",
        ),
        (
            json!({"source_type": "multiple_image_urls", "items": [{"url": IMAGE}, {"url": none}]}),
            "Unable to reach the URL",
        ),
        (
            json!({"source_type": "multiple_image_urls", "items": [{"url": IMAGE, "x": 1}, {"url": IMAGE}]}),
            "'x' was unexpected",
        ),
        (
            json!({"source_type": "multiple_image_base64", "items": [{"url": IMAGE}, {"url": IMAGE}]}),
            "'content_type' is a required",
        ),
    ] {
        let (rig, refused) = pinned(source.clone()).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (400, &json!(1)),
            "{source}"
        );
        assert!(
            text(&refused).contains(words),
            "{source}: {}",
            text(&refused)
        );
        assert!(rig.simulator.ledger().posts().is_empty());
    }
}

#[tokio::test]
async fn a_video_has_its_cover_in_one_of_three_forms() {
    let rig = rig();
    let token = token(&rig).await;
    let (id, parameters) = registered(&rig, &token).await;
    stored(&rig, &upload_form(&parameters, true, &mp4(500)), &[]).await;
    let pinned = async |cover: Value| {
        let mut order = pin();
        order["media_source"] = json!({"source_type": "video_id", "media_id": id});
        for (name, value) in cover.as_object().expect("a cover") {
            order["media_source"][name] = value.clone();
        }
        post_json(&rig, PINS, &token, &order).await
    };
    for cover in [
        json!({"cover_image_key_frame_time": 3}),
        json!({"cover_image_url": IMAGE}),
        json!({"cover_image_content_type": "image/jpeg", "cover_image_data": data()}),
    ] {
        let made = pinned(cover.clone()).await;
        assert_eq!(made.status, 201, "{cover}: {}", text(&made));
    }
    for (cover, words) in [
        (json!({}), "cover_image_url"),
        (json!({"cover_image_key_frame_time": -1}), "cover_image_url"),
        (
            json!({"cover_image_key_frame_time": 1.5}),
            "cover_image_url",
        ),
        (
            json!({"cover_image_url": "https://media.example/none"}),
            "Unable to reach",
        ),
        (json!({"cover_image_url": GIF}), "neither JPEG nor PNG"),
        (
            json!({"cover_image_content_type": "image/jpeg"}),
            "cover_image_data",
        ),
        (json!({"cover_image_data": data()}), "cover_image_url"),
        (
            json!({"media_id": "x", "cover_image_key_frame_time": 0}),
            "does not match",
        ),
    ] {
        let refused = pinned(cover.clone()).await;
        assert_eq!(refused.status, 400, "{cover}");
        assert!(
            text(&refused).contains(words),
            "{cover}: {}",
            text(&refused)
        );
    }
    let other = token_for(&rig, BAKERY, SCOPES).await;
    let mut order = pin();
    order["board_id"] = json!("813744364859010001");
    order["media_source"] =
        json!({"source_type": "video_id", "media_id": id, "cover_image_key_frame_time": 0});
    assert_eq!(post_json(&rig, PINS, &other, &order).await.status, 404);
}
