//! The engine on Redis.

use bullmq_rs::{JobState, Queue, QueueBuilder, RedisConnection};
use domain::PostId;
use doorbell::{Doorbell, RedisSettings, Subject};
use sqlx::{ConnectOptions as _, PgPool};

use crate::{
    rig::{Inside, Later, Rig, redis_server::RedisServer},
    suite::holds,
};

holds!(rig);

async fn rig(pool: PgPool) -> Rig {
    let server = RedisServer::start().await;
    let bell = Doorbell::redis(RedisSettings::at(server.url()), pool.clone());
    let queue = QueueBuilder::new("rings")
        .connection(RedisConnection::new(server.url()))
        .build()
        .await
        .expect("a queue");
    let inside = Inner {
        server,
        queue,
        database: pool.connect_options().to_url_lossy().to_string(),
    };
    Rig::new(pool, bell, inside)
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
