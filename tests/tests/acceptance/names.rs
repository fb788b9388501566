//! A post's own name makes a request safe to repeat.

use domain::Platform;
use futures_util::future::join_all;
use http::StatusCode;
use sqlx::PgPool;

use crate::{
    house::House,
    networks::{Network, What},
};

const AT_ONCE: usize = 20;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn twenty_requests_of_one_name_at_once_make_one_post(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let mut draft = house.draft(Network::of(Platform::X), What::Picture, "Said once");
    draft["client_post_id"] = "the-one".into();
    let asked = (0..AT_ONCE).map(|_| house.send(&author, "/api/posts", &draft));
    let answers = join_all(asked).await;
    let first = answers[0].text("id");
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        assert_eq!(answer.text("id"), first);
    }
    house.run_all().await;
    assert_eq!(house.live("Said once").len(), 1);
    // Long after it went out the same request is answered with the same post.
    let again = house.send(&author, "/api/posts", &draft).await;
    assert_eq!(again.text("id"), first);
    assert_eq!(again.text("status"), "published");
    house.run_all().await;
    assert_eq!(house.live("Said once").len(), 1);
    let listed = house.get(&author, "/api/posts").await.json();
    assert_eq!(listed["posts"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_name_with_another_body_is_refused_and_changes_nothing(pool: PgPool) {
    let house = House::open(pool).await;
    let (author, stranger) = (house.sign_up().await, house.sign_up().await);
    house.connect(&author, Platform::X).await;
    house.connect(&stranger, Platform::X).await;
    let mut draft = house.draft(Network::of(Platform::X), What::Picture, "The first words");
    draft["client_post_id"] = "a-name".into();
    let id = house.post(&author, &draft).await;
    let mut other = draft.clone();
    other["caption"] = "Other words".into();
    let answer = house.send(&author, "/api/posts", &other).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert_eq!(answer.rule(), "client_post_id_taken");
    assert!(answer.body.contains(&id), "{}", answer.body);
    // A name is its user's own.
    let theirs = house.post(&stranger, &other).await;
    assert_ne!(theirs, id);
    house.run_all().await;
    assert_eq!(house.live("The first words").len(), 1);
    assert_eq!(house.live("Other words").len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_bodies_of_one_name_at_once_make_one_post(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let drafts: Vec<_> = (0..AT_ONCE)
        .map(|place| {
            let words = format!("Either way, {}", place % 2);
            let mut draft = house.draft(Network::of(Platform::X), What::Picture, &words);
            draft["client_post_id"] = "torn".into();
            draft
        })
        .collect();
    let asked = drafts
        .iter()
        .map(|draft| house.send(&author, "/api/posts", draft));
    let answers = join_all(asked).await;
    let taken = |place: usize| answers[place].status == StatusCode::ACCEPTED;
    assert_ne!(taken(0), taken(1), "one of the two bodies is kept");
    for (place, answer) in answers.iter().enumerate() {
        assert_eq!(taken(place), taken(place % 2), "{}", answer.body);
        if !taken(place) {
            assert_eq!(answer.rule(), "client_post_id_taken");
        }
    }
    house.run_all().await;
    assert_eq!(house.live("Either way").len(), 1);
}
