//! `cargo lambda watch`, which is started for a test and ends with it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Family, until};

/// The first request to each function links it.
const PATIENCE: Duration = Duration::from_mins(4);

/// A running `cargo lambda watch` over the functions of the project.
#[derive(Debug)]
pub struct Watch {
    family: Family,
    client: reqwest::Client,
    address: String,
    folder: TempDir,
}

impl Watch {
    /// Starts it at a port; every function gets these variables.
    pub async fn start(port: u16, variables: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(cloud::testing::tool("cargo-lambda"));
        command
            .args([
                "lambda",
                "watch",
                "--wait",
                "--ignore-changes",
                "--features",
                FEATURES,
            ])
            .args(["--invoke-address", "127.0.0.1"])
            .args(["--invoke-port", &port.to_string()])
            .current_dir(deploy::root())
            .envs(variables)
            .env("SQLX_OFFLINE", "true")
            // That of the runner of the tests would go before the one in the secrets.
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        let mut watch = Self {
            family: Family::start(&mut command),
            client,
            address: format!("http://127.0.0.1:{port}"),
            folder,
        };
        watch.listens(port).await;
        watch
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A client that follows no redirects and is patient while a function is being linked.
    pub const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends an event to a function that answers no requests; gives the status and what it answers.
    pub async fn send(&self, function: &str, event: &Value) -> (u16, Value) {
        let answer = self
            .client
            .post(format!(
                "{}/2015-03-31/functions/{function}/invocations",
                self.address
            ))
            .body(event.to_string())
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// Everything that was written so far, by the functions and by the command.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    async fn listens(&mut self, port: u16) {
        let (family, folder) = (&mut self.family, &self.folder);
        until("cargo lambda watch", PATIENCE, async || {
            assert!(
                family.runs(),
                "it ended: {}",
                fs::read_to_string(folder.path().join("log")).unwrap()
            );
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .ok()
        })
        .await;
    }
}

/// As in `cargo xtask test`, so that nothing is compiled twice.
const FEATURES: &str = "lambda/runtime,local/redis";
