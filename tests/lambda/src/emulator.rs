//! The emulator of the Lambda runtime that comes with the SAM command line.

use std::{
    collections::BTreeMap,
    env::consts::ARCH,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use cloud::testing::free_port;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Bootstrap,
    process::{Family, until},
};

const PATIENCE: Duration = Duration::from_mins(1);

/// One running copy of a function; it ends with this value.
#[derive(Debug)]
pub struct Emulator {
    family: Family,
    client: reqwest::Client,
    address: String,
    folder: TempDir,
}

/// What a function holds of the machine's memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// At this moment.
    pub resident: u64,
    /// The most it ever was.
    pub peak: u64,
}

impl Emulator {
    /// Starts a function with these variables and no others.
    pub async fn start(bootstrap: &Bootstrap, variables: &BTreeMap<String, String>) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let address = format!("127.0.0.1:{port}");
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(emulator());
        command
            .args(["--log-level", "info"])
            .args(["--runtime-interface-emulator-address", &address])
            .args([
                "--runtime-api-address",
                &format!("127.0.0.1:{}", free_port()),
            ])
            .arg(bootstrap.file())
            .current_dir(folder.path())
            .env_clear()
            .envs(variables)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let family = Family::start(&mut command);
        until("the emulator", PATIENCE, async || {
            tokio::net::TcpStream::connect(&address).await.ok()
        })
        .await;
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self {
            family,
            client,
            address: format!("http://{address}/2015-03-31/functions/function/invocations"),
            folder,
        }
    }

    /// Sends an event; gives what the function answers. The first event also starts the function.
    pub async fn send(&self, event: &Value) -> Value {
        let answer = self
            .client
            .post(&self.address)
            .body(event.to_string())
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    /// Everything that was written so far, by the function and by the emulator.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// How long the function took from its start to its first request for an event.
    pub fn init(&self) -> Duration {
        let log = self.log();
        let told = log
            .split_once("INIT REPORT(durationMs: ")
            .and_then(|(_, rest)| rest.split_once(')'))
            .and_then(|(text, _)| text.parse::<f64>().ok());
        let told = told.unwrap_or_else(|| panic!("it has not started: {log}"));
        Duration::from_secs_f64(told / 1000.0)
    }

    /// What the function holds of the machine's memory.
    ///
    /// # Panics
    /// When it does not run.
    pub fn memory(&self) -> Memory {
        let function = children(self.family.id()).first().copied();
        let function = function.unwrap_or_else(|| panic!("it does not run: {}", self.log()));
        let path = format!("/proc/{function}/status");
        let status = fs::read_to_string(path).unwrap();
        let of = |name: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap();
            let kibibytes = line.trim().trim_end_matches(" kB");
            kibibytes.parse::<u64>().unwrap() * 1024
        };
        Memory {
            resident: of("VmRSS:"),
            peak: of("VmHWM:"),
        }
    }
}

/// The programs that a program has started.
fn children(of: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{of}/task")).unwrap();
    let lists = tasks.flatten().filter_map(|task| {
        // A thread may have ended by now.
        fs::read_to_string(task.path().join("children")).ok()
    });
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|number| number.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The emulator's file for this machine.
fn emulator() -> PathBuf {
    let architecture = if ARCH == "aarch64" { "arm64" } else { ARCH };
    let programs = cloud::testing::tool("sam");
    let libraries = programs.ancestors().nth(2).unwrap().join("lib");
    let file = Path::new("site-packages/samcli/local/rapid")
        .join(format!("aws-lambda-rie-{architecture}"));
    let found = fs::read_dir(libraries)
        .unwrap()
        .flatten()
        .map(|python| python.path().join(&file))
        .find(|path| path.is_file());
    found.expect("the emulator that comes with sam")
}
