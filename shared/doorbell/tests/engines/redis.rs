//! The engine on Redis.

use std::{sync::Arc, time::Duration};

use bullmq_rs::{JobState, Queue, QueueBuilder, RedisConnection};
use domain::PostId;
use doorbell::{Doorbell, RedisSettings, Reply, Subject, testing::RedisServer};
use sqlx::{ConnectOptions as _, PgPool};
use tokio::sync::Semaphore;

use crate::{
    rig::{Inside, Later, Rig},
    suite::holds,
};

holds!(rig);

async fn rig(pool: PgPool) -> Rig {
    rig_at(RedisServer::start().await, pool).await
}

async fn rig_at(server: RedisServer, pool: PgPool) -> Rig {
    let bell = Doorbell::redis(RedisSettings::at(server.url()), pool.clone());
    let inside = Inner {
        queue: queue(&server).await,
        server,
        database: pool.connect_options().to_url_lossy().to_string(),
    };
    Rig::new(pool, bell, inside)
}

/// The queue, as anybody who knows BullMQ sees it.
async fn queue(server: &RedisServer) -> Queue<String> {
    QueueBuilder::new("rings")
        .connection(RedisConnection::new(server.url()))
        .build()
        .await
        .expect("a queue")
}

struct Inner {
    server: RedisServer,
    queue: Queue<String>,
    database: String,
}

impl Inside for Inner {
    fn stands<'a>(&'a self, subject: &'a Subject) -> Later<'a, bool> {
        Box::pin(async {
            let jobs = self
                .queue
                .get_jobs(
                    &[JobState::Wait, JobState::Prioritized, JobState::Delayed],
                    0,
                    -1,
                    true,
                )
                .await
                .expect("a queue");
            jobs.iter().any(|job| job.data == subject.to_string())
        })
    }

    fn lose_everything(&self) -> Later<'_, ()> {
        Box::pin(async { self.queue.obliterate(true).await.expect("a queue") })
    }

    fn directions(&self) -> Vec<(&'static str, String)> {
        vec![
            ("STRANGER_DATABASE", self.database.clone()),
            ("STRANGER_REDIS", self.server.url()),
        ]
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_redis_that_is_away_is_counted_and_nothing_else(pool: PgPool) {
    let server = RedisServer::start().await;
    let bell = Doorbell::redis(RedisSettings::at(server.url()), pool.clone());
    drop(server);
    let now = store::now(&pool).await.unwrap();
    bell.try_ring(PostId::mint(), now).await;
    assert_eq!(bell.failures(), 1);
    assert!(bell.reach().await.is_err());
}

/// Whoever looks for the jobs of the dead comes by while each of these is worked on, at any time
/// of its work.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_ring_is_not_taken_from_a_receiver_that_lives(pool: PgPool) {
    const LIFE: Duration = Duration::from_secs(6);
    const STEP_MILLISECONDS: i64 = 100;
    const RINGS: i64 = 80;
    let rig = rig(pool).await;
    let over = Arc::new(Semaphore::new(0));
    let mark = PostId::mint();
    let mut heard = rig.hear_within(LIFE, 100, {
        let (over, mark) = (Arc::clone(&over), mark.to_string());
        move |subject| {
            let (over, last) = (Arc::clone(&over), subject == mark);
            async move {
                if !last {
                    over.acquire().await.expect("a word").forget();
                }
                Reply::Done
            }
        }
    });
    let mut rung = Vec::new();
    for number in 0..RINGS {
        let id = PostId::mint();
        rig.ring_in(id, number * STEP_MILLISECONDS).await;
        rung.push(id.to_string());
    }
    rig.ring_in(mark, RINGS * STEP_MILLISECONDS).await;
    rung.push(mark.to_string());
    assert_eq!(heard.until(mark).await, rung);
    over.add_permits(usize::try_from(RINGS).unwrap());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_ring_whose_receivers_all_die_is_laid_aside(pool: PgPool) {
    const DEATHS: usize = 15;
    let server = RedisServer::start().await;
    let queue = queue(&server).await;
    let rig = rig_at(server, pool).await;
    let (deadly, mark) = (PostId::mint(), PostId::mint());
    rig.ring_in(deadly, 0).await;
    for _ in 0..DEATHS {
        let taken = queue.get_next_job("the dead").await.unwrap();
        taken.expect("a ring").change_delay(0).await.unwrap();
    }
    let mut heard = rig.hear();
    rig.ring_in(mark, 1_000).await;
    assert_eq!(heard.until(mark).await, [mark.to_string()]);
    assert_eq!(queue.get_failed_count().await.unwrap(), 1);
}
