//! What users do with endpoints of theirs, and what others cannot.

use domain::{DeliveryId, Platform, WebhookEndpointId};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::{
    deliveries::{Endpoint, deliver, deliveries, endpoint},
    house::{House, Receiver},
    networks::{Network, What},
};

/// Every route that takes the id of an endpoint, with a body that is in order.
pub const ROUTES: [(Method, &str, Option<&str>); 8] = [
    (Method::GET, "/api/webhook-endpoints/{id}", None),
    (
        Method::PATCH,
        "/api/webhook-endpoints/{id}",
        Some(r#"{"description": "Mine"}"#),
    ),
    (Method::DELETE, "/api/webhook-endpoints/{id}", None),
    (Method::GET, "/api/webhook-endpoints/{id}/deliveries", None),
    (
        Method::POST,
        "/api/webhook-endpoints/{id}/deliveries/{delivery}/redeliver",
        None,
    ),
    (
        Method::POST,
        "/api/webhook-endpoints/{id}/replay",
        Some(r#"{"since": "2026-01-01T00:00:00Z"}"#),
    ),
    (
        Method::POST,
        "/api/webhook-endpoints/{id}/rotate-secret",
        None,
    ),
    (Method::POST, "/api/webhook-endpoints/{id}/test", None),
];

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn somebody_elses_endpoints_answer_as_absent_ones_on_every_route(pool: PgPool) {
    let house = House::open(pool).await;
    let (owner, stranger) = (house.sign_up().await, house.sign_up().await);
    let receiver = Receiver::open().await;
    let theirs = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    let mine = endpoint(&house, &stranger, &receiver.url("/mine"), json!({})).await;
    house.connect(&owner, Platform::X).await;
    house.run_due().await;
    let delivery = deliveries(&house, &owner, &theirs).await[0]["id"].clone();
    let delivery = delivery.as_str().unwrap();
    let before = house.get(&owner, &theirs.path("")).await.body;
    let sent = receiver.take().len();
    for (method, route, body) in ROUTES {
        let ask = async |id: &str, delivery: &str| {
            let body = body.map(|text| serde_json::from_str::<Value>(text).unwrap());
            let path = route.replace("{id}", id).replace("{delivery}", delivery);
            let answer = house
                .call(&stranger, method.clone(), &path, body.as_ref())
                .await;
            let mut headers = answer.headers;
            headers.remove("x-request-id");
            (answer.status, headers, answer.body)
        };
        let absent = ask(
            &WebhookEndpointId::mint().to_string(),
            &DeliveryId::mint().to_string(),
        )
        .await;
        assert_eq!(absent.0, StatusCode::NOT_FOUND, "{method} {route}");
        for id in [&theirs.id, "whe_", "1", &DeliveryId::mint().to_string()] {
            assert_eq!(ask(id, delivery).await, absent, "{method} {route} {id}");
        }
        if route.contains("{delivery}") {
            for other in [delivery, "dlv_", "1"] {
                assert_eq!(ask(&mine.id, other).await, absent, "{other}");
            }
        }
    }
    house.run_due().await;
    assert_eq!(house.get(&owner, &theirs.path("")).await.body, before);
    assert!(sent > 0 && receiver.take().is_empty());
    let listed = house.get(&stranger, "/api/webhook-endpoints").await.json();
    assert_eq!(listed["endpoints"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_the_wanted_types_of_events_are_sent_and_only_ones_own(pool: PgPool) {
    let house = House::open(pool).await;
    let (owner, stranger) = (house.sign_up().await, house.sign_up().await);
    let (all, some) = (Receiver::open().await, Receiver::open().await);
    endpoint(&house, &owner, &all.url("/"), json!({})).await;
    let wanted = json!({ "eventTypes": ["post.published", "post.failed"] });
    endpoint(&house, &owner, &some.url("/"), wanted).await;
    for person in [&owner, &stranger] {
        house.connect(person, Platform::X).await;
        let draft = house.draft(Network::of(Platform::X), What::Picture, "Whose?");
        house.post(person, &draft).await;
        house.run_due().await;
    }
    let mut kinds: Vec<String> = all.take().iter().map(|told| told.kind()).collect();
    kinds.sort();
    let expected = [
        "connection.active",
        "post.published",
        "post.publishing",
        "post.queued",
    ];
    assert_eq!(kinds, expected);
    let kinds: Vec<String> = some.take().iter().map(|told| told.kind()).collect();
    assert_eq!(kinds, ["post.published"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_ping_is_sent_once_whatever_types_are_wanted_and_stays_out_of_the_feed(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let wanted = json!({ "eventTypes": ["post.failed"] });
    let endpoint = endpoint(&house, &owner, &receiver.url("/hook"), wanted).await;
    receiver.answers(&[(500, "not yet")]);
    for (status, attempts) in [("failed", 1), ("delivered", 1)] {
        let answer = house
            .send(&owner, &endpoint.path("/test"), &json!({}))
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        assert_eq!(answer.json()["eventType"], "ping");
        house.run_all().await;
        let told = receiver.take();
        assert_eq!(told.len(), 1, "it is not tried again");
        assert_eq!(
            (told[0].kind().as_str(), told[0].signed_by(&endpoint.secret)),
            ("ping", 1)
        );
        assert_eq!(told[0].header("webhook-id"), answer.text("id"));
        assert_eq!(told[0].json()["webhookEndpointId"], endpoint.id.as_str());
        let delivery = &deliveries(&house, &owner, &endpoint).await[0];
        assert_eq!(delivery["status"], status);
        assert_eq!(delivery["attempts"].as_array().unwrap().len(), attempts);
    }
    let feed = house.get(&owner, "/api/events").await.json();
    assert_eq!(feed["events"], json!([]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_secret_signs_beside_the_old_one_for_a_day(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    let rotate = async || {
        let answer = house
            .send(&owner, &endpoint.path("/rotate-secret"), &json!({}))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    };
    let told = async || {
        house
            .send(&owner, &endpoint.path("/test"), &json!({}))
            .await;
        house.run_due().await;
        receiver.take().pop().unwrap()
    };
    let rotated = rotate().await;
    let second = rotated["secret"].as_str().unwrap();
    let both = told().await;
    assert_eq!(both.signatures(), 2);
    assert_eq!(
        (both.signed_by(&endpoint.secret), both.signed_by(second)),
        (1, 1)
    );
    house.advance(Duration::hours(25));
    let one = told().await;
    assert_eq!((one.signatures(), one.signed_by(second)), (1, 1));
    house.sweep().await;
    assert_eq!(secrets(&house).await, 1, "the old one is wiped");

    // Of several that are rotated out at once only the last one signs on.
    let third = rotate().await["secret"].as_str().unwrap().to_owned();
    let fourth = rotate().await["secret"].as_str().unwrap().to_owned();
    let told = told().await;
    assert_eq!(told.signatures(), 2);
    assert_eq!(
        (
            told.signed_by(second),
            told.signed_by(&third),
            told.signed_by(&fourth)
        ),
        (0, 1, 1)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_secret_outlives_the_data_key_that_it_was_sealed_with(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    for _ in 0..3 {
        house.publisher.rotate_keys().await.unwrap();
        house.sweep().await;
        house.advance(Duration::days(2));
        house.sweep().await;
    }
    let told = deliver(&house, &owner, &endpoint, &receiver).await;
    assert_eq!(told.signed_by(&endpoint.secret), 1);
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM data_keys")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(keys, 1, "older ones are gone");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_is_sent_to_an_endpoint_that_is_disabled(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    let switch = async |enabled: bool| {
        let body = json!({ "enabled": enabled });
        let path = endpoint.path("");
        let answer = house.call(&owner, Method::PATCH, &path, Some(&body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    };
    house.connect(&owner, Platform::X).await;
    switch(false).await;
    house.run_due().await;
    assert!(receiver.take().is_empty());
    let given_up = deliveries(&house, &owner, &endpoint).await;
    assert_eq!(given_up[0]["status"], "failed");
    let again = endpoint.delivery_path(&given_up[0], "redeliver");
    let since = json!({ "since": "2026-01-01T00:00:00Z" });
    for (path, body) in [
        (endpoint.path("/test"), &json!({})),
        (endpoint.path("/replay"), &since),
        (again, &json!({})),
    ] {
        let answer = house.send(&owner, &path, body).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{path}");
        assert_eq!(answer.rule(), "endpoint_disabled", "{path}");
    }
    switch(true).await;
    house.live_through(3).await;
    assert!(receiver.take().is_empty(), "what was given up stays so");
    // A replay brings it all.
    let answer = house.send(&owner, &endpoint.path("/replay"), &since).await;
    assert_eq!(answer.json()["planned"], 2, "{}", answer.body);
    house.run_due().await;
    let kinds: Vec<String> = receiver.take().iter().map(|told| told.kind()).collect();
    assert!(kinds.contains(&"connection.active".to_owned()), "{kinds:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_replay_needs_a_place_or_a_time_and_goes_on_where_it_ended(pool: PgPool) {
    let house = House::open(pool).await;
    let (owner, stranger) = (house.sign_up().await, house.sign_up().await);
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    house.connect(&owner, Platform::X).await;
    house.run_due().await;
    let first = house.get(&owner, "/api/events?limit=1").await.json();
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Again");
    house.post(&owner, &draft).await;
    house.run_due().await;
    let names = |told: &[crate::house::Told]| {
        let mut names: Vec<String> = told
            .iter()
            .map(|told| told.header("webhook-id").to_owned())
            .collect();
        names.sort();
        names
    };
    let once = receiver.take();
    let replay = async |body: Value| {
        let answer = house.send(&owner, &endpoint.path("/replay"), &body).await;
        (answer.status, answer.json())
    };
    let (status, all) = replay(json!({ "since": "2026-01-01T00:00:00Z" })).await;
    assert_eq!(
        (status, &all["planned"]),
        (StatusCode::ACCEPTED, &4.into()),
        "{all}"
    );
    // What is on its way is not planned twice.
    let (_, again) = replay(json!({ "since": "2026-01-01T00:00:00Z" })).await;
    assert_eq!(again["planned"], 0);
    house.run_due().await;
    assert_eq!(
        names(&receiver.take()),
        names(&once),
        "under the same names"
    );
    let (_, rest) = replay(json!({ "after": first["next"] })).await;
    assert_eq!(
        (&rest["planned"], &rest["hasMore"]),
        (&3.into(), &false.into())
    );
    house.run_due().await;
    assert_eq!(receiver.take().len(), 3);
    let (_, none) = replay(json!({ "after": rest["next"] })).await;
    assert_eq!(
        (&none["planned"], &none["next"]),
        (&0.into(), &rest["next"])
    );

    let foreign = house.get(&stranger, "/api/events").await.json();
    for (body, rule) in [
        (json!({}), "missing_field"),
        (
            json!({ "after": first["next"], "since": "2026-01-01T00:00:00Z" }),
            "missing_field",
        ),
        (json!({ "after": foreign["next"] }), "invalid_cursor"),
        (json!({ "after": "latest" }), "invalid_cursor"),
        (json!({ "since": "yesterday" }), "invalid_time"),
        (json!({ "since": "2026-01-01T00:00:00" }), "invalid_time"),
        (json!({ "before": "1" }), "unknown_field"),
    ] {
        let (status, problem) = replay(body.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(problem["type"], format!("/problems/{rule}"), "{body}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn deliveries_are_listed_page_by_page_and_by_status(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    receiver.answers(&[(200, ""), (503, "busy")]);
    for _ in 0..3 {
        house
            .send(&owner, &endpoint.path("/test"), &json!({}))
            .await;
        house.run_due().await;
    }
    let page = async |query: &str| {
        let path = endpoint.path(&format!("/deliveries?{query}"));
        let answer = house.get(&owner, &path).await;
        (answer.status, answer.json())
    };
    let (_, first) = page("limit=2").await;
    let next = first["next"].as_str().unwrap();
    let (_, second) = page(&format!("limit=2&before={next}")).await;
    let of = |page: &Value| page["deliveries"].as_array().unwrap().clone();
    assert_eq!((of(&first).len(), of(&second).len()), (2, 1));
    assert_eq!(second["next"], Value::Null);
    let whole = deliveries(&house, &owner, &endpoint).await;
    assert_eq!([of(&first), of(&second)].concat(), whole);
    let (_, failed) = page("status=failed").await;
    assert_eq!(of(&failed), [whole[1].clone()]);
    let attempt = &whole[1]["attempts"][0];
    assert_eq!(
        (&attempt["status"], &attempt["answer"]),
        (&503.into(), &"busy".into())
    );
    for query in ["limit=0", "limit=101", "status=lost", "before=1"] {
        let (status, problem) = page(query).await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{query}: {problem}"
        );
    }
}

async fn secrets(house: &House) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM webhook_secrets")
        .fetch_one(&house.pool)
        .await
        .unwrap()
}

impl Endpoint {
    /// Where something is done with one of its deliveries.
    pub fn delivery_path(&self, delivery: &Value, what: &str) -> String {
        self.path(&format!(
            "/deliveries/{}/{what}",
            delivery["id"].as_str().unwrap()
        ))
    }
}
