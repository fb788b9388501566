//! A caller's share of requests, exact under concurrency; and what ends a sign-in ends it at once.

use futures_util::future::join_all;
use http::{Method, StatusCode, header};
use serde_json::json;
use sqlx::PgPool;
use time::Duration;

use crate::house::House;

const SHARE: usize = 30;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_minutes_share_is_exact_however_many_ask_at_once(pool: PgPool) {
    let house = House::open_with(pool, &[("RATE_LIMIT_PER_MINUTE", "30")]).await;
    let (author, other) = (house.sign_up().await, house.sign_up().await);
    let asked = (0..SHARE * 2).map(|_| house.get(&author, "/api/posts"));
    let answers = join_all(asked).await;
    let count = |wanted| {
        let fitting = answers.iter().filter(|answer| answer.status == wanted);
        fitting.count()
    };
    // While they were asked a little time passed, and each two seconds give one more.
    let taken = count(StatusCode::OK);
    assert!((SHARE..=SHARE + 2).contains(&taken), "{taken}");
    assert_eq!(taken + count(StatusCode::TOO_MANY_REQUESTS), SHARE * 2);
    let refused = answers
        .iter()
        .find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
        .unwrap();
    assert_eq!(refused.rule(), "too_many_requests");
    let wait: i64 = refused.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=2).contains(&wait), "{wait} s");
    assert_eq!(house.get(&other, "/api/posts").await.status, StatusCode::OK);
    // Somebody may have been let in after that refusal; each two seconds give one more all the same.
    house.advance(Duration::seconds(2));
    assert_eq!(
        house.get(&author, "/api/posts").await.status,
        StatusCode::OK
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_out_ends_the_sign_in_at_once(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    assert_eq!(house.get(&author, "/api/me").await.status, StatusCode::OK);
    let out = house
        .call(&author, Method::POST, "/api/auth/logout", None)
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.body);
    for path in ["/api/me", "/api/posts", "/api/connections"] {
        let answer = house.get(&author, path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let request = author
        .request(Method::POST, "/api/auth/refresh")
        .header(header::CONTENT_TYPE, "application/json")
        .body(
            json!({"refreshToken": author.refresh_token()})
                .to_string()
                .into(),
        )
        .unwrap();
    let refreshed = house.ask(request).await;
    assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED);
}
