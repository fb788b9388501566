//! How many calls are taken, and in which state of the app.

use serde_json::json;
use time::Duration;

use crate::pinterest::bench::*;

#[tokio::test]
async fn trial_access_pins_in_the_sandbox_only() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.world().states().pinterest().is_on_trial = true;
    let refused = post_json(&rig, PINS, &token, &pin()).await;
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!(29)));
    assert!(text(&refused).contains("Trial access"));
    let sandbox = PINS.replace("api.", "api-sandbox.");
    assert_eq!(post_json(&rig, &sandbox, &token, &pin()).await.status, 201);
}

#[tokio::test]
async fn too_many_writes_are_told_with_headers() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.world().states().pinterest().calls_a_minute = (1000, 1);
    assert_eq!(post_json(&rig, PINS, &token, &pin()).await.status, 201);
    let refused = post_json(&rig, PINS, &token, &pin()).await;
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!(8)));
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    let reset: i64 = refused
        .header("x-ratelimit-reset")
        .parse()
        .expect("a number");
    assert!((1..=60).contains(&reset));
    rig.clock.advance(Duration::seconds(61));
    assert_eq!(post_json(&rig, PINS, &token, &pin()).await.status, 201);
}

#[tokio::test]
async fn every_answer_tells_how_many_calls_are_left_unless_it_must_not() {
    let rig = rig();
    let token = token(&rig).await;
    let made = post_json(&rig, PINS, &token, &pin()).await;
    assert_eq!(made.header("x-ratelimit-limit"), "100, 100;w=60");
    assert_eq!(made.header("x-ratelimit-remaining"), "99");
    assert_eq!(made.header("x-ratelimit-reset"), "60");
    let refused = post_json(&rig, PINS, &token, &json!({})).await;
    assert_eq!(refused.header("x-ratelimit-remaining"), "98");
    let read = get(&rig, BOARDS, &token).await;
    assert_eq!(read.header("x-ratelimit-remaining"), "999");
    // Another person's calls count for themselves.
    let other = token_for(&rig, BAKERY, SCOPES).await;
    let read = get(&rig, BOARDS, &other).await;
    assert_eq!(read.header("x-ratelimit-remaining"), "999");
    rig.simulator.world().states().pinterest().hides_rates = true;
    let read = get(&rig, BOARDS, &token).await;
    assert_eq!(read.header("x-ratelimit-remaining"), "");
}

#[tokio::test]
async fn on_trial_the_calls_of_a_day_are_the_apps() {
    let rig = rig();
    let (token, other) = (token(&rig).await, token_for(&rig, BAKERY, SCOPES).await);
    {
        let mut state = rig.simulator.world().states().pinterest();
        state.is_on_trial = true;
        state.calls_a_day = (2, 300);
    }
    assert_eq!(get(&rig, BOARDS, &token).await.status, 200);
    let second = get(&rig, BOARDS, &other).await;
    assert_eq!(second.header("x-ratelimit-limit"), "2, 2;w=86400");
    let refused = get(&rig, BOARDS, &token).await;
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!(8)));
    rig.clock.advance(Duration::hours(23));
    assert_eq!(get(&rig, BOARDS, &token).await.status, 429);
    rig.clock.advance(Duration::hours(1));
    assert_eq!(get(&rig, BOARDS, &token).await.status, 200);
}
