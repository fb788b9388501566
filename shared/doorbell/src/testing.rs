//! Servers that the engines ring at, for tests and benchmarks.

mod account;
mod queues;
#[cfg(feature = "redis")]
mod redis_server;

pub use account::{Account, GROUP, ROLE};
pub use queues::Queues;
#[cfg(feature = "redis")]
pub use redis_server::RedisServer;
