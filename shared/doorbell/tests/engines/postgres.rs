//! The embedded engine.

use domain::{PostId, UserId};
use doorbell::{Doorbell, Reply, Subject};
use sqlx::{ConnectOptions as _, PgPool};
use time::Duration;

use crate::{
    rig::{Inside, Later, Rig},
    suite::holds,
};

holds!(rig);

#[expect(clippy::unused_async, reason = "the other engines take their time")]
async fn rig(pool: PgPool) -> Rig {
    let bell = Doorbell::postgres(pool.clone());
    let table = Table(pool.clone());
    Rig::new(pool, bell, table)
}

struct Table(PgPool);

impl Inside for Table {
    fn stands<'a>(&'a self, subject: &'a Subject) -> Later<'a, bool> {
        Box::pin(async {
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM rings WHERE subject = $1)")
                .bind(subject.to_string())
                .fetch_one(&self.0)
                .await
                .expect("an answer")
        })
    }

    fn lose_everything(&self) -> Later<'_, ()> {
        Box::pin(async {
            sqlx::query("DELETE FROM rings")
                .execute(&self.0)
                .await
                .expect("a table");
        })
    }

    fn directions(&self) -> Vec<(&'static str, String)> {
        let url = self.0.connect_options().to_url_lossy().to_string();
        vec![("STRANGER_DATABASE", url)]
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rings_that_are_due_together_come_in_the_order_of_their_time(pool: PgPool) {
    let now = store::now(&pool).await.unwrap();
    for seconds in [5, 3, 9, 1, 7, 8, 2, 6, 4] {
        let at = now - Duration::seconds(seconds);
        let subject = format!("pst_{seconds}");
        store::rings::ring(&pool, &subject, None, at).await.unwrap();
    }
    let taken = store::rings::take(&pool, 9, Duration::MINUTE, &[], &[])
        .await
        .unwrap();
    let order: Vec<&str> = taken.iter().map(|ring| ring.subject.as_str()).collect();
    let right = [
        "pst_9", "pst_8", "pst_7", "pst_6", "pst_5", "pst_4", "pst_3", "pst_2", "pst_1",
    ];
    assert_eq!(order, right);
}

/// Who works slowly, and on many, leaves room for others.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_crowd_that_takes_its_time_leaves_room(pool: PgPool) {
    let rig = rig(pool).await;
    let (one, other) = (UserId::mint(), UserId::mint());
    let at = rig.now().await;
    let last = PostId::mint();
    let mut heard = rig.hear_and(move |subject| async move {
        if subject != last.to_string() {
            std::future::pending::<()>().await;
        }
        Reply::Done
    });
    for _ in 0..100 {
        let post = Subject::from(PostId::mint()).of(one);
        rig.bell.ring(post, at).await.unwrap();
    }
    heard.next().await;
    rig.bell
        .ring(Subject::from(last).of(other), at)
        .await
        .unwrap();
    let before = heard.until(last).await.len();
    assert!(before <= 12, "{before} places are taken up by one user");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_ring_that_cannot_be_taken_is_counted(pool: PgPool) {
    let bell = Doorbell::postgres(pool.clone());
    let now = store::now(&pool).await.unwrap();
    pool.close().await;
    bell.try_ring(PostId::mint(), now).await;
    assert_eq!(bell.failures(), 1);
}
