//! Through a PgBouncer in transaction mode that keeps no prepared statements, in front of fewer
//! sessions than there are clients.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod life;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use cluster::{Parameters, Pooler as PgBouncer};
use futures_util::future::try_join_all;
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool, Row as _, postgres::PgConnectOptions,
};
use store::{Pool, PoolSettings, Pooler, Shift, StoreError};

const CLIENTS: usize = 16;
const LIVES: usize = 4;
/// How many posts are published in each.
const PUBLISHED: usize = 2;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_crowd_lives_on_two_sessions_without_one_error(pool: PgPool) {
    let pooler = before(2, Parameters::Refused).await;
    let url = pooler.url(&name(&pool).await);
    let clients = (0..CLIENTS).map(|_| {
        let client = client(&url, Pooler::Transaction, None);
        tokio::spawn(async move {
            for _ in 0..LIVES {
                life::live(&client).await?;
            }
            client.close().await;
            Ok::<_, StoreError>(())
        })
    });
    for lived in try_join_all(clients).await.unwrap() {
        lived.unwrap();
    }
    let published: i64 = sqlx::query_scalar("SELECT count(*) FROM posts WHERE stage = 'published'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(
        published,
        i64::try_from(CLIENTS * LIVES * PUBLISHED).unwrap()
    );
    let transactions = transactions(&pooler).await;
    assert!(transactions > 5_000, "{transactions}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_life_fails_where_statements_are_prepared(pool: PgPool) {
    let pooler = before(1, Parameters::Ignored).await;
    let url = pooler.url(&name(&pool).await);
    let (first, second) = (
        client(&url, Pooler::Session, None),
        client(&url, Pooler::Session, None),
    );
    life::live(&first).await.unwrap();
    let error = match life::live(&second).await {
        Err(StoreError::Database(sqlx::Error::Database(error))) => error,
        other => panic!("{other:?}"),
    };
    let already_prepared = "42P05";
    assert_eq!(error.code().as_deref(), Some(already_prepared), "{error}");
    for _ in 0..2 {
        life::live(&client(&url, Pooler::Transaction, None))
            .await
            .unwrap();
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn with_a_session_each_the_same_life_prepares_its_statements(pool: PgPool) {
    let pool = Pool::from(pool);
    life::live(&pool).await.unwrap();
    let mut link = pool.acquire().await.unwrap();
    store::now(&mut link).await.unwrap();
    let prepared: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_prepared_statements")
        .fetch_one(&mut link)
        .await
        .unwrap();
    assert!(prepared > 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_stays_prepared_behind_the_pooler(pool: PgPool) {
    let pooler = before(1, Parameters::Refused).await;
    let client = client(&pooler.url(&name(&pool).await), Pooler::Transaction, None);
    life::live(&client).await.unwrap();
    let prepared: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_prepared_statements")
        .fetch_one(&client)
        .await
        .unwrap();
    assert_eq!(prepared, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_could_not_be_committed_is_told_as_an_error(pool: PgPool) {
    pool.execute("CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        .await
        .unwrap();
    let pooler = before(1, Parameters::Refused).await;
    let client = client(&pooler.url(&name(&pool).await), Pooler::Transaction, None);
    let twice = "INSERT INTO late VALUES ($1), ($1) RETURNING id";
    let query = || sqlx::query(twice).bind(1);
    assert!(query().execute(&client).await.is_err());
    assert!(query().fetch_all(&client).await.is_err());
    assert!(query().fetch_one(&client).await.is_err());
    let mut link = client.acquire().await.unwrap();
    assert!(query().fetch_optional(&mut link).await.is_err());
    let mut tx = client.begin().await.unwrap();
    assert_eq!(query().fetch_all(&mut tx).await.unwrap().len(), 2);
    assert!(tx.commit().await.is_err());
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM late")
        .fetch_one(&client)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_dropped_at_any_point_leaves_no_transaction_open(pool: PgPool) {
    let pooler = before(1, Parameters::Refused).await;
    let client = client(&pooler.url(&name(&pool).await), Pooler::Transaction, None);
    store::admin::halt(&client, false).await.unwrap();
    let mut polls = 1;
    while !survives(store::admin::halt(&client, true), polls).await {
        polls += 1;
        // Waits behind what is left of the one before, and would wait for ever behind one left open.
        store::admin::halt(&client, false).await.unwrap();
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM switches")
            .fetch_one(&client)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
    // How many polls a life has is the network's affair: only that one was cut short is not.
    assert!(polls > 1, "{polls}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_clock_that_is_moved_for_one_is_moved_for_no_other(pool: PgPool) {
    let pooler = before(1, Parameters::Refused).await;
    let url = pooler.url(&name(&pool).await);
    let shift = Shift::default();
    let ahead = client(&url, Pooler::Transaction, Some(shift.clone()));
    let true_one = client(&url, Pooler::Transaction, None);
    shift.advance(time::Duration::hours(1));
    let hour = store::now(&ahead).await.unwrap() - store::now(&true_one).await.unwrap();
    assert!(hour > time::Duration::minutes(59), "{hour}");
    assert!(hour < time::Duration::minutes(61), "{hour}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_needs_a_session_is_not_tried_without_one(pool: PgPool) {
    let pooler = before(1, Parameters::Refused).await;
    let client = client(&pooler.url(&name(&pool).await), Pooler::Transaction, None);
    let listener = client.listen(store::rings::CHANNEL).await.unwrap();
    assert!(listener.is_none());
    let refused = store::migrate(&client).await;
    assert!(
        matches!(refused, Err(StoreError::Migrate(_))),
        "{refused:?}"
    );
    let prepared = (&client)
        .prepare(sqlx::SqlStr::from_static("SELECT 1"))
        .await;
    assert!(prepared.is_err());
}

async fn before(connections: u32, parameters: Parameters) -> PgBouncer {
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner of the tests says where the server is"
    )]
    let server = std::env::var("DATABASE_URL").unwrap();
    PgBouncer::start(&server, connections, parameters)
        .await
        .unwrap()
}

async fn name(pool: &PgPool) -> String {
    sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(pool)
        .await
        .unwrap()
}

fn client(url: &str, pooler: Pooler, shift: Option<Shift>) -> Pool {
    store::connect(&PoolSettings {
        url: url.to_owned(),
        max_connections: 1,
        pooler,
        shift,
    })
    .unwrap()
}

/// How many transactions went through a pooler.
async fn transactions(pooler: &PgBouncer) -> i64 {
    let options: PgConnectOptions = pooler.url("pgbouncer").parse().unwrap();
    let mut console = PgConnection::connect_with(&options.extra_float_digits(None))
        .await
        .unwrap();
    let rows = sqlx::raw_sql("SHOW STATS_TOTALS")
        .fetch_all(&mut console)
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.try_get_raw("xact_count").unwrap().as_str().unwrap())
        .map(|count| count.parse::<i64>().unwrap())
        .sum()
}

/// Lets a future run for so many polls and then drops it where it stands; tells whether it came to
/// its end before.
async fn survives(future: impl Future, polls: usize) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
