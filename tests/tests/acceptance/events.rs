//! The feed: everything that happened, in order, and any time again.

use domain::Platform;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    house::{House, Person},
    networks::{Network, What},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_feed_tells_what_happened_in_order_and_any_time_again(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let connection = house.connect(&author, Platform::X).await;
    let network = Network::of(Platform::X);
    let mut draft = house.draft(network, What::Picture, "Told of");
    draft["client_post_id"] = "mine-1".into();
    let post = house.post(&author, &draft).await;
    house.run_due().await;
    house.send(&author, "/api/disconnect/x", &json!({})).await;
    house.run_due().await;

    let whole = page(&house, &author, "").await;
    let events = whole["events"].as_array().unwrap();
    assert_eq!(whole["hasMore"], false);
    assert_eq!(
        kinds(events),
        [
            "connection.active",
            "post.queued",
            "post.publishing",
            "post.published",
            "connection.disconnecting",
            "connection.disconnected",
        ]
    );
    let places: Vec<i64> = events
        .iter()
        .map(|event| event["sequence"].as_i64().unwrap())
        .collect();
    assert_eq!(places, [1, 2, 3, 4, 5, 6]);
    for event in events {
        assert!(event["id"].as_str().unwrap().starts_with("evt_"));
        assert_eq!(event["connectionId"], connection["id"]);
        assert_eq!(event["data"]["platform"], "x");
    }
    let status = house.status(&author, &post).await;
    let published = &events[3];
    assert_eq!(published["postId"], post.as_str());
    for (name, value) in [
        ("status", json!("published")),
        ("standing", json!("live")),
        ("externalId", status["externalId"].clone()),
        ("url", status["url"].clone()),
        ("clientPostId", json!("mine-1")),
        ("revision", json!(1)),
    ] {
        assert_eq!(published["data"][name], value, "{name}");
    }
    assert_eq!(events[1]["data"]["url"], Value::Null, "it had none then");
    assert_eq!(events[0]["data"]["displayName"], connection["displayName"]);
    assert_eq!(events[0]["postId"], Value::Null);

    // One by one it is the same, and every place can be gone back to.
    let (mut after, mut one_by_one) = (String::new(), Vec::new());
    let mut places = Vec::new();
    loop {
        let page = page(&house, &author, &format!("limit=1{after}")).await;
        one_by_one.extend(page["events"].as_array().unwrap().clone());
        after = format!("&after={}", page["next"].as_str().unwrap());
        places.push(after.clone());
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!(&one_by_one, events);
    for (at, place) in places.iter().enumerate() {
        let again = page(&house, &author, &place[1..]).await;
        assert_eq!(again["events"].as_array().unwrap(), &events[at + 1..]);
    }
    let end = page(&house, &author, &after[1..]).await;
    assert_eq!((&end["events"], &end["next"]), (&json!([]), &whole["next"]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_wants_nothing_of_before_begins_behind_it(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let empty = page(&house, &author, "after=latest").await;
    house.connect(&author, Platform::X).await;
    let latest = page(&house, &author, "after=latest").await;
    assert_eq!(
        (&latest["events"], &latest["hasMore"]),
        (&json!([]), &json!(false))
    );
    let draft = house.draft(Network::of(Platform::X), What::Picture, "New");
    house.post(&author, &draft).await;
    let of = async |page: &Value| {
        let after = format!("after={}", page["next"].as_str().unwrap());
        self::page(&house, &author, &after).await["events"].clone()
    };
    assert_eq!(
        kinds(of(&latest).await.as_array().unwrap()),
        ["post.queued"]
    );
    let all = of(&empty).await;
    assert_eq!(
        kinds(all.as_array().unwrap()),
        ["connection.active", "post.queued"]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_failure_says_why_and_what_was_told_stays_what_it_was(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Not sent");
    let tomorrow = house.now() + Duration::days(1);
    let post = house.schedule(&author, &draft, tomorrow).await;
    house.send(&author, "/api/disconnect/x", &json!({})).await;
    let told = events(&house, &author).await;
    let failed = told.iter().find(|event| event["type"] == "post.failed");
    let failed = failed.expect("it failed");
    let due = failed["data"]["dueAt"].as_str().unwrap();
    let due = OffsetDateTime::parse(due, &Rfc3339).unwrap();
    assert!((due - tomorrow).abs() < Duration::SECOND, "{failed}");
    let status = house.status(&author, &post).await;
    for name in ["code", "message"] {
        assert_eq!(failed["data"]["error"][name], status["error"][name]);
        assert!(status["error"][name].is_string(), "{status}");
    }
    let evidence = &failed["data"]["error"]["evidence"];
    assert_eq!(evidence, &Value::Null, "it is for the post's own log");
    // The post changes; the event does not.
    sqlx::query("UPDATE posts SET error = NULL, external_url = 'https://example.com/changed'")
        .execute(&house.pool)
        .await
        .unwrap();
    assert_eq!(events(&house, &author).await, told);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn places_of_others_and_what_is_none_are_refused_alike(pool: PgPool) {
    let house = House::open(pool).await;
    let (author, stranger) = (house.sign_up().await, house.sign_up().await);
    house.connect(&author, Platform::X).await;
    house.connect(&stranger, Platform::X).await;
    let own = page(&house, &author, "").await["next"].clone();
    let own = own.as_str().unwrap();
    let told = page(&house, &stranger, "").await;
    assert_eq!(told["events"].as_array().unwrap().len(), 1);
    for after in [
        own,
        "1",
        "evt_0",
        "%00",
        "AAAAAAAAAAEAAAAAAAAAAA",
        &own[1..],
    ] {
        let answer = ask(&house, &stranger, &format!("after={after}")).await;
        assert_eq!(answer.0, StatusCode::UNPROCESSABLE_ENTITY, "{after}");
        assert_eq!(answer.1["type"], "/problems/invalid_cursor", "{after}");
        let broken = &answer.1["errors"][0];
        assert_eq!(broken["field"], "after");
        assert!(broken["remedy"].as_str().unwrap().contains("next"));
    }
    for limit in ["0", "201", "-1"] {
        let answer = ask(&house, &author, &format!("limit={limit}")).await;
        assert_eq!(answer.1["type"], "/problems/out_of_range", "{limit}");
    }
    for query in ["limit=many", "before=1"] {
        let answer = ask(&house, &author, query).await;
        assert_eq!(answer.0, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_comes_back_after_events_were_forgotten_is_told_so_and_nobody_else(pool: PgPool) {
    let house = House::open_with(pool, &[("REFRESH_TOKEN_DAYS", "90")]).await;
    let (author, idle) = (house.sign_up().await, house.sign_up().await);
    house.connect(&author, Platform::X).await;
    house.connect(&idle, Platform::X).await;
    let place = async |person: &Person, query: &str| {
        let page = page(&house, person, query).await;
        format!("after={}", page["next"].as_str().unwrap())
    };
    let before = place(&author, "").await;
    let idle_since = place(&idle, "").await;
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Long ago");
    house.post(&author, &draft).await;
    house.run_due().await;
    let behind = place(&author, &before).await;
    house.advance(Duration::days(31));
    house.sweep().await;

    let (status, problem) = ask(&house, &author, &before).await;
    assert_eq!(status, StatusCode::GONE, "{problem}");
    assert_eq!(problem["type"], "/problems/cursor_too_old");
    assert!(problem["detail"].as_str().unwrap().contains("after=latest"));
    // Who had read all of it has missed nothing, however long ago that was.
    for (person, cursor) in [(&author, &behind), (&idle, &idle_since)] {
        let page = page(&house, person, cursor).await;
        assert_eq!(page["events"], json!([]));
    }
    let fresh = place(&author, "").await;
    house.send(&author, "/api/disconnect/x", &json!({})).await;
    for cursor in [&behind, &fresh] {
        let page = page(&house, &author, cursor).await;
        let told = page["events"].as_array().unwrap();
        assert_eq!(kinds(told), ["connection.disconnecting"]);
        assert_eq!(told[0]["sequence"], 5, "no place is given twice");
    }
}

async fn ask(house: &House, person: &Person, query: &str) -> (StatusCode, Value) {
    let path = format!("/api/events?{query}");
    let answer = house.call(person, Method::GET, &path, None).await;
    (answer.status, answer.json())
}

async fn page(house: &House, person: &Person, query: &str) -> Value {
    let (status, page) = ask(house, person, query).await;
    assert_eq!(status, StatusCode::OK, "{query}: {page}");
    page
}

async fn events(house: &House, person: &Person) -> Vec<Value> {
    page(house, person, "limit=200").await["events"]
        .as_array()
        .unwrap()
        .clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}
