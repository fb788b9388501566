//! What is Pinterest's alone: boards to choose from, and new ones.

use domain::Platform;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{errands, rings};
use time::Duration;

use crate::{
    house::{Answer, House, Person},
    networks::{Network, What},
};

/// Asks while the publisher works.
async fn asked(
    house: &House,
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    asked_after(house, person, (method, path), body, 0).await
}

/// The same after so many publishers died of it.
async fn asked_after(
    house: &House,
    person: &Person,
    (method, path): (Method, &str),
    body: Option<&Value>,
    deaths: usize,
) -> Answer {
    let (answer, ()) = tokio::join!(house.call(person, method, path, body), async {
        while rings::next_due(&house.pool).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        let told = rings::take(&house.pool, 1, Duration::ZERO, &[], &[]).await;
        let id = told.unwrap()[0].subject.parse().unwrap();
        for _ in 0..deaths {
            let run = errands::take(&house.pool, id, Duration::MINUTE).await;
            run.unwrap().expect("a run");
            house.advance(Duration::minutes(2));
        }
        house.run_due().await;
    });
    answer
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn boards_are_listed_made_and_posted_to(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let connected = house.connect(&author, Platform::Pinterest).await;
    let boards = format!(
        "/api/connections/{}/boards",
        connected["id"].as_str().unwrap()
    );
    let listed = asked(&house, &author, Method::GET, &boards, None).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    let first = listed.json()["boards"][0].clone();
    assert!(first["id"].is_string() && first["name"].is_string());

    let wish = json!({ "name": "Recipes", "description": "What we cook" });
    let made = asked(&house, &author, Method::POST, &boards, Some(&wish)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let board = made.json()["board"].clone();
    assert_eq!(board["name"], "Recipes");
    let sections = format!("{boards}/{}/sections", board["id"].as_str().unwrap());
    let listed = asked(&house, &author, Method::GET, &sections, None).await;
    assert_eq!(listed.json(), json!({ "sections": [] }), "{}", listed.body);

    let mut draft = house.draft(Network::of(Platform::Pinterest), What::Picture, "A dish");
    draft["options"]["boardId"] = board["id"].clone();
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    house.assert_published(&author, &id, "A dish").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_breaks_off_is_asked_again_where_that_does_no_harm(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let connected = house.connect(&author, Platform::Pinterest).await;
    let boards = format!(
        "/api/connections/{}/boards",
        connected["id"].as_str().unwrap()
    );
    let wish = json!({ "name": "Made at most once" });
    for (asking, body, deaths, refused) in [
        (Method::GET, None, 4, None),
        (
            Method::GET,
            None,
            5,
            Some((
                StatusCode::SERVICE_UNAVAILABLE,
                "interrupted",
                "; ask again.",
            )),
        ),
        (
            Method::POST,
            Some(&wish),
            1,
            Some((
                StatusCode::BAD_GATEWAY,
                "outcome_unknown",
                "before you ask again.",
            )),
        ),
    ] {
        let asking = (asking, boards.as_str());
        let answer = asked_after(&house, &author, asking, body, deaths).await;
        if let Some((status, rule, remedy)) = refused {
            assert_eq!(answer.status, status, "{}", answer.body);
            assert_eq!(answer.rule(), rule);
            let said = answer.text("detail");
            assert!(said.ends_with(remedy), "{said}");
        } else {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        }
        // What was answered is told again for a while.
        house.advance(Duration::MINUTE);
    }
    let listed = asked(&house, &author, Method::GET, &boards, None).await;
    assert!(
        !listed.body.contains("Made at most once"),
        "{}",
        listed.body
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_board_that_cannot_be_is_refused_by_its_field(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let connected = house.connect(&author, Platform::Pinterest).await;
    let boards = format!(
        "/api/connections/{}/boards",
        connected["id"].as_str().unwrap()
    );
    for (wish, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(51) }), "name"),
        (
            json!({ "name": "n", "description": "d".repeat(501) }),
            "description",
        ),
        (json!({ "name": "n", "privacy": "OPEN" }), "privacy"),
    ] {
        let refused = house.send(&author, &boards, &wish).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wish}");
        assert_eq!(refused.json()["errors"][0]["field"], field, "{wish}");
    }
    let elsewhere = house.connect(&author, Platform::X).await;
    let path = format!(
        "/api/connections/{}/boards",
        elsewhere["id"].as_str().unwrap()
    );
    let refused = house.get(&author, &path).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.json()["type"], "/problems/no_boards");
}
