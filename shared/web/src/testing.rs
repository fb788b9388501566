//! What tests here share.

use std::sync::Arc;

use axum::{Router, body::Body};
use domain::{SessionId, UserId};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use settings::{HttpSettings, Stage};
use sqlx::PgPool;
use time::Duration;
use tower::ServiceExt as _;
use url::Url;

use crate::{Clock, WebEnv};

pub(crate) fn settings(stage: Stage) -> HttpSettings {
    let public_url = Url::parse("https://api.picscripter.example").unwrap();
    HttpSettings {
        stage,
        app_url: public_url.clone(),
        public_url,
        cors_origins: vec!["https://app.picscripter.example".to_owned()],
        jwt_keys: vec![vec![1; 32].into(), vec![2; 32].into()],
        access_life: Duration::minutes(15),
        refresh_life: Duration::days(30),
        requests_per_minute: 120,
        networks_base_url: None,
    }
}

pub(crate) fn env(pool: PgPool) -> WebEnv {
    WebEnv {
        pool: pool.into(),
        settings: Arc::new(settings(Stage::Production)),
        clock: Clock::default(),
    }
}

pub(crate) async fn sign_in(env: &WebEnv) -> (UserId, SessionId) {
    let (user, session) = (UserId::mint(), SessionId::mint());
    let email = format!("{user}@picscripter.example");
    store::users::add(&env.pool, user, &email, "-")
        .await
        .unwrap();
    store::sessions::open(&env.pool, user, session, &[0; 32], Duration::DAY)
        .await
        .unwrap();
    (user, session)
}

pub(crate) async fn send(
    router: &Router,
    request: Request<Body>,
) -> (StatusCode, HeaderMap, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8(bytes.to_vec()).unwrap(),
    )
}
