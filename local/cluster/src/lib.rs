//! Starts a private Postgres: for a laptop, for tests and for checking queries.
//!
//! The server listens on the loopback address only, asks for a password that was made with the
//! cluster, never runs as root and never outlives the process that started it.

mod account;
mod binaries;
mod cluster;
mod error;
mod fetch;
mod pid_file;
mod pooler;

pub use binaries::{Binaries, BinarySettings};
pub use cluster::{Cluster, ClusterSettings, Durability};
pub use error::PostgresError;
pub use pooler::{Parameters, Pooler};
