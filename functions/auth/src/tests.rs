//! The rules of accounts, each over the router as it is served and a database of its own.

use std::{sync::Arc, time::Instant};

use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use settings::{HttpSettings, Stage};
use sqlx::PgPool;
use time::Duration;
use tower::ServiceExt as _;
use url::Url;
use web::{Clock, WebEnv};

const PASSWORD: &str = "  purple-Otter sings 47 ";
const EMAIL: &str = "you@picscripter.example";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_signs_up_is_signed_in(pool: PgPool) {
    let app = App::new(pool);
    let (status, headers, body) = app.signup("You@Picscripter.Example", PASSWORD).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(body["user"]["email"], EMAIL);
    assert_eq!(body["expiresIn"], 900);
    let refresh = body["refreshToken"].as_str().unwrap();
    let (session, secret) = refresh
        .strip_prefix("rt_")
        .unwrap()
        .split_once('.')
        .unwrap();
    assert_eq!((session.len(), secret.len()), (32, 43));
    let (status, _, me) = app.me(&body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(me["user"], body["user"]);
    assert_eq!(me["connections"], json!([]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_password_is_kept_exactly_as_typed(pool: PgPool) {
    let app = App::new(pool);
    app.signup(EMAIL, PASSWORD).await;
    assert_eq!(app.login(EMAIL, PASSWORD).await.0, StatusCode::OK);
    assert_eq!(
        app.login("YOU@picscripter.example", PASSWORD).await.0,
        StatusCode::OK
    );
    for other in [
        PASSWORD.trim(),
        &PASSWORD.to_lowercase(),
        &format!("{PASSWORD} "),
    ] {
        assert_eq!(
            app.login(EMAIL, other).await.0,
            StatusCode::UNAUTHORIZED,
            "{other:?}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn neither_passwords_nor_refresh_tokens_are_stored_as_they_are(pool: PgPool) {
    let app = App::new(pool.clone());
    let (_, _, body) = app.signup(EMAIL, PASSWORD).await;
    let (_, hash) = store::users::find_by_email(&pool, EMAIL)
        .await
        .unwrap()
        .unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert!(!hash.contains("purple"));
    let secret = body["refreshToken"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap();
    let stored: Vec<u8> = sqlx::query_scalar("SELECT refresh_hash FROM sessions")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(stored.len(), 32);
    assert_ne!(stored, secret.as_bytes());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_password_is_judged_by_length_and_by_how_hard_it_is_to_guess_alone(pool: PgPool) {
    let app = App::new(pool);
    let longest = "purple otter ".repeat(78) + "sings 47!z";
    assert_eq!(longest.len(), 1024);
    for (password, rule) in [
        ("", "password_too_short"),
        ("aB3$xY7", "password_too_short"),
        ("ÄÖÜäöüß", "password_too_short"),
        (&format!("{longest}!"), "password_too_long"),
        (&"🦦".repeat(257), "password_too_long"),
        ("Passw0rd!", "password_guessable"),
        ("12345678", "password_guessable"),
        ("aaaaaaaaaaaa", "password_guessable"),
        ("qwertyuiop", "password_guessable"),
    ] {
        let (status, _, body) = app.signup(EMAIL, password).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert_eq!(body["errors"][0]["field"], "password");
        assert_eq!(body["errors"][0]["rule"], rule, "{password}");
        assert_ne!(body["errors"][0]["remedy"], "");
        assert!(password.is_empty() || !body.to_string().contains(password));
    }
    for (name, password) in [
        ("lower", "correct horse battery staple otter"),
        ("digits", "7392018465720193"),
        ("other", "выдра поёт в сумерках"),
        ("long", &longest),
    ] {
        let email = format!("{name}@picscripter.example");
        let (status, _, body) = app.signup(&email, password).await;
        assert_eq!(status, StatusCode::CREATED, "{name}: {body}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_address_that_cannot_be_one_is_refused_by_its_field(pool: PgPool) {
    let app = App::new(pool);
    for email in [
        "",
        "you",
        "@x.example",
        "you@",
        "a b@x.example",
        "you@x.example\u{0}",
        "a@b@c.example",
    ] {
        let (status, _, body) = app.signup(email, PASSWORD).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{email:?}");
        assert_eq!(body["errors"][0]["field"], "email");
    }
    let long = format!("{}@picscripter.example", "a".repeat(250));
    assert_eq!(
        app.signup(&long, PASSWORD).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_taken_address_is_told_by_its_field_in_whatever_case(pool: PgPool) {
    let app = App::new(pool);
    app.signup(EMAIL, PASSWORD).await;
    let (status, _, body) = app
        .signup("YOU@picscripter.example", "another otter hums 93")
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(body["errors"][0]["field"], "email");
    assert_eq!(app.login(EMAIL, PASSWORD).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn known_and_unknown_accounts_are_answered_alike(pool: PgPool) {
    let app = App::new(pool);
    app.signup(EMAIL, PASSWORD).await;
    let (known, unknown) = ("198.51.100.1", "198.51.100.2");
    for round in 0..7 {
        let a = app.login_from(known, EMAIL, "wrong otter hums 93").await;
        let b = app
            .login_from(unknown, "other@picscripter.example", "wrong otter hums 93")
            .await;
        assert_eq!(a.0, b.0, "{round}");
        assert_eq!(a.2, b.2, "{round}");
        let names =
            |headers: &HeaderMap| headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&a.1), names(&b.1), "{round}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_unknown_account_costs_a_hash_as_a_known_one_does(pool: PgPool) {
    let app = App::new(pool);
    app.signup(EMAIL, PASSWORD).await;
    let mut spent = [Vec::new(), Vec::new()];
    // Each try from an address of its own, to an account below its first delay.
    for round in 0..5 {
        for (index, email) in [EMAIL, "other@picscripter.example"].into_iter().enumerate() {
            let start = Instant::now();
            app.login_from(
                &format!("198.51.100.{}", round * 2 + index),
                email,
                "wrong otter hums",
            )
            .await;
            spent[index].push(start.elapsed());
        }
    }
    for times in &mut spent {
        times.sort();
    }
    let (known, unknown) = (spent[0][0], spent[1][0]);
    // Without the hash it would be a hundredth; the exact comparison is for an idle machine.
    assert!(unknown * 3 > known, "{known:?} {unknown:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn failures_make_the_next_try_wait_longer_each_time_and_never_for_good(pool: PgPool) {
    let app = App::new(pool.clone());
    app.signup(EMAIL, PASSWORD).await;
    let mut waits = Vec::new();
    for address in 0..9 {
        let from = format!("198.51.100.{address}");
        let (status, headers, _) = app.login_from(&from, EMAIL, "wrong otter hums 93").await;
        if status == StatusCode::TOO_MANY_REQUESTS {
            waits.push(
                headers["retry-after"]
                    .to_str()
                    .unwrap()
                    .parse::<u32>()
                    .unwrap(),
            );
            let right = app.login_from(&from, EMAIL, PASSWORD).await;
            assert_eq!(
                right.0,
                StatusCode::TOO_MANY_REQUESTS,
                "the right one waits too"
            );
            pass(&pool).await;
            app.login_from(&from, EMAIL, "wrong otter hums 93").await;
        }
    }
    assert!(waits.len() >= 3, "{waits:?}");
    assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
    pass(&pool).await;
    assert_eq!(
        app.login_from("198.51.100.99", EMAIL, PASSWORD).await.0,
        StatusCode::OK
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn failures_from_one_address_delay_it_for_every_account_and_nobody_else(pool: PgPool) {
    let app = App::new(pool);
    app.signup(EMAIL, PASSWORD).await;
    for number in 0..7 {
        let email = format!("user{number}@picscripter.example");
        app.login_from("198.51.100.1", &email, "wrong otter hums 93")
            .await;
    }
    let blocked = app.login_from("198.51.100.1", EMAIL, PASSWORD).await;
    assert_eq!(blocked.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        app.login_from("198.51.100.2", EMAIL, PASSWORD).await.0,
        StatusCode::OK
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_address_may_not_sign_up_without_end(pool: PgPool) {
    let app = App::new(pool);
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(app.signup("nobody", "x").await.0);
    }
    assert!(answers.contains(&StatusCode::TOO_MANY_REQUESTS));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refresh_token_works_once_and_gives_the_next(pool: PgPool) {
    let app = App::new(pool);
    let (_, _, first) = app.signup(EMAIL, PASSWORD).await;
    let (status, _, second) = app.refresh(&first).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(first["refreshToken"], second["refreshToken"]);
    assert_ne!(first["token"], second["token"]);
    assert_eq!(app.refresh(&second).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_spent_refresh_token_ends_the_whole_family(pool: PgPool) {
    let app = App::new(pool);
    let (_, _, first) = app.signup(EMAIL, PASSWORD).await;
    let (_, _, second) = app.refresh(&first).await;
    assert_eq!(app.refresh(&first).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(app.refresh(&second).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(app.me(&second).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(app.login(EMAIL, PASSWORD).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_uses_at_once_at_most_one_wins(pool: PgPool) {
    let app = App::new(pool);
    let (_, _, first) = app.signup(EMAIL, PASSWORD).await;
    let (a, b) = tokio::join!(app.refresh(&first), app.refresh(&first));
    let won = [a.0, b.0]
        .into_iter()
        .filter(StatusCode::is_success)
        .count();
    assert!(won <= 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_no_refresh_token_is_refused_alike_and_ends_nothing(pool: PgPool) {
    let app = App::new(pool);
    let (_, _, signed_in) = app.signup(EMAIL, PASSWORD).await;
    let access = signed_in["token"].as_str().unwrap();
    let mut bodies = Vec::new();
    for text in [
        "",
        "rt_",
        "rt_.",
        "rt_x.y",
        access,
        "rt_00000000000000000000000000000000.AAAA",
    ] {
        let (status, _, body) = app
            .post("/api/auth/refresh", &json!({"refreshToken": text}))
            .await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{text}");
        bodies.push(body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(app.refresh(&signed_in).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_out_ends_this_sign_in_at_once_and_no_other(pool: PgPool) {
    let app = App::new(pool);
    let (_, _, here) = app.signup(EMAIL, PASSWORD).await;
    let (_, _, there) = app.login(EMAIL, PASSWORD).await;
    let (status, _, _) = app
        .send("POST", "/api/auth/logout", Some(&here), None, None)
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(app.me(&here).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(app.refresh(&here).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(app.me(&there).await.0, StatusCode::OK);
    assert_eq!(app.refresh(&there).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn bodies_with_unknown_missing_or_doubled_fields_are_refused_by_name(pool: PgPool) {
    let app = App::new(pool);
    for (path, body, field) in [
        (
            "signup",
            r#"{"email":"a@b.example","password":"x","role":"admin"}"#,
            "role",
        ),
        ("login", r#"{"email":"a@b.example"}"#, "password"),
        ("login", r#"{"email":1,"password":"x"}"#, "email"),
        ("refresh", r#"{"refresh_token":"x"}"#, "refresh_token"),
    ] {
        let (status, _, answer) = app
            .send(
                "POST",
                &format!("/api/auth/{path}"),
                None,
                Some(body.to_owned()),
                None,
            )
            .await;
        assert!(status.is_client_error());
        assert!(answer["errors"].to_string().contains(field), "{answer}");
    }
}

struct App(Router);

type Answer = (StatusCode, HeaderMap, Value);

impl App {
    fn new(pool: PgPool) -> Self {
        let public_url = Url::parse("https://api.picscripter.example").unwrap();
        let settings = Arc::new(HttpSettings {
            stage: Stage::Production,
            app_url: public_url.clone(),
            public_url,
            cors_origins: Vec::new(),
            jwt_keys: vec![vec![1; 32].into()],
            access_life: Duration::minutes(15),
            refresh_life: Duration::days(30),
            requests_per_minute: 120,
            networks_base_url: None,
        });
        let env = WebEnv {
            pool: pool.into(),
            settings: Arc::clone(&settings),
            clock: Clock::default(),
        };
        Self(web::dress(crate::router(env), &settings))
    }

    async fn signup(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/api/auth/signup",
            &json!({"email": email, "password": password}),
        )
        .await
    }

    async fn login(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/api/auth/login",
            &json!({"email": email, "password": password}),
        )
        .await
    }

    async fn login_from(&self, address: &str, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password}).to_string();
        self.send("POST", "/api/auth/login", None, Some(body), Some(address))
            .await
    }

    async fn refresh(&self, signed_in: &Value) -> Answer {
        self.post(
            "/api/auth/refresh",
            &json!({"refreshToken": signed_in["refreshToken"]}),
        )
        .await
    }

    async fn me(&self, signed_in: &Value) -> Answer {
        self.send("GET", "/api/me", Some(signed_in), None, None)
            .await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, None, Some(body.to_string()), None)
            .await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        signed_in: Option<&Value>,
        body: Option<String>,
        address: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(signed_in) = signed_in {
            let token = signed_in["token"].as_str().unwrap();
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(address) = address {
            request = request.header("x-forwarded-for", address);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request
            .body(body.map_or_else(Body::empty, Body::from))
            .unwrap();
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let value = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        (parts.status, parts.headers, value)
    }
}

/// Lets every delay of the database pass, without waiting for it.
async fn pass(pool: &PgPool) {
    sqlx::query("UPDATE login_delays SET blocked_until = app_now()")
        .execute(pool)
        .await
        .unwrap();
}
