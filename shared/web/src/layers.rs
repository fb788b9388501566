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
    cors::{AllowOrigin, CorsLayer},
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
        .layer(cors(settings));
    for (name, value) in security(settings.stage) {
        dressed = dressed.layer(SetResponseHeaderLayer::if_not_present(
            name,
            HeaderValue::from_static(value),
        ));
    }
    if !settings.stage.is_development() {
        dressed = dressed.layer(middleware::from_fn(https_only));
    }
    dressed
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, Minted))
}

fn security(stage: Stage) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let always = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
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
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(Duration::from_secs(600))
}

/// API Gateway speaks https only; where something else stands in front, plain http is refused.
async fn https_only(request: Request, next: Next) -> Response {
    let plain = request
        .headers()
        .get("x-forwarded-proto")
        .is_some_and(|scheme| scheme == "http");
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
