//! How AWS is reached, and the secrets that are kept there.

mod config;
mod secrets;
#[cfg(feature = "testing")]
pub mod testing;

pub use aws_config::SdkConfig;
pub use config::config;
pub use secrets::{SecretsError, start, vars};
