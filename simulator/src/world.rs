//! Everything the simulated networks know, and the handle that tests hold.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::Router;
use bytes::Bytes;
use time::Duration;

use crate::{
    Clock, FaultScript, Keeper, Ledger, LiveMedia, LivePost, Pull, Registration,
    blobs::Blobs,
    control, faults,
    faults::Fault,
    networks::{self, States, other_apps},
    oauth::OauthBook,
};

/// Ids are as long as those of real networks.
const FIRST_NUMBER: u64 = 17_000_000_000_000_001;

/// How the simulation starts.
pub struct Settings {
    /// The time at the networks.
    pub clock: Clock,
    /// How the networks fetch files by their address.
    pub pull: Box<dyn Pull>,
    /// Our app's registration at each network.
    pub registrations: Vec<Registration>,
    /// Where a browser reaches the simulator, as `http://127.0.0.1:9700`.
    pub base_url: String,
}

/// Everything the networks know. Cheap to clone; clones are the same world.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    clock: Clock,
    pull: Box<dyn Pull>,
    base_url: String,
    counter: AtomicU64,
    blobs: Mutex<Blobs>,
    calls: Mutex<Vec<String>>,
    faults: Mutex<Vec<FaultScript>>,
    /// Shared with whoever reads it; a change while somebody does makes a new one.
    ledger: Mutex<Arc<Ledger>>,
    oauth: Mutex<OauthBook>,
    processing: Mutex<BTreeMap<String, Duration>>,
    listing_lags: Mutex<BTreeMap<String, Duration>>,
    states: States,
}

impl World {
    /// The time.
    pub fn now(&self) -> time::OffsetDateTime {
        self.0.clock.now()
    }

    /// Where a browser reaches the simulator.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// A number that was never given before, larger than any before: ids are made of it.
    pub fn number(&self) -> u64 {
        self.0.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// A text that nobody can guess.
    pub fn secret(&self, prefix: &str) -> String {
        #[expect(clippy::disallowed_methods, reason = "networks mint their own secrets")]
        let (a, b) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
        let digest = <sha2::Sha256 as sha2::Digest>::digest(
            [a.as_bytes().as_slice(), b.as_bytes()].concat(),
        );
        format!("{prefix}{}", hex::encode(digest))
    }

    /// Who is registered, who consented, which tokens live.
    pub fn oauth(&self) -> MutexGuard<'_, OauthBook> {
        lock(&self.0.oauth)
    }

    /// What each network keeps beside that.
    pub fn states(&self) -> &States {
        &self.0.states
    }

    /// How long `network` works on a file before it is ready; default nothing.
    pub fn processing(&self, network: &str) -> Duration {
        lock(&self.0.processing)
            .get(network)
            .copied()
            .unwrap_or(Duration::ZERO)
    }

    /// Sets how long `network` works on a file.
    pub fn set_processing(&self, network: &str, time: Duration) {
        lock(&self.0.processing).insert(network.to_owned(), time);
    }

    /// After how long the lists of `network` show what is new; default at once. Reading by id is never late.
    pub fn listing_lag(&self, network: &str) -> Duration {
        lock(&self.0.listing_lags)
            .get(network)
            .copied()
            .unwrap_or(Duration::ZERO)
    }

    /// Sets after how long the lists of `network` show what is new.
    pub fn set_listing_lag(&self, network: &str, lag: Duration) {
        lock(&self.0.listing_lags).insert(network.to_owned(), lag);
    }

    /// Until when something must have been made for the lists of `network` to show it.
    pub(crate) fn listed_until(&self, network: &str) -> time::OffsetDateTime {
        self.now() - self.listing_lag(network)
    }

    /// Ends every access token of `network`; refresh tokens stay.
    pub fn end_tokens(&self, network: &str) {
        self.oauth()
            .kill_where(|token| token.grant.network == network && token.kind != "refresh");
    }

    /// Fetches a file as a network would.
    pub async fn pull(&self, url: &str) -> Result<crate::Pulled, String> {
        self.0.pull.pull(url.to_owned()).await
    }

    /// Fetches a range of a file as a network would.
    pub async fn pull_range(
        &self,
        url: &str,
        range: &'static str,
    ) -> Result<crate::Pulled, String> {
        self.0.pull.pull_range(url.to_owned(), range).await
    }

    /// Keeps a file that arrived.
    pub fn keep(&self, content_type: &str, bytes: Bytes) -> LiveMedia {
        let size = bytes.len() as u64;
        let digest = lock(&self.0.blobs).keep(content_type, bytes);
        LiveMedia {
            digest,
            bytes: size,
            content_type: content_type.to_owned(),
        }
    }

    /// Keeps a file that arrived in pieces; of a large one its length and its digest.
    pub fn keep_pieces(&self, content_type: &str, keeper: Keeper) -> LiveMedia {
        let bytes = keeper.length();
        let digest = lock(&self.0.blobs).keep_pieces(content_type, keeper);
        LiveMedia {
            digest,
            bytes,
            content_type: content_type.to_owned(),
        }
    }

    /// A file that arrived, with its content type; nothing of what was too large to be kept.
    pub fn kept(&self, digest: &str) -> Option<(String, Bytes)> {
        lock(&self.0.blobs).find(digest)
    }

    /// Makes a post visible.
    pub fn publish(&self, post: LivePost) {
        Arc::make_mut(&mut lock(&self.0.ledger)).publish(post);
    }

    /// Another app publishes a post like this one for the same account, with these words; gives it.
    pub fn post_by_another_app(&self, like: &LivePost, text: &str) -> LivePost {
        other_apps::publish(self, like, text)
    }

    /// Takes a post down; tells whether it was there.
    pub fn take_down(&self, network: &str, post_id: &str) -> bool {
        Arc::make_mut(&mut lock(&self.0.ledger)).remove(network, post_id)
    }

    /// Every live post.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&lock(&self.0.ledger))
    }

    pub(crate) fn note_call(&self, host: &str, route: &str) {
        lock(&self.0.calls).push(format!("{host} {route}"));
    }

    pub(crate) fn fault_for(&self, host: &str, route: &str) -> Option<Fault> {
        faults::due(&mut lock(&self.0.faults), host, route)
    }

    pub(crate) fn set_faults(&self, scripts: Vec<FaultScript>) {
        *lock(&self.0.faults) = scripts;
    }

    pub(crate) fn add_fault(&self, script: FaultScript) {
        lock(&self.0.faults).push(script);
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        lock(&self.0.calls).clone()
    }
}

/// The seven networks, ready to be served or called in the same process.
#[derive(Clone)]
pub struct Simulator {
    world: World,
    router: Router,
}

impl Simulator {
    /// Seven networks where nothing has happened yet.
    pub fn new(settings: Settings) -> Self {
        let world = World(Arc::new(Inner {
            clock: settings.clock,
            pull: settings.pull,
            base_url: settings.base_url,
            counter: AtomicU64::new(FIRST_NUMBER),
            blobs: Mutex::default(),
            calls: Mutex::default(),
            faults: Mutex::default(),
            ledger: Mutex::default(),
            oauth: Mutex::new(OauthBook::new(settings.registrations)),
            processing: Mutex::default(),
            listing_lags: Mutex::default(),
            states: States::default(),
        }));
        let router = networks::routes()
            .route_layer(axum::middleware::from_fn_with_state(
                world.clone(),
                networks::annotate,
            ))
            .route_layer(axum::middleware::from_fn_with_state(
                world.clone(),
                faults::carry_out,
            ))
            .merge(control::routes())
            .layer(axum::extract::DefaultBodyLimit::max(1 << 30))
            .with_state(world.clone());
        Self { world, router }
    }

    /// The router; `/HOST/PATH` is the real `https://HOST/PATH`.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What the networks know.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Every live post.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.world.ledger()
    }

    /// Lets the networks forget all that ever happened, but for our registrations; the clock stays.
    pub fn forget(&self) {
        let inner = &*self.world.0;
        inner.counter.store(FIRST_NUMBER, Ordering::Relaxed);
        *lock(&inner.blobs) = Blobs::default();
        lock(&inner.calls).clear();
        lock(&inner.faults).clear();
        *lock(&inner.ledger) = Arc::default();
        lock(&inner.oauth).forget();
        lock(&inner.processing).clear();
        lock(&inner.listing_lags).clear();
        inner.states.forget();
    }

    /// Orders a fault.
    pub fn script(&self, script: FaultScript) {
        self.world.add_fault(script);
    }

    /// Withdraws all orders.
    pub fn clear_faults(&self) {
        self.world.set_faults(Vec::new());
    }

    /// Every call that reached a network, as `HOST METHOD /path/template`, in order.
    pub fn calls(&self) -> Vec<String> {
        self.world.calls()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
