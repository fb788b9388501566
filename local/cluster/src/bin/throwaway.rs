//! Runs a command beside a database that is deleted afterwards: `throwaway [--bare | --migrations DIR] COMMAND…`
//!
//! The command finds the database in `DATABASE_URL`: one with the migrations of the project applied,
//! or with `--bare` the maintenance database of the empty server. The exit code is the command's.

use std::{
    env,
    error::Error,
    ffi::OsString,
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus},
};

use cluster::{Cluster, ClusterSettings, Durability};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection, migrate::Migrator};
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

const USAGE: &str = "usage: throwaway [--bare | --migrations DIR] COMMAND…";
const DATABASE: &str = "picscripter";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .without_time()
        .init();
    match serve(env::args_os().skip(1)).await {
        Ok(code) => code,
        Err(error) => {
            let mut chain = error.to_string();
            let mut cause = error.source();
            while let Some(deeper) = cause {
                chain = format!("{chain}: {deeper}");
                cause = deeper.source();
            }
            tracing::error!("{chain}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: impl Iterator<Item = OsString>) -> Result<ExitCode, Box<dyn Error>> {
    let Order {
        migrations,
        command,
    } = Order::parse(arguments).ok_or(USAGE)?;
    let folder = tempfile::Builder::new().prefix("picscripter-").tempdir()?;
    let cluster = Cluster::start(ClusterSettings {
        data_dir: folder.path().to_path_buf(),
        port: None,
        durability: Durability::Throwaway,
    })
    .await?;
    let ended = beside(&cluster, migrations.as_deref(), command).await;
    cluster.stop().await?;
    ended
}

struct Order {
    migrations: Option<PathBuf>,
    command: Vec<OsString>,
}

impl Order {
    fn parse(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut arguments = arguments.peekable();
        let mut migrations = Some(PathBuf::from("migrations"));
        match arguments.peek()?.to_str() {
            Some("--bare") => {
                arguments.next();
                migrations = None;
            }
            Some("--migrations") => {
                arguments.next();
                migrations = Some(arguments.next()?.into());
            }
            Some(_) | None => {}
        }
        let command: Vec<_> = arguments.collect();
        (!command.is_empty()).then_some(Self {
            migrations,
            command,
        })
    }
}

async fn beside(
    cluster: &Cluster,
    migrations: Option<&Path>,
    command: Vec<OsString>,
) -> Result<ExitCode, Box<dyn Error>> {
    let url = match migrations {
        Some(folder) => {
            let url = cluster.ensure_database(DATABASE).await?;
            let mut connection = PgConnection::connect(&url).await?;
            Migrator::new(folder).await?.run(&mut connection).await?;
            connection.close().await?;
            url
        }
        None => cluster.url("postgres"),
    };
    // A terminal's Ctrl-C reaches the command too: this process outlives it, to clear up after it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (program, arguments) = command.split_first().ok_or(USAGE)?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("DATABASE_URL", url)
        .spawn()
        .map_err(|error| format!("{} could not be started: {error}", program.display()))?;
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    loop {
        tokio::select! {
            ended = child.wait() => return Ok(exit_code(ended?)),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = pid {
                    kill_process(pid, Signal::TERM)?;
                }
            }
        }
    }
}

/// The command's own code; for one that was killed what a shell would say.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}
