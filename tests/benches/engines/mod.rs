//! The engines of the doorbell beside the embedded one, each with what it rings at.

use std::time::Duration;

use cloud::testing::StandIn;
use doorbell::{
    Doorbell, Reach, RedisSettings,
    testing::{Account, Queues, RedisServer},
};
use store::Pool;

use crate::rig::Engine;

/// As the template has it.
const VISIBILITY: Duration = Duration::from_mins(30);

/// SQS, where a stand-in holds the messages back, and takes its part of the processor.
pub struct Aws(Account);

impl Aws {
    /// In an account of its own.
    pub async fn open() -> Self {
        Self(Account::open(StandIn::ministack().await, VISIBILITY).await)
    }
}

impl Engine for Aws {
    fn bell(&self, pool: Pool) -> Doorbell {
        self.0.bell(pool, Reach::default())
    }

    fn queues(&self) -> Option<Queues> {
        Some(self.0.queues().clone())
    }
}

/// A Redis of its own.
pub struct Redis(RedisServer);

impl Redis {
    /// A new one.
    pub async fn open() -> Self {
        Self(RedisServer::start().await)
    }
}

impl Engine for Redis {
    fn bell(&self, pool: Pool) -> Doorbell {
        Doorbell::redis(RedisSettings::at(self.0.url()), pool)
    }
}
