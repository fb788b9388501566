//! Beginning to connect.

use std::sync::{Arc, atomic::AtomicUsize};

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Platform;
use http::{Method, Request, StatusCode, header};
use platforms::Pkce;
use settings::Stage;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::house::{House, as_person, networks};
use crate::visit;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_visit_carries_what_the_network_needs_and_nothing_of_ours(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for platform in Platform::ALL {
        let visit = house.begin(&person, platform, None).await;
        let parameter = |wanted: &str| {
            let mut found = visit.page.query_pairs().filter(|(name, _)| name == wanted);
            let value = found.next().map(|(_, value)| value.into_owned());
            assert!(found.next().is_none(), "{platform} {wanted}");
            value
        };
        assert_eq!(visit.state.len(), 43, "{platform}: 256 bits");
        assert_eq!(
            parameter("redirect_uri").unwrap(),
            format!("https://api.picscripter.example/api/callback/{platform}")
        );
        assert_eq!(parameter("response_type").unwrap(), "code", "{platform}");
        let oauth = platforms::profile(platform).usual_login().oauth;
        assert_eq!(
            parameter(oauth.client_id_parameter).unwrap(),
            format!("client-{platform}")
        );
        assert_eq!(
            parameter("scope").unwrap(),
            oauth.scopes.join(oauth.scope_separator)
        );
        match oauth.pkce {
            Pkce::HexWhere(_) | Pkce::None => {
                assert_eq!(parameter("code_challenge"), None, "{platform}");
            }
            Pkce::S256 => {
                let verifier = visit::verifier(&house.env.consent, &visit.state);
                let verifier = secrecy::ExposeSecret::expose_secret(&verifier).to_owned();
                let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
                assert_eq!(parameter("code_challenge").unwrap(), challenge);
                assert_eq!(parameter("code_challenge_method").unwrap(), "S256");
            }
        }
        assert!(
            !visit.page.as_str().contains("canary-app-secret"),
            "{platform}"
        );
        let mark = visit.cookie.split_once('=').unwrap().1;
        assert!(!visit.page.as_str().contains(mark), "{platform}");
    }
    assert_eq!(house.calls(), 0, "the browser goes there, not we");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn states_and_marks_differ_each_time_and_rest_as_hashes(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let visit = house.begin(&person, Platform::X, None).await;
        assert!(seen.insert(visit.state.clone()));
        assert!(seen.insert(visit.cookie.clone()));
    }
    let stored: Vec<String> = sqlx::query_scalar("SELECT a::text FROM oauth_attempts a")
        .fetch_all(&house.pool)
        .await
        .unwrap();
    assert_eq!(stored.len(), 50);
    let marks = seen.iter().map(|text| text.split('=').next_back().unwrap());
    for secret in marks {
        assert!(stored.iter().all(|row| !row.contains(secret)));
        assert!(stored.iter().all(|row| !row.contains(&hex::encode(secret))));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_visit_says_when_it_ends_which_is_in_ten_minutes(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let answer = house.get(&person, "/api/connect/x").await;
    let told = answer.json()["expiresAt"].as_str().unwrap().to_owned();
    let told = OffsetDateTime::parse(&told, &Rfc3339).unwrap();
    let stored: OffsetDateTime = sqlx::query_scalar("SELECT expires_at FROM oauth_attempts")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    let life: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM expires_at - created_at)::float8 FROM oauth_attempts",
    )
    .fetch_one(&house.pool)
    .await
    .unwrap();
    assert!((life - 600.0).abs() < 1.0, "{life}");
    assert!(
        (told - stored).abs() < Duration::seconds(30),
        "{told} {stored}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_mark_of_a_browser_is_out_of_reach_of_scripts_and_other_sites(pool: PgPool) {
    for (stage, secure) in [(Stage::Production, true), (Stage::Development, false)] {
        let base = "http://127.0.0.1:9";
        let calls = Arc::<AtomicUsize>::default();
        let house = House::facing(pool.clone(), base, networks(base), calls, stage);
        let person = house.person().await;
        let answer = house.get(&person, "/api/connect/x").await;
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        let mut parts = cookie.split("; ");
        let (name, mark) = parts.next().unwrap().split_once('=').unwrap();
        assert_eq!((name, mark.len()), ("picscripter_browser", 43));
        let mut rest: Vec<&str> = parts.collect();
        rest.sort_unstable();
        let mut expected = vec!["HttpOnly", "Max-Age=600", "Path=/api/", "SameSite=Lax"];
        expected.extend(secure.then_some("Secure"));
        assert_eq!(rest, expected);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_not_signed_in_and_what_is_no_network_gets_no_visit(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for (method, path) in [
        (Method::GET, "/api/connections"),
        (Method::GET, "/api/connect/x"),
        (Method::POST, "/api/disconnect/x"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let answer = house.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.rule(), "unauthorized");
    }
    for name in ["myspace", "X", "x%00", "%F0%9F%A6%A6"] {
        let answer = house.get(&person, &format!("/api/connect/{name}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert_eq!(answer.rule(), "unknown_platform");
    }
    assert_eq!(attempts(&house).await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_look_at_an_address_begins_nothing(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let request = as_person(Method::HEAD, &person, "/api/connect/x");
    let answer = house.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers[header::ALLOW], "GET");
    assert_eq!(attempts(&house).await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_network_that_is_not_set_up_names_the_settings_that_are_missing(pool: PgPool) {
    let base = "http://127.0.0.1:9";
    let house = House::facing(
        pool,
        base,
        networks(base),
        Arc::default(),
        Stage::Production,
    )
    .without_apps();
    let person = house.person().await;
    for platform in Platform::ALL {
        let answer = house
            .get(&person, &format!("/api/connect/{platform}"))
            .await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.rule(), "network_not_configured");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        let name = platform.as_str().to_uppercase();
        assert!(detail.contains(&format!("{name}_CLIENT_ID")), "{detail}");
        assert!(
            detail.contains(&format!("{name}_CLIENT_SECRET")),
            "{detail}"
        );
    }
    assert_eq!(attempts(&house).await, 0);
}

async fn attempts(house: &House) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM oauth_attempts")
        .fetch_one(&house.pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_login_is_chosen_by_its_name_and_an_unknown_one_is_told_which_there_are(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let named = house.get(&person, "/api/connect/x?login=x").await;
    assert_eq!(named.status, StatusCode::OK, "{}", named.body);
    for (path, rule, said) in [
        (
            "/api/connect/instagram?login=page",
            "unknown_login",
            "facebook",
        ),
        ("/api/connect/x?login=facebook", "unknown_login", "x"),
    ] {
        let refused = house.get(&person, path).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(refused.body.contains(rule), "{}", refused.body);
        assert!(refused.body.contains(said), "{}", refused.body);
    }
}
