//! Coming back from a consent page.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use domain::{ConnectionId, Platform};
use futures_util::future::join_all;
use http::{Request, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use settings::Stage;
use simulator::{Fault, FaultScript};
use sqlx::{PgPool, Row as _};
use tokio::{io::AsyncReadExt as _, net::TcpListener};
use vault::Place;

use super::house::{APP_PAGE, Answer, House, Person, networks};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_of_every_network_is_connected_and_listed(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let mut connected = Vec::new();
    for platform in Platform::ALL {
        let connection = house.connect(&person, platform, 0).await;
        assert_eq!(connection["platform"], platform.as_str());
        assert_eq!(connection["health"], "active");
        assert!(!connection["displayName"].as_str().unwrap().is_empty());
        assert!(!connection["scopes"].as_array().unwrap().is_empty());
        connected.push(connection);
    }
    assert!(connected.len() >= 4);
    let listed = house.get(&person, "/api/connections").await;
    assert_eq!(listed.json(), json!({ "connections": connected }));

    let stranger = house.person().await;
    let nothing = house.get(&stranger, "/api/connections").await;
    assert_eq!(nothing.json(), json!({ "connections": [] }));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn tokens_rest_sealed_to_their_row_and_are_told_to_nobody(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for platform in Platform::ALL {
        let visit = house.begin(&person, platform, None).await;
        let back = house.decide(&visit, 0, "approve").await;
        let answer = house.come_back(&back, &visit.cookie).await;
        let id = id_of(&answer.json()["connections"][0]);
        let listed = house.get(&person, "/api/connections").await;
        let tokens = tokens(&house, &person, platform, id).await;
        assert!(!tokens.is_empty(), "{platform}");
        let row: String = sqlx::query_scalar("SELECT c::text FROM connections c WHERE id = $1")
            .bind(id.uuid())
            .fetch_one(&house.pool)
            .await
            .unwrap();
        for token in tokens {
            assert!(token.len() > 10, "{platform}");
            let hex = hex::encode(&token);
            for place in [answer.everything(), listed.everything(), row.clone()] {
                assert!(
                    !place.contains(&token) && !place.contains(&hex),
                    "{platform}"
                );
            }
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_opens_at_no_place_but_its_own(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let id = id_of(&house.connect(&person, Platform::X, 0).await);
    let (access, _) = sealed(&house, id).await;
    let right = Place {
        table: "connections",
        row: id.uuid(),
        user: person.id.uuid(),
        platform: "x",
        field: "access_token",
    };
    let other = house.person().await;
    assert!(house.vault.open(&right, &access).await.is_ok());
    for wrong in [
        Place {
            table: "posts",
            ..right
        },
        Place {
            row: ConnectionId::mint().uuid(),
            ..right
        },
        Place {
            user: other.id.uuid(),
            ..right
        },
        Place {
            platform: "youtube",
            ..right
        },
        Place {
            field: "refresh_token",
            ..right
        },
    ] {
        assert!(
            house.vault.open(&wrong, &access).await.is_err(),
            "{wrong:?}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_browser_ends_on_our_page_with_the_id_of_what_it_connected(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for platform in Platform::ALL {
        let visit = house.begin(&person, platform, None).await;
        let back = house.decide(&visit, 0, "approve").await;
        let answer = house.come_back_as_browser(&back, &visit.cookie).await;
        let listed = house.get(&person, "/api/connections").await.json();
        let connections = listed["connections"].as_array().unwrap();
        let id = connections.last().unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            answer.location().as_str(),
            format!("{APP_PAGE}&connected={id}")
        );
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
        assert!(!answer.everything().contains(&visit.state));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_way_back_works_once(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for platform in Platform::ALL {
        let visit = house.begin(&person, platform, None).await;
        let back = house.decide(&visit, 0, "approve").await;
        let first = house.come_back(&back, &visit.cookie).await;
        assert_eq!(first.status, StatusCode::OK, "{platform}: {}", first.body);
        let calls = house.calls();
        let again = house.come_back(&back, &visit.cookie).await;
        assert_eq!(again.rule(), "state_invalid");
        assert_eq!(house.calls(), calls, "{platform}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_many_at_once_on_one_way_back_one_gets_through(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let visit = house.begin(&person, Platform::X, None).await;
    let back = house.decide(&visit, 0, "approve").await;
    let answers = join_all((0..20).map(|_| house.come_back(&back, &visit.cookie))).await;
    let through = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::OK);
    assert_eq!(through.count(), 1);
    let exchanges = house.networks.calls();
    let exchanges = exchanges
        .iter()
        .filter(|call| call.contains("oauth2/token"));
    assert_eq!(exchanges.count(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_visits_of_one_browser_both_come_back(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let first = house.begin(&person, Platform::X, None).await;
    let second = house
        .begin(&person, Platform::Youtube, Some(&first.cookie))
        .await;
    assert_eq!(first.cookie, second.cookie);
    for visit in [second, first] {
        let back = house.decide(&visit, 0, "approve").await;
        let answer = house.come_back(&back, &visit.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn connecting_anew_keeps_the_id_and_replaces_the_tokens(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for platform in Platform::ALL {
        let first = house.connect(&person, platform, 0).await;
        let id = id_of(&first);
        let before = tokens(&house, &person, platform, id).await;
        sqlx::query(
            "UPDATE connections SET health = 'needs_reconnect', health_reason = 'x' WHERE id = $1",
        )
        .bind(id.uuid())
        .execute(&house.pool)
        .await
        .unwrap();
        let second = house.connect(&person, platform, 0).await;
        assert_eq!(second["id"], first["id"], "{platform}");
        assert_eq!(second["health"], "active");
        assert_eq!(second["healthReason"], Value::Null);
        let after = tokens(&house, &person, platform, id).await;
        assert_ne!(after, before, "{platform}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_account_of_two_people_is_two_connections(pool: PgPool) {
    let house = House::open(pool).await;
    let (one, other) = (house.person().await, house.person().await);
    let of_one = house.connect(&one, Platform::X, 0).await;
    let of_other = house.connect(&other, Platform::X, 0).await;
    assert_eq!(of_one["accountId"], of_other["accountId"]);
    assert_ne!(of_one["id"], of_other["id"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_says_no_at_the_network_connects_nothing(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for platform in Platform::ALL {
        let visit = house.begin(&person, platform, None).await;
        let back = house.decide(&visit, 0, "deny").await;
        let answer = house.come_back(&back, &visit.cookie).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{platform}");
        assert_eq!(answer.rule(), "consent_denied", "{platform}");
    }
    assert_eq!(house.calls(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_issuer_that_is_the_network_itself_is_welcome(pool: PgPool) {
    let house = House::open(pool).await;
    let person = house.person().await;
    let visit = house.begin(&person, Platform::Youtube, None).await;
    let back = house.decide(&visit, 0, "approve").await;
    let back = format!("{back}&iss=https%3A%2F%2Faccounts.google.com");
    let answer = house.come_back(&back, &visit.cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_network_that_refuses_or_breaks_down_connects_nothing_and_no_secret_is_shown(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let person = house.person().await;
    for platform in Platform::ALL {
        for status in [400, 401, 403, 429, 500, 503] {
            for nth in [1, 2] {
                house.networks.clear_faults();
                let visit = house.begin(&person, platform, None).await;
                let back = house.decide(&visit, 0, "approve").await;
                let broken = Fault::Answer {
                    status,
                    headers: Vec::new(),
                    body: json!({"code": 1, "error": "odd", "message": "<script>odd</script>"}),
                };
                house
                    .networks
                    .script(FaultScript::any(broken).nth(nth).times(9));
                let answer = house.come_back(&back, &visit.cookie).await;
                let what = format!("{platform} {status} {nth}: {answer:?}");
                let refused = matches!(
                    answer.status,
                    StatusCode::BAD_REQUEST | StatusCode::BAD_GATEWAY
                );
                assert!(refused, "{what}");
                assert!(!answer.rule().is_empty(), "{what}");
                let code = back
                    .split("code=")
                    .nth(1)
                    .unwrap()
                    .split('&')
                    .next()
                    .unwrap();
                for hidden in [code, &visit.state, "canary-app-secret", "<script"] {
                    assert!(!answer.everything().contains(hidden), "{hidden} in {what}");
                }
            }
        }
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM connections")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_exchange_whose_answer_was_lost_is_not_sent_again(pool: PgPool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let house = House::facing(pool, &base, networks(&base), calls, Stage::Production);
    let person = house.person().await;
    for (n, platform) in Platform::ALL.into_iter().enumerate() {
        let visit = house.begin(&person, platform, None).await;
        let back = format!("/api/callback/{platform}?code=c&state={}", visit.state);
        let answer = house.come_back(&back, &visit.cookie).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{platform}");
        assert_eq!(answer.rule(), "network_unreachable");
        assert_eq!(house.calls(), n + 1, "{platform}");
    }
}

#[test]
fn a_page_is_for_those_who_prefer_one() {
    for (accept, page) in [
        ("text/html", true),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            true,
        ),
        ("TEXT/HTML;q=0.3", true),
        ("application/json;q=0.5, text/html;q=0.75", true),
        ("application/json, text/html;q=0.9", false),
        ("application/json, text/html", false),
        ("text/html;q=0", false),
        ("text/html;q=0.0", false),
        ("text/html;q=nonsense", false),
        ("text/htmlish", false),
        ("application/json", false),
        ("*/*", false),
        ("", false),
    ] {
        let mut headers = http::HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        assert_eq!(crate::callback::wants_page(&headers), page, "{accept}");
    }
    assert!(!crate::callback::wants_page(&http::HeaderMap::new()));
}

fn id_of(connection: &Value) -> ConnectionId {
    connection["id"].as_str().unwrap().parse().unwrap()
}

async fn sealed(house: &House, id: ConnectionId) -> (Vec<u8>, Option<Vec<u8>>) {
    let row = sqlx::query(
        "SELECT access_token_ciphertext, refresh_token_ciphertext FROM connections WHERE id = $1",
    )
    .bind(id.uuid())
    .fetch_one(&house.pool)
    .await
    .unwrap();
    (row.get(0), row.get(1))
}

/// What the publisher, which has the vault, reads.
async fn tokens(
    house: &House,
    person: &Person,
    platform: Platform,
    id: ConnectionId,
) -> Vec<String> {
    let (access, refresh) = sealed(house, id).await;
    let mut clear = Vec::new();
    for (field, blob) in [("access_token", Some(access)), ("refresh_token", refresh)] {
        let Some(blob) = blob else { continue };
        let place = Place {
            table: "connections",
            row: id.uuid(),
            user: person.id.uuid(),
            platform: platform.as_str(),
            field,
        };
        let opened = house.vault.open(&place, &blob).await.unwrap();
        clear.push(String::from_utf8(opened.expose_secret().to_vec()).unwrap());
    }
    clear
}

impl House {
    async fn come_back_as_browser(&self, path: &str, cookie: &str) -> Answer {
        self.ask(
            Request::get(path)
                .header(header::COOKIE, cookie)
                .header(header::ACCEPT, "text/html")
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }
}
