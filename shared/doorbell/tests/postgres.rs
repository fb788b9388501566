//! The embedded engine against a real Postgres.

use std::sync::{Arc, Mutex};

use doorbell::{Doorbell, Reply};
use sqlx::PgPool;
use time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

async fn in_seconds(pool: &PgPool, seconds: f64) -> time::OffsetDateTime {
    store::now(pool).await.expect("a time") + Duration::seconds_f64(seconds)
}

/// Runs a receiver that tells what it hears.
fn hear(bell: &Doorbell, reply: Reply) -> (mpsc::UnboundedReceiver<String>, CancellationToken) {
    let (tell, heard) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let (receiver, until) = (bell.receiver(), stop.clone());
    tokio::spawn(async move {
        receiver
            .run(4, until, move |subject| {
                let tell = tell.clone();
                async move {
                    tell.send(subject).expect("a listener");
                    reply
                }
            })
            .await;
    });
    (heard, stop)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rings_come_in_the_order_of_their_time_and_not_before(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    let (mut heard, stop) = hear(&bell, Reply::Done);
    let start = store::now(&pool).await.unwrap();
    for (subject, after) in [("pst_b", 600), ("pst_a", 200)] {
        let at = start + Duration::milliseconds(after);
        bell.ring(subject, at).await.unwrap();
    }
    assert_eq!(heard.recv().await.unwrap(), "pst_a");
    assert!(store::now(&pool).await.unwrap() >= start + Duration::milliseconds(200));
    assert_eq!(heard.recv().await.unwrap(), "pst_b");
    assert!(store::now(&pool).await.unwrap() >= start + Duration::milliseconds(600));
    stop.cancel();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rings_that_are_due_together_come_in_the_order_of_their_time(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    let now = store::now(&pool).await.unwrap();
    let late = [5, 3, 9, 1, 7, 8, 2, 6, 4];
    for seconds in late {
        let at = now - Duration::seconds(seconds);
        bell.ring(&format!("pst_{seconds}"), at).await.unwrap();
    }
    let taken = store::rings::take(&pool, 9, Duration::MINUTE)
        .await
        .unwrap();
    let order: Vec<&str> = taken.iter().map(|ring| ring.subject.as_str()).collect();
    let right = [
        "pst_9", "pst_8", "pst_7", "pst_6", "pst_5", "pst_4", "pst_3", "pst_2", "pst_1",
    ];
    assert_eq!(order, right);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_silenced_ring_does_not_come(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    bell.ring("pst_gone", in_seconds(&pool, 0.1).await)
        .await
        .unwrap();
    bell.silence("pst_gone").await.unwrap();
    bell.ring("pst_stays", in_seconds(&pool, 0.2).await)
        .await
        .unwrap();
    let (mut heard, stop) = hear(&bell, Reply::Done);
    assert_eq!(heard.recv().await.unwrap(), "pst_stays");
    stop.cancel();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_second_ring_replaces_the_first(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    bell.ring("pst_a", in_seconds(&pool, 3600.0).await)
        .await
        .unwrap();
    bell.ring("pst_a", in_seconds(&pool, 0.0).await)
        .await
        .unwrap();
    let (mut heard, stop) = hear(&bell, Reply::Done);
    assert_eq!(heard.recv().await.unwrap(), "pst_a");
    stop.cancel();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_ring_that_was_not_answered_stays(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    bell.ring("pst_a", in_seconds(&pool, 0.0).await)
        .await
        .unwrap();
    let (mut heard, stop) = hear(&bell, Reply::Again);
    assert_eq!(heard.recv().await.unwrap(), "pst_a");
    stop.cancel();
    assert!(store::rings::next_due(&pool).await.unwrap().is_some());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_ring_for_a_row_rung_for_meanwhile_is_not_lost(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    bell.ring("pst_a", in_seconds(&pool, 0.0).await)
        .await
        .unwrap();
    let taken = store::rings::take(&pool, 1, Duration::minutes(1))
        .await
        .unwrap();
    bell.ring("pst_a", in_seconds(&pool, 0.0).await)
        .await
        .unwrap();
    store::rings::answer(&pool, &taken[0]).await.unwrap();
    assert_eq!(
        store::rings::take(&pool, 1, Duration::minutes(1))
            .await
            .unwrap()
            .len(),
        1
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn many_receivers_share_ten_thousand_rings_without_losing_one(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    sqlx::query("INSERT INTO rings (subject, due_at) SELECT 'pst_' || n, app_now() FROM generate_series(1, 10000) n")
        .execute(&pool)
        .await
        .unwrap();
    let (tell, mut heard) = mpsc::unbounded_channel();
    let seen = Arc::new(Mutex::new(std::collections::HashSet::new()));
    let stop = CancellationToken::new();
    for _ in 0..2 {
        let (receiver, until, tell, seen) = (
            bell.receiver(),
            stop.clone(),
            tell.clone(),
            Arc::clone(&seen),
        );
        tokio::spawn(async move {
            receiver
                .run(32, until, move |subject| {
                    let all = {
                        let mut seen = seen.lock().unwrap();
                        seen.insert(subject);
                        seen.len() == 10_000
                    };
                    if all {
                        tell.send(()).unwrap();
                    }
                    std::future::ready(Reply::Done)
                })
                .await;
        });
    }
    heard.recv().await.unwrap();
    stop.cancel();
}
