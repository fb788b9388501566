//! How late posts go out that are all due in the same second: a Postgres of its own, the embedded doorbell with its
//! receiver, and networks that take 50 ms for each answer. Prints what half, 95 and 99 of a hundred posts were late
//! at most, and the processor's seconds; fails when they are later than the bars, or when a post is missing or doubled.
//!
//! `cargo xtask bench tests punctuality [POSTS]`; a thousand unless told otherwise.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark tells what it measured, and stops where it cannot go on"
)]

use std::{collections::HashSet, fs, path::Path, process::ExitCode, time::Duration};

use axum::{Router, body::Body};
use cluster::{Cluster, ClusterSettings, Durability};
use domain::Platform;
use doorbell::{Doorbell, Reception};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, Method, Request, StatusCode, header};
use local::house::{AllSettings, House};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use store::{Pool, PoolSettings, Pooler};
use tests::{Answer, bench, settings, world};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use url::Url;

const POSTS: usize = 1_000;
/// How many accounts they are spread over; a user has one of each network.
const ACCOUNTS: usize = 200;
/// Where a text goes out by one call. The simulated networks have few accounts, which are connected again and again;
/// those that count an account's posts closely are left out.
const NETWORKS: [Platform; 2] = [Platform::Facebook, Platform::Linkedin];
/// How late half of them, and 99 of a hundred, may be, in milliseconds.
const BARS: (i64, i64) = (400, 1_000);
/// How long a network takes for each answer.
const ANSWER_MS: u64 = 50;
/// How many connections `cargo dev` takes of the database.
const CONNECTIONS: u32 = 20;
/// How many posts are asked for at once.
const AT_ONCE: usize = 8;
/// How long asking for one post, and preparing it, may take.
const EACH: time::Duration = time::Duration::milliseconds(40);
/// How long after their time the last of them is waited for.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is looked whether all are out.
const LOOK: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    let Some(count) = bench::asked("punctuality") else {
        return ExitCode::SUCCESS;
    };
    let posts = count.unwrap_or(POSTS);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let measured = runtime.block_on(measure(posts));
    let [half, most, nearly_all, last] = measured.late_ms;
    println!(
        "{posts} posts of one second over {ACCOUNTS} accounts: late p50 {half} ms (bar {}), p95 {most} ms, p99 {nearly_all} ms (bar {}), the last {last} ms",
        BARS.0, BARS.1
    );
    println!(
        "from their time to the last: {:.2} CPU-seconds here, the simulated networks included, and {:.2} of Postgres",
        measured.seconds, measured.of_postgres
    );
    if half > BARS.0 || nearly_all > BARS.1 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

struct Measured {
    /// What half, 95, 99 and all of a hundred posts were late at most.
    late_ms: [i64; 4],
    /// The processor's seconds of this process.
    seconds: f64,
    /// Those of Postgres.
    of_postgres: f64,
}

async fn measure(posts: usize) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(ClusterSettings {
        data_dir: folder.path().join("postgres"),
        port: None,
        durability: Durability::Throwaway,
    })
    .await
    .unwrap();
    let pool = store::connect(&PoolSettings {
        url: cluster.ensure_database("punctuality").await.unwrap(),
        max_connections: CONNECTIONS,
        pooler: Pooler::Session,
        shift: None,
    })
    .unwrap();
    store::migrate(&pool).await.unwrap();
    let measured = over(&pool, folder.path(), posts).await;
    pool.close().await;
    cluster.stop().await.unwrap();
    measured
}

async fn over(pool: &Pool, folder: &Path, posts: usize) -> Measured {
    let (listener, base) = world::listen().await;
    let vars = settings::vars(&base, &folder.join("files"), &[]);
    let all = AllSettings::read(&vars).unwrap();
    let apps = all.networks.apps.clone();
    let house = House::over(pool.clone(), all, web::Clock::default());
    let client = Client {
        router: house.router().unwrap(),
    };
    let networks = world::serve(
        listener,
        &base,
        &apps,
        &simulator::Clock::default(),
        world::from_router(client.router.clone()),
    );
    networks.world().states().linkedin().member_calls_a_day = u32::MAX;
    let accounts = client.accounts(&networks.router()).await;
    let slow = Fault::Delay {
        milliseconds: ANSWER_MS,
    };
    networks.script(FaultScript::any(slow).times(u32::MAX));

    let stop = CancellationToken::new();
    let (publisher, until) = (house.publisher().unwrap(), stop.clone());
    let receiver = Doorbell::postgres(pool.clone()).receiver(Reception::default());
    let working = tokio::spawn(async move {
        let answer = move |subject: String| {
            let publisher = publisher.clone();
            async move { publisher.answer(&subject).await }
        };
        receiver.unwrap().run(until, answer).await;
    });
    let ahead = time::Duration::seconds(10) + EACH * i32::try_from(posts).unwrap();
    let due = (store::now(pool).await.unwrap() + ahead)
        .replace_nanosecond(0)
        .unwrap();
    stream::iter(0..posts)
        .map(|place| client.schedule(&accounts[place % accounts.len()], place, due))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
    let now = store::now(pool).await.unwrap();
    assert!(now < due, "asking for {posts} posts took until {now}");
    pass(Duration::try_from(due - now).unwrap()).await;
    let before = (seconds_here(), seconds_of_postgres());
    let late = lateness(pool, posts).await;
    let measured = Measured {
        late_ms: [50, 95, 99, 100].map(|part| late[(late.len() * part).div_ceil(100) - 1]),
        seconds: seconds_here() - before.0,
        of_postgres: seconds_of_postgres() - before.1,
    };
    stop.cancel();
    working.await.unwrap();
    let ledger = networks.ledger();
    let texts: HashSet<&str> = ledger
        .posts()
        .iter()
        .map(|post| post.text.as_str())
        .collect();
    assert_eq!((ledger.posts().len(), texts.len()), (posts, posts));
    measured
}

/// How late each post was accepted, sorted, once all of them were.
async fn lateness(pool: &Pool, posts: usize) -> Vec<i64> {
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        let late: Vec<i64> = sqlx::query_scalar(
            "SELECT (extract(epoch FROM accepted_at - due_at) * 1000)::bigint FROM posts
             WHERE stage = 'published' ORDER BY 1",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        if late.len() == posts {
            return late;
        }
        pass(LOOK).await;
    }
    panic!("not all posts were published within {PATIENCE:?}");
}

async fn pass(time: Duration) {
    let never = std::future::pending::<()>();
    tokio::time::timeout(time, never).await.unwrap_err();
}

/// The app of many users.
struct Client {
    router: Router,
}

/// An account that can be published to, and the token of its user.
struct Account {
    platform: Platform,
    connection: String,
    bearer: HeaderValue,
}

impl Client {
    /// Signs up as many users as it takes, and connects their accounts as a browser does.
    async fn accounts(&self, networks: &Router) -> Vec<Account> {
        let mut accounts = Vec::new();
        for user in 0..ACCOUNTS.div_ceil(NETWORKS.len()) {
            let bearer = self.sign_up(user).await;
            for platform in NETWORKS {
                let connection = self.connect(networks, &bearer, platform).await;
                let bearer = bearer.clone();
                accounts.push(Account {
                    platform,
                    connection,
                    bearer,
                });
            }
        }
        accounts
    }

    async fn sign_up(&self, number: usize) -> HeaderValue {
        let body = json!({
            "email": format!("person-{number}@picscripter.example"),
            "password": "quartz lantern over the harbour 47",
        });
        // Sign-ups from one address are few.
        let address = format!("203.0.{}.{}", number / 250, number % 250 + 1);
        let request = Request::post("/api/auth/signup")
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-forwarded-for", address)
            .body(body.to_string().into())
            .unwrap();
        let answer = ask(&self.router, request).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        format!("Bearer {}", answer.text("token")).parse().unwrap()
    }

    async fn connect(&self, networks: &Router, bearer: &HeaderValue, platform: Platform) -> String {
        let request = Request::get(format!("/api/connect/{platform}"))
            .header(header::AUTHORIZATION, bearer)
            .body(Body::empty());
        let begun = ask(&self.router, request.unwrap()).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
        let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = Url::parse(begun.text("url")).unwrap();
        let request = Request::get(path_of(&page)).body(Body::empty()).unwrap();
        let form = ask(networks, request)
            .await
            .form(&[("decision", "approve")]);
        let request = Request::post("/_simulator/consent")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into());
        let back = ask(networks, request.unwrap()).await.location();
        let request = Request::get(path_of(&back))
            .header(header::COOKIE, cookie)
            .body(Body::empty());
        let connected = ask(&self.router, request.unwrap()).await;
        assert_eq!(connected.status, StatusCode::OK, "{}", connected.body);
        let connection = &connected.json()["connections"][0]["id"];
        connection.as_str().unwrap().to_owned()
    }

    async fn schedule(&self, account: &Account, number: usize, due: OffsetDateTime) {
        let draft: Value = json!({
            "platform": account.platform.as_str(),
            "connectionId": account.connection,
            "caption": format!("Number {number} of many"),
            "scheduledAtISO": due.format(&Rfc3339).unwrap(),
        });
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/schedule")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, &account.bearer)
            .body(draft.to_string().into());
        let answer = ask(&self.router, request.unwrap()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    }
}

async fn ask(router: &Router, request: Request<Body>) -> Answer {
    Answer::of(router.clone().oneshot(request).await.unwrap()).await
}

fn path_of(url: &Url) -> String {
    url[url::Position::BeforePath..].to_owned()
}

/// The processor's seconds that this process used.
fn seconds_here() -> f64 {
    Process::read(Path::new("/proc/self")).unwrap().seconds
}

/// The processor's seconds that the servers below this process used, and those that they began.
fn seconds_of_postgres() -> f64 {
    let folders = fs::read_dir("/proc").unwrap();
    let all: Vec<Process> = folders
        .filter_map(|folder| Process::read(&folder.unwrap().path()))
        .collect();
    let mut family = vec![std::process::id()];
    let mut seconds = 0.0;
    while let Some(parent) = family.pop() {
        for child in all.iter().filter(|process| process.parent == parent) {
            family.push(child.id);
            seconds += child.seconds + child.seconds_of_children;
        }
    }
    seconds
}

/// What Linux says of a process.
struct Process {
    id: u32,
    parent: u32,
    seconds: f64,
    /// Of those that have ended.
    seconds_of_children: f64,
}

impl Process {
    /// `None` for what is no process, or no longer one.
    fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("stat")).ok()?;
        let id = text.split(' ').next()?.parse().ok()?;
        // The name stands in parentheses, and may hold anything.
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |place: usize| -> Option<f64> { fields.get(place)?.parse().ok() };
        // A hundredth of a second on every Linux that we know.
        let seconds = |one: usize| Some((ticks(one)? + ticks(one + 1)?) / 100.0);
        Some(Self {
            id,
            parent: fields.get(1)?.parse().ok()?,
            seconds: seconds(11)?,
            seconds_of_children: seconds(13)?,
        })
    }
}
