//! What `CloudFormation` and operators ask for, over a real database and a real socket.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use axum::{Router, extract::State, routing::put};
use http::{HeaderMap, StatusCode, header};
use migrate::{Reporter, handle};
use serde_json::{Value, json};
use settings::{DatabaseSettings, Reader, Stage, Vars};
use sqlx::PgPool;
use store::{Pool, PoolSettings, Pooler};
use tokio::{net::TcpListener, sync::mpsc};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[sqlx::test(migrations = false)]
async fn a_new_stack_gets_its_schema_and_is_told(pool: PgPool) {
    let mut bucket = Bucket::open(StatusCode::OK).await;
    let done = ask(bucket.request("Create"), async || Ok(pool.clone().into())).await;
    assert_eq!(done.unwrap(), json!({ "done": "answered" }));
    let expected = json!({
        "Status": "SUCCESS", "PhysicalResourceId": "schema", "StackId": "stack",
        "RequestId": "request", "LogicalResourceId": "Schema",
    });
    assert_eq!(bucket.answer().await, (None, expected));
    assert!(store::ping(&Pool::from(pool)).await.unwrap());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_stack_that_is_rolled_back_keeps_the_newer_schema(pool: PgPool) {
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99991231000000, 'newer', true, '\\x00', 1)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let mut bucket = Bucket::open(StatusCode::OK).await;
    let mut request = bucket.request("Update");
    request["PhysicalResourceId"] = json!("as-before");
    ask(request, async || Ok(pool.into())).await.unwrap();
    let (_, answer) = bucket.answer().await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(answer["PhysicalResourceId"], "as-before", "{answer}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_migration_that_was_changed_afterwards_stops_the_deploy(pool: PgPool) {
    sqlx::query("UPDATE _sqlx_migrations SET checksum = '\\x00'")
        .execute(&pool)
        .await
        .unwrap();
    let mut bucket = Bucket::open(StatusCode::OK).await;
    ask(bucket.request("Update"), async || Ok(pool.into()))
        .await
        .unwrap();
    let (_, answer) = bucket.answer().await;
    assert_eq!(answer["Status"], "FAILED", "{answer}");
}

#[sqlx::test(migrations = false)]
async fn a_statement_that_fails_is_told_by_its_code_without_what_it_quotes(pool: PgPool) {
    sqlx::raw_sql("CREATE TABLE users (secret_column text)")
        .execute(&pool)
        .await
        .unwrap();
    let mut bucket = Bucket::open(StatusCode::OK).await;
    ask(bucket.request("Create"), async || Ok(pool.into()))
        .await
        .unwrap();
    let (_, answer) = bucket.answer().await;
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("SQLSTATE 42P07"), "{reason}");
    assert!(
        reason.contains("the log stream 2026/11/24/1 tells more"),
        "{reason}"
    );
    assert!(!reason.contains("users"), "{reason}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_without_its_address() {
    let mut bucket = Bucket::open(StatusCode::OK).await;
    let open = async || {
        let settings = PoolSettings {
            url: "postgres://someone:hunter2@127.0.0.1:1/picscripter".to_owned(),
            max_connections: 1,
            pooler: Pooler::Session,
            shift: None,
        };
        Ok(store::connect(&settings)?)
    };
    ask(bucket.request("Create"), open).await.unwrap();
    let (_, answer) = bucket.answer().await;
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    assert!(reason.contains("reached"), "{reason}");
    assert!(
        !reason.contains("hunter2") && !reason.contains("someone"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_missing_setting_stops_the_deploy_by_its_name() {
    let mut bucket = Bucket::open(StatusCode::OK).await;
    ask(bucket.request("Create"), async || {
        let vars = Vars::default();
        let mut reader = Reader::new(&vars);
        let database = DatabaseSettings::direct_from_vars(&mut reader);
        Ok(store::connect(&PoolSettings::from(
            reader.finish(database)?,
        ))?)
    })
    .await
    .unwrap();
    let (_, answer) = bucket.answer().await;
    assert_eq!(answer["Status"], "FAILED");
    assert!(
        answer["Reason"]
            .as_str()
            .unwrap()
            .contains("DATABASE_URL is missing"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_stack_that_goes_touches_no_database() {
    let mut bucket = Bucket::open(StatusCode::OK).await;
    ask(
        bucket.request("Delete"),
        async || -> Result<Pool, Failure> { panic!("the database is left alone") },
    )
    .await
    .unwrap();
    assert_eq!(bucket.answer().await.1["Status"], "SUCCESS");
}

#[tokio::test]
async fn an_answer_that_did_not_arrive_is_a_failure_that_names_no_address() {
    let bucket = Bucket::open(StatusCode::FORBIDDEN).await;
    let mut gone = bucket.request("Delete");
    gone["ResponseURL"] = json!("http://127.0.0.1:1/answer?X-Amz-Signature=hunter2");
    for request in [bucket.request("Delete"), gone] {
        let error = ask(request, async || Err("never opened".into()))
            .await
            .unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(
            told.contains("the answer") || told.contains("Refused"),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_operator_halts_publishing_and_lets_it_go_on(pool: PgPool) {
    for (word, done, halted) in [
        ("halt", "halted", true),
        ("halt", "halted", true),
        ("resume", "resumed", false),
        ("resume", "resumed", false),
    ] {
        let told = ask(json!({ word: true }), async || Ok(pool.clone().into())).await;
        assert_eq!(told.unwrap(), json!({ "done": done }));
        let row = "SELECT EXISTS (SELECT FROM switches WHERE name = 'publishing_halted')";
        let found: bool = sqlx::query_scalar(row).fetch_one(&pool).await.unwrap();
        assert_eq!(found, halted, "{word}");
    }
}

async fn ask(
    payload: Value,
    open: impl AsyncFnOnce() -> Result<Pool, Failure>,
) -> Result<Value, Failure> {
    let reporter = Reporter::new(Stage::Development).unwrap();
    handle(payload, open, &reporter, "2026/11/24/1").await
}

/// Where answers are sent.
struct Bucket {
    port: u16,
    answers: mpsc::UnboundedReceiver<(Option<String>, Value)>,
}

#[derive(Clone)]
struct Shelf {
    status: StatusCode,
    answers: mpsc::UnboundedSender<(Option<String>, Value)>,
}

impl Bucket {
    async fn open(status: StatusCode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, answers) = mpsc::unbounded_channel();
        let shelf = Shelf {
            status,
            answers: sender,
        };
        let router = Router::new().route("/answer", put(take)).with_state(shelf);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, answers }
    }

    fn request(&self, kind: &str) -> Value {
        json!({
            "RequestType": kind, "StackId": "stack", "RequestId": "request", "LogicalResourceId": "Schema",
            "ResponseURL": format!("http://127.0.0.1:{}/answer?X-Amz-Signature=hunter2", self.port),
            "ResourceType": "Custom::Schema", "ResourceProperties": { "Build": "1" },
        })
    }

    /// The content type of the next answer, and the answer.
    async fn answer(&mut self) -> (Option<String>, Value) {
        self.answers.recv().await.unwrap()
    }
}

async fn take(State(shelf): State<Shelf>, headers: HeaderMap, body: String) -> StatusCode {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map(|value| value.to_str().unwrap().to_owned());
    shelf
        .answers
        .send((content_type, serde_json::from_str(&body).unwrap()))
        .unwrap();
    shelf.status
}
