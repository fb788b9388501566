//! How AWS is reached, and the secrets that are kept there.

mod config;
mod secrets;

pub use aws_config::SdkConfig;
pub use config::config;
pub use secrets::{SecretsError, vars};
