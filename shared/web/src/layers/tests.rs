use axum::body::Body;
use axum::routing::{get, post};
use domain::SessionId;
use http::Request;
use serde::Deserialize;

use super::*;
use crate::{
    Json, Path,
    testing::{send, settings},
};

#[derive(Deserialize)]
struct Words {
    text: String,
}

fn router(stage: Stage) -> Router {
    let routes = Router::new()
        .route(
            "/echo",
            post(|Json(words): Json<Words>| async { words.text }),
        )
        .route(
            "/broken",
            get(async || -> &'static str { panic!("hunter2") }),
        )
        .route(
            "/plain",
            get(async || (StatusCode::IM_A_TEAPOT, "plain words")),
        )
        .route(
            "/sessions/{id}",
            get(|Path(id): Path<SessionId>| async move { id.to_string() }),
        );
    dress(routes, &settings(stage))
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path)
}

fn empty(builder: http::request::Builder) -> Request<Body> {
    builder.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let router = router(Stage::Production);
    for path in ["/nowhere", "/broken", "/plain", "/echo"] {
        let (_, headers, _) = send(&router, empty(request("GET", path))).await;
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["x-frame-options"], "DENY");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"));
        let hsts = headers["strict-transport-security"].to_str().unwrap();
        assert!(hsts.starts_with("max-age=63072000"));
        assert!(headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn a_laptop_is_not_told_to_use_https_only() {
    let plain = request("GET", "/plain").header("x-forwarded-proto", "http");
    let (status, headers, _) = send(&router(Stage::Development), empty(plain)).await;
    assert_eq!(status, StatusCode::IM_A_TEAPOT);
    assert!(!headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn plain_http_is_refused_in_production() {
    let router = router(Stage::Production);
    for (scheme, status) in [("http", 403), ("HTTP", 403), ("ws", 403), ("https", 418)] {
        let sent = request("GET", "/plain").header("x-forwarded-proto", scheme);
        assert_eq!(
            send(&router, empty(sent)).await.0.as_u16(),
            status,
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn whatever_goes_wrong_is_answered_as_a_problem() {
    let router = router(Stage::Production);
    for (method, path, status, rule) in [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/echo", 405, "method_not_allowed"),
        ("GET", "/broken", 500, "internal"),
        ("POST", "/echo", 415, "not_json"),
    ] {
        let (answered, headers, body) = send(&router, empty(request(method, path))).await;
        assert_eq!(answered.as_u16(), status, "{path}");
        assert_eq!(
            headers["content-type"], "application/problem+json",
            "{path}"
        );
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["type"], format!("/problems/{rule}"));
        assert_eq!(body["status"], status);
        assert!(!body.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let (_, headers, _) = send(&router(Stage::Production), empty(request("GET", "/echo"))).await;
    assert_eq!(headers["allow"], "POST");
}

#[tokio::test]
async fn a_malformed_id_answers_like_an_absent_one() {
    let router = router(Stage::Production);
    let (status, _, absent) = send(&router, empty(request("GET", "/nowhere"))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for id in ["x", "usr_0", "%00", "ses_%F0%9F", "..%2f", "ses_zz"] {
        let (status, _, body) =
            send(&router, empty(request("GET", &format!("/sessions/{id}")))).await;
        assert_eq!((status, &body), (StatusCode::NOT_FOUND, &absent), "{id}");
    }
}

#[tokio::test]
async fn a_sound_request_id_comes_back_and_another_is_replaced() {
    let router = router(Stage::Production);
    for (sent, kept) in [
        ("abcd-1234_X", true),
        ("a b c d e f", false),
        ("short", false),
    ] {
        let builder = request("GET", "/broken").header("x-request-id", sent);
        let (_, headers, body) = send(&router, empty(builder)).await;
        assert_eq!(headers["x-request-id"] == sent, kept);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["requestId"], headers["x-request-id"].to_str().unwrap());
    }
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_wherever_it_is_read() {
    let router = router(Stage::Production);
    for path in ["/echo"] {
        for (bytes, status) in [(BODY, 200), (BODY + 1, 413)] {
            let body = format!("{{\"text\":\"{}\"}}", "a".repeat(bytes - 11));
            assert_eq!(body.len(), bytes);
            let sent = request("POST", path).header("content-type", "application/json");
            let (answered, _, _) = send(&router, sent.body(body.into()).unwrap()).await;
            assert_eq!(answered.as_u16(), status, "{path}");
        }
    }
}

#[tokio::test]
async fn only_listed_origins_may_call_and_send_the_browsers_cookie() {
    let router = router(Stage::Production);
    for (origin, allowed) in [
        ("https://app.picscripter.example", true),
        ("https://app.picscripter.example.evil.example", false),
        ("http://app.picscripter.example", false),
        ("https://APP.picscripter.example", false),
        ("null", false),
    ] {
        let preflight = request("OPTIONS", "/echo")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let (status, headers, _) = send(&router, empty(preflight)).await;
        assert_eq!(status, StatusCode::OK);
        let answer = headers.get("access-control-allow-origin");
        assert_eq!(
            answer.is_some_and(|value| value == origin),
            allowed,
            "{origin}"
        );
        let credentials = headers.get("access-control-allow-credentials");
        assert_eq!(credentials.is_some_and(|value| value == "true"), allowed);
        let actual = request("GET", "/nowhere").header("origin", origin);
        let (_, headers, _) = send(&router, empty(actual)).await;
        assert_eq!(headers.contains_key("access-control-allow-origin"), allowed);
    }
}
