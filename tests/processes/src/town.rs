//! Everything but the publishers: a server of its own, the networks on a socket, the API, and the clocks.

use std::{net::SocketAddr, path::PathBuf};

use axum::{Router, body::Body};
use cluster::{Cluster, ClusterSettings, Durability};
use http::Request;
use local::house::{AllSettings, House};
use publishing::Publisher;
use settings::Vars;
use simulator::Simulator;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use store::{Pool, PoolSettings, Pooler};
use tempfile::TempDir;
use tests::{Answer, world};
use tokio::sync::RwLock;
use tower::ServiceExt as _;

use crate::{Failure, clocks::Clocks};

const DATABASE: &str = "picscripter";
/// How many connections the API and the judge hold at most.
const MAX_CONNECTIONS: u32 = 16;
/// How many a publisher does.
const OF_A_PUBLISHER: &str = "8";
/// More than anybody posts here in a day.
const PLENTY: usize = 1_000_000;

/// Everything but the publishers.
pub(crate) struct Town {
    /// Straight to the database.
    pub(crate) pool: Pool,
    /// The networks.
    pub(crate) networks: Simulator,
    /// The clocks.
    pub(crate) clocks: Clocks,
    /// What is swept with.
    pub(crate) sweeper: Publisher,
    /// The addresses of the files that people publish end with a name; this is what stands before it.
    pub(crate) samples: String,
    router: Router,
    vars: Vars,
    server: SocketAddr,
    url: PgConnectOptions,
    /// Held while the server is there; see [`Town::crash`].
    cluster: RwLock<Option<Cluster>>,
    folder: TempDir,
}

impl Town {
    /// A town where nobody has signed up yet.
    pub(crate) async fn open() -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("processes-").tempdir()?;
        let cluster = Cluster::start(ClusterSettings {
            data_dir: folder.path().join("postgres"),
            port: None,
            durability: Durability::Throwaway,
        })
        .await?;
        let url = cluster.ensure_database(DATABASE).await?;
        let url: PgConnectOptions = url.parse()?;
        let pool = store::connect(&PoolSettings {
            url: url.to_url_lossy().to_string(),
            max_connections: MAX_CONNECTIONS,
            pooler: Pooler::Session,
            shift: None,
        })?;
        store::migrate(&pool).await?;
        // What was committed must outlast a crash of the server; that of the machine is not tried.
        sqlx::query("ALTER DATABASE picscripter SET synchronous_commit = on")
            .execute(&pool)
            .await?;
        let (listener, base) = world::listen().await;
        let plenty = PLENTY.to_string();
        let own = [
            ("DATABASE_MAX_CONNECTIONS", OF_A_PUBLISHER),
            ("DOORBELL", "postgres"),
            ("RUST_LOG", "warn"),
            ("LINKEDIN_SETTING_CALLS_PER_DAY", plenty.as_str()),
            ("TIKTOK_SETTING_POSTS_PER_DAY", plenty.as_str()),
            ("YOUTUBE_SETTING_UPLOADS_PER_DAY", plenty.as_str()),
        ];
        let vars = tests::settings::vars(&base, &folder.path().join("media"), &own);
        let settings = AllSettings::read(&vars)?;
        let apps = settings.networks.apps.clone();
        let (web_clock, network_clock) = (web::Clock::default(), simulator::Clock::default());
        let whole = House::over(pool.clone(), settings, web_clock.clone());
        let router = whole.router()?;
        let pull = world::from_router(router.clone());
        let networks = world::serve(listener, &base, &apps, &network_clock, pull);
        be_generous(&networks);
        let data = cluster.data_dir().join("data");
        let sweeper = whole.publisher()?;
        // The API learns from it what the networks grant our apps.
        sweeper.sweep().await?;
        Ok(Self {
            sweeper,
            clocks: Clocks::new(data, pool.clone(), web_clock, network_clock),
            samples: format!("{base}/_simulator/samples"),
            server: SocketAddr::from(([127, 0, 0, 1], cluster.port())),
            cluster: RwLock::new(Some(cluster)),
            networks,
            pool,
            router,
            vars,
            url,
            folder,
        })
    }

    /// Where the server listens.
    pub(crate) const fn server(&self) -> SocketAddr {
        self.server
    }

    /// The address of the database through a port of this machine.
    pub(crate) fn through(&self, port: u16) -> String {
        let options = self.url.clone().port(port);
        let mut url = options.to_url_lossy();
        url.query_pairs_mut().append_pair("sslmode", "disable");
        url.into()
    }

    /// The settings of a publisher.
    pub(crate) fn vars(&self) -> Vars {
        self.vars.clone()
    }

    /// A folder for what the publishers write.
    pub(crate) fn logs(&self) -> Result<PathBuf, Failure> {
        let logs = self.folder.path().join("logs");
        std::fs::create_dir_all(&logs)?;
        Ok(logs)
    }

    /// A request to the API, and what is answered; while the server is down it waits.
    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let _up = self.cluster.read().await;
        answer(&self.router, request).await
    }

    /// A request to the networks, as of a browser.
    pub(crate) async fn browse(&self, request: Request<Body>) -> Answer {
        answer(&self.networks.router(), request).await
    }

    /// The server crashes and comes back; nobody asks the API anything meanwhile.
    pub(crate) async fn crash(&self) -> Result<(), Failure> {
        let mut cluster = self.cluster.write().await;
        if let Some(cluster) = cluster.as_mut() {
            cluster.crash().await?;
        }
        Ok(())
    }

    /// Ends the server and deletes what it kept.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.pool.close().await;
        if let Some(cluster) = self.cluster.into_inner() {
            cluster.stop().await?;
        }
        Ok(())
    }
}

async fn answer(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await;
    Answer::of(response.unwrap_or_else(|never| match never {})).await
}

/// Nobody here posts for days, so what a network takes in a day would be all that could be tried.
fn be_generous(networks: &Simulator) {
    let states = networks.world().states();
    let plenty = u32::try_from(PLENTY).unwrap_or(u32::MAX);
    let mut instagram = states.instagram();
    instagram.allow_posts(PLENTY);
    instagram.allow_containers(PLENTY);
    drop(instagram);
    let mut linkedin = states.linkedin();
    linkedin.member_calls_a_day = plenty;
    linkedin.app_calls_a_day = plenty;
    drop(linkedin);
    states.pinterest().calls_a_minute = (PLENTY, PLENTY);
    states.tiktok().posts_a_day = PLENTY;
    states.x().count_nothing();
    let mut youtube = states.youtube();
    youtube.uploads_a_day = plenty;
    youtube.units_a_day = plenty;
}
