//! All SQL of the project, one file per aggregate, checked at compile time.
//!
//! What a user asks for takes the user first and finds nothing of anybody else's. What the
//! publisher, the sweeper and operators do stands in [`work`], [`dispatch`], [`sweep`], [`sealed`], [`admin`] and
//! [`punctuality`].

mod error;
mod flight;
mod link;
mod pool;
mod schema;
mod together;

pub mod admin;
pub mod attempts;
pub mod budgets;
pub mod connections;
pub mod data_keys;
pub mod deletions;
pub mod deliveries;
pub mod dispatch;
pub mod errands;
pub mod events;
pub mod job_log;
pub mod login_delays;
pub mod media;
pub mod oauth_attempts;
pub mod posts;
pub mod punctuality;
pub mod rate_limits;
pub mod registrations;
pub mod rings;
pub mod sealed;
pub mod sessions;
pub mod subscriptions;
pub mod sweep;
pub mod tokens;
pub mod users;
pub mod webhook_endpoints;
pub mod webhook_receipts;
pub mod work;

pub use error::StoreError;
pub use link::Link;
pub use pool::{Pool, PoolSettings, Shift, connect, now};
pub use schema::{MIGRATOR, migrate, ping};
pub use settings::Pooler;
pub use sqlx::{PgExecutor, postgres::PgListener};
pub use together::Together;
