//! Everything together, with `cargo lambda watch` in front.

use std::{collections::BTreeSet, sync::Mutex};

use axum::body::Body;
use cloud::testing::free_port;
use domain::Platform;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, ready},
};
use http::{HeaderMap, Method, StatusCode, header};
use lambda::{Account, FUNCTIONS, Watch};
use local::house::AllSettings;
use serde_json::{Value, json};
use settings::Vars;
use simulator::{LivePost, Pulled, Simulator};
use sqlx::{ConnectOptions as _, PgPool};
use tests::{Answer, settings as house_settings, world};

const PASSWORD: &str = "picture-harbour-quartz-lantern";
/// The longest that SQS lets a receiver wait, and the most messages it hands out at once.
const WAIT_SECONDS: i32 = 20;
const AT_ONCE: i32 = 10;

/// Everything together: the functions, an account, a database, the networks.
pub struct House {
    pub watch: Watch,
    pub networks: Simulator,
    pub samples: String,
    account: Account,
    driven: Mutex<BTreeSet<(String, String)>>,
}

impl House {
    /// One whose functions are given what the template gives them, but for what a laptop cannot have:
    /// https, and the real networks.
    pub async fn open(pool: &PgPool) -> Self {
        let (account, port) = (Account::open().await, free_port());
        let public_url = format!("http://127.0.0.1:{port}");
        let (listener, base) = world::listen().await;
        let files = tempfile::tempdir().unwrap();
        let own = [("PUBLIC_URL", public_url.as_str())];
        let laptop = house_settings::vars(&base, files.path(), &own);
        let apps = AllSettings::read(&laptop).unwrap().networks.apps;
        let networks = world::serve(
            listener,
            &base,
            &apps,
            &simulator::Clock::default(),
            Box::new(|url: String| nothing(&url)),
        );
        let registrations = registrations(&laptop);
        let database = pool.connect_options().to_url_lossy().to_string();
        let mut secrets: Vec<(&str, &str)> = registrations
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        secrets.push(("DATABASE_URL", &database));
        let own = [
            ("APP_ENV", "development"),
            ("APP_URL", &public_url),
            ("MEDIA_LOCAL_ORIGINS", &base),
            ("NETWORKS_BASE_URL", &base),
            ("PUBLIC_URL", &public_url),
        ];
        let variables = account.variables(&FUNCTIONS, &own, &secrets).await;
        Self {
            watch: Watch::start(port, &variables).await,
            samples: format!("{base}/_simulator/samples"),
            networks,
            account,
            driven: Mutex::default(),
        }
    }

    /// What somebody asks at a route; `{id}` and the like stand in it for what `path` has in their place.
    pub async fn ask(&self, method: Method, route: &str, ask: Ask<'_>) -> Answer {
        let path = ask.path.unwrap_or(route);
        let mut request = self
            .watch
            .client()
            .request(method.clone(), format!("{}{path}", self.watch.address()))
            .headers(ask.headers);
        if let Some(token) = ask.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = ask.body {
            request = request.body(body);
        }
        let answer = answer(request).await;
        self.driven
            .lock()
            .unwrap()
            .insert((method.to_string(), route.to_owned()));
        answer
    }

    /// The routes that were asked so far, by method and path.
    pub fn driven(&self) -> BTreeSet<(String, String)> {
        self.driven.lock().unwrap().clone()
    }

    /// Signs somebody up; gives their token.
    pub async fn sign_up(&self, email: &str) -> String {
        let ask = Ask::default().json(&json!({ "email": email, "password": PASSWORD }));
        let answer = self.ask(Method::POST, "/api/auth/signup", ask).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.text("token").to_owned()
    }

    /// What somebody of that address signs in with.
    pub fn credentials(email: &str) -> Value {
        json!({ "email": email, "password": PASSWORD })
    }

    /// Connects an account of X as a browser does it; gives the connection as the app sees it.
    pub async fn connect(&self, token: &str) -> Value {
        let ask = Ask::of(token).at("/api/connect/x");
        let begun = self.ask(Method::GET, "/api/connect/{platform}", ask).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
        let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = begun.json()["url"].as_str().unwrap().to_owned();
        let shown = answer(self.watch.client().get(page)).await;
        let consent = format!("{}/_simulator/consent", self.networks.world().base_url());
        let approve = self
            .watch
            .client()
            .post(consent)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(shown.form(&[("decision", "approve")]));
        let back = answer(approve).await.location();
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let ask = Ask::default().at(&path).header("cookie", &cookie);
        let ended = self.ask(Method::GET, "/api/callback/{platform}", ask).await;
        assert_eq!(ended.status, StatusCode::OK, "{}", ended.body);
        ended.json()["connections"][0].clone()
    }

    /// Waits for the messages of a queue; gives their bodies, and takes them out.
    pub async fn receive(&self, queue: &str) -> Vec<String> {
        let client = aws_sdk_sqs::Client::new(self.account.config());
        let received = client
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(AT_ONCE)
            .wait_time_seconds(WAIT_SECONDS);
        let messages = received.send().await.unwrap().messages.unwrap_or_default();
        for message in &messages {
            let handle = message.receipt_handle.as_deref().unwrap();
            let deleted = client
                .delete_message()
                .queue_url(queue)
                .receipt_handle(handle);
            deleted.send().await.unwrap();
        }
        messages
            .into_iter()
            .filter_map(|message| message.body)
            .collect()
    }

    /// Of rings that are due at once.
    pub fn immediate_queue(&self) -> &str {
        self.account.queues()[1]
    }

    /// Of rings for deliveries to users' own servers.
    pub fn delivery_queue(&self) -> &str {
        self.account.queues()[2]
    }

    /// The names of the schedules that stand.
    pub async fn schedules(&self) -> Vec<String> {
        let client = aws_sdk_scheduler::Client::new(self.account.config());
        let told = client.list_schedules().send().await.unwrap();
        let names = told
            .schedules
            .into_iter()
            .filter_map(|schedule| schedule.name);
        names.collect()
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

/// What somebody asks.
#[derive(Default)]
pub struct Ask<'a> {
    path: Option<&'a str>,
    token: Option<&'a str>,
    headers: HeaderMap,
    body: Option<String>,
}

impl<'a> Ask<'a> {
    /// By somebody who is signed in.
    pub fn of(token: &'a str) -> Self {
        Self {
            token: Some(token),
            ..Self::default()
        }
    }

    /// At this path of the route.
    pub fn at(self, path: &'a str) -> Self {
        Self {
            path: Some(path),
            ..self
        }
    }

    /// With a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// With a body.
    pub fn body(self, content_type: &str, body: String) -> Self {
        let with_type = self.header("content-type", content_type);
        Self {
            body: Some(body),
            ..with_type
        }
    }

    /// With a body of JSON.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = http::Response::from(request.send().await.unwrap());
    Answer::of(response.map(Body::new)).await
}

/// X is sent its files and fetches none.
fn nothing(url: &str) -> BoxFuture<'static, Result<Pulled, String>> {
    ready(Err(format!("nothing is fetched here: {url}"))).boxed()
}

/// The registrations at the networks, which an operator fills in.
fn registrations(laptop: &Vars) -> Vec<(String, String)> {
    let fields = [
        "CLIENT_ID",
        "CLIENT_SECRET",
        "WEBHOOK_SECRET",
        "WEBHOOK_VERIFY_TOKEN",
    ];
    Platform::ALL
        .into_iter()
        .flat_map(|platform| {
            let prefix = platform.as_str().to_uppercase();
            fields.map(|field| format!("{prefix}_{field}"))
        })
        .map(|name| {
            let value = laptop.find(&name).unwrap().to_owned();
            (name, value)
        })
        .collect()
}
