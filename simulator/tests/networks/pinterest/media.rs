//! Videos, and the store that takes them.

use http::Method;
use serde_json::json;
use simulator::{Fault, FaultScript};
use time::Duration;

use crate::{pinterest::bench::*, samples::mp4};

#[tokio::test]
async fn the_store_takes_the_whole_form_in_order_and_nothing_else() {
    let rig = rig();
    let token = token(&rig).await;
    let (_, parameters) = registered(&rig, &token).await;
    assert_eq!(parameters.len(), 8);
    let mut swapped = parameters.clone();
    swapped.swap(0, 1);
    let mut changed = parameters.clone();
    changed[5].1.push('x');
    let fewer = parameters[1..].to_vec();
    for wrong in [swapped, changed, fewer] {
        let refused = stored(&rig, &upload_form(&wrong, true, &mp4(500)), &[]).await;
        assert_eq!(refused.status, 403);
        assert!(
            text(&refused).contains("<Code>AccessDenied</Code>"),
            "{}",
            text(&refused)
        );
    }
    let file_first = stored(&rig, &upload_form(&parameters, false, &mp4(500)), &[]).await;
    assert_eq!(file_first.status, 400);
    let body = upload_form(&parameters, true, &mp4(500));
    assert_eq!(stored(&rig, &body, &bearer(&token)).await.status, 400);
    let chunked = rig
        .send(Method::POST, STORE, &[MULTIPART], body.clone())
        .await;
    assert_eq!(chunked.status, 411);
    let done = stored(&rig, &body, &[]).await;
    assert_eq!((done.status, text(&done).as_str()), (204, ""));
    rig.clock.advance(Duration::hours(2));
    let late = stored(&rig, &body, &[]).await;
    assert!(late.status == 403 && text(&late).contains("expired"));
}

#[tokio::test]
async fn a_video_is_registered_processing_and_succeeded_or_failed() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator
        .world()
        .set_processing("pinterest", Duration::seconds(30));
    let (id, parameters) = registered(&rig, &token).await;
    let status = async |id: &str| {
        let path = format!("api.pinterest.com/v5/media/{id}");
        get(&rig, &path, &token).await.json()["status"].clone()
    };
    let mut order = pin();
    order["media_source"] =
        json!({"source_type": "video_id", "media_id": id, "cover_image_key_frame_time": 0});
    assert_eq!(status(&id).await, "registered");
    assert_eq!(post_json(&rig, PINS, &token, &order).await.status, 400);
    stored(&rig, &upload_form(&parameters, true, &mp4(500)), &[]).await;
    assert_eq!(status(&id).await, "processing");
    assert_eq!(post_json(&rig, PINS, &token, &order).await.status, 400);
    rig.clock.advance(Duration::seconds(31));
    assert_eq!(status(&id).await, "succeeded");
    let mut bare = order.clone();
    bare["media_source"] = json!({"source_type": "video_id", "media_id": id});
    let refused = post_json(&rig, PINS, &token, &bare).await;
    assert!(refused.status == 400 && text(&refused).contains("cover_image_url"));
    assert_eq!(post_json(&rig, PINS, &token, &order).await.status, 201);
    let (broken, parameters) = registered(&rig, &token).await;
    stored(&rig, &upload_form(&parameters, true, b"no video"), &[]).await;
    assert_eq!(status(&broken).await, "failed");
    let other = token_for(&rig, "813744226420795886", SCOPES).await;
    let path = format!("api.pinterest.com/v5/media/{id}");
    assert_eq!(get(&rig, &path, &other).await.status, 404);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let rig = rig();
    let token = token(&rig).await;
    let (id, parameters) = registered(&rig, &token).await;
    let body = upload_form(&parameters, true, &mp4(50_000));
    let cut = Fault::CutRequest { bytes: 40_000 };
    let host = STORE.trim_end_matches('/');
    rig.simulator
        .script(FaultScript::first(host, "POST /", cut));
    assert_eq!(stored(&rig, &body, &[]).await.status, 502);
    let path = format!("{HOST}/v5/media/{id}");
    assert_eq!(
        get(&rig, &path, &token).await.json()["status"],
        "registered"
    );
    let mut short = vec![MULTIPART];
    short.push(("content-length", "7"));
    let wrong = rig.send(Method::POST, STORE, &short, body.clone()).await;
    assert!(text(&wrong).contains("<Code>IncompleteBody</Code>"));
    assert_eq!(stored(&rig, &body, &[]).await.status, 204);
    assert_eq!(get(&rig, &path, &token).await.json()["status"], "succeeded");
}

#[tokio::test]
async fn the_store_takes_no_second_file_and_no_form_without_one() {
    let rig = rig();
    let token = token(&rig).await;
    let (_, parameters) = registered(&rig, &token).await;
    let form = upload_form(&parameters, true, &mp4(500));
    let end = b"--b--\r\n".len();
    let more = b"--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n";
    let twice = [&form[..form.len() - end], more].concat();
    let begin = "--b\r\ncontent-disposition: form-data; name=\"file\"";
    let head = String::from_utf8_lossy(&form).find(begin).expect("a file");
    let none = [&form[..head], b"--b--\r\n"].concat();
    for wrong in [twice, none] {
        let refused = stored(&rig, &wrong, &[]).await;
        assert_eq!(refused.status, 400);
        assert!(
            text(&refused).contains("exactly one file"),
            "{}",
            text(&refused)
        );
    }
    let junk = stored(&rig, b"junk", &[]).await;
    assert!(text(&junk).contains("MalformedPOSTRequest"));
}

#[tokio::test]
async fn only_videos_can_be_registered() {
    let rig = rig();
    let token = token(&rig).await;
    for order in [json!({"media_type": "image"}), json!({})] {
        let refused = post_json(&rig, "api.pinterest.com/v5/media", &token, &order).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!(1)));
    }
}
