//! Putting the whole together.

use std::sync::Arc;

use axum::Router;
use cloud::SdkConfig;
use cluster::{Cluster, ClusterSettings, Durability};
use doorbell::{Doorbell, Receiver, Reception};
use guard::{Beside, Guard, SystemResolver};
use media::{Folder, Library};
use publishing::{Parts, Publisher};
use settings::{
    ConsentSettings, DatabaseSettings, DoorbellSettings, HttpSettings, Networks, ObjectPlace,
    ObjectSettings, Reader, Vars, VaultSettings, WrappingKey,
};
use store::{Pool, PoolSettings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vault::Vault;
use web::{Clock, WebEnv};

use crate::{Failure, Variables, networks, objects, open_files, work};

const DATABASE: &str = "picscripter";

/// Everything that a part of the whole needs, made once.
pub struct House {
    /// The truth.
    pub pool: Pool,
    /// The settings of all functions.
    pub settings: AllSettings,
    /// Rings for the publisher.
    pub doorbell: Doorbell,
    clock: Clock,
    cluster: Option<Cluster>,
    config: Option<SdkConfig>,
    vault: Option<Vault>,
}

/// The settings of all functions.
#[derive(Debug, Clone)]
pub struct AllSettings {
    /// Of the HTTP functions.
    pub http: Arc<HttpSettings>,
    /// Of visits to consent pages.
    pub consent: ConsentSettings,
    /// Of the networks.
    pub networks: Networks,
    /// Of the doorbell.
    pub doorbell: DoorbellSettings,
    /// Of the vault.
    pub vault: VaultSettings,
    /// Of the object store.
    pub objects: ObjectSettings,
}

impl AllSettings {
    /// Reads them.
    ///
    /// # Errors
    /// Everything that is missing or wrong.
    pub fn read(vars: &Vars) -> Result<Self, settings::SettingsError> {
        let mut reader = Reader::new(vars);
        let http = HttpSettings::from_vars(&mut reader);
        let consent = ConsentSettings::from_vars(&mut reader);
        let networks = Networks::from_vars(&mut reader);
        let doorbell = DoorbellSettings::from_vars(&mut reader);
        let vault = VaultSettings::from_vars(&mut reader);
        let objects = ObjectSettings::from_vars(&mut reader, http.stage, &http.public_url);
        reader.finish(Self {
            http: Arc::new(http),
            consent,
            networks,
            doorbell,
            vault,
            objects,
        })
    }

    /// Whether anything of it is kept at AWS.
    const fn reach_aws(&self) -> bool {
        matches!(self.doorbell, DoorbellSettings::Aws(_))
            || matches!(self.vault.wrapping_key, WrappingKey::Kms(_))
            || matches!(self.objects.place, ObjectPlace::Bucket(_))
    }
}

impl House {
    /// Finds or starts Postgres, brings the schema up to date, and reads the settings.
    ///
    /// # Errors
    /// What is missing, told to a person.
    pub async fn open(variables: &Variables) -> Result<Self, Failure> {
        let settings = AllSettings::read(&variables.vars)?;
        let (cluster, url) = if let Some(url) = variables.vars.find("DATABASE_URL") {
            (None, url.to_owned())
        } else {
            let cluster = Cluster::start(ClusterSettings {
                data_dir: variables.data_dir.join("postgres"),
                port: None,
                durability: Durability::Durable,
            })
            .await?;
            let url = cluster.ensure_database(DATABASE).await?;
            (Some(cluster), url)
        };
        let mut pairs = vec![("DATABASE_URL".to_owned(), url.clone())];
        if cluster.is_some() {
            pairs.push(("DATABASE_DIRECT_URL".to_owned(), url));
        }
        let vars = Vars::from_pairs(pairs).or(&variables.vars);
        let mut reader = Reader::new(&vars);
        let direct = DatabaseSettings::direct_from_vars(&mut reader);
        let database = DatabaseSettings::from_vars(&mut reader);
        let (direct, database) = reader.finish((direct, database))?;
        let direct = store::connect(&PoolSettings::from(direct))?;
        migrate::migrate(&direct).await?;
        direct.close().await;
        let pool = store::connect(&PoolSettings::from(database))?;
        let config = settings.reach_aws().then(cloud::config);
        let doorbell = doorbell::open(settings.doorbell.clone(), config.as_ref(), pool.clone())?;
        doorbell.reach().await?;
        Ok(Self {
            doorbell,
            pool,
            settings,
            clock: Clock::default(),
            cluster,
            config,
            vault: None,
        })
    }

    /// Over a database whose schema is up to date, with a clock that its maker may move.
    pub fn over(pool: Pool, settings: AllSettings, clock: Clock) -> Self {
        Self {
            doorbell: Doorbell::postgres(pool.clone()),
            pool,
            settings,
            clock,
            cluster: None,
            config: None,
            vault: None,
        }
    }

    /// The same, sealing and opening with a vault that its maker steers.
    #[must_use]
    pub fn with_vault(mut self, vault: Vault) -> Self {
        self.vault = Some(vault);
        self
    }

    /// Every function's routes on one router.
    ///
    /// # Errors
    /// When a client or a key is of no use.
    pub fn router(&self) -> Result<Router, Failure> {
        let AllSettings {
            http,
            consent,
            networks,
            objects,
            ..
        } = &self.settings;
        let web = WebEnv {
            pool: self.pool.clone(),
            settings: Arc::clone(http),
            clock: self.clock.clone(),
        };
        let (doorbell, apps) = (self.doorbell.clone(), Arc::new(networks.apps.clone()));
        let connections = connections::Env {
            web: web.clone(),
            apps: Arc::clone(&apps),
            consent: consent.clone(),
            wire: Arc::new(publishing::wire(networks)?),
            sealer: self.vault()?.sealer(),
            doorbell: doorbell.clone(),
        };
        let library = Arc::new(Library::from_settings(objects, self.config.as_ref())?);
        let posts = posts::Env {
            web: web.clone(),
            library,
            doorbell: doorbell.clone(),
        };
        let beside = Beside::loopback_if(http.stage.is_development());
        let webhooks = webhooks::Env {
            web: web.clone(),
            apps,
            doorbell: doorbell.clone(),
            guard: Guard::new(beside, Arc::new(SystemResolver))?,
            sealer: self.vault()?.sealer(),
        };
        let router = auth::router(web.clone())
            .merge(connections::router(connections))
            .merge(posts::router(posts))
            .merge(webhooks::router(webhooks))
            .merge(ops::router(ops::Env {
                web: web.clone(),
                doorbell,
            }));
        let router = web::dress(router, http);
        Ok(match &objects.place {
            ObjectPlace::Bucket(_) => router,
            ObjectPlace::Folder(folder) => {
                router.merge(objects::router(Folder::from_settings(folder), web.clock))
            }
        })
    }

    /// The publisher.
    ///
    /// # Errors
    /// When a client or a key is of no use.
    pub fn publisher(&self) -> Result<Publisher, Failure> {
        let AllSettings {
            networks,
            vault,
            objects,
            ..
        } = &self.settings;
        Ok(Publisher::new(Parts {
            pool: self.pool.clone(),
            vault: self.vault()?,
            key_life: vault.key_life,
            wire: Arc::new(publishing::wire(networks)?),
            apps: Arc::new(networks.apps.clone()),
            public_url: networks.public_url.clone(),
            library: Arc::new(Library::from_settings(objects, self.config.as_ref())?),
            doorbell: self.doorbell.clone(),
            courier: publishing::courier(networks)?,
        }))
    }

    fn vault(&self) -> Result<Vault, Failure> {
        if let Some(vault) = &self.vault {
            return Ok(vault.clone());
        }
        let pool = self.pool.clone();
        Ok(publishing::vault(
            &self.settings.vault,
            self.config.as_ref(),
            pool,
        )?)
    }

    /// The end of the doorbell at which the publisher stands.
    ///
    /// # Errors
    /// When only Lambda can stand there.
    pub fn receiver(&self) -> Result<Receiver, Failure> {
        let receiver = self.doorbell.receiver(Reception::default());
        receiver.ok_or_else(|| {
            "DOORBELL=aws rings for the publisher function; here use postgres or redis".into()
        })
    }

    /// Closes the pool, and stops the Postgres that this process started.
    ///
    /// # Errors
    /// When Postgres does not stop.
    pub async fn close(self) -> Result<(), Failure> {
        self.pool.close().await;
        if let Some(cluster) = self.cluster {
            cluster.stop().await?;
        }
        Ok(())
    }
}

/// `cargo dev`: everything, until Ctrl-C.
///
/// # Errors
/// What keeps it from starting, told to a person.
pub async fn live(variables: &Variables, with_worker: bool) -> Result<(), Failure> {
    open_files::ask_for_enough();
    let listener = TcpListener::bind(("127.0.0.1", variables.port))
        .await
        .map_err(|error| format!("port {} cannot be had ({error}); set PORT", variables.port))?;
    let house = House::open(variables).await?;
    let simulator = if variables.simulated {
        Some(
            networks::serve(
                &house.settings.networks.apps,
                variables.simulator_port,
                variables.port,
            )
            .await?,
        )
    } else {
        None
    };
    let stop = CancellationToken::new();
    let worker = if with_worker {
        let work = work::work(house.publisher()?, house.receiver()?, stop.clone());
        Some(tokio::spawn(work))
    } else {
        None
    };
    tracing::info!("Picscripter: http://127.0.0.1:{}", variables.port);
    if let Some(simulator) = &simulator {
        tracing::info!(
            "simulated networks: http://{}/_simulator/ledger",
            simulator.address()
        );
    }
    let until = stop.clone();
    let served = axum::serve(listener, house.router()?).with_graceful_shutdown(async move {
        asked_to_stop().await;
        until.cancel();
    });
    served.await?;
    if let Some(worker) = worker {
        worker.await?;
    }
    house.close().await
}

/// `cargo worker`: a publisher alone, beside others.
///
/// # Errors
/// What keeps it from starting, told to a person.
pub async fn worker(variables: &Variables) -> Result<(), Failure> {
    open_files::ask_for_enough();
    let house = House::open(variables).await?;
    let publisher = house.publisher()?;
    let stop = CancellationToken::new();
    let until = stop.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        until.cancel();
    });
    tracing::info!("publishing; stop with Ctrl-C");
    work::work(publisher, house.receiver()?, stop).await;
    house.close().await
}

async fn asked_to_stop() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
