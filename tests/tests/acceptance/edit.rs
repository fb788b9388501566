//! A scheduled post is changed or called off until it is sent, and not a moment longer.

use domain::Platform;
use http::{Method, StatusCode};
use serde_json::json;
use simulator::Fault;
use sqlx::PgPool;
use time::{Duration, format_description::well_known::Rfc3339};

use crate::{
    house::{Answer, House, Person},
    networks::{NETWORKS, Network, What},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_edited_post_goes_out_as_it_was_edited_at_its_new_time(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        house.connect(&author, platform).await;
        let (what, _) = network.simplest();
        let due = house.now() + Duration::days(1);
        let draft = house.draft(network, what, &format!("Before, {platform}"));
        let id = house.schedule(&author, &draft, due).await;
        // Prepared already: an edit throws what was prepared away.
        house.advance_to(due - Duration::minutes(1));
        house.run_due().await;
        let later = due + Duration::hours(1);
        let words = format!("After, {platform}");
        let change = json!({"caption": words, "scheduledAtISO": later.format(&Rfc3339).unwrap()});
        let edited = house.edit(&author, &id, &change).await;
        assert_eq!(edited.status, StatusCode::OK, "{platform}: {}", edited.body);
        assert_eq!(edited.json()["revision"], 2, "{platform}");
        house.advance_to(later - Duration::seconds(2));
        house.run_due().await;
        assert_eq!(house.live(platform.as_str()), [], "{platform}");
        house.run_all().await;
        assert_eq!(house.live(&words).len(), 1, "{platform}");
        assert_eq!(house.live("Before").len(), 0, "{platform}");
        let told = house.status(&author, &id).await;
        assert_eq!(told["status"], "published", "{platform}: {told}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_canceled_post_never_goes_out(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        house.connect(&author, platform).await;
        let (what, _) = network.simplest();
        for ahead in [Duration::hours(23), Duration::minutes(1)] {
            let due = house.now() + Duration::days(1);
            let words = format!("Never, {platform}");
            let id = house
                .schedule(&author, &house.draft(network, what, &words), due)
                .await;
            house.advance_to(due - ahead);
            house.run_due().await;
            for _ in 0..2 {
                let canceled = cancel(&house, &author, &id).await;
                assert_eq!(canceled.status, StatusCode::OK, "{}", canceled.body);
                assert_eq!(canceled.text("status"), "canceled");
            }
            house.run_all().await;
            house.advance_to(due + Duration::minutes(1));
            house.sweep().await;
            house.publisher.answer(&id).await;
            house.run_all().await;
            assert_eq!(house.live(&words), [], "{platform}");
            assert_eq!(house.status(&author, &id).await["status"], "canceled");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_being_sent_or_is_over_can_no_longer_be_changed(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let network = Network::of(Platform::X);
    house.connect(&author, Platform::X).await;
    let (what, commit) = network.simplest();
    // Its answer is lost, so it is neither here nor there until the network was asked.
    house.script(commit.goes_wrong(Fault::LoseAnswer));
    let id = house
        .post(&author, &house.draft(network, what, "On its way"))
        .await;
    house.run_due().await;
    assert_eq!(house.status(&author, &id).await["status"], "publishing");
    for answer in touch(&house, &author, &id).await {
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        assert_eq!(answer.rule(), "publish_in_progress");
    }
    house.run_all().await;
    assert_eq!(house.status(&author, &id).await["status"], "published");
    for answer in touch(&house, &author, &id).await {
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
        assert_eq!(answer.rule(), "post_is_over");
    }
    assert_eq!(house.live("On its way").len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_edits_of_one_revision_one_wins(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let due = house.now() + Duration::days(1);
    let draft = house.draft(Network::of(Platform::X), What::Picture, "As it was");
    let id = house.schedule(&author, &draft, due).await;
    let (one, two) = (
        json!({"caption": "One", "revision": 1}),
        json!({"caption": "Two", "revision": 1}),
    );
    let (first, second) = futures_util::join!(
        house.edit(&author, &id, &one),
        house.edit(&author, &id, &two)
    );
    let (won, lost) = if first.status == StatusCode::OK {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!(won.status, StatusCode::OK, "{}", won.body);
    assert_eq!(lost.status, StatusCode::CONFLICT, "{}", lost.body);
    assert_eq!(lost.rule(), "revision_stale");
    house.run_all().await;
    assert_eq!(house.live(won.text("caption")).len(), 1);
    assert_eq!(house.networks.ledger().posts().len(), 1);
}

async fn cancel(house: &House, person: &Person, id: &str) -> Answer {
    let path = format!("/api/posts/{id}");
    house.call(person, Method::DELETE, &path, None).await
}

async fn touch(house: &House, person: &Person, id: &str) -> [Answer; 2] {
    [
        house
            .edit(person, id, &json!({"caption": "Other words"}))
            .await,
        cancel(house, person, id).await,
    ]
}
