use std::sync::Arc;

use axum::{Router, body::Body};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{PostId, SessionId, UserId};
use doorbell::Doorbell;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_operators_are_told_how_late_posts_were_and_for_thirty_days_at_most(pool: PgPool) {
    let app = App::new(pool.clone());
    let (user, token) = app.sign_in().await;
    let path = "/api/admin/punctuality";
    assert_eq!(app.get(path).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(app.ask(path, &token).await.0, StatusCode::FORBIDDEN);
    let email = format!("{user}@picscripter.example");
    assert!(store::admin::grant(&pool, &email).await.unwrap());
    let (status, told) = app.ask(path, &token).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let none = json!({"count": 0, "p50Ms": null, "p95Ms": null, "p99Ms": null});
    assert_eq!((&told["all"], &told["networks"]), (&none, &json!([])));
    for hours in ["1", "720"] {
        let (status, _) = app.ask(&format!("{path}?hours={hours}"), &token).await;
        assert_eq!(status, StatusCode::OK, "{hours}");
    }
    for query in [
        "hours=0",
        "hours=721",
        "hours=-1",
        "hours=9223372036854775807",
    ] {
        let (status, told) = app.ask(&format!("{path}?{query}"), &token).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let broken = &told["errors"][0];
        assert_eq!(
            (&broken["field"], &broken["rule"]),
            (&json!("hours"), &json!("out_of_range")),
            "{query}"
        );
    }
    for query in ["hours=day", "hours=", "days=1", "hours=1&hours=2"] {
        let (status, _) = app.ask(&format!("{path}?{query}"), &token).await;
        assert!(status.is_client_error(), "{query}: {status}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn lateness_is_that_of_scheduled_posts_that_were_accepted(pool: PgPool) {
    let app = App::new(pool.clone());
    let (user, token) = app.sign_in().await;
    let email = format!("{user}@picscripter.example");
    assert!(store::admin::grant(&pool, &email).await.unwrap());
    let late = |milliseconds: i64| Some(Duration::milliseconds(milliseconds));
    let (now, day) = (Duration::seconds(5), Duration::hours(24));
    for milliseconds in 1..=100 {
        due(&pool, user, "x", true, now, late(milliseconds)).await;
    }
    due(&pool, user, "youtube", true, now, late(5_000)).await;
    // Sent out before its time by an operator, not sent out yet, not scheduled, too long ago.
    due(&pool, user, "facebook", true, now, late(-60_000)).await;
    due(&pool, user, "facebook", true, now, None).await;
    due(&pool, user, "facebook", false, now, late(9_000)).await;
    due(&pool, user, "tiktok", true, day + now, late(7_000)).await;
    let told = async |hours: u32| {
        let path = format!("/api/admin/punctuality?hours={hours}");
        app.ask(&path, &token).await.1
    };
    let lateness = |count: i64, [half, most, nearly_all]: [i64; 3]| json!({"count": count, "p50Ms": half, "p95Ms": most, "p99Ms": nearly_all});
    let of = |platform: &str, mut lateness: Value| {
        lateness["platform"] = platform.into();
        lateness
    };
    let report = told(24).await;
    assert_eq!(report["all"], lateness(102, [50, 96, 100]));
    let (facebook, x) = (lateness(1, [0; 3]), lateness(100, [50, 95, 99]));
    let youtube = lateness(1, [5_000; 3]);
    let networks = [
        of("facebook", facebook.clone()),
        of("x", x.clone()),
        of("youtube", youtube.clone()),
    ];
    assert_eq!(report["networks"], json!(networks));
    let report = told(25).await;
    assert_eq!(report["all"]["count"], 103);
    let tiktok = of("tiktok", lateness(1, [7_000; 3]));
    assert_eq!(report["networks"][1], tiktok);
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

    async fn ask(&self, path: &str, token: &str) -> (StatusCode, Value) {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        let (status, _, body) = self.send(request.body(Body::empty()).unwrap()).await;
        (status, serde_json::from_str(&body).unwrap())
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

/// A post that was due so long ago, and accepted so late.
async fn due(
    pool: &PgPool,
    user: UserId,
    platform: &str,
    is_scheduled: bool,
    ago: Duration,
    late: Option<Duration>,
) {
    let id = post(pool, user, "published").await;
    sqlx::query(
        "UPDATE posts SET platform = $2, due_at = app_now() - $4,
             scheduled_at = CASE WHEN $3 THEN app_now() - $4 END, accepted_at = app_now() - $4 + $5
         WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(platform)
    .bind(is_scheduled)
    .bind(ago)
    .bind(late)
    .execute(pool)
    .await
    .unwrap();
}
