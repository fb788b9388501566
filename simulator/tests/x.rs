//! What the simulated X refuses, and how.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use simulator::{
    Clock, Pulled, Registration, Settings, Simulator,
    networks::x::{Failure, Hold, Letter},
};
use time::{Duration, macros::datetime};
use tower::ServiceExt as _;

const BACK: &str = "https://app.example/back";
const ALL: &str = "tweet.read tweet.write users.read media.write offline.access";
// The verifier and challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const STUDIO: &str = "2244994945";
const TRAILS: &str = "783214";
/// A GIF of 16 by 16 as far as its head tells.
const PICTURE: &[u8] = b"GIF89a\x10\0\x10\0\0\0\0;";
const VIDEO: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isommp42";

#[tokio::test]
async fn the_consent_page_opens_only_for_a_visit_in_order() {
    let visitor = Visitor::new();
    assert_eq!(visitor.visit(&[]).await.status, StatusCode::OK);
    let too_long = "s".repeat(501);
    for wrong in [
        ("response_type", "token"),
        ("client_id", "stranger"),
        ("scope", "tweet.read everything"),
        ("state", &too_long),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
    ] {
        let heard = visitor.visit(&[wrong]).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
    let elsewhere = ("redirect_uri", "https://app.example/back/");
    let heard = visitor.visit(&[elsewhere]).await;
    assert_eq!(heard.body["errors"][0]["code"], 415);
}

#[tokio::test]
async fn a_code_works_once_within_thirty_seconds_and_with_what_it_was_given_for() {
    let visitor = Visitor::new();
    for wrong in [
        ("code_verifier", "wrong"),
        ("redirect_uri", "https://app.example/other"),
        ("code", "wrong"),
        ("grant_type", "password"),
    ] {
        let code = visitor.code(STUDIO, ALL).await;
        let heard = visitor.exchange(&code, &[wrong]).await;
        assert_eq!(heard.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        assert_eq!(heard.body["error"], "invalid_request");
    }
    let code = visitor.code(STUDIO, ALL).await;
    visitor.clock.advance(Duration::seconds(29));
    assert_eq!(visitor.exchange(&code, &[]).await.status, StatusCode::OK);
    let again = visitor.exchange(&code, &[]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    let code = visitor.code(STUDIO, ALL).await;
    visitor.clock.advance(Duration::seconds(30));
    let late = visitor.exchange(&code, &[]).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_token_endpoint_wants_the_apps_secret_and_a_form() {
    let visitor = Visitor::new();
    let token = "/2/oauth2/token";
    let heard = visitor.token_call(token, "wrong", &[]).await;
    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
    assert_eq!(heard.body["error"], "unauthorized_client");
    let basic = format!("Basic {}", STANDARD.encode("client:secret"));
    let heard = visitor
        .call("POST", token, &basic, "application/json", "{}")
        .await;
    assert_eq!(heard.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_refresh_token_comes_with_offline_access_only() {
    let tokens = Visitor::new().tokens(STUDIO, "tweet.read users.read").await;
    assert_eq!(tokens["expires_in"], 7200);
    assert!(tokens.get("refresh_token").is_none());
}

#[tokio::test]
async fn refreshing_ends_the_old_pair_and_a_spent_token_ends_all() {
    let visitor = Visitor::new();
    let me = "/2/users/me";
    let old = visitor.tokens(STUDIO, ALL).await;
    let new = visitor.refresh(text(&old["refresh_token"])).await.body;
    let old_access = visitor.get(text(&old["access_token"]), me).await;
    assert_eq!(old_access.status, StatusCode::UNAUTHORIZED);
    let new_access = visitor.get(text(&new["access_token"]), me).await;
    assert_eq!(new_access.status, StatusCode::OK);
    let spent = visitor.refresh(text(&old["refresh_token"])).await;
    assert_eq!(spent.body["error"], "invalid_request");
    let ended = visitor.get(text(&new["access_token"]), me).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    let ended = visitor.refresh(text(&new["refresh_token"])).await;
    assert_eq!(ended.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_access_token_ends_by_time_and_by_revocation() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    visitor.clock.advance(Duration::seconds(7200));
    let late = visitor.get(&token, "/2/users/me").await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    assert_eq!(late.body["title"], "Unauthorized");
    let token = visitor.connected(STUDIO).await;
    for _ in 0..2 {
        let fields = [("token", token.as_str())];
        let heard = visitor
            .token_call("/2/oauth2/revoke", "secret", &fields)
            .await;
        assert_eq!(heard.body, json!({ "revoked": true }));
    }
    let revoked = visitor.get(&token, "/2/users/me").await;
    assert_eq!(revoked.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn each_call_wants_its_scopes() {
    let visitor = Visitor::new();
    let tokens = visitor.tokens(STUDIO, "tweet.read users.read").await;
    let token = text(&tokens["access_token"]);
    let post = visitor.tweet(token, json!({ "text": "a" })).await;
    let media = visitor.post(token, "/2/media/metadata", &json!({})).await;
    for heard in [post, media] {
        assert_eq!(heard.status, StatusCode::FORBIDDEN);
        assert_eq!(heard.body["detail"], "Forbidden");
        assert_eq!(heard.body["type"], "about:blank");
    }
}

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
    let world = visitor.simulator.world();
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
    visitor.clock.advance(Duration::seconds(5));
    assert_eq!(state().await, "in_progress");
    visitor.clock.advance(Duration::seconds(5));
    assert_eq!(state().await, "succeeded");
    let other = visitor.connected(TRAILS).await;
    assert!(is_invalid(&visitor.tweet(&other, post("not mine")).await));
    let heard = visitor.get(&other, &status).await;
    assert_eq!(heard.status, StatusCode::NOT_FOUND);
    let good = visitor.tweet(&token, post("good")).await;
    assert_eq!(good.status, StatusCode::CREATED);
    visitor.clock.advance(Duration::days(1));
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
async fn a_post_is_weighed_and_its_shape_checked() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let link = format!("https://example.com/{}", "a".repeat(300));
    let with_link = |words: usize| format!("{link} {}", "b".repeat(words));
    for good in ["a".repeat(280), "日".repeat(140), with_link(256)] {
        let heard = visitor.tweet(&token, json!({ "text": good })).await;
        assert_eq!(heard.status, StatusCode::CREATED, "{good}");
    }
    for long in ["a".repeat(281), "日".repeat(141), with_link(257)] {
        let heard = visitor.tweet(&token, json!({ "text": long })).await;
        assert_eq!(heard.status, StatusCode::FORBIDDEN, "{long}");
        let detail = &heard.body["detail"];
        assert_eq!(detail, "You are not permitted to perform this action.");
    }
    for wrong in [
        json!({ "text": " " }),
        json!({ "text": "a\u{FEFF}" }),
        json!({ "text": "a", "shout": true }),
        json!({ "text": "a", "reply_settings": "friends" }),
        json!({ "text": "a", "media": { "media_ids": [] } }),
        json!({ "text": "a", "media": { "media_ids": ["1"] } }),
    ] {
        let heard = visitor.tweet(&token, wrong.clone()).await;
        assert!(is_invalid(&heard), "{wrong}");
    }
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(visitor.picture(&token).await);
    }
    let five = json!({ "text": "a", "media": { "media_ids": ids } });
    assert!(is_invalid(&visitor.tweet(&token, five).await));
}

#[tokio::test]
async fn an_equal_text_of_the_same_account_is_refused_for_a_day() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let words = json!({ "text": "cafe\u{301}" });
    let first = visitor.tweet(&token, words.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = visitor.tweet(&token, json!({ "text": "café" })).await;
    let detail = &again.body["detail"];
    assert_eq!(
        detail,
        "You are not allowed to create a Tweet with duplicate content."
    );
    let other = visitor.connected(TRAILS).await;
    let heard = visitor.tweet(&other, words.clone()).await;
    assert_eq!(heard.status, StatusCode::CREATED);
    visitor.clock.advance(Duration::hours(24));
    let token = visitor.connected(STUDIO).await;
    let later = visitor.tweet(&token, words).await;
    assert_eq!(later.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_reply_goes_to_own_posts_only() {
    let visitor = Visitor::new();
    let mine = visitor.connected(STUDIO).await;
    let theirs = visitor.connected(TRAILS).await;
    let root = id_of(&visitor.tweet(&mine, json!({ "text": "root" })).await);
    let reply = json!({ "text": "part two", "reply": { "in_reply_to_tweet_id": root } });
    let heard = visitor.tweet(&theirs, reply.clone()).await;
    assert_eq!(heard.status, StatusCode::FORBIDDEN);
    assert!(text(&heard.body["detail"]).contains("you have not been mentioned"));
    let heard = visitor.tweet(&mine, reply).await;
    assert_eq!(heard.status, StatusCode::CREATED);
}

#[tokio::test]
async fn the_timeline_lists_late_newest_first_and_with_short_links() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let world = visitor.simulator.world();
    world.set_listing_lag("x", Duration::seconds(60));
    let picture = visitor.picture(&token).await;
    let words = "See example.com & https://example.org/a?b&c.";
    let post = json!({ "text": words, "media": { "media_ids": [picture] } });
    let made = visitor.tweet(&token, post).await;
    visitor.tweet(&token, json!({ "text": "second" })).await;
    let path = format!("/2/users/{STUDIO}/tweets");
    let all = format!("{path}?tweet.fields=created_at,entities,attachments&max_results=5");
    let empty = visitor.get(&token, &all).await;
    assert_eq!(empty.body, json!({ "meta": { "result_count": 0 } }));
    visitor.clock.advance(Duration::seconds(60));
    let heard = visitor.get(&token, &all).await;
    assert_eq!(heard.body["data"][0]["text"], "second");
    let first = &heard.body["data"][1];
    assert_eq!(first["text"], made.body["data"]["text"]);
    assert!(text(&first["text"]).starts_with("See https://t.co/"));
    assert!(text(&first["text"]).contains(" &amp; "));
    let urls = &first["entities"]["urls"];
    assert_eq!(urls[0]["expanded_url"], "http://example.com");
    let shown: Vec<char> = text(&first["text"]).chars().collect();
    for link in urls.as_array().expect("links") {
        let place =
            |name: &str| usize::try_from(link[name].as_u64().expect("a place")).expect("a place");
        let there: String = shown[place("start")..place("end")].iter().collect();
        assert_eq!(there, text(&link["url"]));
    }
    assert_eq!(urls[1]["expanded_url"], "https://example.org/a?b&c");
    let to_files = format!("/status/{}/photo/1", id_of(&made));
    assert!(text(&urls[2]["expanded_url"]).ends_with(&to_files));
    let keys = json!([format!("3_{picture}")]);
    assert_eq!(first["attachments"]["media_keys"], keys);
    let since = format!("{path}?start_time=2026-03-04T05:06:08Z");
    let heard = visitor.get(&token, &since).await;
    assert_eq!(heard.body["meta"]["result_count"], 0);
    for wrong in [
        "max_results=4",
        "max_results=101",
        "start_time=today",
        "page=2",
    ] {
        let heard = visitor.get(&token, &format!("{path}?{wrong}")).await;
        assert!(is_invalid(&heard), "{wrong}");
    }
}

#[tokio::test]
async fn every_answer_tells_what_is_left_and_the_last_one_is_followed_by_429() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    for left in (0..75).rev() {
        let heard = visitor.get(&token, "/2/users/me").await;
        assert_eq!(heard.status, StatusCode::OK);
        assert_eq!(heard.number("x-rate-limit-remaining"), left);
    }
    let heard = visitor.get(&token, "/2/users/me").await;
    assert_eq!(heard.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(heard.body["title"], "Too Many Requests");
    let wait = heard.number("x-rate-limit-reset") - visitor.clock.now().unix_timestamp();
    visitor.clock.advance(Duration::seconds(wait));
    let heard = visitor.get(&token, "/2/users/me").await;
    assert_eq!(heard.status, StatusCode::OK);
}

#[tokio::test]
async fn a_post_that_is_taken_down_is_gone() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let id = id_of(
        &visitor
            .tweet(&token, json!({ "text": "short-lived" }))
            .await,
    );
    assert_eq!(visitor.simulator.ledger().posts().len(), 1);
    let (path, bearer) = (format!("/2/tweets/{id}"), format!("Bearer {token}"));
    let heard = visitor.call("DELETE", &path, &bearer, "", "").await;
    assert_eq!(heard.body, json!({ "data": { "deleted": true } }));
    assert!(visitor.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_poll_has_bounds_and_stands_alone() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let poll =
        |options: &[&str], minutes: u32| json!({ "options": options, "duration_minutes": minutes });
    let long = "a".repeat(26);
    for wrong in [
        poll(&["a"], 5),
        poll(&["a", "b", "c", "d", "e"], 5),
        poll(&["a", ""], 5),
        poll(&["a", &long], 5),
        poll(&["a", "b"], 4),
        poll(&["a", "b"], 10_081),
        json!({ "options": ["a", "b"] }),
    ] {
        let heard = visitor
            .tweet(&token, json!({ "text": "a", "poll": wrong }))
            .await;
        assert!(is_invalid(&heard), "{wrong}");
    }
    let good = poll(&["a", "b"], 5);
    let picture = visitor.picture(&token).await;
    let with_file = json!({ "text": "a", "poll": good, "media": { "media_ids": [picture] } });
    assert!(is_invalid(&visitor.tweet(&token, with_file).await));
    let root = id_of(&visitor.tweet(&token, json!({ "text": "root" })).await);
    let with_quote = json!({ "text": "a", "poll": good, "quote_tweet_id": root });
    assert!(is_invalid(&visitor.tweet(&token, with_quote).await));
    id_of(
        &visitor
            .tweet(&token, json!({ "text": "a", "poll": good }))
            .await,
    );
    let path = format!("/2/users/{STUDIO}/tweets?tweet.fields=attachments");
    let heard = visitor.get(&token, &path).await;
    assert!(heard.body["data"][0]["attachments"]["poll_ids"][0].is_string());
}

#[tokio::test]
async fn what_is_answered_and_quoted_is_there_and_ones_own_or_names_one() {
    let visitor = Visitor::new();
    let mine = visitor.connected(STUDIO).await;
    let theirs = visitor.connected(TRAILS).await;
    let plain = id_of(&visitor.tweet(&theirs, json!({ "text": "plain" })).await);
    let named = id_of(
        &visitor
            .tweet(&theirs, json!({ "text": "Hello @sample_studio" }))
            .await,
    );
    let answer =
        |id: &str, text: &str| json!({ "text": text, "reply": { "in_reply_to_tweet_id": id } });
    let quote = |id: &str, text: &str| json!({ "text": text, "quote_tweet_id": id });
    for (body, words) in [
        (
            answer(&plain, "1"),
            "Reply to this conversation is not allowed because you have not been mentioned",
        ),
        (
            quote(&plain, "2"),
            "Quoting this post is not allowed because you have not been mentioned",
        ),
    ] {
        let heard = visitor.tweet(&mine, body).await;
        assert_eq!(heard.status, StatusCode::FORBIDDEN);
        assert!(text(&heard.body["detail"]).starts_with(words));
    }
    for body in [answer("20", "3"), quote("20", "4")] {
        let heard = visitor.tweet(&mine, body).await;
        assert_eq!(heard.status, StatusCode::NOT_FOUND);
        assert!(text(&heard.body["type"]).ends_with("/resource-not-found"));
    }
    for body in [
        answer("no id", "5"),
        quote("", "6"),
        json!({ "text": "7", "community_id": "x" }),
    ] {
        assert!(is_invalid(&visitor.tweet(&mine, body).await));
    }
    let reply = id_of(&visitor.tweet(&mine, answer(&named, "8")).await);
    let quoting = id_of(&visitor.tweet(&mine, quote(&named, "9")).await);
    let path = format!("/2/users/{STUDIO}/tweets?tweet.fields=referenced_tweets,entities");
    let heard = visitor.get(&mine, &path).await;
    let post = |id: &str| {
        let posts = heard.body["data"].as_array().expect("posts");
        posts
            .iter()
            .find(|post| post["id"] == id)
            .expect("the post")
            .clone()
    };
    assert_eq!(
        post(&reply)["referenced_tweets"],
        json!([{ "type": "replied_to", "id": named }])
    );
    assert_eq!(
        post(&quoting)["referenced_tweets"],
        json!([{ "type": "quoted", "id": named }])
    );
    assert!(text(&post(&quoting)["text"]).starts_with("9 https://t.co/"));
    let roots = visitor
        .get(&mine, &format!("{path}&exclude=replies,retweets"))
        .await;
    assert_eq!(roots.body["meta"]["result_count"], 1);
}

#[tokio::test]
async fn a_mix_of_pictures_and_a_film_is_refused() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let film = visitor.initialize(&token, VIDEO.len()).await;
    visitor.append(&token, &film, "0", VIDEO).await;
    visitor.finalize(&token, &film, &json!({})).await;
    visitor.clock.advance(Duration::seconds(2));
    let picture = visitor.picture(&token).await;
    let mixed = json!({ "text": "a", "media": { "media_ids": [picture, film] } });
    assert!(is_invalid(&visitor.tweet(&token, mixed).await));
}

#[tokio::test]
async fn who_asks_after_a_film_too_early_hears_the_same_again() {
    let visitor = Visitor::new();
    visitor
        .simulator
        .world()
        .set_processing("x", Duration::seconds(4));
    let token = visitor.connected(STUDIO).await;
    let id = visitor.initialize(&token, VIDEO.len()).await;
    visitor.append(&token, &id, "0", VIDEO).await;
    visitor.finalize(&token, &id, &json!({})).await;
    let status = format!("/2/media/upload?media_id={id}&command=STATUS");
    visitor.clock.advance(Duration::seconds(1));
    let heard = visitor.get(&token, &status).await;
    let info = &heard.body["data"]["processing_info"];
    assert_eq!(
        (&info["state"], &info["check_after_secs"]),
        (&json!("in_progress"), &json!(4))
    );
    visitor.clock.advance(Duration::seconds(3));
    let early = visitor.get(&token, &status).await;
    assert_eq!(
        early.body["data"]["processing_info"]["state"],
        "in_progress"
    );
    visitor.clock.advance(Duration::seconds(1));
    let heard = visitor.get(&token, &status).await;
    assert_eq!(heard.body["data"]["processing_info"]["state"], "succeeded");
}

#[tokio::test]
async fn an_unusable_film_is_told_with_a_reason_or_without() {
    for (failure, has_reason) in [(Failure::Told, true), (Failure::Untold, false)] {
        let visitor = Visitor::new();
        let token = visitor.connected(STUDIO).await;
        visitor
            .simulator
            .world()
            .states()
            .x()
            .fail_next_file(failure);
        let id = visitor.initialize(&token, VIDEO.len()).await;
        visitor.append(&token, &id, "0", VIDEO).await;
        visitor.finalize(&token, &id, &json!({})).await;
        visitor.clock.advance(Duration::seconds(1));
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
    visitor.simulator.world().states().x().take_chunks_up_to(10);
    visitor
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

#[tokio::test]
async fn the_posts_of_a_day_and_the_apps_calls_are_counted_too() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    visitor.simulator.world().states().x().limit_posts_a_day(2);
    visitor.simulator.world().states().x().limit_calls_a_day(3);
    let post = async |token: &str, text: &str| visitor.tweet(token, json!({ "text": text })).await;
    let first = post(&token, "1").await;
    assert_eq!(first.number("x-user-limit-24hour-limit"), 2);
    assert_eq!(first.number("x-user-limit-24hour-remaining"), 1);
    assert_eq!(first.number("x-app-limit-24hour-remaining"), 2);
    post(&token, "2").await;
    let third = post(&token, "3").await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    let left = third.number("x-user-limit-24hour-reset") - visitor.clock.now().unix_timestamp();
    assert!((86_000..=86_401).contains(&left));
    // The app's calls are one count for all accounts.
    let other = visitor.connected(TRAILS).await;
    assert_eq!(
        post(&other, "4").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    visitor.clock.advance(Duration::seconds(left));
    let token = visitor.connected(STUDIO).await;
    assert_eq!(post(&token, "5").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_app_that_is_held_hears_why() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    for (hold, status, title, kind) in [
        (Hold::Credits, 402, "CreditsDepleted", "/credits"),
        (Hold::MonthlyCap, 429, "UsageCapExceeded", "/usage-capped"),
        (Hold::SpendCap, 403, "SpendCapReached", "/credits"),
    ] {
        visitor.simulator.world().states().x().hold(Some(hold));
        let heard = visitor.tweet(&token, json!({ "text": "a" })).await;
        assert_eq!(heard.status.as_u16(), status);
        assert_eq!(heard.body["title"], title);
        assert!(text(&heard.body["type"]).ends_with(kind));
    }
    visitor.simulator.world().states().x().hold(None);
    id_of(&visitor.tweet(&token, json!({ "text": "a" })).await);
    assert_eq!(visitor.simulator.ledger().posts().len(), 1);
}

#[tokio::test]
async fn an_address_is_checked_when_it_is_registered_and_on_demand() {
    let visitor = Visitor::answering(|url| {
        let token = url.split_once("crc_token=")?.1;
        let secret = if url.contains("wrong") {
            "another"
        } else {
            "client-key-secret"
        };
        Some(json!({ "response_token": Letter::right_answer(secret, token) }))
    });
    let register = async |url: &str| {
        let body = json!({ "url": url });
        visitor.post("client-app-only", "/2/webhooks", &body).await
    };
    let message = |heard: &Heard| text(&heard.body["errors"][0]["message"]).to_owned();
    let long = format!("https://app.example/{}", "a".repeat(181));
    for url in [
        "http://app.example/x",
        "https://app.example:8443/x",
        &long,
        "nowhere",
    ] {
        assert_eq!(
            message(&register(url).await),
            "UrlValidationFailed",
            "{url}"
        );
    }
    let wrong = register("https://app.example/wrong").await;
    assert_eq!(message(&wrong), "CrcValidationFailed");
    let good = register("https://app.example/x").await;
    assert_eq!(good.body["data"]["valid"], true);
    let again = register("https://app.example/x").await;
    assert_eq!(message(&again), "DuplicateUrlFailed");
    for number in 1..5 {
        id_of(&register(&format!("https://app.example/{number}")).await);
    }
    let sixth = register("https://app.example/6").await;
    assert_eq!(message(&sixth), "WebhookLimitExceeded");
    let path = format!("/2/webhooks/{}", id_of(&good));
    let heard = visitor
        .call("PUT", &path, "Bearer client-app-only", "", "")
        .await;
    assert_eq!(heard.body["data"]["valid"], true);
    visitor
        .call("DELETE", &path, "Bearer client-app-only", "", "")
        .await;
    let list = visitor.get("client-app-only", "/2/webhooks").await;
    assert_eq!(list.body["meta"]["result_count"], 4);
    let heard = visitor
        .call("PUT", &path, "Bearer client-app-only", "", "")
        .await;
    assert_eq!(heard.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn addresses_are_the_apps_and_not_a_persons() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let heard = visitor.get(&token, "/2/webhooks").await;
    assert_eq!(heard.status, StatusCode::FORBIDDEN);
    assert!(text(&heard.body["type"]).ends_with("/unsupported-authentication"));
    let heard = visitor.get("stranger-app-only", "/2/webhooks").await;
    assert_eq!(heard.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_letter_is_signed_and_comes_again_to_the_byte() {
    let visitor = Visitor::new();
    let mut state = visitor.simulator.world().states().x();
    let payload = json!({ "user_id": STUDIO, "app_id": "1" });
    let (uuid, letter) = state.tell("secret", STUDIO, "oauth.revoke", &payload);
    let (other, _) = state.tell("secret", STUDIO, "post.create", &json!({}));
    assert_ne!(uuid, other);
    let body: Value = serde_json::from_slice(&letter.body).expect("JSON");
    assert_eq!(body["data"]["event_uuid"], uuid);
    assert_eq!(body["data"]["payload"], payload);
    let signature =
        Letter::right_answer("secret", std::str::from_utf8(&letter.body).expect("a text"));
    assert_eq!(
        letter.headers,
        [("x-twitter-webhooks-signature", signature)]
    );
    assert_eq!(state.tell_again(&uuid), Some(letter));
    assert_eq!(state.tell_again("unknown"), None);
}

/// Somebody who speaks to X without any of our code.
struct Visitor {
    simulator: Simulator,
    clock: Clock,
}

/// What came back.
struct Heard {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
    text: String,
}

impl Heard {
    fn number(&self, header: &str) -> i64 {
        let value = self.headers[header].to_str().expect("a number");
        value.parse().expect("a number")
    }
}

impl Visitor {
    fn new() -> Self {
        Self::answering(|_| None)
    }

    /// Where what X fetches answers so.
    fn answering(answer: fn(&str) -> Option<Value>) -> Self {
        let clock = Clock::standing_at(datetime!(2026-03-04 05:06:07 UTC));
        let pull = move |url: String| -> std::pin::Pin<
            Box<dyn Future<Output = Result<Pulled, String>> + Send>,
        > {
            let pulled = answer(&url).map(|body| Pulled {
                status: 200,
                content_type: "application/json".to_owned(),
                bytes: body.to_string().into(),
            });
            Box::pin(async move { pulled.ok_or(url) })
        };
        let simulator = Simulator::new(Settings {
            clock: clock.clone(),
            pull: Box::new(pull),
            registrations: vec![Registration {
                network: "x".to_owned(),
                client_id: "client".to_owned(),
                client_secret: "secret".to_owned(),
                redirect_uris: vec![BACK.to_owned()],
            }],
            base_url: "https://simulator.example".to_owned(),
        });
        Self { simulator, clock }
    }

    async fn send(&self, request: Request<Body>) -> Heard {
        let Ok(response) = self.simulator.router().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Heard {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        authorization: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Heard {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api.x.com{path}"))
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, content_type)
            .body(body.into())
            .expect("a request");
        self.send(request).await
    }

    async fn visit(&self, changes: &[(&str, &str)]) -> Heard {
        let standard = [
            ("response_type", "code"),
            ("client_id", "client"),
            ("redirect_uri", BACK),
            ("scope", ALL),
            ("state", "state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let query = changed(&standard, changes);
        let path = format!("/x.com/i/oauth2/authorize?{query}");
        let request = Request::get(path).body(Body::empty()).expect("a request");
        self.send(request).await
    }

    async fn code(&self, account: &str, scope: &str) -> String {
        let page = self.visit(&[("scope", scope)]).await.text;
        let visit = between(&page, "name=\"visit\" value=\"", "\"");
        let form = [
            ("visit", visit),
            ("decision", "approve"),
            ("account", account),
        ];
        let request = Request::post("/_simulator/consent")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(changed(&form, &[])))
            .expect("a request");
        let heard = self.send(request).await;
        let back = heard.headers["location"].to_str().expect("an address");
        between(&format!("{back}&"), "code=", "&").to_owned()
    }

    async fn token_call(&self, path: &str, secret: &str, fields: &[(&str, &str)]) -> Heard {
        let basic = format!("Basic {}", STANDARD.encode(format!("client:{secret}")));
        let form = "application/x-www-form-urlencoded";
        self.call("POST", path, &basic, form, changed(fields, &[]))
            .await
    }

    async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Heard {
        let standard = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
        ];
        let basic = format!("Basic {}", STANDARD.encode("client:secret"));
        let form = "application/x-www-form-urlencoded";
        let body = changed(&standard, changes);
        self.call("POST", "/2/oauth2/token", &basic, form, body)
            .await
    }

    async fn refresh(&self, token: &str) -> Heard {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token_call("/2/oauth2/token", "secret", &fields).await
    }

    async fn tokens(&self, account: &str, scope: &str) -> Value {
        let code = self.code(account, scope).await;
        self.exchange(&code, &[]).await.body
    }

    async fn connected(&self, account: &str) -> String {
        let tokens = self.tokens(account, ALL).await;
        text(&tokens["access_token"]).to_owned()
    }

    async fn get(&self, token: &str, path: &str) -> Heard {
        let bearer = format!("Bearer {token}");
        self.call("GET", path, &bearer, "", "").await
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Heard {
        let bearer = format!("Bearer {token}");
        let json = "application/json";
        self.call("POST", path, &bearer, json, body.to_string())
            .await
    }

    async fn append(&self, token: &str, id: &str, segment: &str, bytes: &[u8]) -> Heard {
        let field = "content-disposition: form-data; name=";
        let head = format!(
            "--b\r\n{field}\"segment_index\"\r\n\r\n{segment}\r\n--b\r\n{field}\"media\"; filename=\"c\"\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
        let path = format!("/2/media/upload/{id}/append");
        let bearer = format!("Bearer {token}");
        let kind = "multipart/form-data; boundary=b";
        self.call("POST", &path, &bearer, kind, body).await
    }

    async fn initialize(&self, token: &str, bytes: usize) -> String {
        let body = json!({ "media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": bytes });
        id_of(&self.post(token, "/2/media/upload/initialize", &body).await)
    }

    async fn finalize(&self, token: &str, id: &str, body: &Value) -> Heard {
        let path = format!("/2/media/upload/{id}/finalize");
        self.post(token, &path, body).await
    }

    async fn picture(&self, token: &str) -> String {
        let body = json!({ "media": STANDARD.encode(PICTURE), "media_category": "tweet_image" });
        id_of(&self.post(token, "/2/media/upload", &body).await)
    }

    async fn tweet(&self, token: &str, body: Value) -> Heard {
        self.post(token, "/2/tweets", &body).await
    }
}

/// The pairs as a form, some of them changed.
fn changed(pairs: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let kept = pairs
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept.chain(changes))
        .finish()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).expect(before).1;
    rest.split_once(after).expect(after).0
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn id_of(heard: &Heard) -> String {
    let id = heard.body["data"]["id"].as_str();
    id.unwrap_or_else(|| panic!("{}: {}", heard.status, heard.text))
        .to_owned()
}

fn is_invalid(heard: &Heard) -> bool {
    let kind = heard.body["type"].as_str().unwrap_or_default();
    heard.status == StatusCode::BAD_REQUEST && kind.ends_with("/invalid-request")
}
