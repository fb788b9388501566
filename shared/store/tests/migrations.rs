//! Migrations that were cut short, that run at the same time, and that are not needed.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, migrate::Migrate as _, query_scalar,
    raw_sql,
};
use store::{MIGRATOR, Pool, StoreError};

const INDEXES: [(i64, &str); 4] = [
    (20_261_124_000_011, "connections_by_access_key"),
    (20_261_124_000_012, "connections_by_refresh_key"),
    (20_261_124_000_013, "posts_by_progress_key"),
    (20_261_124_023_000, "posts_unconfirmed"),
];

/// A process that dies, or runs out of time, leaves an index that is not valid and is not noted.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_index_that_was_cut_short_is_made_anew(pool: PgPool) {
    for (version, index) in INDEXES {
        spoil(&pool, index).await;
        forget(&pool, version).await;
        migrate(&pool).await.unwrap();
        assert_eq!(is_valid(&pool, index).await, Some(true), "{index}");
        assert_eq!(noted(&pool).await, MIGRATOR.iter().count(), "{index}");
    }
}

/// The database may go on after the process that asked has gone.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_index_that_was_made_and_not_noted_is_noted(pool: PgPool) {
    for (version, index) in INDEXES {
        let before = oid(&pool, index).await;
        forget(&pool, version).await;
        migrate(&pool).await.unwrap();
        assert_eq!(oid(&pool, index).await, before, "{index}");
        assert_eq!(noted(&pool).await, MIGRATOR.iter().count(), "{index}");
    }
}

/// `IF NOT EXISTS` takes an index that was cut short for whole.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_index_that_was_noted_too_early_is_made_anew(pool: PgPool) {
    for (_, index) in INDEXES {
        spoil(&pool, index).await;
        migrate(&pool).await.unwrap();
        assert_eq!(is_valid(&pool, index).await, Some(true), "{index}");
        assert_eq!(noted(&pool).await, MIGRATOR.iter().count(), "{index}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_index_that_a_later_migration_removed_stays_away(pool: PgPool) {
    for (_, index) in INDEXES {
        run(&pool, format!("DROP INDEX {index}")).await;
    }
    migrate(&pool).await.unwrap();
    for (_, index) in INDEXES {
        assert_eq!(is_valid(&pool, index).await, None, "{index}");
    }
}

/// As a deploy that is rolled back finds it, while the newer build still migrates.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_complete_waits_for_nobody(pool: PgPool) {
    newer(&pool).await;
    let mut other = connect(&pool).await;
    other.lock().await.unwrap();
    let done = tokio::time::timeout(Duration::from_secs(10), migrate(&pool)).await;
    done.expect("it does not wait").unwrap();
    other.unlock().await.unwrap();
    assert!(store::ping(&Pool::from(pool)).await.unwrap());
}

#[sqlx::test(migrations = false)]
async fn who_waits_does_not_stand_in_the_way_of_an_index(pool: PgPool) {
    let crowd = (0..3).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move { migrate(&pool).await })
    });
    for done in futures_util::future::join_all(crowd).await {
        done.unwrap().unwrap();
    }
    assert_eq!(noted(&pool).await, MIGRATOR.iter().count());
    for (_, index) in INDEXES {
        assert_eq!(is_valid(&pool, index).await, Some(true), "{index}");
    }
}

/// One waits until the other is done, and then does what is left.
#[sqlx::test(migrations = false)]
async fn what_is_not_complete_waits_its_turn(pool: PgPool) {
    let mut other = connect(&pool).await;
    other.lock().await.unwrap();
    let mut waiting = tokio::spawn({
        let pool = pool.clone();
        async move { migrate(&pool).await }
    });
    let early = tokio::time::timeout(Duration::from_millis(1_200), &mut waiting).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(noted(&pool).await, 0);
    other.unlock().await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(noted(&pool).await, MIGRATOR.iter().count());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_schema_is_ready_for_this_build_and_older_ones_alone(pool: PgPool) {
    assert!(store::ping(&pool).await.unwrap());
    newer(&pool).await;
    assert!(store::ping(&pool).await.unwrap());
    run(
        &pool,
        "DELETE FROM _sqlx_migrations WHERE version > 20261124000010".to_owned(),
    )
    .await;
    assert!(!store::ping(&pool).await.unwrap());
}

async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    store::migrate(&Pool::from(pool.clone())).await
}

async fn connect(pool: &PgPool) -> PgConnection {
    PgConnection::connect_with(&pool.connect_options())
        .await
        .unwrap()
}

async fn run(pool: &PgPool, statement: String) {
    raw_sql(AssertSqlSafe(statement))
        .execute(pool)
        .await
        .unwrap();
}

/// Makes an index what a cut leaves behind.
async fn spoil(pool: &PgPool, index: &str) {
    let statement = "UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid";
    run(pool, format!("{statement} = '{index}'::regclass")).await;
}

async fn forget(pool: &PgPool, version: i64) {
    let statement = format!("DELETE FROM _sqlx_migrations WHERE version = {version}");
    run(pool, statement).await;
}

/// As a newer build leaves the schema.
async fn newer(pool: &PgPool) {
    let statement =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99991231000000, 'newer', true, '\\x00', 1)";
    run(pool, statement.to_owned()).await;
}

async fn noted(pool: &PgPool) -> usize {
    let there: bool = query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await
        .unwrap();
    if !there {
        return 0;
    }
    let count: i64 = query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(pool)
        .await
        .unwrap();
    usize::try_from(count).unwrap()
}

async fn is_valid(pool: &PgPool, index: &str) -> Option<bool> {
    query_scalar("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)")
        .bind(index)
        .fetch_optional(pool)
        .await
        .unwrap()
}

async fn oid(pool: &PgPool, index: &str) -> i64 {
    query_scalar("SELECT to_regclass($1)::oid::bigint")
        .bind(index)
        .fetch_one(pool)
        .await
        .unwrap()
}
