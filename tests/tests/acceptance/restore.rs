//! A database that was restored: what went out since the backup does not go out again.

use migrate::{Reporter, handle};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    house::{House, Person},
    networks::{NETWORKS, Network},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_went_out_since_the_backup_does_not_go_out_again(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
    }
    let (mut since, mut ahead) = (Vec::new(), Vec::new());
    let begun = house.now();
    for network in NETWORKS {
        let soon = begun + Duration::minutes(5);
        since.push(scheduled(&house, &author, network, "since the backup", soon).await);
        let later = begun + Duration::minutes(90);
        ahead.push(scheduled(&house, &author, network, "after the restore", later).await);
    }
    // Prepared, with handles of the networks, and not sent.
    house.run_due().await;
    let mut server = Server::of(&pool).await;
    server.back_up().await;
    let backup = house.now();
    house.live_through(10).await;
    for (id, words) in &since {
        house.assert_published(&author, id, words).await;
    }
    let sent = house.networks.ledger().posts().len();

    server.restore().await;
    let from = backup.format(&Rfc3339).unwrap();
    let told = order(&house, json!({ "restored": { "from": from } })).await;
    assert_eq!(told["halted"], true, "{told}");
    assert_eq!(told["unconfirmed"], since.len(), "{told}");
    house.live_through(90).await;
    assert_eq!(house.networks.ledger().posts().len(), sent, "it was halted");

    order(&house, json!({ "resume": true })).await;
    house.live_through(30).await;
    // The state knows no sign-in of those that were renewed since.
    house.sign_in(&author).await;
    for (id, words) in &since {
        let ending = house.ending(&author, id, words).await;
        assert_eq!(
            (ending.status(), ending.live),
            ("unconfirmed", 1),
            "{words}: {ending}"
        );
    }
    for (id, words) in &ahead {
        house.assert_published(&author, id, words).await;
    }

    // Each author looks, and says what is there.
    for (id, words) in &since {
        let path = format!("/api/posts/{id}/resolve");
        let body = json!({ "resolution": "published" });
        let answer = house.send(&author, &path, &body).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        house.assert_published(&author, id, words).await;
    }
}

async fn scheduled(
    house: &House,
    author: &Person,
    network: &Network,
    when: &str,
    at: OffsetDateTime,
) -> (String, String) {
    let words = format!("To {}, {when}", network.platform);
    let draft = house.draft(network, network.simplest().0, &words);
    (house.schedule(author, &draft, at).await, words)
}

/// What an operator orders.
async fn order(house: &House, order: Value) -> Value {
    let reporter = Reporter::new(::settings::Stage::Development).unwrap();
    let opened = handle(order, async || Ok(house.pool.clone()), &reporter, "log").await;
    opened.unwrap()
}

/// The server that a database is on.
struct Server {
    connection: PgConnection,
    database: String,
}

impl Server {
    async fn of(pool: &PgPool) -> Self {
        let options = pool.connect_options();
        let database = options.get_database().unwrap().to_owned();
        let options = options.as_ref().clone().database("postgres");
        Self {
            connection: PgConnection::connect_with(&options).await.unwrap(),
            database,
        }
    }

    /// Copies the database as it is.
    async fn back_up(&mut self) {
        self.send_away().await;
        let copy = format!(
            r#"CREATE DATABASE "{}" TEMPLATE "{}""#,
            self.backup(),
            self.database
        );
        self.run(copy).await;
    }

    /// Puts the copy in the place of the database.
    async fn restore(&mut self) {
        self.send_away().await;
        let drop = format!(r#"DROP DATABASE "{}" WITH (FORCE)"#, self.database);
        self.run(drop).await;
        let rename = format!(
            r#"ALTER DATABASE "{}" RENAME TO "{}""#,
            self.backup(),
            self.database
        );
        self.run(rename).await;
    }

    /// Postgres cuts longer names off.
    fn backup(&self) -> String {
        self.database.replacen("_sqlx_test_", "_backup_", 1)
    }

    async fn send_away(&mut self) {
        sqlx::query(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
        )
        .bind(&self.database)
        .execute(&mut self.connection)
        .await
        .unwrap();
    }

    async fn run(&mut self, sql: String) {
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut self.connection)
            .await
            .unwrap();
    }
}
