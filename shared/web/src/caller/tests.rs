use std::sync::Arc;

use axum::{Router, body::Body, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use super::*;
use crate::{WebEnv, dress, issue, testing};

fn router(env: &WebEnv) -> Router {
    let routes = Router::new()
        .route(
            "/me",
            get(|caller: Caller| async move { caller.user.to_string() }),
        )
        .route("/admin", get(|_: Caller, Admin(_): Admin| async {}))
        .with_state(env.clone());
    dress(routes, &env.settings)
}

async fn ask(
    router: &Router,
    path: &str,
    authorization: &[&str],
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::get(path);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    testing::send(router, request.body(Body::empty()).unwrap()).await
}

fn sign(header: &Value, claims: &Value, key: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_secret(key);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn malformed_tokens_are_all_refused_with_one_body(pool: PgPool) {
    let env = testing::env(pool);
    let (user, session) = testing::sign_in(&env).await;
    let router = router(&env);
    let good = issue(&env.settings, user, session, env.clock.now()).unwrap();
    let good_header = json!({"typ": "at+jwt", "alg": "HS256"});
    let parts: Vec<&str> = good.split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let now = env.clock.now().unix_timestamp();
    let key = [1; 32];

    let hand_made = sign(&good_header, &claims, &key);
    assert_eq!(
        ask(&router, "/me", &[&format!("Bearer {hand_made}")])
            .await
            .0,
        StatusCode::OK
    );

    let mut bad: Vec<String> = Vec::new();
    let mut push = |text: String| bad.push(format!("Bearer {text}"));

    // Headers that are not ours, well signed.
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("NONE")),
        ("alg", json!("nOnE")),
        ("alg", json!("HS384")),
        ("alg", json!("HS512")),
        ("alg", json!("RS256")),
        ("alg", json!("ES256")),
        ("alg", json!("PS256")),
        ("alg", json!("EdDSA")),
        ("alg", json!("hs256")),
        ("alg", json!("")),
        ("alg", json!(null)),
        ("alg", json!(1)),
        ("alg", json!(["HS256"])),
        ("typ", json!("JWT")),
        ("typ", json!("jwt")),
        ("typ", json!("AT+JWT")),
        ("typ", json!("application/at+jwt")),
        ("typ", json!("")),
        ("typ", json!(null)),
        ("typ", json!(7)),
        ("kid", json!("1")),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AA"])),
        ("x5t", json!("AA")),
        (
            "jwk",
            json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode([9; 32])}),
        ),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("cty", json!("JWT")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
    ] {
        let mut header = good_header.clone();
        header[name] = value;
        push(sign(&header, &claims, &key));
    }
    for name in ["alg", "typ"] {
        let mut header = good_header.clone();
        header.as_object_mut().unwrap().remove(name);
        push(sign(&header, &claims, &key));
    }
    push(sign(&json!([]), &claims, &key));
    push(sign(&json!("at+jwt"), &claims, &key));

    // Claims that are not ours, well signed.
    for (name, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!("")),
        ("iss", json!(null)),
        ("iss", json!(["https://api.picscripter.example"])),
        ("iss", json!("https://api.picscripter.example/")),
        ("aud", json!("https://evil.example/api")),
        ("aud", json!(null)),
        ("aud", json!([])),
        ("aud", json!("https://api.picscripter.example")),
        ("aud", json!("picscripter")),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!(now + 901 + 10)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(u64::MAX)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("exp", json!(null)),
        ("nbf", json!(now + 60)),
        ("nbf", json!(i64::MAX)),
        ("nbf", json!("0")),
        ("nbf", json!(null)),
        ("iat", json!(now + 60)),
        ("iat", json!(0)),
        ("iat", json!(null)),
        ("sub", json!("")),
        ("sub", json!(null)),
        ("sub", json!(UserId::mint())),
        ("sub", json!(user.uuid())),
        ("sub", json!(session)),
        ("sub", json!("' OR 1=1 --")),
        ("sid", json!("")),
        ("sid", json!(null)),
        ("sid", json!(SessionId::mint())),
        ("sid", json!(session.uuid())),
        ("sid", json!(user)),
        ("jti", json!("")),
        ("jti", json!("short")),
        ("jti", json!(null)),
        ("jti", json!(1)),
        ("role", json!("admin")),
        ("scope", json!("*")),
    ] {
        let mut claims = claims.clone();
        claims[name] = value;
        push(sign(&good_header, &claims, &key));
    }
    for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        push(sign(&good_header, &claims, &key));
    }

    // Signatures that are not ours.
    for key in [&[0; 32][..], &[9; 32], &[], &[1; 31], &[1; 33], b"secret"] {
        push(sign(&good_header, &claims, key));
    }
    let (message, signature) = good.rsplit_once('.').unwrap();
    for index in [0, 1, 20, signature.len() - 1] {
        let mut bytes = signature.as_bytes().to_vec();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        push(format!("{message}.{}", String::from_utf8(bytes).unwrap()));
    }
    push(format!("{message}."));
    push(format!("{message}.{signature}="));
    push(format!("{message}.{signature}{signature}"));
    push(format!("{message}.{}", &signature[..20]));

    // What is no token at all.
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "null",
        "undefined",
        "{}",
        "e30.e30.e30",
    ] {
        push(text.to_owned());
    }
    push(message.to_owned());
    push(format!("{good}.{signature}"));
    push(format!(".{good}"));
    push(format!(" {good}"));
    push(format!("{good} "));
    push(format!("{good},{good}"));
    push("a".repeat(5000));
    push(format!("{}.{}.{}", parts[1], parts[0], parts[2]));
    let header = Header::new(Algorithm::HS256);
    push(jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key)).unwrap());
    for text in ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz"] {
        bad.push(text.to_owned());
    }
    bad.push(good.clone());
    bad.push(format!("Token {good}"));
    bad.push(format!("Bearer:{good}"));
    bad.push(format!("Bearer\t{good}"));

    assert!(bad.len() >= 80, "only {}", bad.len());
    let (status, headers, body) = ask(&router, "/me", &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(headers["www-authenticate"], "Bearer");
    for authorization in &bad {
        let (status, headers, answered) = ask(&router, "/me", &[authorization]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{authorization}");
        assert_eq!(headers["www-authenticate"], "Bearer");
        assert_eq!(answered, body, "{authorization}");
    }
    let twice = format!("Bearer {good}");
    assert_eq!(
        ask(&router, "/me", &[&twice, &twice]).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(ask(&router, "/me", &[&twice]).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_of_the_previous_key_still_holds_and_of_an_older_one_does_not(pool: PgPool) {
    let env = testing::env(pool);
    let (user, session) = testing::sign_in(&env).await;
    let router = router(&env);
    for (key, status) in [(1, 200), (2, 200), (9, 401)] {
        let mut settings = (*env.settings).clone();
        settings.jwt_keys = vec![vec![key; 32].into()];
        let old = WebEnv {
            settings: Arc::new(settings),
            ..env.clone()
        };
        let token = format!(
            "Bearer {}",
            issue(&old.settings, user, session, old.clock.now()).unwrap()
        );
        assert_eq!(ask(&router, "/me", &[&token]).await.0.as_u16(), status);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_ends_by_the_clock(pool: PgPool) {
    let env = testing::env(pool);
    let (user, session) = testing::sign_in(&env).await;
    let router = router(&env);
    let token = format!(
        "Bearer {}",
        issue(&env.settings, user, session, env.clock.now()).unwrap()
    );
    env.clock.advance(Duration::minutes(14));
    assert_eq!(ask(&router, "/me", &[&token]).await.0, StatusCode::OK);
    env.clock.advance(Duration::minutes(1));
    assert_eq!(
        ask(&router, "/me", &[&token]).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_out_bites_at_once(pool: PgPool) {
    let env = testing::env(pool);
    let (user, session) = testing::sign_in(&env).await;
    let router = router(&env);
    let token = format!(
        "bearer {}",
        issue(&env.settings, user, session, env.clock.now()).unwrap()
    );
    assert_eq!(ask(&router, "/me", &[&token]).await.2, user.to_string());
    store::sessions::close(&env.pool, user, session)
        .await
        .unwrap();
    assert_eq!(
        ask(&router, "/me", &[&token]).await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn operators_pass_where_other_users_are_forbidden(pool: PgPool) {
    let env = testing::env(pool);
    let (user, session) = testing::sign_in(&env).await;
    let router = router(&env);
    let token = format!(
        "Bearer {}",
        issue(&env.settings, user, session, env.clock.now()).unwrap()
    );
    assert_eq!(
        ask(&router, "/admin", &[]).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        ask(&router, "/admin", &[&token]).await.0,
        StatusCode::FORBIDDEN
    );
    let email = format!("{user}@picscripter.example");
    assert!(store::admin::grant(&env.pool, &email).await.unwrap());
    assert_eq!(ask(&router, "/admin", &[&token]).await.0, StatusCode::OK);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_asks_too_much_is_told_when_to_come_again_and_nobody_else_waits(pool: PgPool) {
    let mut env = testing::env(pool);
    Arc::make_mut(&mut env.settings).requests_per_minute = 6;
    let router = router(&env);
    let (user, session) = testing::sign_in(&env).await;
    let token = format!(
        "Bearer {}",
        issue(&env.settings, user, session, env.clock.now()).unwrap()
    );
    for _ in 0..6 {
        assert_eq!(ask(&router, "/me", &[&token]).await.0, StatusCode::OK);
    }
    let (status, headers, _) = ask(&router, "/me", &[&token]).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    let (other, session) = testing::sign_in(&env).await;
    let token = format!(
        "Bearer {}",
        issue(&env.settings, other, session, env.clock.now()).unwrap()
    );
    assert_eq!(ask(&router, "/me", &[&token]).await.0, StatusCode::OK);
}

#[test]
fn only_the_last_hop_is_believed_and_an_ipv6_network_is_one_sender() {
    for (hops, name) in [
        (&["6.6.6.6, 10.0.0.1 , 203.0.113.9"][..], "203.0.113.9"),
        (&["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (&["::ffff:203.0.113.9"], "203.0.113.9"),
        (&["2001:db8:1:2:ffff::9"], "2001:db8:1:2::/64"),
        (&["203.0.113.9, me"], "unknown"),
        (&[], "unknown"),
    ] {
        let headers = hops
            .iter()
            .map(|value| ("x-forwarded-for".parse().unwrap(), value.parse().unwrap()))
            .collect();
        assert_eq!(client_address(&headers), name, "{hops:?}");
    }
}
