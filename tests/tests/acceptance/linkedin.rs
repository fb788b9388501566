//! What is LinkedIn's alone: an access that nothing renews.

use domain::Platform;
use http::StatusCode;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    house::House,
    networks::{Network, What},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_beyond_the_end_of_the_access_is_accepted_with_a_warning(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Linkedin).await;
    sqlx::query(
        "UPDATE connections SET refresh_token_ciphertext = NULL, refresh_expires_at = NULL",
    )
    .execute(&pool)
    .await
    .unwrap();
    let end: OffsetDateTime = sqlx::query_scalar("SELECT access_expires_at FROM connections")
        .fetch_one(&pool)
        .await
        .unwrap();
    let network = Network::of(Platform::Linkedin);
    let mut draft = house.draft(network, What::Picture, "Words");
    draft["scheduledAtISO"] = (end + Duration::HOUR).format(&Rfc3339).unwrap().into();
    let taken = house.send(&author, "/api/schedule", &draft).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
    let warning = taken.json()["warnings"][0].clone();
    assert_eq!(warning["code"], "access_ends_before", "{}", taken.body);
    assert!(
        warning["message"]
            .as_str()
            .unwrap()
            .contains("connect the account again")
    );
    let tried = house.send(&author, "/api/posts/validate", &draft).await;
    assert_eq!(tried.json()["warnings"][0], warning, "{}", tried.body);

    draft["scheduledAtISO"] = (end - Duration::HOUR).format(&Rfc3339).unwrap().into();
    let taken = house.send(&author, "/api/schedule", &draft).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
    assert!(taken.json()["warnings"].is_null(), "{}", taken.body);
}
