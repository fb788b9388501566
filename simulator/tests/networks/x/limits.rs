//! How much an app and an account may do.

use http::StatusCode;
use serde_json::json;
use simulator::networks::x::Hold;
use time::Duration;

use crate::x::bench::*;

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
    let wait = heard.number("x-rate-limit-reset") - visitor.rig.clock.now().unix_timestamp();
    visitor.rig.clock.advance(Duration::seconds(wait));
    let heard = visitor.get(&token, "/2/users/me").await;
    assert_eq!(heard.status, StatusCode::OK);
}

#[tokio::test]
async fn the_posts_of_a_day_and_the_apps_calls_are_counted_too() {
    let visitor = Visitor::new();
    let token = visitor.connected(STUDIO).await;
    visitor
        .rig
        .simulator
        .world()
        .states()
        .x()
        .limit_posts_a_day(2);
    visitor
        .rig
        .simulator
        .world()
        .states()
        .x()
        .limit_calls_a_day(3);
    let post = async |token: &str, text: &str| visitor.tweet(token, json!({ "text": text })).await;
    let first = post(&token, "1").await;
    assert_eq!(first.number("x-user-limit-24hour-limit"), 2);
    assert_eq!(first.number("x-user-limit-24hour-remaining"), 1);
    assert_eq!(first.number("x-app-limit-24hour-remaining"), 2);
    post(&token, "2").await;
    let third = post(&token, "3").await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    let left = third.number("x-user-limit-24hour-reset") - visitor.rig.clock.now().unix_timestamp();
    assert!((86_000..=86_401).contains(&left));
    // The app's calls are one count for all accounts.
    let other = visitor.connected(TRAILS).await;
    assert_eq!(
        post(&other, "4").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    visitor.rig.clock.advance(Duration::seconds(left));
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
        visitor.rig.simulator.world().states().x().hold(Some(hold));
        let heard = visitor.tweet(&token, json!({ "text": "a" })).await;
        assert_eq!(heard.status.as_u16(), status);
        assert_eq!(heard.body["title"], title);
        assert!(text(&heard.body["type"]).ends_with(kind));
    }
    visitor.rig.simulator.world().states().x().hold(None);
    id_of(&visitor.tweet(&token, json!({ "text": "a" })).await);
    assert_eq!(visitor.rig.simulator.ledger().posts().len(), 1);
}
