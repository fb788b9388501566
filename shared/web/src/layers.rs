//! What is around every router: ids, headers, CORS, limits, traces.

use std::{any::Any, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use settings::{HttpSettings, Stage};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowCredentials, AllowOrigin, CorsLayer},
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::TraceLayer,
};

use crate::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const BODY: usize = 1024 * 1024;

/// Puts around a router what every router has around it.
pub fn dress(router: Router, settings: &HttpSettings) -> Router {
    let mut dressed = router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address does not take that method.",
            )
        })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(tell_request_id))
        .layer(cors(settings));
    if !settings.stage.is_development() {
        dressed = dressed.layer(middleware::from_fn(https_only));
    }
    for (name, value) in security(settings.stage) {
        dressed = dressed.layer(SetResponseHeaderLayer::if_not_present(
            name,
            HeaderValue::from_static(value),
        ));
    }
    dressed
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, Minted))
        .layer(middleware::from_fn(drop_odd_request_id))
}

fn security(stage: Stage) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let always = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    let https = (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    );
    always
        .into_iter()
        .chain((!stage.is_development()).then_some(https))
}

fn cors(settings: &HttpSettings) -> CorsLayer {
    let origins: Vec<HeaderValue> = settings
        .cors_origins
        .iter()
        .filter_map(|origin| HeaderValue::try_from(origin).ok())
        .collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.clone()))
        // Only for the cookie that binds a visit to a consent page to its browser; callers are known
        // by their bearer token alone.
        .allow_credentials(AllowCredentials::predicate(move |origin, _| {
            origins.contains(origin)
        }))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(Duration::from_mins(10))
}

/// An id that a sender chose goes into our log, so only a plain one is kept.
async fn drop_odd_request_id(mut request: Request, next: Next) -> Response {
    let is_plain = |id: &HeaderValue| {
        (8..=64).contains(&id.len())
            && id
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !request.headers().get(REQUEST_ID).is_some_and(is_plain) {
        request.headers_mut().remove(REQUEST_ID);
    }
    next.run(request).await
}

/// Where something of ours failed, the body names the request, so that a person can tell us which.
async fn tell_request_id(request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>();
    let id = id.as_ref().and_then(|id| id.to_str().ok());
    match (problem, id) {
        (Some(problem), Some(id)) => problem.of_request(id).into_response(),
        (Some(_) | None, _) => response,
    }
}

/// API Gateway speaks https only; where something else stands in front, plain http is refused.
async fn https_only(request: Request, next: Next) -> Response {
    let plain = request
        .headers()
        .get("x-forwarded-proto")
        .is_some_and(|scheme| !scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    if plain {
        return Problem::new(StatusCode::FORBIDDEN, "https_only", "Use https://.").into_response();
    }
    next.run(request).await
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = message, "a handler panicked");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something failed on our side; try again in a moment.",
    )
    .into_response()
}

/// Method, path and id; never the query, which may hold a code or a signature.
fn span(request: &http::Request<axum::body::Body>) -> tracing::Span {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("handlers", method = %request.method(), path = request.uri().path(), request.id = id)
}

#[derive(Debug, Clone, Copy)]
struct Minted;

impl MakeRequestId for Minted {
    fn make_request_id<B>(&mut self, _: &http::Request<B>) -> Option<RequestId> {
        let id = domain::EventId::mint().uuid().simple().to_string();
        HeaderValue::try_from(id).ok().map(RequestId::new)
    }
}

#[cfg(test)]
mod tests;
