//! A PgBouncer before a server: for tests of what works through a pooler in transaction mode.

use std::{
    fs::{self, File},
    process::Stdio,
    str::FromStr as _,
};

use percent_encoding::percent_decode_str;
use rustix::process::Signal;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use tempfile::TempDir;
use tokio::{net::UnixStream, process::Child, time::Instant};

use super::{
    PostgresError,
    account::Account,
    cluster::{PATIENCE, WRAPPER, glances, signal},
};

const STEP: &str = "starting PgBouncer";
/// The number in the socket's name; nothing listens on a port.
const PORT: u16 = 6432;
/// Who clients say they are.
const USER: &str = "anybody";
/// What a shell answers when there is no such program.
const NOT_FOUND: i32 = 127;

/// How a pooler takes a parameter at the start of a session that it does not keep track of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameters {
    /// It passes over it.
    Ignored,
    /// It refuses the session, as PgBouncer does unless told otherwise.
    Refused,
}

/// A running PgBouncer in transaction mode; dropping it ends it.
///
/// It takes everybody for the user that its server was named with, listens on a socket in a folder
/// of its own, and never runs as root.
#[derive(Debug)]
pub struct Pooler {
    folder: TempDir,
    process: Child,
}

impl Pooler {
    /// Starts one before the server of `url`, over at most `connections` to each of its databases.
    ///
    /// # Errors
    /// When `url` is none, or PgBouncer is not there or does not start.
    pub async fn start(
        url: &str,
        connections: u32,
        parameters: Parameters,
    ) -> Result<Self, PostgresError> {
        let settings = settings(url, connections, parameters)?;
        let account = Account::choose()?;
        let folder = tempfile::Builder::new()
            .prefix("pooler-")
            .tempdir()
            .map_err(PostgresError::io(STEP, std::env::temp_dir()))?;
        let at = folder.path();
        let config = at.join("pgbouncer.ini");
        let settings = settings.replace("{folder}", &at.to_string_lossy());
        fs::write(&config, settings).map_err(PostgresError::io(STEP, &config))?;
        let log = at.join("log");
        let out = File::create(&log).map_err(PostgresError::io(STEP, &log))?;
        let errors = out.try_clone().map_err(PostgresError::io(STEP, &log))?;
        account.own(at)?;
        account.own(&config)?;
        let process = account
            .command("/bin/sh")
            // Debian keeps it where only root looks.
            .args(["-c", &format!("PATH=$PATH:/usr/sbin\n{WRAPPER}"), "sh"])
            .arg(at.join("pid"))
            .args(["pgbouncer", "--quiet"])
            .arg(&config)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .map_err(PostgresError::io(STEP, "/bin/sh"))?;
        let mut pooler = Self { folder, process };
        pooler.wait_until_ready().await?;
        Ok(pooler)
    }

    /// The URL of a database of the server, through the pooler.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}@localhost:{PORT}/{database}?sslmode=disable&host={}",
            self.folder.path().display()
        )
    }

    async fn wait_until_ready(&mut self) -> Result<(), PostgresError> {
        let socket = self.folder.path().join(format!(".s.PGSQL.{PORT}"));
        let mut glances = glances();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            glances.tick().await;
            if UnixStream::connect(&socket).await.is_ok() {
                return Ok(());
            }
            let ended = self.process.try_wait();
            if let Some(status) = ended.map_err(PostgresError::io(STEP, &socket))? {
                let detail = if status.code() == Some(NOT_FOUND) {
                    "it is not on this machine: run `cargo xtask test`, or install Debian's package `pgbouncer`".to_owned()
                } else {
                    self.log()
                };
                return Err(PostgresError::Failed { step: STEP, detail });
            }
        }
        Err(PostgresError::Failed {
            step: STEP,
            detail: self.log(),
        })
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        signal(&self.process, Signal::TERM);
    }
}

/// Its configuration, with `{folder}` where its files go.
fn settings(url: &str, connections: u32, parameters: Parameters) -> Result<String, PostgresError> {
    let server = PgConnectOptions::from_str(url).map_err(|error| PostgresError::Failed {
        step: STEP,
        detail: error.to_string(),
    })?;
    let url = server.to_url_lossy();
    let password = percent_decode_str(url.password().unwrap_or_default()).decode_utf8_lossy();
    let ignored = match parameters {
        Parameters::Ignored => "ignore_startup_parameters = extra_float_digits",
        Parameters::Refused => "",
    };
    Ok(format!(
        "[databases]
* = host={host} port={port} user='{user}' password='{password}'
[pgbouncer]
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 500
auth_type = any
stats_users = {USER}
listen_addr =
listen_port = {PORT}
unix_socket_dir = {{folder}}
pidfile = {{folder}}/pid
{ignored}
",
        host = server.get_host(),
        port = server.get_port(),
        user = server.get_username().replace('\'', "''"),
        password = password.replace('\'', "''"),
    ))
}
