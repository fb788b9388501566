//! What stands before every call of the versioned interface.

use http::Method;
use serde_json::json;
use time::{Duration, macros::date};

use crate::linkedin::bench::*;

#[tokio::test]
async fn the_gateway_wants_a_served_version_and_the_protocol() {
    let rig = rig();
    let token = token(&rig).await;
    let send = async |version: &str, protocol: &str| {
        let mut headers = bearer(&token);
        headers.push(("content-type", "application/json".to_owned()));
        for (name, value) in [
            ("linkedin-version", version),
            ("x-restli-protocol-version", protocol),
        ] {
            if !value.is_empty() {
                headers.push((name, value.to_owned()));
            }
        }
        let body = post("Hello").to_string();
        send(&rig, Method::POST, POSTS, &headers, body).await
    };
    let missing = send("", "2.0.0").await;
    assert_eq!(
        (missing.status, &missing.json()["code"]),
        (400, &json!("VERSION_MISSING"))
    );
    for (version, echoed) in [
        ("202507", "20250701"),
        ("202512", "20251201"),
        ("20241101", "20241101"),
    ] {
        let refused = send(version, "2.0.0").await;
        assert_eq!(refused.status, 426);
        assert_eq!(
            refused.json(),
            json!({"status": 426, "code": "NONEXISTENT_VERSION", "message": format!("Requested version {echoed} is not active")})
        );
    }
    assert_eq!(send("202607", "").await.status, 400);
    assert_eq!(send("202508", "2.0.0").await.status, 201);
    rig.simulator.world().states().linkedin().versions_as_of = date!(2026 - 08 - 18);
    assert_eq!(send("202508", "2.0.0").await.status, 426);
}

#[tokio::test]
async fn days_are_counted_for_member_and_app() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.world().states().linkedin().member_calls_a_day = 1;
    assert_eq!(publish(&rig, &token, &post("1")).await.status, 201);
    let member = publish(&rig, &token, &post("2")).await;
    assert_eq!(member.status, 429);
    assert_eq!(
        member.json()["message"],
        "Resource level throttle limit for calls to this resource is reached."
    );
    rig.clock.advance(Duration::days(1));
    assert_eq!(publish(&rig, &token, &post("2")).await.status, 201);
    rig.simulator.world().states().linkedin().member_calls_a_day = 150;
    rig.simulator.world().states().linkedin().app_calls_a_day = 1;
    let app = publish(&rig, &token, &post("3")).await;
    assert!(text(&app).contains("APPLICATION DAY"));
    for name in [
        "retry-after",
        "x-ratelimit-remaining",
        "x-rate-limit-remaining",
    ] {
        assert_eq!(app.header(name), "");
    }
}

#[tokio::test]
async fn posting_needs_the_scope_and_reading_another() {
    let rig = rig();
    let reader = token_for(&rig, STUDIO, "openid profile").await;
    let reply = publish(&rig, &reader, &post("Hello")).await;
    assert_eq!(
        reply.json(),
        json!({"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED",
            "message": "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260701"})
    );
    let writer = token(&rig).await;
    let urn = publish(&rig, &writer, &post("Hello")).await;
    let urn = urn.header("x-restli-id").replace(':', "%3A");
    for (path, resource) in [
        (
            format!("{POSTS}?q=author&author=urn%3Ali%3Aperson%3A{STUDIO}"),
            "FINDER-author",
        ),
        (format!("{POSTS}/{urn}"), "GET"),
        (
            "api.linkedin.com/rest/images/urn%3Ali%3Aimage%3A1".to_owned(),
            "partnerApiImages.GET",
        ),
    ] {
        let reply = send(&rig, Method::GET, &path, &versioned(&writer), Vec::new()).await;
        assert_eq!(reply.status, 403);
        assert!(text(&reply).contains(resource), "{}", text(&reply));
    }
    for _ in 0..2 {
        let path = format!("{POSTS}/{urn}");
        let reply = send(&rig, Method::DELETE, &path, &versioned(&writer), Vec::new()).await;
        assert_eq!(reply.status, 204);
    }
    assert!(rig.simulator.ledger().posts().is_empty());
}
