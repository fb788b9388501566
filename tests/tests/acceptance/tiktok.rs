//! What is TikTok's alone: what its form must know, and what an app may post before it is audited.

use domain::Platform;
use http::{Request, StatusCode};
use serde_json::Value;
use simulator::networks::tiktok;
use sqlx::PgPool;
use store::rings;

use crate::{
    house::{Answer, House, Person},
    networks::{Network, What},
};

fn path_of(connected: &Value) -> String {
    format!(
        "/api/connections/{}/creator-info",
        connected["id"].as_str().unwrap()
    )
}

/// Asks while the publisher works.
async fn asked(house: &House, person: &Person, path: &str) -> Answer {
    let (answer, ()) = tokio::join!(house.get(person, path), async {
        while rings::next_due(&house.pool).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        house.run_due().await;
    });
    answer
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_form_is_told_what_the_account_may_choose(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let path = path_of(&house.connect(&author, Platform::Tiktok).await);
    let answer = asked(&house, &author, &path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let told = answer.json();
    assert_eq!(told["canPost"], true, "{told}");
    assert_eq!(told["appAudited"], true, "{told}");
    assert!(
        told["privacyLevelOptions"]
            .as_array()
            .is_some_and(|levels| levels.contains(&"SELF_ONLY".into()))
    );
    assert!(told["nickname"].is_string() && told["maxVideoPostDurationSec"].is_u64());
    // Asked again at once, TikTok is spared.
    let calls = house.networks.calls().len();
    let again = house.get(&author, &path).await;
    assert_eq!(again.json(), told);
    assert_eq!(house.networks.calls().len(), calls);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_that_ended_is_renewed_for_a_form_too(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let path = path_of(&house.connect(&author, Platform::Tiktok).await);
    house.networks.world().end_tokens("tiktok");
    let answer = asked(&house, &author, &path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_its_owner_is_told_and_only_of_a_tiktok_account_that_works(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let (author, other) = (house.sign_up().await, house.sign_up().await);
    let path = path_of(&house.connect(&author, Platform::Tiktok).await);
    let foreign = house.get(&other, &path).await;
    let absent = house
        .get(
            &other,
            "/api/connections/con_019314b2c4d57c3ea1b2c3d4e5f60718/creator-info",
        )
        .await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(foreign.body, absent.body);
    let elsewhere = path_of(&house.connect(&author, Platform::Youtube).await);
    let refused = house.get(&author, &elsewhere).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.json()["type"], "/problems/no_creator_info");
    sqlx::query("UPDATE connections SET health = 'needs_reconnect' WHERE platform = 'tiktok'")
        .execute(&pool)
        .await
        .unwrap();
    let ended = house.get(&author, &path).await;
    assert_eq!(ended.status, StatusCode::CONFLICT);
    assert_eq!(ended.json()["type"], "/problems/reconnect_needed");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_an_app_that_was_not_audited_may_post_is_told_before_it_is_tried(pool: PgPool) {
    let house = House::open_with(pool, &[("TIKTOK_SETTING_AUDITED", "false")]).await;
    // The sweeper tells the other functions what is set.
    house.sweep().await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Tiktok).await;
    let mut draft = house.draft(Network::of(Platform::Tiktok), What::Video, "Words");
    draft["options"]["privacyLevel"] = "PUBLIC_TO_EVERYONE".into();
    let refused = house.send(&author, "/api/posts", &draft).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = refused.json()["errors"][0].clone();
    assert_eq!(told["rule"], "app_not_audited", "{told}");
    assert_eq!(told["field"], "options.privacyLevel");
    draft["options"]["privacyLevel"] = "SELF_ONLY".into();
    let taken = house.send(&author, "/api/posts", &draft).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_draft_is_called_a_draft_until_its_owner_posts_it(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Tiktok).await;
    let mut draft = house.draft(Network::of(Platform::Tiktok), What::Video, "");
    draft["options"] = serde_json::json!({ "mode": "inbox" });
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    let shown = house.get(&author, &format!("/api/posts/{id}")).await.json();
    assert_eq!(
        (&shown["status"], &shown["standing"]),
        (&"published".into(), &"draft".into()),
        "{shown}"
    );
    deliver(&house).await;

    let publish_id: String = sqlx::query_scalar("SELECT handle FROM posts")
        .fetch_one(&pool)
        .await
        .unwrap();
    let world = house.networks.world();
    assert!(tiktok::finish_draft(
        world,
        &publish_id,
        "PUBLIC_TO_EVERYONE"
    ));
    house.advance(time::Duration::HOUR);
    deliver(&house).await;
    house.run_all().await;
    let shown = house.get(&author, &format!("/api/posts/{id}")).await.json();
    assert_eq!(shown["standing"], "live", "{shown}");
    assert!(
        shown["url"]
            .as_str()
            .is_some_and(|url| url.contains(shown["externalId"].as_str().unwrap()))
    );
    let told: Vec<Value> = sqlx::query_scalar(
        "SELECT data -> 'standing' FROM events WHERE kind = 'post.published' ORDER BY sequence",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(told, ["draft", "live"]);
}

/// Brings every letter that TikTok has written.
async fn deliver(house: &House) {
    let world = house.networks.world();
    for letter in tiktok::letters::collect(world) {
        let mut request = Request::post("/api/webhooks/tiktok");
        for (name, value) in &letter.headers {
            request = request.header(*name, value);
        }
        let answer = house
            .ask(request.body(letter.body.clone().into()).unwrap())
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        tiktok::letters::answered(world, &letter, answer.status.as_u16());
    }
}
