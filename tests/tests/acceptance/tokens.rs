//! Tokens that work once: whoever asks for new ones, the network is asked once.

use domain::Platform;
use futures_util::future::{join, join_all};
use serde_json::json;
use simulator::{Fault, FaultScript};
use sqlx::PgPool;
use time::Duration;

use crate::{
    house::House,
    networks::{Network, What},
};

/// How many ask at once: publishers with a post each, and sweepers.
const PUBLISHERS: usize = 80;
const SWEEPERS: usize = 20;
/// X's access tokens live two hours.
const TOKEN_OVER: Duration = Duration::minutes(121);

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_hundred_who_need_a_new_token_at_once_ask_the_network_once(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let due = house.now() + TOKEN_OVER + Duration::minutes(5);
    let mut posts = Vec::new();
    for number in 0..PUBLISHERS {
        let words = format!("Number {number} of many");
        let mut draft = house.draft(Network::of(Platform::X), What::Picture, &words);
        draft["media"] = json!([]);
        posts.push((house.schedule(&author, &draft, due).await, words));
    }
    // Each of them is due for what comes before its time, and the token has ended.
    house.advance(TOKEN_OVER);
    let asked = token_calls(&house);
    // While the network thinks, everybody comes by.
    house.script(FaultScript::first(
        "api.x.com",
        TOKEN_ROUTE,
        Fault::Delay { milliseconds: 300 },
    ));
    house.advance_to(due);
    let looks = posts.iter().map(|(id, _)| house.publisher.answer(id));
    let sweeps = (0..SWEEPERS).map(|_| house.publisher.renew_tokens());
    let (_, swept) = join(join_all(looks), join_all(sweeps)).await;
    assert!(swept.iter().all(Result::is_ok), "{swept:?}");
    assert_eq!(token_calls(&house) - asked, 1);
    house.run_all().await;
    assert_eq!(token_calls(&house) - asked, 1);
    for (id, words) in &posts {
        house.assert_published(&author, id, words).await;
    }
}

const TOKEN_ROUTE: &str = "POST /2/oauth2/token";

fn token_calls(house: &House) -> usize {
    let route = format!("api.x.com {TOKEN_ROUTE}");
    let calls = house.networks.calls();
    calls.iter().filter(|call| **call == route).count()
}
