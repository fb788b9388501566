use std::sync::Arc;

use axum::{Router, body::Body};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{PostId, SessionId, UserId};
use doorbell::Doorbell;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use settings::{HttpSettings, Stage};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use time::Duration;
use tower::ServiceExt as _;
use url::Url;
use web::{Clock, WebEnv};

use crate::Env;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_process_is_alive_without_its_database_but_not_ready(pool: PgPool) {
    let app = App::new(pool.clone());
    assert_eq!(app.get("/readyz").await.0, StatusCode::OK);
    pool.close().await;
    assert_eq!(app.get("/healthz").await.0, StatusCode::OK);
    let (status, headers, body) = app.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(body.contains("/problems/not_ready"), "{body}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_may_run_its_own_script_and_nothing_else(pool: PgPool) {
    let app = App::new(pool);
    for path in ["/", "/docs"] {
        let (status, headers, page) = app.get(path).await;
        assert_eq!(status, StatusCode::OK);
        let policy = headers["content-security-policy"].to_str().unwrap();
        for (tag, directive) in [("script", "script-src"), ("style", "style-src")] {
            assert_eq!(page.matches(&format!("<{tag}")).count(), 1, "{path}");
            let inner = page.split_once(&format!("<{tag}>")).unwrap().1;
            let inner = inner.split_once(&format!("</{tag}>")).unwrap().0;
            let hash = STANDARD.encode(Sha256::digest(inner));
            assert!(
                policy.contains(&format!("{directive} 'sha256-{hash}'")),
                "{path}"
            );
        }
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        for outside in [
            "src=\"http",
            "href=\"http",
            "url(",
            "@import",
            " style=\"",
            " onclick=",
        ] {
            assert!(!page.contains(outside), "{path} holds {outside}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sample_files_are_offered_only_while_networks_are_simulated(pool: PgPool) {
    let mut app = App::new(pool);
    assert!(
        app.get("/")
            .await
            .2
            .contains("name=\"samples\" content=\"\"")
    );
    let settings = Arc::make_mut(&mut app.env.web.settings);
    settings.networks_base_url = Some(Url::parse("http://127.0.0.1:9700").unwrap());
    let offered = "content=\"http://127.0.0.1:9700/_simulator/samples/\"";
    assert!(app.get("/").await.2.contains(offered));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_operators_requeue_and_an_absent_post_is_not_found(pool: PgPool) {
    let app = App::new(pool.clone());
    let (user, token) = app.sign_in().await;
    let id = PostId::mint().to_string();
    assert_eq!(app.requeue(&id, None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(app.requeue(&id, Some(&token)).await, StatusCode::FORBIDDEN);
    let email = format!("{user}@picscripter.example");
    assert!(store::admin::grant(&pool, &email).await.unwrap());
    assert_eq!(app.requeue(&id, Some(&token)).await, StatusCode::NOT_FOUND);
    assert_eq!(
        app.requeue("pst_1", Some(&token)).await,
        StatusCode::NOT_FOUND
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_failed_post_is_queued_and_rung_for_and_a_live_one_is_left_alone(pool: PgPool) {
    let app = App::new(pool.clone());
    let (user, token) = app.sign_in().await;
    let email = format!("{user}@picscripter.example");
    assert!(store::admin::grant(&pool, &email).await.unwrap());
    for (stage, status, after, rings) in [
        ("failed", StatusCode::ACCEPTED, "scheduled", 1),
        ("published", StatusCode::CONFLICT, "published", 0),
        (
            "needs_attention",
            StatusCode::CONFLICT,
            "needs_attention",
            0,
        ),
        ("firing", StatusCode::CONFLICT, "firing", 0),
    ] {
        let id = post(&pool, user, stage).await;
        assert_eq!(
            app.requeue(&id.to_string(), Some(&token)).await,
            status,
            "{stage}"
        );
        let kept = store::posts::find(&pool, user, id).await.unwrap().unwrap();
        assert_eq!(kept.stage.as_str(), after);
        let rung: i64 = sqlx::query_scalar("SELECT count(*) FROM rings WHERE subject = $1")
            .bind(id.to_string())
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(rung, rings, "{stage}");
    }
}

struct App {
    env: Env,
}

impl App {
    fn new(pool: PgPool) -> Self {
        let public_url = Url::parse("https://api.picscripter.example").unwrap();
        let settings = HttpSettings {
            stage: Stage::Production,
            app_url: public_url.clone(),
            public_url,
            cors_origins: Vec::new(),
            jwt_keys: vec![vec![1; 32].into()],
            access_life: Duration::minutes(15),
            refresh_life: Duration::days(30),
            requests_per_minute: 120,
            networks_base_url: None,
        };
        let doorbell = Doorbell::postgres(pool.clone());
        let web = WebEnv {
            pool: pool.into(),
            settings: Arc::new(settings),
            clock: Clock::default(),
        };
        Self {
            env: Env { web, doorbell },
        }
    }

    async fn sign_in(&self) -> (UserId, String) {
        let (user, session) = (UserId::mint(), SessionId::mint());
        let WebEnv {
            pool,
            settings,
            clock,
        } = &self.env.web;
        let email = format!("{user}@picscripter.example");
        store::users::add(pool, user, &email, "-").await.unwrap();
        store::sessions::open(pool, user, session, &[0; 32], Duration::DAY)
            .await
            .unwrap();
        (
            user,
            web::issue(settings, user, session, clock.now()).unwrap(),
        )
    }

    async fn get(&self, path: &str) -> (StatusCode, HeaderMap, String) {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn requeue(&self, id: &str, token: Option<&str>) -> StatusCode {
        let mut request = Request::post(format!("/api/admin/posts/{id}/requeue"))
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body("{}".into()).unwrap()).await.0
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let router: Router = web::dress(crate::router(self.env.clone()), &self.env.web.settings);
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            String::from_utf8(bytes.to_vec()).unwrap(),
        )
    }
}

/// A post that stands at `stage`, with the connection it needs.
async fn post(pool: &PgPool, user: UserId, stage: &str) -> PostId {
    let id = PostId::mint();
    sqlx::query(
        "WITH place AS (
             INSERT INTO connections (id, user_id, platform, external_id, display_name, grant_id, grant_family, subject)
             VALUES (gen_random_uuid(), $2, 'x', $1::text, 'Sample', gen_random_uuid(), 'x', '1') RETURNING id
         )
         INSERT INTO posts (id, user_id, connection_id, platform, caption, fingerprint, stage, due_at, next_attempt_at)
         SELECT $1, $2, place.id, 'x', 'words', '', $3, app_now(), app_now() FROM place",
    )
    .bind(id.uuid())
    .bind(user.uuid())
    .bind(stage)
    .execute(pool)
    .await
    .unwrap();
    id
}
