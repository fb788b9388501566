//! One server over one data folder.

use std::{
    fs::{self, File, Permissions},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::migrate::MigrateDatabase;
use tokio::{
    process::Child,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::{
    Binaries, BinarySettings, PostgresError,
    account::Account,
    pid_file::{self, Phase, PidFile},
};

/// How long a server may take to start, to recover after a crash or to stop.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// How often the server's file is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);
/// How many free ports are tried: one may be taken between being found and being used.
const PORTS_TRIED: u32 = 3;
const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;
const USER: &str = "postgres";

/// Becomes the server, and leaves a watcher behind that ends it when the pipe from this process closes.
///
/// The pipe closes whatever way this process ends, so nothing is left running even after a kill.
/// The watcher signals only a process that the data folder names as its server, and gives one
/// that is just starting ten seconds to be named.
pub(super) const WRAPPER: &str = r#"
pid_file=$1; shift
exec 3<&0 </dev/null
(
    read -r _ <&3
    glances=0
    while [ $glances -lt 100 ] && kill -0 $$; do
        if read -r pid <"$pid_file" && [ "$pid" = $$ ]; then
            kill -INT $$
            break
        fi
        glances=$((glances + 1))
        sleep 0.1
    done
    exit 0
) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
"#;

/// Whether the data is to survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Data survives restarts and power failures; the port is remembered.
    Durable,
    /// Nothing is flushed to disk, and the data is deleted when the cluster is stopped.
    Throwaway,
}

/// What cluster to start.
#[derive(Debug, Clone)]
pub struct ClusterSettings {
    /// The folder that holds the data, the password and the log; made when absent.
    pub data_dir: PathBuf,
    /// The port to listen on; without one a free one is taken.
    pub port: Option<u16>,
    /// Whether the data is to survive.
    pub durability: Durability,
}

/// A running server.
///
/// Dropping it ends the server without waiting; [`Cluster::stop`] waits.
#[derive(Debug)]
pub struct Cluster {
    home: Home,
    binaries: Option<Binaries>,
    durability: Durability,
    password: String,
    port: u16,
    server: Option<Child>,
}

impl Cluster {
    /// Starts a server with the programs of this machine, or attaches to the one that serves this data already.
    pub async fn start(settings: ClusterSettings) -> Result<Self, PostgresError> {
        Self::start_with(settings, &BinarySettings::from_env()).await
    }

    /// Starts a server with programs from a given place.
    pub async fn start_with(
        settings: ClusterSettings,
        binaries: &BinarySettings,
    ) -> Result<Self, PostgresError> {
        let home = Home::prepare(&settings.data_dir)?;
        let _lock = home.lock().await?;
        if let Some(port) = home.wait_for_running().await? {
            let password = home.password()?;
            let durability = settings.durability;
            return Ok(Self {
                home,
                binaries: None,
                durability,
                password,
                port,
                server: None,
            });
        }
        let binaries = Binaries::find(binaries, home.version()).await?;
        home.initialise(&binaries, settings.durability).await?;
        let password = home.password()?;
        let (server, port) = home.serve(&binaries, &settings).await?;
        Ok(Self {
            home,
            binaries: Some(binaries),
            durability: settings.durability,
            password,
            port,
            server: Some(server),
        })
    }

    /// The URL of a database of this server, password included.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}:{}@{LOOPBACK}:{}/{database}",
            self.password, self.port
        )
    }

    /// Makes a database of that name unless there is one, and tells its URL.
    pub async fn ensure_database(&self, name: &str) -> Result<String, PostgresError> {
        let url = self.url(name);
        let failed = |source| PostgresError::Database {
            name: name.to_owned(),
            source,
        };
        if !sqlx::Postgres::database_exists(&url)
            .await
            .map_err(failed)?
        {
            sqlx::Postgres::create_database(&url)
                .await
                .map_err(failed)?;
        }
        Ok(url)
    }

    /// The port the server listens on, on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the data lies; not where it was asked to lie when the server's account cannot reach that.
    pub fn data_dir(&self) -> &Path {
        &self.home.folder
    }

    /// Whether another process had started this server; it is then that process's to stop.
    pub fn is_attached(&self) -> bool {
        self.server.is_none()
    }

    /// Ends the server that this process started as a crash would, and starts it again over the same data at the
    /// same port. What was committed lasts where `synchronous_commit` is on: a throw-away cluster turns it off.
    pub async fn crash(&mut self) -> Result<(), PostgresError> {
        let (Some(mut server), Some(binaries)) = (self.server.take(), &self.binaries) else {
            return Err(PostgresError::Failed {
                step: "crashing the server",
                detail: "another process started it".to_owned(),
            });
        };
        signal(&server, Signal::QUIT);
        let ended = server.wait().await;
        ended.map_err(PostgresError::io("crashing the server", &self.home.folder))?;
        let settings = ClusterSettings {
            data_dir: self.home.folder.clone(),
            port: Some(self.port),
            durability: self.durability,
        };
        let (server, _) = self.home.serve(binaries, &settings).await?;
        self.server = Some(server);
        Ok(())
    }

    /// Ends the server that this process started and waits for it; throw-away data is deleted.
    pub async fn stop(mut self) -> Result<(), PostgresError> {
        let Some(mut server) = self.server.take() else {
            return Ok(());
        };
        let stopping = PostgresError::io("stopping the server", &self.home.folder);
        signal(&server, self.durability.farewell());
        match timeout(PATIENCE, server.wait()).await {
            Ok(ended) => drop(ended.map_err(stopping)?),
            // A session that will not end: what is not flushed yet is recovered at the next start.
            Err(_) => server.kill().await.map_err(stopping)?,
        }
        match self.durability {
            Durability::Durable => Ok(()),
            Durability::Throwaway => fs::remove_dir_all(&self.home.folder).map_err(
                PostgresError::io("deleting throw-away data", &self.home.folder),
            ),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            signal(server, self.durability.farewell());
        }
    }
}

impl Durability {
    /// The signal that ends a server: sessions cut off and data flushed, or everything dropped at once.
    fn farewell(self) -> Signal {
        match self {
            Self::Durable => Signal::INT,
            Self::Throwaway => Signal::QUIT,
        }
    }

    /// How clients prove themselves; the cheap way costs no hashing in each of a test's many connections.
    fn authentication(self) -> &'static str {
        match self {
            Self::Durable => "--auth=scram-sha-256",
            Self::Throwaway => "--auth=password",
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Durable => &[],
            Self::Throwaway => &[
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "max_connections=300",
            ],
        }
    }
}

/// The folder of a cluster, and the account that owns it.
#[derive(Debug)]
struct Home {
    folder: PathBuf,
    account: Account,
}

impl Home {
    fn prepare(wanted: &Path) -> Result<Self, PostgresError> {
        const STEP: &str = "preparing the data folder";
        let account = Account::choose()?;
        let wanted = std::path::absolute(wanted).map_err(PostgresError::io(STEP, wanted))?;
        let folder = account.reachable(&wanted)?;
        fs::create_dir_all(&folder).map_err(PostgresError::io(STEP, &folder))?;
        fs::set_permissions(&folder, Permissions::from_mode(0o700))
            .map_err(PostgresError::io(STEP, &folder))?;
        account.own(&folder)?;
        Ok(Self { folder, account })
    }

    /// Holds off other processes that start the same cluster, until dropped.
    async fn lock(&self) -> Result<File, PostgresError> {
        const STEP: &str = "waiting for another process that starts it";
        let path = self.folder.join("lock");
        let file = File::create(&path).map_err(PostgresError::io(STEP, &path))?;
        let waiting = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
        waiting
            .await
            .map_err(std::io::Error::other)
            .and_then(|locked| locked)
            .map_err(PostgresError::io(STEP, path))
    }

    /// The port of a server that runs over this data already; leftovers of a dead one are cleared away.
    async fn wait_for_running(&self) -> Result<Option<u16>, PostgresError> {
        let data = self.data();
        let mut glances = glances();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let Some(file) = PidFile::read(&data) else {
                return Ok(None);
            };
            if !file.is_alive(&data) {
                let path = data.join(pid_file::NAME);
                return match fs::remove_file(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(
                        PostgresError::io("clearing away a dead server's file", path)(error),
                    ),
                    Ok(()) | Err(_) => Ok(None),
                };
            }
            match file.phase {
                Phase::Ready => return Ok(Some(file.port)),
                Phase::Starting | Phase::Stopping => glances.tick().await,
            };
        }
        Err(PostgresError::Failed {
            step: "attaching to the server that runs over this data",
            detail: format!(
                "it was neither ready nor gone after {} s",
                PATIENCE.as_secs()
            ),
        })
    }

    /// The major version that wrote the data, if there is data.
    fn version(&self) -> Option<u32> {
        fs::read_to_string(self.data().join("PG_VERSION"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    async fn initialise(
        &self,
        binaries: &Binaries,
        durability: Durability,
    ) -> Result<(), PostgresError> {
        const STEP: &str = "making the data folder";
        if let Some(wrote) = self.version() {
            return if wrote == binaries.version() {
                Ok(())
            } else {
                let found = binaries.version();
                Err(PostgresError::OtherVersion {
                    folder: self.folder.clone(),
                    wrote,
                    found,
                })
            };
        }
        self.mint_password()?;
        // Made aside and moved into place whole, so that a run cut short leaves nothing half done behind.
        let aside = self.folder.join("data.new");
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(PostgresError::io(STEP, &aside))?;
        }
        let mut command = self.account.command(binaries.folder().join("initdb"));
        command
            .arg("--pgdata")
            .arg(&aside)
            .arg("--pwfile")
            .arg(self.password_file())
            .args(["--username", USER, "--encoding=UTF8", "--no-locale"])
            .arg(durability.authentication())
            .args((durability == Durability::Throwaway).then_some("--no-sync"))
            .stdin(Stdio::null());
        let told = command
            .output()
            .await
            .map_err(PostgresError::io(STEP, binaries.folder()))?;
        if !told.status.success() {
            let detail = String::from_utf8_lossy(&told.stderr).trim().to_owned();
            return Err(PostgresError::Failed { step: STEP, detail });
        }
        fs::rename(&aside, self.data()).map_err(PostgresError::io(STEP, aside))
    }

    async fn serve(
        &self,
        binaries: &Binaries,
        settings: &ClusterSettings,
    ) -> Result<(Child, u16), PostgresError> {
        let mut tries = 1;
        loop {
            let port = self.choose_port(settings)?;
            let mut server = self.spawn(binaries, port, settings.durability)?;
            match self.wait_until_ready(&mut server).await {
                Ok(()) => {
                    self.remember_port(port)?;
                    return Ok((server, port));
                }
                Err(_)
                    if settings.port.is_none() && tries < PORTS_TRIED && self.port_was_taken() =>
                {
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn spawn(
        &self,
        binaries: &Binaries,
        port: u16,
        durability: Durability,
    ) -> Result<Child, PostgresError> {
        const STEP: &str = "starting the server";
        let log = self.log();
        let out = File::create(&log).map_err(PostgresError::io(STEP, &log))?;
        let errors = out.try_clone().map_err(PostgresError::io(STEP, &log))?;
        let mut command = self.account.command("/bin/sh");
        command
            .args(["-c", WRAPPER, "sh"])
            .arg(self.data().join(pid_file::NAME))
            .arg(binaries.folder().join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-h", &LOOPBACK.to_string(), "-p", &port.to_string()])
            // No socket file: its path has a length limit that a project's folder may well exceed.
            .args(["-c", "unix_socket_directories=", "-c", "timezone=UTC"])
            .args(
                durability
                    .options()
                    .iter()
                    .flat_map(|option| ["-c", *option]),
            )
            // Ctrl-C in a terminal is for this process, which then stops the server in its turn.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(errors);
        command
            .spawn()
            .map_err(PostgresError::io(STEP, binaries.folder()))
    }

    async fn wait_until_ready(&self, server: &mut Child) -> Result<(), PostgresError> {
        const STEP: &str = "starting the server";
        let mut glances = glances();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            glances.tick().await;
            if server
                .try_wait()
                .map_err(PostgresError::io(STEP, &self.folder))?
                .is_some()
            {
                return Err(PostgresError::Failed {
                    step: STEP,
                    detail: self.last_words(),
                });
            }
            let ready = PidFile::read(&self.data()).is_some_and(|file| {
                file.phase == Phase::Ready && Some(file.pid) == server_pid(server)
            });
            if ready {
                return Ok(());
            }
        }
        signal(server, Signal::QUIT);
        Err(PostgresError::Failed {
            step: STEP,
            detail: self.last_words(),
        })
    }

    fn choose_port(&self, settings: &ClusterSettings) -> Result<u16, PostgresError> {
        if let Some(port) = settings.port {
            return Ok(port);
        }
        let remembered = match settings.durability {
            Durability::Durable => fs::read_to_string(self.folder.join("port")).ok(),
            Durability::Throwaway => None,
        };
        let remembered = remembered.and_then(|port| port.trim().parse().ok());
        let bound = |port: u16| TcpListener::bind((LOOPBACK, port)).and_then(|l| l.local_addr());
        remembered
            .and_then(|port| bound(port).ok())
            .map_or_else(|| bound(0), Ok)
            .map(|address| address.port())
            .map_err(PostgresError::io("finding a free port", &self.folder))
    }

    fn remember_port(&self, port: u16) -> Result<(), PostgresError> {
        let path = self.folder.join("port");
        fs::write(&path, port.to_string()).map_err(PostgresError::io("remembering the port", path))
    }

    fn port_was_taken(&self) -> bool {
        self.last_words().contains("could not bind")
    }

    fn mint_password(&self) -> Result<(), PostgresError> {
        const STEP: &str = "making a password";
        let path = self.password_file();
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|error| PostgresError::Failed {
            step: STEP,
            detail: error.to_string(),
        })?;
        fs::write(&path, hex::encode(bytes)).map_err(PostgresError::io(STEP, &path))?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))
            .map_err(PostgresError::io(STEP, &path))?;
        self.account.own(&path)
    }

    fn password(&self) -> Result<String, PostgresError> {
        let path = self.password_file();
        fs::read_to_string(&path)
            .map(|password| password.trim().to_owned())
            .map_err(PostgresError::io("reading the password", path))
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }
}

pub(super) fn glances() -> tokio::time::Interval {
    let mut glances = interval(GLANCE);
    glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
    glances
}

fn server_pid(server: &Child) -> Option<Pid> {
    server
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw)
}

/// Sends a signal, unless the server has ended already.
pub(super) fn signal(server: &Child, signal: Signal) {
    if let Some(pid) = server_pid(server)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::warn!(%error, "the Postgres server could not be told to end");
    }
}
