//! No secret leaves its place in clear: not into a row, an answer, or a line of the log.

use serde_json::json;
use simulator::Fault;
use sqlx::{PgPool, Row as _};
use time::Duration;
use tracing::Level;

use crate::{
    deliveries::{deliver, endpoint},
    house::{CANARY, House, Log, Person, Receiver},
    networks::NETWORKS,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_secret_is_found_in_a_row_an_answer_or_the_log(pool: PgPool) {
    let (log, _told) = Log::listen(Level::TRACE);
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut canaries = vec![
        CANARY.to_owned(),
        author.credentials()["password"]
            .as_str()
            .unwrap()
            .to_owned(),
    ];
    for network in NETWORKS {
        let platform = network.platform;
        let (back, _) = house.consent(&author, platform).await;
        let given = back.query_pairs().filter(|(name, _)| name == "code");
        canaries.extend(given.map(|(_, code)| code.into_owned()));
        house.connect(&author, platform).await;
        for (what, commit) in network.kinds() {
            for fault in [
                None,
                Some(Fault::LoseAnswer),
                Some(Fault::Answer {
                    status: 401,
                    headers: Vec::new(),
                    body: serde_json::Value::Null,
                }),
            ] {
                if let Some(fault) = fault {
                    house.script(commit.goes_wrong(fault));
                }
                let words = format!("{what:?} for {platform}");
                house
                    .post(&author, &house.draft(network, what, &words))
                    .await;
                house.run_all().await;
                house.networks.clear_faults();
                // Long enough for tokens to be renewed.
                house.advance(Duration::hours(3));
                house.sweep().await;
            }
        }
    }
    let (hook, rotated) = told_elsewhere(&house, &author).await;
    house.get(&author, "/api/me").await;
    house.get(&author, "/api/connections").await;
    house.get(&author, "/api/posts?limit=100").await;
    let tokens = house.networks.world().oauth().texts();
    assert!(tokens.len() > NETWORKS.len(), "{} tokens", tokens.len());
    canaries.extend(tokens);
    canaries.push(author.refresh_token());
    canaries.extend([hook.clone(), rotated.clone()]);

    let rows = everything(&house.pool).await;
    let log = log.text();
    assert!(rows.contains("urn:li:person"), "the rows were read");
    assert!(log.contains("published"), "the log was heard");
    let own = author.bearer().replace("Bearer ", "");
    assert!(house.heard().contains(&own), "the answers were heard");
    for canary in &canaries {
        // A person's own sign-in is answered to that person, and a new secret once to who asked for it.
        let is_answered = [&author.refresh_token(), &hook, &rotated].contains(&canary);
        for (place, text) in [("row", &rows), ("log", &log), ("answer", &house.heard())] {
            assert!(
                (place == "answer" && is_answered) || !text.contains(canary.as_str()),
                "{canary} in a {place}: {}",
                around(text, canary)
            );
        }
    }
    assert!(!rows.contains(&own) && !log.contains(&own));
    for secret in [&hook, &rotated] {
        assert_eq!(house.heard().matches(secret.as_str()).count(), 1);
    }
}

/// Has events told to a server of the author's, whose secret is rotated; gives both secrets without their prefix.
async fn told_elsewhere(house: &House, author: &Person) -> (String, String) {
    let receiver = Receiver::open().await;
    let made = endpoint(house, author, &receiver.url("/"), json!({})).await;
    let path = made.path("/rotate-secret");
    let rotated = house.send(author, &path, &json!({})).await;
    let rotated = rotated.text("secret").to_owned();
    let told = deliver(house, author, &made, &receiver).await;
    assert_eq!(told.signed_by(&rotated), 1);
    receiver.answers(&[(500, "no")]);
    deliver(house, author, &made, &receiver).await;
    house.get(author, &made.path("/deliveries")).await;
    let bare = |secret: &str| secret.trim_start_matches("whsec_").to_owned();
    (bare(&made.secret), bare(&rotated))
}

/// Every column of every row of every table, as text and as the bytes in it.
async fn everything(pool: &store::Pool) -> String {
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text
         FROM information_schema.columns WHERE table_schema = current_schema()",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(columns.len() > 80, "{} columns", columns.len());
    let mut text = String::new();
    for (table, column, kind) in columns {
        let value = if kind == "bytea" {
            format!("encode(\"{column}\", 'escape')")
        } else {
            format!("\"{column}\"::text")
        };
        let query = format!("SELECT {value} FROM \"{table}\" WHERE \"{column}\" IS NOT NULL");
        for row in sqlx::query(sqlx::AssertSqlSafe(query))
            .fetch_all(pool)
            .await
            .unwrap()
        {
            text.push_str(&row.get::<String, _>(0));
            text.push('\n');
        }
    }
    text
}

fn around<'a>(text: &'a str, canary: &str) -> &'a str {
    let at = text.find(canary).unwrap_or_default();
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let end = text[at..].find('\n').map_or(text.len(), |line| at + line);
    &text[start..end]
}
