//! What is LinkedIn's alone: an access that nothing renews.

use domain::Platform;
use http::StatusCode;
use serde_json::Value;
use simulator::Fault;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, Time, format_description::well_known::Rfc3339};

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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_full_day_of_one_account_leaves_the_days_of_others_free(pool: PgPool) {
    let house = House::open_with(pool, &[("LINKEDIN_SETTING_CALLS_PER_DAY", "1")]).await;
    // The sweeper tells the other functions what is set.
    house.sweep().await;
    let network = Network::of(Platform::Linkedin);
    let noon = (house.now() + Duration::days(3)).replace_time(Time::from_hms(12, 0, 0).unwrap());
    for _ in 0..2 {
        let author = house.sign_up().await;
        let connected = house.connect(&author, Platform::Linkedin).await;
        let plan = async |at: OffsetDateTime| {
            let mut draft = house.draft(network, What::Picture, "Words");
            draft["connectionId"] = connected["id"].clone();
            draft["scheduledAtISO"] = at.format(&Rfc3339).unwrap().into();
            house.send(&author, "/api/schedule", &draft).await
        };
        assert_eq!(plan(noon).await.status, StatusCode::ACCEPTED);
        let refused = plan(noon + Duration::HOUR).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("daily_limit"), "{}", refused.body);
        assert!(refused.body.contains("this account"), "{}", refused.body);
        let next = plan(noon + Duration::DAY).await;
        assert_eq!(next.status, StatusCode::ACCEPTED, "{}", next.body);
        let path = format!(
            "/api/connections/{}/allowances?at={}",
            connected["id"].as_str().unwrap(),
            noon.to_offset(time::UtcOffset::UTC)
                .format(&Rfc3339)
                .unwrap()
        );
        let told = house.get(&author, &path).await.json()["allowances"][0].clone();
        assert_eq!((&told["limit"], &told["planned"]), (&1.into(), &1.into()));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_posts_while_the_network_asks_for_a_moments_rest_is_not_told_that_the_day_is_full(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Linkedin).await;
    let network = Network::of(Platform::Linkedin);
    let (what, commit) = network.simplest();
    for (wait, expected) in [
        ("30", StatusCode::ACCEPTED),
        ("7200", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        house.script(commit.goes_wrong(Fault::Answer {
            status: 429,
            headers: vec![("retry-after".to_owned(), wait.to_owned())],
            body: Value::Null,
        }));
        let draft = house.draft(network, what, &format!("Held up for {wait} s"));
        let held = house.post(&author, &draft).await;
        house.run_due().await;
        house.networks.clear_faults();
        let told = house.status(&author, &held).await;
        assert_eq!(told["status"], "publishing", "{told}");
        let draft = house.draft(network, what, &format!("While it rests for {wait} s"));
        let answer = house.send(&author, "/api/posts", &draft).await;
        assert_eq!(answer.status, expected, "{wait}: {}", answer.body);
        house.run_all().await;
    }
    assert_eq!(house.live("While it rests for 30 s").len(), 1);
}
