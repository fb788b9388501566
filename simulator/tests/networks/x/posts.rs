//! Posts: what is weighed and checked, and what the timeline shows.

use http::{Method, StatusCode};
use serde_json::json;
use time::Duration;

use crate::x::bench::*;

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
    visitor.rig.clock.advance(Duration::hours(24));
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
    let world = visitor.rig.simulator.world();
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
    visitor.rig.clock.advance(Duration::seconds(60));
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
async fn a_post_that_is_taken_down_is_gone() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    let id = id_of(
        &visitor
            .tweet(&token, json!({ "text": "short-lived" }))
            .await,
    );
    assert_eq!(visitor.rig.simulator.ledger().posts().len(), 1);
    let (path, bearer) = (format!("/2/tweets/{id}"), format!("Bearer {token}"));
    let heard = visitor.call(Method::DELETE, &path, &bearer, "", "").await;
    assert_eq!(heard.body, json!({ "data": { "deleted": true } }));
    assert!(visitor.rig.simulator.ledger().posts().is_empty());
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
