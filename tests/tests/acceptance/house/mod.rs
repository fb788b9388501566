//! Everything together in one process, over a database of its own.

mod keys;
mod log;
mod person;
mod receiver;
mod verdict;

use std::path::PathBuf;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU16, Ordering},
};

use axum::{Router, body::Body};
use cluster::Parameters;
use domain::Platform;
use doorbell::Reply;
use http::{Method, Request, StatusCode, header};
use local::house::AllSettings;
use publishing::{Publisher, Swept};
use serde_json::{Value, json};
use simulator::{FaultScript, LivePost, Simulator};
use sqlx::PgPool;
use store::{Pool, PoolSettings, Pooler, Shift, rings};
use tests::{settings, world};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tower::ServiceExt as _;
use url::Url;
use vault::{Vault, testing::SteeredWrapper};

pub use log::Log;
pub use person::Person;
pub use receiver::{Receiver, Told};
pub use tests::{Answer, settings::CANARY};

use crate::networks::{Commit, Network, What};

/// How long a ring stays hidden while it is worked on.
const VISIBILITY: Duration = Duration::minutes(6);
/// More rings than any test gives rise to; a house that rings more often goes round in circles.
const ROUNDS: usize = 2_000;
/// How many connections a house holds at most.
pub const MAX_CONNECTIONS: u32 = 12;
/// The folder of files, where it is there.
const KEPT: &str = "kept";
/// Where it is while it is not.
const AWAY: &str = "away";
/// After so many minutes an access token is renewed before it is used.
const TOKEN_LIFE: Duration = Duration::minutes(10);

/// All of Picscripter, and the networks it speaks to.
pub struct House {
    pub pool: Pool,
    pub publisher: Publisher,
    /// What wraps the data keys.
    pub keys: SteeredWrapper,
    pub networks: Simulator,
    router: Router,
    shift: Shift,
    web_clock: web::Clock,
    network_clock: simulator::Clock,
    pub samples: String,
    people: AtomicU16,
    heard: Mutex<Vec<String>>,
    files: tempfile::TempDir,
}

impl House {
    /// A house where nobody has signed up yet.
    pub async fn open(pool: PgPool) -> Self {
        Self::open_with(pool, &[]).await
    }

    /// The same with some settings of its own.
    pub async fn open_with(pool: PgPool, own: &[(&str, &str)]) -> Self {
        Self::open_at(address(&pool).await, Pooler::Session, own).await
    }

    /// Over the same database, reached through a pooler in transaction mode with so many sessions.
    pub async fn open_behind_pooler(pool: PgPool, sessions: u32) -> (Self, cluster::Pooler) {
        let url = Url::parse(&address(&pool).await).unwrap();
        let pooler = cluster::Pooler::start(url.as_str(), sessions, Parameters::Refused)
            .await
            .unwrap();
        let url = pooler.url(url.path().trim_start_matches('/'));
        (Self::open_at(url, Pooler::Transaction, &[]).await, pooler)
    }

    async fn open_at(url: String, pooler: Pooler, own: &[(&str, &str)]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let (listener, base) = world::listen().await;
        let vars = settings::vars(&base, &files.path().join(KEPT), own);
        let settings = AllSettings::read(&vars).unwrap();
        let apps = settings.networks.apps.clone();
        let (shift, web_clock) = (Shift::default(), web::Clock::default());
        let pool = store::connect(&PoolSettings {
            url,
            max_connections: MAX_CONNECTIONS,
            pooler,
            shift: Some(shift.clone()),
        })
        .unwrap();
        let keys = SteeredWrapper::new([3; 32]);
        let vault = keys::vault(&keys, &pool, &web_clock);
        let whole =
            local::house::House::over(pool.clone(), settings, web_clock.clone()).with_vault(vault);
        let router = whole.router().unwrap();
        let network_clock = simulator::Clock::default();
        let networks = world::serve(
            listener,
            &base,
            &apps,
            &network_clock,
            world::from_router(router.clone()),
        );
        Self {
            publisher: whole.publisher().unwrap(),
            keys,
            samples: format!("{base}/_simulator/samples"),
            pool,
            networks,
            router,
            shift,
            web_clock,
            network_clock,
            people: AtomicU16::new(1),
            heard: Mutex::default(),
            files,
        }
    }

    // -- time --

    /// The time, on which database, handlers and networks agree.
    pub fn now(&self) -> OffsetDateTime {
        self.web_clock.now()
    }

    /// Moves the clocks of the database, of the handlers and of the networks.
    pub fn advance(&self, by: Duration) {
        self.shift.advance(by);
        self.web_clock.advance(by);
        self.network_clock.advance(by);
    }

    /// Moves all clocks to a moment that lies ahead.
    pub fn advance_to(&self, at: OffsetDateTime) {
        let ahead = at - self.now();
        if ahead.is_positive() {
            self.advance(ahead);
        }
    }

    // -- work --

    /// Answers every ring that is due, and those that follow at once.
    pub async fn run_due(&self) {
        for _ in 0..ROUNDS {
            let taken = rings::take(&self.pool, 100, VISIBILITY, &[], &[])
                .await
                .unwrap();
            if taken.is_empty() {
                return;
            }
            for ring in taken {
                match self.publisher.answer(&ring.subject).await {
                    Reply::Again => {}
                    Reply::Done => rings::answer(&self.pool, &[ring]).await.unwrap(),
                }
            }
        }
        panic!("the publisher rings without end");
    }

    /// Lets time pass from ring to ring until nothing is rung for any more.
    pub async fn run_all(&self) {
        for _ in 0..ROUNDS {
            self.run_due().await;
            match rings::next_due(&self.pool).await.unwrap() {
                Some(wait) => self.advance(wait + Duration::milliseconds(1)),
                None => return,
            }
        }
        panic!("the house never comes to rest");
    }

    /// Lets minutes pass as they do: rings are answered, and each minute is swept.
    pub async fn live_through(&self, minutes: u32) {
        self.run_due().await;
        for _ in 0..minutes {
            // What a sweep rings for comes some moments after it, and is heard before the next.
            self.sweep().await;
            self.advance(Duration::MINUTE);
            self.run_due().await;
        }
    }

    /// Lets more than a day pass, of which each hour's first minute is lived through.
    pub async fn live_through_a_day(&self) {
        for _ in 0..26 {
            self.live_through(1).await;
            self.advance(Duration::HOUR);
        }
        self.live_through(1).await;
    }

    /// What the sweeper does each minute.
    pub async fn sweep(&self) -> Swept {
        sweeper::sweep(&self.publisher).await.unwrap()
    }

    /// Lets time pass until the next ring is due, and takes all that are.
    pub async fn hear_next(&self) {
        let wait = rings::next_due(&self.pool).await.unwrap();
        self.advance(wait.expect("a ring") + Duration::milliseconds(1));
        self.lose_all_rings().await;
    }

    /// Lets time pass until the next ring is due, and answers it.
    pub async fn hear_next_and_run(&self) {
        let wait = rings::next_due(&self.pool).await.unwrap();
        self.advance(wait.expect("a ring") + Duration::milliseconds(1));
        self.run_due().await;
    }

    /// Loses every ring, as a queue that is gone would.
    pub async fn lose_all_rings(&self) {
        sqlx::query("DELETE FROM rings")
            .execute(&self.pool)
            .await
            .unwrap();
    }

    // -- keys --

    /// The vault of another process over the same keys.
    pub fn another_vault(&self) -> Vault {
        keys::vault(&self.keys, &self.pool, &self.web_clock)
    }

    // -- files --

    /// Where the file of this key is kept.
    pub fn kept(&self, key: &str) -> PathBuf {
        self.files.path().join(KEPT).join(key)
    }

    /// The place where files are kept goes away.
    pub fn lose_files(&self) {
        let kept = self.files.path().join(KEPT);
        std::fs::rename(&kept, self.files.path().join(AWAY)).unwrap();
        // Nothing can be put below what is no folder.
        std::fs::write(kept, "").unwrap();
    }

    /// It is back, with all that was in it.
    pub fn find_files(&self) {
        let kept = self.files.path().join(KEPT);
        std::fs::remove_file(&kept).unwrap();
        std::fs::rename(self.files.path().join(AWAY), kept).unwrap();
    }

    // -- people --

    /// Somebody new.
    pub async fn sign_up(&self) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let [high, low] = number.to_be_bytes();
        let person = Person::new(number, format!("203.0.{high}.{low}"));
        self.enter(&person, "/api/auth/signup", StatusCode::CREATED)
            .await;
        person
    }

    /// Somebody known signs in anew.
    pub async fn sign_in(&self, person: &Person) {
        self.enter(person, "/api/auth/login", StatusCode::OK).await;
    }

    async fn enter(&self, person: &Person, path: &str, status: StatusCode) {
        let request = person
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(person.credentials().to_string().into())
            .unwrap();
        let answer = self.ask(request).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        person.signs_in(&answer.json(), self.now());
    }

    /// What somebody asks, signed in.
    pub async fn call(
        &self,
        person: &Person,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        self.stay_signed_in(person).await;
        let request = person
            .request(method, path)
            .header(header::AUTHORIZATION, person.bearer());
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_string().into()),
            None => request.body(Body::empty()),
        };
        self.ask(request.unwrap()).await
    }

    pub async fn get(&self, person: &Person, path: &str) -> Answer {
        self.call(person, Method::GET, path, None).await
    }

    pub async fn send(&self, person: &Person, path: &str, body: &Value) -> Answer {
        self.call(person, Method::POST, path, Some(body)).await
    }

    /// A request as it comes from the network, and what is answered.
    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let answer = Answer::of(self.router.clone().oneshot(request).await.unwrap()).await;
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(answer.everything());
        answer
    }

    /// Everything that was ever answered, headers and all.
    pub fn heard(&self) -> String {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n")
    }

    async fn stay_signed_in(&self, person: &Person) {
        if self.now() < person.signed_in_at() + TOKEN_LIFE {
            return;
        }
        let request = person
            .request(Method::POST, "/api/auth/refresh")
            .header(header::CONTENT_TYPE, "application/json")
            .body(
                json!({"refreshToken": person.refresh_token()})
                    .to_string()
                    .into(),
            )
            .unwrap();
        let answer = self.ask(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        person.signs_in(&answer.json(), self.now());
    }

    // -- connections --

    /// Connects an account of a network the way a browser does it: to the consent page, approve, and
    /// back. Gives the connection as the app sees it.
    pub async fn connect(&self, person: &Person, platform: Platform) -> Value {
        self.connect_by(person, &format!("/api/connect/{platform}"))
            .await
    }

    /// The same, from an address that says by which login.
    pub async fn connect_by(&self, person: &Person, path: &str) -> Value {
        let (back, cookie) = self.consent_at(person, path).await;
        let request = person
            .request(Method::GET, &path_of(&back))
            .header(header::COOKIE, cookie)
            .body(Body::empty())
            .unwrap();
        let answer = self.ask(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.json()["connections"][0].clone()
    }

    /// Goes to the consent page and approves; gives the way back, and the browser's cookie.
    pub async fn consent(&self, person: &Person, platform: Platform) -> (Url, String) {
        self.consent_at(person, &format!("/api/connect/{platform}"))
            .await
    }

    async fn consent_at(&self, person: &Person, path: &str) -> (Url, String) {
        let begun = self.get(person, path).await;
        assert_eq!(begun.status, StatusCode::OK, "{path}: {}", begun.body);
        let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = Url::parse(begun.text("url")).unwrap();
        let shown = self
            .browse(Request::get(path_of(&page)).body(Body::empty()).unwrap())
            .await;
        assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.body);
        let form = shown.form(&[("decision", "approve")]);
        let request = Request::post("/_simulator/consent")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into())
            .unwrap();
        let sent_back = self.browse(request).await;
        (sent_back.location(), cookie)
    }

    async fn browse(&self, request: Request<Body>) -> Answer {
        Answer::of(self.networks.router().oneshot(request).await.unwrap()).await
    }

    // -- posts --

    /// A post for a network, as the app would write it.
    pub fn draft(&self, network: &Network, what: What, words: &str) -> Value {
        let (kind, file) = match what {
            What::Picture => ("image", "photo.jpg"),
            What::Video => ("video", "clip.mp4"),
        };
        json!({
            "platform": network.platform.as_str(),
            "caption": words,
            "media": {"type": kind, "url": format!("{}/{file}", self.samples)},
            "options": (network.options)(),
        })
    }

    /// Publishes now; gives the id.
    pub async fn post(&self, person: &Person, draft: &Value) -> String {
        let answer = self.send(person, "/api/posts", draft).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        answer.text("id").to_owned()
    }

    /// Schedules; gives the id.
    pub async fn schedule(&self, person: &Person, draft: &Value, at: OffsetDateTime) -> String {
        let mut draft = draft.clone();
        draft["scheduledAtISO"] = at.format(&Rfc3339).unwrap().into();
        let answer = self.send(person, "/api/schedule", &draft).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
        answer.text("id").to_owned()
    }

    /// Where a post stands, as the app sees it.
    pub async fn status(&self, person: &Person, id: &str) -> Value {
        let answer = self.get(person, &format!("/api/posts/{id}/status")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    /// What is answered to who wants a post changed.
    pub async fn edit(&self, person: &Person, id: &str, change: &Value) -> Answer {
        let path = format!("/api/posts/{id}");
        self.call(person, Method::PATCH, &path, Some(change)).await
    }

    // -- networks --

    /// How often the call that makes a post visible was made so far.
    pub fn calls(&self, commit: Commit) -> usize {
        let wanted = format!("{} {}", commit.host, commit.route);
        let calls = self.networks.calls();
        calls.iter().filter(|call| **call == wanted).count()
    }

    /// Orders a fault at the networks.
    pub fn script(&self, fault: FaultScript) {
        self.networks.script(fault);
    }

    /// Every live post whose text holds these words.
    pub fn live(&self, words: &str) -> Vec<LivePost> {
        let ledger = self.networks.ledger();
        let fitting = ledger.posts().iter();
        fitting
            .filter(|post| post.text.contains(words))
            .cloned()
            .collect()
    }
}

impl Drop for House {
    /// Leaves the database to the runner of the tests, which deletes it.
    fn drop(&mut self) {
        let pool = self.pool.clone();
        tokio::spawn(async move { pool.close().await });
    }
}

/// The database of a test, for a pool of our own.
async fn address(pool: &PgPool) -> String {
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(pool)
        .await
        .unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner of the tests says where the server is"
    )]
    let server = std::env::var("DATABASE_URL").unwrap();
    let mut url = Url::parse(&server).unwrap();
    url.set_path(&name);
    url.into()
}

fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}
