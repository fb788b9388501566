//! Stand-ins for AWS, for tests.

mod port;
mod script;
mod server;

use std::{path::PathBuf, process::Command};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
use aws_types::sdk_config;
pub use port::free_port;
pub use script::scripted;
pub use server::Server;

const REGION: &str = "us-east-1";

/// A server that speaks as AWS does; it ends with this value.
#[derive(Debug)]
pub struct StandIn {
    _server: Server,
    address: String,
}

impl StandIn {
    /// moto: faithful about limits of SQS and contexts of KMS; its schedules never fire.
    pub async fn moto() -> Self {
        Self::start("moto_server", |command, port| {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        })
        .await
    }

    /// ministack: fires one-shot schedules, every ten seconds.
    pub async fn ministack() -> Self {
        Self::start("ministack", |command, port| {
            command
                .env("BIND_HOST", "127.0.0.1")
                .env("GATEWAY_PORT", port.to_string());
        })
        .await
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How it is reached, with made-up credentials.
    pub async fn config(&self) -> SdkConfig {
        config(&self.address).await
    }

    async fn start(program: &str, arrange: impl FnOnce(&mut Command, u16)) -> Self {
        let port = free_port();
        let mut command = Command::new(tool(program));
        arrange(&mut command, port);
        Self {
            _server: Server::start(&mut command, port).await,
            address: format!("http://127.0.0.1:{port}"),
        }
    }
}

/// The configuration of clients of whatever listens at `address`.
pub async fn config(address: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .endpoint_url(address)
        .credentials_provider(credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .load()
        .await
}

/// The configuration of clients that try as often and as long as those of [`crate::config`], reached
/// and answered as `change` says.
pub fn patient(change: impl FnOnce(sdk_config::Builder) -> sdk_config::Builder) -> SdkConfig {
    let config = crate::config::patient()
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials()));
    change(config).build()
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "tests")
}

/// A program that `cargo xtask test` installs.
///
/// # Panics
/// When it is not there.
pub fn tool(name: &str) -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "tests are told where tools are")]
    let folder = std::env::var("PICSCRIPTER_TOOLS")
        .expect("PICSCRIPTER_TOOLS names no folder of tools; run `cargo xtask test`");
    let tool = PathBuf::from(folder).join(name);
    assert!(
        tool.exists(),
        "{name} is not installed; run `cargo xtask test`"
    );
    tool
}
