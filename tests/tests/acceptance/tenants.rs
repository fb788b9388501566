//! What belongs to somebody else answers to the byte as what does not exist.

use domain::{ConnectionId, MediaId, Platform, PostId};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::{
    endpoints,
    house::{Answer, House, Person},
    networks::{Network, What},
};

/// Every route that takes the id of a post, with a body that is in order.
const ROUTES: [(Method, &str, Option<&str>); 6] = [
    (Method::GET, "/api/posts/{id}", None),
    (Method::GET, "/api/posts/{id}/log", None),
    (Method::GET, "/api/posts/{id}/status", None),
    (
        Method::PATCH,
        "/api/posts/{id}",
        Some(r#"{"caption": "Mine"}"#),
    ),
    (Method::DELETE, "/api/posts/{id}", None),
    (
        Method::POST,
        "/api/posts/{id}/resolve",
        Some(r#"{"resolution": "dismiss"}"#),
    ),
];

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn somebody_elses_posts_answer_as_absent_ones_on_every_route(pool: PgPool) {
    let house = House::open(pool).await;
    let (author, stranger) = (house.sign_up().await, house.sign_up().await);
    house.connect(&author, Platform::X).await;
    let network = Network::of(Platform::X);
    let due = house.now() + Duration::days(1);
    let draft = house.draft(network, What::Picture, "The author's own");
    let scheduled = house.schedule(&author, &draft, due).await;
    let published = house.post(&author, &draft).await;
    house.run_due().await;
    let before = [
        house.get(&author, &format!("/api/posts/{scheduled}")).await,
        house.get(&author, &format!("/api/posts/{published}")).await,
    ];
    for (method, route, body) in ROUTES {
        let ask = async |id: &str| {
            let body = body.map(|text| serde_json::from_str::<Value>(text).unwrap());
            let path = route.replace("{id}", id);
            house
                .call(&stranger, method.clone(), &path, body.as_ref())
                .await
        };
        let absent = ask(&PostId::mint().to_string()).await;
        assert_eq!(absent.status, StatusCode::NOT_FOUND, "{method} {route}");
        assert_eq!(absent.rule(), "not_found");
        let malformed = [
            "pst_",
            "1",
            "pst_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            &ConnectionId::mint().to_string(),
        ]
        .map(str::to_owned);
        for id in [scheduled.clone(), published.clone()]
            .iter()
            .chain(&malformed)
        {
            assert_alike(&ask(id).await, &absent, &format!("{method} {route} {id}"));
        }
    }
    let after = [
        house.get(&author, &format!("/api/posts/{scheduled}")).await,
        house.get(&author, &format!("/api/posts/{published}")).await,
    ];
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.body, after.body, "nothing of it was touched");
    }
    let page = |person| house.get(person, "/api/posts");
    assert_eq!(page(&stranger).await.json()["posts"], json!([]));
    assert_eq!(
        page(&author).await.json()["posts"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // Even the place to go on from in a list tells nothing.
    let beyond = format!("/api/posts?before={scheduled}");
    assert_eq!(
        house.get(&stranger, &beyond).await.json()["posts"],
        json!([])
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn somebody_elses_accounts_and_files_answer_as_absent_ones(pool: PgPool) {
    let house = House::open(pool).await;
    let (author, stranger) = (house.sign_up().await, house.sign_up().await);
    let own = house.connect(&author, Platform::X).await;
    house.connect(&stranger, Platform::X).await;
    let network = Network::of(Platform::X);
    let draft = house.draft(network, What::Picture, "Whose is it?");
    let id = house.post(&author, &draft).await;
    let post = house.get(&author, &format!("/api/posts/{id}")).await.json();
    let file = post["media"][0]["mediaId"].as_str().unwrap();
    assert!(file.starts_with("med_"), "{post}");

    let through = async |connection: &str, path: &str| {
        let mut draft = draft.clone();
        draft["connectionId"] = connection.into();
        house.send(&stranger, path, &draft).await
    };
    let carrying = async |file: &str| {
        let mut draft = draft.clone();
        draft["media"] = json!({"type": "image", "mediaId": file});
        house.send(&stranger, "/api/posts", &draft).await
    };
    let parting = async |connection: &str| {
        let body = json!({"connectionId": connection});
        house.send(&stranger, "/api/disconnect/x", &body).await
    };
    let (account, unknown) = (
        own["id"].as_str().unwrap(),
        ConnectionId::mint().to_string(),
    );
    for path in ["/api/posts", "/api/posts/validate"] {
        let absent = through(&unknown, path).await;
        assert!(absent.body.contains("connection_unknown"), "{path}");
        assert_alike(&through(account, path).await, &absent, path);
    }
    let absent = carrying(&MediaId::mint().to_string()).await;
    assert_eq!(absent.rule(), "media_unknown");
    assert_alike(&carrying(file).await, &absent, "media");
    let absent = parting(&unknown).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    assert_alike(&parting(account).await, &absent, "disconnect");
    assert_eq!(accounts(&house, &author).await, [account]);
    house.run_all().await;
    assert_eq!(house.live("Whose is it?").len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_not_signed_in_is_told_so_and_nothing_else(pool: PgPool) {
    let house = House::open(pool).await;
    let stranger = Person::new(9, "203.0.113.9".to_owned());
    let id = PostId::mint().to_string();
    let mut told = Vec::new();
    let others = [
        (Method::GET, "/api/events", None),
        (Method::GET, "/api/webhook-endpoints", None),
        (Method::POST, "/api/webhook-endpoints", Some("{}")),
        (Method::GET, "/api/me", None),
        (Method::GET, "/api/connections", None),
        (Method::GET, "/api/connect/x", None),
        (Method::POST, "/api/disconnect/x", Some("{}")),
        (Method::GET, "/api/posts", None),
        (Method::POST, "/api/posts", Some("{}")),
        (Method::POST, "/api/posts/validate", Some("{}")),
        (Method::POST, "/api/schedule", Some("{}")),
        (Method::POST, "/api/admin/posts/{id}/requeue", Some("{}")),
        (Method::GET, "/api/admin/punctuality", None),
    ];
    for (method, route, body) in ROUTES.into_iter().chain(endpoints::ROUTES).chain(others) {
        let request = stranger
            .request(method.clone(), &route.replace("{id}", &id))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.unwrap_or_default().to_owned().into())
            .unwrap();
        let answer = house.ask(request).await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{method} {route}: {}",
            answer.body
        );
        told.push(answer.body);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

async fn accounts(house: &House, person: &Person) -> Vec<String> {
    let listed = house.get(person, "/api/connections").await.json();
    let connections = listed["connections"].as_array().unwrap();
    connections
        .iter()
        .map(|connection| connection["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The same status, headers and bytes, but for the id of the request and the time.
fn assert_alike(answer: &Answer, absent: &Answer, what: &str) {
    let plain = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        (answer.status, headers, answer.body.clone())
    };
    assert_eq!(plain(answer), plain(absent), "{what}");
}
