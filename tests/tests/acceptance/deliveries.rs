//! Events on their way to users' own servers: at least once, whatever breaks, and never at the cost of posts.

use std::{sync::Arc, time::Duration as Span};

use domain::Platform;
use doorbell::Reply;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use store::rings;
use tests::world;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use vault::testing::Health;

use crate::{
    house::{House, Person, Receiver, Told},
    networks::{Network, What},
};

/// The pauses between attempts, by the specification.
const SCHEDULE: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];

/// An endpoint of somebody's.
pub struct Endpoint {
    pub id: String,
    pub secret: String,
}

impl Endpoint {
    pub fn path(&self, rest: &str) -> String {
        format!("/api/webhook-endpoints/{}{rest}", self.id)
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_server_that_fails_and_then_takes_is_told_the_same_again(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    house.connect(&owner, Platform::X).await;
    let wanted = json!({ "eventTypes": ["post.published"] });
    let endpoint = endpoint(&house, &owner, &receiver.url("/hook?key=1"), wanted).await;
    receiver.answers(&[(500, "out of order"), (302, "/elsewhere")]);
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Told");
    let post = house.post(&owner, &draft).await;
    house.run_all().await;

    let told = receiver.take();
    assert_eq!(told.len(), 3, "no redirect is followed: {told:?}");
    let feed = house.get(&owner, "/api/events").await.json();
    let event = feed["events"].as_array().unwrap().last().unwrap().clone();
    let (mut times, first) = (Vec::new(), told[0].body.clone());
    for told in &told {
        assert_eq!(told.path, "/hook");
        assert_eq!(told.header("content-type"), "application/json");
        assert_eq!(told.header("webhook-id"), event["id"].as_str().unwrap());
        assert_eq!(
            (told.signatures(), told.signed_by(&endpoint.secret)),
            (1, 1)
        );
        assert_eq!(told.body, first, "to the byte");
        times.push(told.header("webhook-timestamp").parse::<i64>().unwrap());
        // What is sent is what the feed tells, and the time by the specification's name.
        let mut body = told.json();
        let timestamp = body.as_object_mut().unwrap().remove("timestamp");
        assert_eq!(timestamp.as_ref(), Some(&event["createdAt"]));
        assert_eq!(body, event);
    }
    assert_eq!(event["postId"], post.as_str());
    assert!(event["data"]["url"].is_string());
    assert!((5..=8).contains(&(times[1] - times[0])), "{times:?}");
    assert!((300..=363).contains(&(times[2] - times[1])), "{times:?}");
    let now = house.now().unix_timestamp();
    assert!(
        (times[2] - now).abs() < 60,
        "the time is that of the attempt"
    );

    let delivery = &deliveries(&house, &owner, &endpoint).await[0];
    assert_eq!(delivery["status"], "delivered");
    assert_eq!(delivery["eventId"], event["id"]);
    assert_eq!(delivery["eventType"], "post.published");
    assert_eq!(delivery["nextAttemptAt"], Value::Null);
    let attempts = delivery["attempts"].as_array().unwrap();
    let statuses: Vec<&Value> = attempts.iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, [&json!(500), &json!(302), &json!(200)]);
    assert_eq!(attempts[0]["answer"], "out of order");
    assert!(attempts[1]["error"].as_str().unwrap().contains("Redirects"));
    assert_eq!(attempts[2]["error"], Value::Null);
    let shown = house.get(&owner, &endpoint.path("")).await.json();
    assert_eq!(shown["failingSince"], Value::Null);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_delivery_is_sent_again_by_order_under_its_name(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    let first = deliver(&house, &owner, &endpoint, &receiver).await;
    let delivery = deliveries(&house, &owner, &endpoint).await[0].clone();
    assert_eq!(delivery["status"], "delivered");
    let path = endpoint.delivery_path(&delivery, "redeliver");
    let answer = house.send(&owner, &path, &json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    assert_eq!(answer.json()["status"], "waiting");
    house.run_due().await;
    let again = receiver.take();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again[0].body, first.body);
    let delivery = &deliveries(&house, &owner, &endpoint).await[0];
    assert_eq!(delivery["attempts"].as_array().unwrap().len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_attempt_that_reached_nobody_says_so(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let (listener, nobody) = world::listen().await;
    drop(listener);
    let endpoint = endpoint(&house, &owner, &nobody, json!({})).await;
    house.connect(&owner, Platform::X).await;
    house.run_due().await;
    let attempt = deliveries(&house, &owner, &endpoint).await[0]["attempts"][0].clone();
    assert_eq!(attempt["status"], Value::Null, "{attempt}");
    let said = attempt["error"].as_str().unwrap();
    assert!(said.contains("could not be reached"), "{said}");
}

/// Nothing is held against an endpoint whose secret cannot be had for a while, and nothing is sent to it unsigned.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_delivery_waits_for_its_key_and_says_when_there_is_none_any_more(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    house.connect(&owner, Platform::X).await;
    // Keys that were opened before are kept for a while.
    house.advance(Duration::HOUR);
    house.keys.set(Health::Down);
    let planned = deliveries(&house, &owner, &endpoint).await[0]["id"].clone();
    let reply = house.publisher.answer(planned.as_str().unwrap()).await;
    assert_eq!(reply, Reply::Again);
    let delivery = deliveries(&house, &owner, &endpoint).await[0].clone();
    assert_eq!(delivery["attempts"], json!([]), "{delivery}");
    house.keys.set(Health::Good);
    house.live_through(3).await;
    assert_eq!(receiver.take().len(), 1);

    sqlx::query(
        "UPDATE webhook_secrets SET ciphertext = set_bit(ciphertext, 300, 1 - get_bit(ciphertext, 300))",
    )
    .execute(&pool)
    .await
    .unwrap();
    house
        .send(&owner, &endpoint.path("/test"), &json!({}))
        .await;
    house.run_due().await;
    assert!(receiver.heard().is_empty());
    let all = deliveries(&house, &owner, &endpoint).await;
    let said = all
        .iter()
        .filter_map(|it| it["attempts"][0]["error"].as_str());
    assert!(
        said.into_iter().any(|said| said.contains("rotate it")),
        "{all:?}"
    );
}

/// Later attempts are not rung for: the sweeper knows of them, and a queue that holds a ring for a day costs a schedule.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_tried_again_in_half_an_hour_is_left_to_the_sweeper(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    receiver.answers(&[(500, ""); 3]);
    house.connect(&owner, Platform::X).await;
    house.run_due().await;
    for _ in 0..2 {
        house.hear_next_and_run().await;
    }
    assert_eq!(receiver.heard().len(), 3);
    assert_eq!(rings::next_due(&house.pool).await.unwrap(), None);
}

/// So many are under way in one process that another one waits for a place, a moment later.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_delivery_for_which_there_is_no_place_comes_again_in_a_moment(pool: PgPool) {
    let house = Arc::new(House::open(pool).await);
    let owner = house.sign_up().await;
    let slow = Receiver::silent().await;
    let mut under_way = Vec::new();
    for _ in 0..6 {
        let stuck = endpoint(&house, &owner, &slow.url("/"), json!({})).await;
        for _ in 0..2 {
            house.send(&owner, &stuck.path("/test"), &json!({})).await;
        }
        for delivery in deliveries(&house, &owner, &stuck).await {
            let id = delivery["id"].as_str().unwrap().to_owned();
            let publisher = house.publisher.clone();
            under_way.push((
                id.clone(),
                tokio::spawn(async move { publisher.answer(&id).await }),
            ));
        }
    }
    slow.heard_at_least(10).await;
    house.lose_all_rings().await;
    let (late, look) = under_way.pop().unwrap();
    look.await.unwrap();
    house.publisher.answer(&late).await;
    let wait = rings::next_due(&house.pool).await.unwrap().expect("a ring");
    assert!(
        wait > Duration::ZERO && wait <= Duration::seconds(2),
        "{wait}"
    );
    slow.speak();
    for (_, look) in under_way {
        look.await.unwrap();
    }
    house.run_all().await;
    assert_eq!(slow.heard().len(), 12);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_server_that_never_takes_is_tried_ten_times_over_three_days(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    receiver.answers(&[(500, ""); 10]);
    house.connect(&owner, Platform::X).await;
    house.run_due().await;
    for (number, planned) in (1..).zip(SCHEDULE) {
        assert_eq!(receiver.heard().len(), number);
        let delivery = &deliveries(&house, &owner, &endpoint).await[0];
        assert_eq!(delivery["status"], "waiting");
        let next = time(&delivery["nextAttemptAt"]);
        let pause = next - house.now();
        let slack = Duration::seconds(30);
        assert!(
            (planned - slack..=planned * 1.2 + slack).contains(&pause),
            "{number}: {pause}"
        );
        // Every ring is lost, so that the sweep has to find it.
        house.lose_all_rings().await;
        house.advance_to(next + Duration::seconds(31));
        house.sweep().await;
        house.run_due().await;
    }
    assert_eq!(receiver.heard().len(), 10);
    let delivery = &deliveries(&house, &owner, &endpoint).await[0];
    assert_eq!(
        (&delivery["status"], &delivery["nextAttemptAt"]),
        (&"failed".into(), &Value::Null)
    );
    assert!(delivery["endedAt"].is_string());
    house.advance(Duration::days(2));
    house.sweep().await;
    house.run_due().await;
    assert_eq!(receiver.heard().len(), 10, "it is given up");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_where_nothing_arrives_for_five_days_is_disabled_and_its_owner_told(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let (dead, other) = (Receiver::open().await, Receiver::open().await);
    let disabled = endpoint(&house, &owner, &dead.url("/"), json!({})).await;
    let wanted = json!({ "eventTypes": ["webhook_endpoint.disabled"] });
    endpoint(&house, &owner, &other.url("/"), wanted).await;
    dead.answers(&[(500, ""); 30]);
    house.connect(&owner, Platform::X).await;
    for _ in 0..8 {
        house
            .send(&owner, &disabled.path("/test"), &json!({}))
            .await;
    }
    house.run_due().await;
    house.advance(Duration::days(4));
    house.send(&owner, "/api/disconnect/x", &json!({})).await;
    house.run_due().await;
    let shown = house.get(&owner, &disabled.path("")).await.json();
    assert_eq!(shown["enabled"], true, "{shown}");
    assert!(time(&shown["failingSince"]) < house.now() - Duration::days(3));
    house.advance(Duration::days(1));
    house.sweep().await;
    house.run_due().await;
    let shown = house.get(&owner, &disabled.path("")).await.json();
    assert_eq!(
        (&shown["enabled"], &shown["disabledReason"]),
        (&false.into(), &"failing".into())
    );
    assert!(shown["disabledAt"].is_string());
    let feed = house.get(&owner, "/api/events").await.json();
    let event = feed["events"].as_array().unwrap().last().unwrap();
    assert_eq!(event["type"], "webhook_endpoint.disabled");
    assert_eq!(event["webhookEndpointId"], disabled.id.as_str());
    assert_eq!(event["data"]["reason"], "failing");
    let told = other.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].json()["id"], event["id"]);
    // Nothing more is sent there, and nothing is left waiting.
    let before = dead.heard().len();
    house.live_through(10).await;
    assert_eq!(dead.heard().len(), before);
    for delivery in deliveries(&house, &owner, &disabled).await {
        assert_eq!(delivery["status"], "failed", "{delivery}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_success_ends_the_count_of_days(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    for _ in 0..3 {
        receiver.answers(&[(500, ""), (500, "")]);
        for _ in 0..3 {
            house
                .send(&owner, &endpoint.path("/test"), &json!({}))
                .await;
            house.run_due().await;
            house.advance(Duration::hours(40));
        }
    }
    let shown = house.get(&owner, &endpoint.path("")).await.json();
    assert_eq!(
        (&shown["enabled"], &shown["failingSince"]),
        (&true.into(), &Value::Null)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_moment_of_weakness_after_a_long_silence_is_not_held_against_an_endpoint(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    receiver.answers(&[(500, ""); 2]);
    for _ in 0..2 {
        house
            .send(&owner, &endpoint.path("/test"), &json!({}))
            .await;
        house.run_due().await;
        house.advance(Duration::days(9));
    }
    let shown = house.get(&owner, &endpoint.path("")).await.json();
    assert_eq!(shown["enabled"], true, "{shown}");
    assert!(shown["failingSince"].is_string());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_that_says_it_is_gone_is_disabled_at_once(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    receiver.answers(&[(410, "")]);
    house.connect(&owner, Platform::X).await;
    house.run_all().await;
    assert_eq!(receiver.heard().len(), 1);
    let shown = house.get(&owner, &endpoint.path("")).await.json();
    assert_eq!(
        (&shown["enabled"], &shown["disabledReason"]),
        (&false.into(), &"gone".into())
    );
    let feed = house.get(&owner, "/api/events").await.json();
    let event = feed["events"].as_array().unwrap().last().unwrap();
    assert_eq!(event["data"]["reason"], "gone");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_came_to_lead_inside_is_refused_before_anything_is_sent(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    for url in [
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
    ] {
        let body = json!({ "url": url });
        let answer = house.send(&owner, "/api/webhook-endpoints", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
    }
    let receiver = Receiver::open().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    for (url, reason) in [
        ("https://10.0.0.1/", "not on the public internet"),
        ("https://[fd00:ec2::254]/", "not on the public internet"),
        ("http://192.168.0.1/", "does not begin with https://"),
        ("https://example.com:8080/", "port other than 443"),
    ] {
        sqlx::query("UPDATE webhook_endpoints SET url = $1")
            .bind(url)
            .execute(&house.pool)
            .await
            .unwrap();
        house
            .send(&owner, &endpoint.path("/test"), &json!({}))
            .await;
        house.run_due().await;
        let delivery = &deliveries(&house, &owner, &endpoint).await[0];
        let attempt = &delivery["attempts"][0];
        assert_eq!(
            (&delivery["status"], &attempt["status"]),
            (&"failed".into(), &Value::Null)
        );
        assert!(
            attempt["error"].as_str().unwrap().contains(reason),
            "{attempt}"
        );
    }
    assert!(receiver.heard().is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_server_that_does_not_answer_holds_up_neither_others_nor_posts(pool: PgPool) {
    let house = Arc::new(House::open(pool).await);
    let owner = house.sign_up().await;
    let (slow, quick) = (Receiver::silent().await, Receiver::open().await);
    let stuck = endpoint(&house, &owner, &slow.url("/"), json!({})).await;
    endpoint(&house, &owner, &quick.url("/"), json!({})).await;
    house.connect(&owner, Platform::X).await;
    for _ in 0..3 {
        house.send(&owner, &stuck.path("/test"), &json!({})).await;
    }
    house.lose_all_rings().await;
    let planned = deliveries(&house, &owner, &stuck).await;
    assert_eq!(planned.len(), 4);
    let look = |delivery: &Value| {
        let (publisher, id) = (
            house.publisher.clone(),
            delivery["id"].as_str().unwrap().to_owned(),
        );
        tokio::spawn(async move { publisher.answer(&id).await })
    };
    let under_way = [look(&planned[0]), look(&planned[1])];
    slow.heard_at_least(2).await;
    // Two are under way there; the others are left for later at once, and everything else goes on.
    for delivery in &planned[2..] {
        tokio::time::timeout(Span::from_secs(5), look(delivery))
            .await
            .expect("it is not waited for")
            .unwrap();
    }
    assert_eq!(slow.heard().len(), 2);
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Not held up");
    let post = house.post(&owner, &draft).await;
    // The ring of what is planned for the slow one is heard as well.
    house.run_due().await;
    assert_eq!(house.status(&owner, &post).await["status"], "published");
    let told: Vec<String> = quick.heard().iter().map(Told::kind).collect();
    assert!(told.contains(&"post.published".to_owned()), "{told:?}");
    assert_eq!(slow.heard().len(), 2);

    // Each that ends rings for the next: none is forgotten, though their rings were lost.
    slow.speak();
    for look in under_way {
        look.await.unwrap();
    }
    house.run_due().await;
    assert_eq!(slow.heard().len(), 7);
    for delivery in deliveries(&house, &owner, &stuck).await {
        assert_eq!(delivery["status"], "delivered", "{delivery}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_dies_while_sending_sends_again_later(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::silent().await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    house
        .send(&owner, &endpoint.path("/test"), &json!({}))
        .await;
    let id = deliveries(&house, &owner, &endpoint).await[0]["id"].clone();
    let (publisher, subject) = (house.publisher.clone(), id.as_str().unwrap().to_owned());
    let look = tokio::spawn(async move { publisher.answer(&subject).await });
    receiver.heard_at_least(1).await;
    let busy = house
        .send(
            &owner,
            &endpoint.delivery_path(&json!({ "id": id }), "redeliver"),
            &json!({}),
        )
        .await;
    assert_eq!(
        (busy.status, busy.rule().as_str()),
        (StatusCode::CONFLICT, "delivery_running")
    );
    look.abort();
    assert!(look.await.unwrap_err().is_cancelled());
    receiver.speak();
    house.lose_all_rings().await;
    house.live_through(3).await;
    let told = receiver.heard();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    assert_eq!(
        deliveries(&house, &owner, &endpoint).await[0]["status"],
        "delivered"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_endpoint_that_is_removed_while_a_post_moves_stands_in_nobodys_way(pool: PgPool) {
    let house = House::open(pool).await;
    let owner = house.sign_up().await;
    let receiver = Receiver::open().await;
    house.connect(&owner, Platform::X).await;
    let endpoint = endpoint(&house, &owner, &receiver.url("/"), json!({})).await;
    let mut removing = house.pool.begin().await.unwrap();
    sqlx::query("DELETE FROM webhook_endpoints")
        .execute(&mut removing)
        .await
        .unwrap();
    // What happens meanwhile waits for it, and is not refused.
    let draft = house.draft(Network::of(Platform::X), What::Picture, "Meanwhile");
    let posting = house.post(&owner, &draft);
    let removal = async {
        while !waits(&house).await {}
        removing.commit().await.unwrap();
    };
    let (post, ()) = tokio::join!(posting, removal);
    house.run_due().await;
    assert_eq!(house.status(&owner, &post).await["status"], "published");
    let gone = house.get(&owner, &endpoint.path("")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(receiver.heard().is_empty());
}

/// Whether somebody waits for a lock.
async fn waits(house: &House) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE NOT l.granted AND a.datname = current_database())")
        .fetch_one(&house.pool)
        .await
        .unwrap()
}

/// Makes an endpoint.
pub async fn endpoint(house: &House, owner: &Person, url: &str, more: Value) -> Endpoint {
    let mut body = more;
    body["url"] = url.into();
    let answer = house.send(owner, "/api/webhook-endpoints", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    Endpoint {
        id: answer.text("id").to_owned(),
        secret: answer.text("secret").to_owned(),
    }
}

/// All that is and was on its way to an endpoint, newest first.
pub async fn deliveries(house: &House, owner: &Person, endpoint: &Endpoint) -> Vec<Value> {
    let path = endpoint.path("/deliveries?limit=100");
    let answer = house.get(owner, &path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["deliveries"].as_array().unwrap().clone()
}

/// Lets something happen; gives what the server was told of it.
pub async fn deliver(
    house: &House,
    owner: &Person,
    endpoint: &Endpoint,
    receiver: &Receiver,
) -> Told {
    let answer = house.send(owner, &endpoint.path("/test"), &json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    house.run_due().await;
    receiver.take().pop().expect("it was told")
}

fn time(value: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(value.as_str().unwrap(), &Rfc3339).unwrap()
}
