//! The functions as they are built for release, under the emulator of the Lambda runtime, with the
//! variables that the template gives them.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

use std::collections::{BTreeMap, BTreeSet};

use deploy::Code;
use lambda::{Account, Bootstrap, Budget, Emulator, FUNCTIONS, GLIBC, event};
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, PgPool};
use tests::settings::CANARY;

const PASSWORD: &str = "picture-harbour-quartz-lantern";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_bootstrap_starts_as_the_template_says_and_answers_its_events(pool: PgPool) {
    let house = House::open(&pool).await;
    let credentials = json!({ "email": "somebody@example.com", "password": PASSWORD });
    let auth = house.start("auth").await;
    let signed_up = event::request("POST", "/api/auth/signup", None, Some(&credentials));
    let signed_up = auth.send(&signed_up).await;
    assert_eq!(signed_up["statusCode"], 201, "{signed_up}");
    let token = body(&signed_up)["token"].as_str().unwrap().to_owned();
    let mut answered = BTreeSet::from(["auth"]);
    for (function, path, status, name) in [
        ("connections", "/api/connections", 200, "connections"),
        ("ops", "/readyz", 200, "status"),
        ("posts", "/api/posts", 200, "posts"),
        ("webhooks", "/api/webhooks/x", 404, "type"),
    ] {
        let emulator = house.start(function).await;
        let answer = emulator
            .send(&event::request("GET", path, Some(&token), None))
            .await;
        assert_eq!(answer["statusCode"], status, "{function}: {answer}");
        assert!(body(&answer).get(name).is_some(), "{function}: {answer}");
        answered.insert(function);
    }
    for (function, event, expected) in [
        (
            "publisher",
            event::messages(["nothing that anybody knows"]),
            json!({ "batchItemFailures": [] }),
        ),
        ("sweeper", json!({}), json!(null)),
        ("migrate", json!({}), json!({ "done": "migrated" })),
    ] {
        let emulator = house.start(function).await;
        let answer = emulator.send(&event).await;
        assert_eq!(answer, expected, "{function}: {}", emulator.log());
        answered.insert(function);
    }
    assert_eq!(answered, FUNCTIONS.into());
    let code = Code::of_project();
    assert_eq!(answered, code.functions().collect());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_bootstrap_with_a_wrong_setting_refuses_to_start_and_says_which(pool: PgPool) {
    let house = House::open(&pool).await;
    for (function, name, wrong) in [
        ("auth", "ACCESS_TOKEN_MINUTES", Some("99")),
        ("connections", "KMS_KEY_ID", Some("alias/tokens")),
        ("ops", "QUEUE_URL", None),
        ("posts", "SCHEDULE_ROLE_ARN", None),
        ("publisher", "DOORBELL", Some("rabbit")),
        ("sweeper", "KEY_ROTATION_DAYS", Some("0")),
        ("webhooks", "PUBLIC_URL", None),
    ] {
        let mut variables = house.variables(function).await;
        match wrong {
            Some(value) => variables.insert(name.to_owned(), value.to_owned()),
            None => variables.remove(name),
        };
        let emulator = Emulator::start(&Bootstrap::of(function), &variables).await;
        let answer = emulator.send(&event::first(function)).await;
        let log = emulator.log();
        assert!(answer.get("statusCode").is_none(), "{function}: {answer}");
        assert!(log.contains("Runtime.ExitError"), "{function}: {log}");
        assert!(log.contains(name), "{function} does not say {name}: {log}");
        assert!(!log.contains(CANARY), "{function} tells a secret: {log}");
    }
}

/// `migrate` starts without a database, so that a deploy is told what is missing.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_bootstrap_of_migrate_says_that_it_has_no_database(pool: PgPool) {
    let house = House::open(&pool).await;
    let mut variables = house.variables("migrate").await;
    variables.remove("SECRETS");
    let emulator = Emulator::start(&Bootstrap::of("migrate"), &variables).await;
    let answer = emulator.send(&event::first("migrate")).await;
    assert!(answer.to_string().contains("DATABASE_URL"), "{answer}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_bootstrap_is_larger_than_it_may_be(pool: PgPool) {
    let house = House::open(&pool).await;
    for function in FUNCTIONS {
        let (bootstrap, budget) = (Bootstrap::of(function), Budget::of(function));
        assert!(
            bootstrap.glibc() <= GLIBC,
            "{function}: {:?}",
            bootstrap.glibc()
        );
        assert!(
            bootstrap.size() <= budget.size,
            "{function}: {}",
            bootstrap.size()
        );
        let emulator = house.start(function).await;
        emulator.send(&event::first(function)).await;
        let memory = emulator.memory();
        assert!(memory.resident <= budget.resident, "{function}: {memory:?}");
    }
}

/// An account, and a database.
struct House {
    account: Account,
    database: String,
}

impl House {
    async fn open(pool: &PgPool) -> Self {
        Self {
            account: Account::open().await,
            database: pool.connect_options().to_url_lossy().to_string(),
        }
    }

    async fn start(&self, function: &str) -> Emulator {
        let variables = self.variables(function).await;
        Emulator::start(&Bootstrap::of(function), &variables).await
    }

    async fn variables(&self, function: &str) -> BTreeMap<String, String> {
        let secret = format!("{CANARY}-client_secret-x");
        let secrets = [
            ("DATABASE_URL", self.database.as_str()),
            ("X_CLIENT_ID", "client-x"),
            ("X_CLIENT_SECRET", &secret),
        ];
        self.account.variables(&[function], &[], &secrets).await
    }
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}
