//! What the benchmarks of publishing run on: a Postgres of its own, the API, an engine of the doorbell with its receiver,
//! and networks that take 50 ms for each answer.

pub mod client;

use std::{collections::HashSet, time::Duration};

use axum::Router;
use cluster::{Cluster, ClusterSettings, Durability};
use doorbell::{Doorbell, testing::Queues};
use futures_util::{StreamExt as _, stream};
use local::house::{AllSettings, House};
use simulator::{Fault, FaultScript, Simulator};
use store::{Pool, PoolSettings, Pooler};
use tempfile::TempDir;
use tests::{settings, world};
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::client::{Account, Client};

/// How long a network takes for each answer.
const ANSWER_MS: u64 = 50;
/// How many connections `cargo dev` takes of the database.
const CONNECTIONS: u32 = 4;

/// How many posts are asked for at once.
const AT_ONCE: usize = 8;
/// How long asking for one post, and preparing it, may take.
const EACH: time::Duration = time::Duration::milliseconds(40);

/// How many copies of the publisher the template allows for each queue.
const COPIES: usize = 10;

/// An engine of the doorbell, and what it rings at.
pub trait Engine {
    /// Rings with it.
    fn bell(&self, pool: Pool) -> Doorbell;

    /// The queues of it, where Lambda receives.
    fn queues(&self) -> Option<Queues> {
        None
    }
}

/// The engine that rings in the database.
pub struct Embedded;

impl Engine for Embedded {
    fn bell(&self, pool: Pool) -> Doorbell {
        Doorbell::postgres(pool)
    }
}

/// Everything but a user.
pub struct Rig {
    pub pool: Pool,
    pub client: Client,
    pub simulator: Simulator,
    house: House,
    engine: Box<dyn Engine>,
    cluster: Cluster,
    _folder: TempDir,
}

/// A publisher at work.
pub struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Rig {
    /// Opens it over a database of this name.
    pub async fn open(name: &str, engine: impl Engine + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Cluster::start(ClusterSettings {
            data_dir: folder.path().join("postgres"),
            port: None,
            durability: Durability::Throwaway,
        })
        .await
        .unwrap();
        let pool = store::connect(&PoolSettings {
            url: cluster.ensure_database(name).await.unwrap(),
            max_connections: CONNECTIONS,
            pooler: Pooler::Session,
            shift: None,
        })
        .unwrap();
        store::migrate(&pool).await.unwrap();
        let (listener, base) = world::listen().await;
        let vars = settings::vars(&base, &folder.path().join("files"), &[]);
        let all = AllSettings::read(&vars).unwrap();
        let apps = all.networks.apps.clone();
        let mut house = House::over(pool.clone(), all, web::Clock::default());
        house.doorbell = engine.bell(pool.clone());
        let client = Client {
            router: house.router().unwrap(),
        };
        let simulator = world::serve(
            listener,
            &base,
            &apps,
            &simulator::Clock::default(),
            world::from_router(client.router.clone()),
        );
        simulator.world().states().linkedin().member_calls_a_day = u32::MAX;
        Self {
            pool,
            client,
            simulator,
            house,
            engine: Box::new(engine),
            cluster,
            _folder: folder,
        }
    }

    /// The pages and endpoints of the networks.
    pub fn networks(&self) -> Router {
        self.simulator.router()
    }

    /// From now on networks take their time, and what is due is published.
    pub fn publish(&self) -> Working {
        let slow = Fault::Delay {
            milliseconds: ANSWER_MS,
        };
        self.simulator
            .script(FaultScript::any(slow).times(u32::MAX));
        let stop = CancellationToken::new();
        let (publisher, until) = (self.house.publisher().unwrap(), stop.clone());
        let answer = move |subject: String| {
            let publisher = publisher.clone();
            async move { publisher.answer(&subject).await }
        };
        let task = if let Some(queues) = self.engine.queues() {
            tokio::spawn(async move { queues.poll(COPIES, until, answer).await })
        } else {
            let receiver = self.house.receiver().unwrap();
            tokio::spawn(async move { receiver.run(until, answer).await })
        };
        Working { stop, task }
    }

    /// Schedules so many posts for one second, which is far enough ahead for all of them; gives that second.
    pub async fn schedule<'a>(
        &self,
        posts: usize,
        account: impl Fn(usize) -> &'a Account,
    ) -> OffsetDateTime {
        let ahead = time::Duration::seconds(10) + EACH * i32::try_from(posts).unwrap();
        let due = (store::now(&self.pool).await.unwrap() + ahead)
            .replace_nanosecond(0)
            .unwrap();
        stream::iter(0..posts)
            .map(|number| self.client.schedule(account(number), number, due))
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<()>>()
            .await;
        due
    }

    /// Lets time pass until then, which must be ahead.
    pub async fn wait_until(&self, then: OffsetDateTime) {
        let now = store::now(&self.pool).await.unwrap();
        assert!(now < then, "asking took until {now}");
        pass(Duration::try_from(then - now).unwrap()).await;
    }

    /// How many posts are live; none of them twice.
    pub fn live(&self) -> usize {
        let ledger = self.simulator.ledger();
        let texts: HashSet<&str> = ledger
            .posts()
            .iter()
            .map(|post| post.text.as_str())
            .collect();
        assert_eq!(ledger.posts().len(), texts.len(), "a post is doubled");
        texts.len()
    }

    /// Ends everything.
    pub async fn close(self) {
        self.pool.close().await;
        self.cluster.stop().await.unwrap();
    }
}

impl Working {
    /// Stops it, once what is under way is over.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// Runs a benchmark on two threads.
pub fn run<T>(measure: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(measure)
}

/// Lets time pass.
pub async fn pass(time: Duration) {
    let never = std::future::pending::<()>();
    tokio::time::timeout(time, never).await.unwrap_err();
}
