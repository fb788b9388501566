//! The end of a connection: nothing goes out through it any more, and its secrets are gone.

use domain::Platform;
use http::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use time::Duration;

use crate::{
    house::{House, Person},
    networks::NETWORKS,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_leaves_an_account_does_not_take_it_from_somebody_else(pool: PgPool) {
    let house = House::open(pool).await;
    for network in NETWORKS {
        let platform = network.platform;
        let (one, other) = (house.sign_up().await, house.sign_up().await);
        house.connect(&one, platform).await;
        house.connect(&other, platform).await;
        disconnect(&house, &one, platform).await;
        house.run_all().await;
        let (what, _) = network.simplest();
        let words = format!("Still here at {platform}");
        let id = house
            .post(&other, &house.draft(network, what, &words))
            .await;
        house.run_all().await;
        house.assert_published(&other, &id, &words).await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn disconnecting_fails_what_was_scheduled_and_wipes_the_tokens_within_a_minute(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        let connection = house.connect(&author, platform).await;
        let (what, _) = network.simplest();
        let due = house.now() + Duration::days(1);
        let words = format!("Too late for {platform}");
        let draft = house.draft(network, what, &words);
        let far = house.schedule(&author, &draft, due).await;
        // One is prepared already when the connection ends.
        let soon = house
            .schedule(&author, &draft, house.now() + Duration::minutes(5))
            .await;
        house.advance(Duration::minutes(4));
        house.run_due().await;
        let told = house.status(&author, &soon).await;
        assert_eq!(told["status"], "publishing", "{platform}: {told}");

        let heard = house.networks.calls().len();
        let ended = disconnect(&house, &author, platform).await;
        assert_eq!(ended, "disconnecting");
        for id in [&far, &soon] {
            let told = house.status(&author, id).await;
            assert_eq!(told["status"], "failed", "{platform}: {told}");
            assert_eq!(told["error"]["code"], "account_disconnected");
        }
        house.advance(Duration::seconds(1));
        house.run_due().await;
        house.advance(Duration::seconds(59));
        house.run_due().await;
        let id = connection["id"].as_str().unwrap();
        assert_eq!(kept(&house, id).await, ("disconnected".to_owned(), 0));
        let withdrawn = house.networks.calls().split_off(heard);
        let withdrawn = withdrawn.iter().find(|call| withdraws(call));
        assert_eq!(withdrawn.map(String::as_str), withdrawal(platform));
        house.run_all().await;
        assert_eq!(house.live(&words), [], "{platform}");
        let refused = house.send(&author, "/api/posts", &draft).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{platform}");
        assert_eq!(refused.rule(), "not_connected");
        // Who comes back has the same connection again, and can publish.
        let again = house.connect(&author, platform).await;
        assert_eq!(again["id"], connection["id"], "{platform}");
        let id = house.post(&author, &draft).await;
        house.run_all().await;
        let ending = house.ending(&author, &id, &words).await;
        assert_eq!(
            (ending.status(), ending.live),
            ("published", 1),
            "{platform}: {ending}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn tokens_are_wiped_within_a_minute_though_the_network_does_not_answer(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        let connection = house.connect(&author, platform).await;
        house.script(simulator::FaultScript::any(simulator::Fault::LoseRequest).times(100));
        disconnect(&house, &author, platform).await;
        for _ in 0..6 {
            house.run_due().await;
            house.advance(Duration::seconds(10));
        }
        house.networks.clear_faults();
        let id = connection["id"].as_str().unwrap();
        assert_eq!(
            kept(&house, id).await,
            ("disconnected".to_owned(), 0),
            "{platform}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn tokens_are_wiped_within_a_minute_though_they_do_not_open(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        let connection = house.connect(&author, platform).await;
        let id = connection["id"].as_str().unwrap();
        alter(&house).await;
        disconnect(&house, &author, platform).await;
        for _ in 0..6 {
            house.run_due().await;
            house.advance(Duration::seconds(10));
        }
        assert_eq!(
            kept(&house, id).await,
            ("disconnected".to_owned(), 0),
            "{platform}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_whose_tokens_do_not_open_asks_for_a_new_connection_and_its_posts_wait(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        house.connect(&author, platform).await;
        let words = format!("To {platform} after all");
        let draft = house.draft(network, network.simplest().0, &words);
        let id = house.post(&author, &draft).await;
        alter(&house).await;
        house.live_through(40).await;
        let told = house.status(&author, &id).await;
        assert_eq!(told["error"]["code"], "reconnect_needed", "{told}");
        let again = house.connect(&author, platform).await;
        assert_eq!(again["health"], "active", "{again}");
        house.run_all().await;
        house.assert_published(&author, &id, &words).await;
    }
}

/// Whether a call withdraws our access.
fn withdraws(call: &str) -> bool {
    call.contains("revoke") || call.contains("DELETE")
}

/// The call by which access is withdrawn; none where the account of another network leans on the same grant, and at
/// Pinterest, where only system users may.
const fn withdrawal(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Facebook => Some("graph.facebook.com DELETE /{version}/{id}/permissions"),
        Platform::Linkedin => Some("www.linkedin.com POST /oauth/v2/revoke"),
        Platform::Tiktok => Some("open.tiktokapis.com POST /v2/oauth/revoke/"),
        Platform::X => Some("api.x.com POST /2/oauth2/revoke"),
        Platform::Youtube => Some("oauth2.googleapis.com POST /revoke"),
        Platform::Instagram | Platform::Pinterest => None,
    }
}

/// Flips a bit of every sealed token.
async fn alter(house: &House) {
    sqlx::query(
        "UPDATE connections SET
             access_token_ciphertext = set_bit(access_token_ciphertext, 300,
                 1 - get_bit(access_token_ciphertext, 300)),
             refresh_token_ciphertext = set_bit(refresh_token_ciphertext, 300,
                 1 - get_bit(refresh_token_ciphertext, 300))
         WHERE access_token_ciphertext IS NOT NULL",
    )
    .execute(&house.pool)
    .await
    .unwrap();
}

async fn disconnect(house: &House, person: &Person, platform: Platform) -> String {
    let path = format!("/api/disconnect/{platform}");
    let answer = house.send(person, &path, &json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    answer.text("health").to_owned()
}

/// The health of a connection, and how many secrets of it are kept.
async fn kept(house: &House, id: &str) -> (String, i32) {
    sqlx::query_as(
        "SELECT health, num_nonnulls(access_token_ciphertext, refresh_token_ciphertext)
         FROM connections WHERE replace(id::text, '-', '') = $1",
    )
    .bind(id.trim_start_matches("con_"))
    .fetch_one(&house.pool)
    .await
    .unwrap()
}
