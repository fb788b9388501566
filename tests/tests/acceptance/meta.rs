//! What is Meta's alone: two ways to Instagram, tokens that are prolonged, calls that run out.

use domain::Platform;
use http::{Method, StatusCode};
use serde_json::json;
use simulator::{Fault, FaultScript};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    house::House,
    networks::{Network, What},
};

/// Who signed in stays so for longer than any token of a network lives.
const STAYING: (&str, &str) = ("REFRESH_TOKEN_DAYS", "365");
const PROLONG_ROUTE: &str = "POST /{version}/oauth/access_token";
const OWN_LOGIN: &str = "/api/connect/instagram?login=instagram";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn instagrams_own_login_publishes_and_its_token_is_renewed_long_before_its_end(pool: PgPool) {
    let house = House::open_with(pool.clone(), &[STAYING]).await;
    let author = house.sign_up().await;
    let connected = house.connect_by(&author, OWN_LOGIN).await;
    assert_eq!(connected["platform"], "instagram");
    let draft = house.draft(Network::of(Platform::Instagram), What::Picture, "First");
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    house.assert_published(&author, &id, "First").await;

    // Nobody posts for two months, and the access outlives them.
    let given = ends_at(&pool).await;
    for _ in 0..6 {
        house.advance(Duration::days(11));
        house.sweep().await;
    }
    assert!(ends_at(&pool).await > given + Duration::days(30));
    let draft = house.draft(Network::of(Platform::Instagram), What::Picture, "Second");
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    house.assert_published(&author, &id, "Second").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_token_that_pages_are_read_with_is_prolonged_while_it_lives(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Facebook).await;
    let first = refresh_ends_at(&pool).await;
    house.advance(Duration::days(3));
    house.sweep().await;
    assert_eq!(refresh_ends_at(&pool).await, first, "not as soon as that");
    for _ in 0..8 {
        house.advance(Duration::days(11));
        house.sweep().await;
    }
    assert!(refresh_ends_at(&pool).await > first + Duration::days(60));
    let warned: i64 =
        sqlx::query_scalar("SELECT count(*) FROM connections WHERE health <> 'active'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(warned, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refusal_to_prolong_what_lives_costs_no_account(pool: PgPool) {
    let house = House::open_with(pool.clone(), &[STAYING]).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Facebook).await;
    let first = refresh_ends_at(&pool).await;
    let refused = json!({ "error": { "code": 190, "type": "OAuthException", "message": "no" } });
    house.script(FaultScript::first(
        "graph.facebook.com",
        PROLONG_ROUTE,
        Fault::Answer {
            status: 400,
            headers: Vec::new(),
            body: refused,
        },
    ));
    let calls = house.networks.calls().len();
    house.advance(Duration::days(11));
    house.sweep().await;
    assert!(house.networks.calls().len() > calls);
    assert_eq!(refresh_ends_at(&pool).await, first);
    let draft = house.draft(Network::of(Platform::Facebook), What::Picture, "Goes out");
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    house.assert_published(&author, &id, "Goes out").await;
    house.advance(Duration::days(1));
    house.sweep().await;
    assert!(refresh_ends_at(&pool).await > first);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_must_connect_again_soon_is_told_a_week_before_and_once(pool: PgPool) {
    let house = House::open_with(pool.clone(), &[STAYING]).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Linkedin).await;
    sqlx::query(
        "UPDATE connections SET refresh_token_ciphertext = NULL, refresh_expires_at = NULL",
    )
    .execute(&pool)
    .await
    .unwrap();
    let told = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = 'connection.expiring'")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let end: OffsetDateTime = ends_at(&pool).await;
    house.advance_to(end - Duration::days(8));
    house.sweep().await;
    assert_eq!(told().await, 0);
    house.advance_to(end - Duration::days(6));
    house.sweep().await;
    house.sweep().await;
    assert_eq!(told().await, 1);
    house.connect(&author, Platform::Linkedin).await;
    house.sweep().await;
    assert_eq!(told().await, 1, "new tokens are far from their end");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_full_day_is_told_when_a_post_is_asked_for_with_the_next_free_time(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    house.networks.world().states().instagram().allow_posts(2);
    let author = house.sign_up().await;
    house.connect(&author, Platform::Instagram).await;
    let network = Network::of(Platform::Instagram);
    let noon = house.now() + Duration::days(2);
    for (place, words) in ["First", "Second"].into_iter().enumerate() {
        let at = noon + Duration::hours(i64::try_from(place).unwrap());
        house
            .schedule(&author, &house.draft(network, What::Picture, words), at)
            .await;
    }
    let mut draft = house.draft(network, What::Picture, "Third");
    draft["scheduledAtISO"] = text(noon + Duration::hours(2)).into();
    let refused = house.send(&author, "/api/schedule", &draft).await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.body
    );
    let told = refused.json()["errors"][0].clone();
    assert_eq!(told["rule"], "daily_limit", "{told}");
    assert_eq!(told["field"], "scheduledAtISO");
    let valid = house.send(&author, "/api/posts/validate", &draft).await;
    assert_eq!(valid.json()["valid"], false, "{}", valid.body);

    // At the time that was told there is room.
    let free = told["remedy"].as_str().unwrap();
    let free = free.split_whitespace().nth(3).unwrap();
    draft["scheduledAtISO"] = free.into();
    let taken = house.send(&author, "/api/schedule", &draft).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{free}: {}", taken.body);
    // So there is now, for another account's day is another's, and a canceled post takes no room.
    let id = taken.text("id").to_owned();
    house
        .call(&author, Method::DELETE, &format!("/api/posts/{id}"), None)
        .await;
    let again = house.send(&author, "/api/schedule", &draft).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.body);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_first_comment_is_written_once_where_it_was_allowed(pool: PgPool) {
    let scopes = ("FACEBOOK_SETTING_EXTRA_SCOPES", "pages_manage_engagement");
    let house = House::open_with(pool, &[scopes]).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Facebook).await;
    let mut draft = house.draft(Network::of(Platform::Facebook), What::Picture, "Words");
    draft["options"]["firstComment"] = "The first comment".into();
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    house.assert_published(&author, &id, "Words").await;
    let state = house.networks.world().states().meta();
    assert_eq!(state.comments().len(), 1);
    assert_eq!(state.comments()[0].text, "The first comment");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_first_comment_that_was_not_allowed_is_refused_by_the_name_of_the_permission(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Facebook).await;
    let mut draft = house.draft(Network::of(Platform::Facebook), What::Picture, "Words");
    draft["options"]["firstComment"] = "The first comment".into();
    let refused = house.send(&author, "/api/posts", &draft).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("scope_missing"), "{}", refused.body);
    assert!(refused.body.contains("pages_manage_engagement"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_story_is_published_in_the_shape_of_stories(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Instagram).await;
    let mut draft = house.draft(Network::of(Platform::Instagram), What::Picture, "");
    draft["options"] = json!({ "story": true });
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    let status = house.status(&author, &id).await;
    assert_eq!(status["status"], "published", "{status}");
    let ledger = house.networks.ledger();
    assert_eq!(ledger.posts().len(), 1);
    assert_eq!(ledger.posts()[0].kind, "story");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn when_calls_run_out_nothing_more_is_sent_until_some_are_free(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Facebook).await;
    let network = Network::of(Platform::Facebook);
    let meta = || house.networks.world().states().meta();
    meta().use_up(96, 0);
    let first = house
        .post(&author, &house.draft(network, What::Picture, "Told of it"))
        .await;
    house.run_due().await;
    let called = house.networks.calls().len();
    let second = house
        .post(&author, &house.draft(network, What::Picture, "Kept back"))
        .await;
    house.run_due().await;
    assert_eq!(house.networks.calls().len(), called, "not one more call");
    for id in [&first, &second] {
        let status = house.status(&author, id).await;
        assert_eq!(status["status"], "publishing", "{status}");
        assert_eq!(status["error"]["code"], "rate_limited", "{status}");
    }
    meta().forget_usage();
    house.run_all().await;
    house.assert_published(&author, &first, "Told of it").await;
    house.assert_published(&author, &second, "Kept back").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn when_calls_are_scarce_what_has_time_is_prepared_later_and_is_on_time(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Facebook).await;
    let network = Network::of(Platform::Facebook);
    house.networks.world().states().meta().use_up(85, 0);
    let now = house
        .post(
            &author,
            &house.draft(network, What::Picture, "Goes all the same"),
        )
        .await;
    house.run_all().await;
    house
        .assert_published(&author, &now, "Goes all the same")
        .await;
    let due = house.now() + Duration::minutes(20);
    let later = house
        .schedule(
            &author,
            &house.draft(network, What::Picture, "In its time"),
            due,
        )
        .await;
    let called = house.networks.calls().len();
    house.advance_to(due - Duration::minutes(8));
    house.run_due().await;
    assert_eq!(house.networks.calls().len(), called, "it has time");
    house.live_through(6).await;
    assert!(house.now() < due, "{}", house.now());
    assert!(
        house.networks.calls().len() > called,
        "it is prepared in time"
    );
    assert!(house.live("In its time").is_empty());
    house.run_all().await;
    house.assert_published(&author, &later, "In its time").await;
}

async fn ends_at(pool: &PgPool) -> OffsetDateTime {
    sqlx::query_scalar("SELECT access_expires_at FROM connections LIMIT 1")
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn refresh_ends_at(pool: &PgPool) -> OffsetDateTime {
    sqlx::query_scalar("SELECT min(refresh_expires_at) FROM connections")
        .fetch_one(pool)
        .await
        .unwrap()
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()
}
