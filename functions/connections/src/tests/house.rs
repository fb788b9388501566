//! What the tests here share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, extract::Request as Incoming, middleware::Next};
use domain::{Platform, SessionId, UserId};
use doorbell::Doorbell;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use platforms::App;
use serde_json::Value;
use settings::{Apps, ConsentSettings, HttpSettings, Stage};
use simulator::{Clock as NetworkClock, Pulled, Registration, Simulator};
use sqlx::PgPool;
use store::data_keys::Shelf;
use time::Duration;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::Url;
use vault::{LocalKey, SystemClock, Vault, Wrapper};
use web::{Clock, WebEnv};
use wire::{Wire, WireSettings};

use crate::{Env, router};

pub(super) const APP_PAGE: &str = "https://app.picscripter.example/connected?from=api";

/// Every function's part of this test: our router, a vault that can open, and the networks.
pub(super) struct House {
    pub(super) pool: PgPool,
    pub(super) vault: Vault,
    pub(super) networks: Simulator,
    pub(super) settings: Arc<HttpSettings>,
    pub(super) env: Env,
    router: Router,
    calls: Arc<AtomicUsize>,
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) token: String,
}

/// A visit to a consent page that has begun.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) page: Url,
    pub(super) state: String,
    pub(super) cookie: String,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(super) fn rule(&self) -> String {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.strip_prefix("/problems/").unwrap().to_owned()
    }

    pub(super) fn location(&self) -> Url {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        Url::parse(self.headers[header::LOCATION].to_str().unwrap()).unwrap()
    }

    /// All that an eavesdropper on our answer would read.
    pub(super) fn everything(&self) -> String {
        format!("{:?}{}", self.headers, self.body)
    }
}

impl House {
    /// With the simulated networks behind a socket that counts what reaches it.
    pub(super) async fn open(pool: PgPool) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let networks = networks(&base);
        let tally = Arc::clone(&calls);
        let counted = networks.router().layer(axum::middleware::from_fn(
            move |request: Incoming, next: Next| {
                tally.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            },
        ));
        tokio::spawn(async move { axum::serve(listener, counted).await.unwrap() });
        Self::facing(pool, &base, networks, calls, Stage::Production)
    }

    /// With whatever listens at `base` in place of the networks.
    pub(super) fn facing(
        pool: PgPool,
        base: &str,
        networks: Simulator,
        calls: Arc<AtomicUsize>,
        stage: Stage,
    ) -> Self {
        let settings = Arc::new(settings(stage));
        let key = Wrapper::Local(LocalKey::from_bytes(&[7; 32]).unwrap());
        let vault = Vault::new(
            key,
            Arc::new(Shelf(pool.clone().into())),
            Arc::new(SystemClock),
        );
        let env = Env {
            web: WebEnv {
                pool: pool.clone().into(),
                settings: Arc::clone(&settings),
                clock: Clock::default(),
            },
            apps: Arc::new(Apps::from_pairs(
                Platform::ALL.map(|platform| (platform, app(platform))),
            )),
            consent: ConsentSettings {
                state_key: vec![3; 32].into(),
            },
            wire: Arc::new(
                Wire::new(WireSettings {
                    networks_base_url: Some(Url::parse(base).unwrap()),
                    ..WireSettings::default()
                })
                .unwrap(),
            ),
            sealer: vault.sealer(),
            doorbell: Doorbell::postgres(pool.clone()),
        };
        Self {
            pool,
            vault,
            networks,
            router: web::dress(router(env.clone()), &settings),
            env,
            settings,
            calls,
        }
    }

    /// The same, registered at no network.
    pub(super) fn without_apps(mut self) -> Self {
        self.env.apps = Arc::default();
        self.router = web::dress(router(self.env.clone()), &self.settings);
        self
    }

    /// How many requests reached the networks.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(super) async fn person(&self) -> Person {
        let (id, session) = (UserId::mint(), SessionId::mint());
        let email = format!("{id}@picscripter.example");
        store::users::add(&self.pool, id, &email, "-")
            .await
            .unwrap();
        store::sessions::open(&self.pool, id, session, &[0; 32], Duration::DAY)
            .await
            .unwrap();
        let now = Clock::default().now();
        let token = web::issue(&self.settings, id, session, now).unwrap();
        Person { id, token }
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(super) async fn get(&self, person: &Person, path: &str) -> Answer {
        self.ask(
            as_person(Method::GET, person, path)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    /// Begins a visit, in a browser that was marked before or in a new one.
    pub(super) async fn begin(
        &self,
        person: &Person,
        platform: Platform,
        cookie: Option<&str>,
    ) -> Visit {
        let mut request = as_person(Method::GET, person, &format!("/api/connect/{platform}"));
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let answer = self.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{platform}: {}", answer.body);
        let page = Url::parse(answer.json()["url"].as_str().unwrap()).unwrap();
        let state = page
            .query_pairs()
            .find(|(name, _)| name == "state")
            .map(|(_, value)| value.into_owned())
            .unwrap();
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        Visit {
            page,
            state,
            cookie: cookie.split(';').next().unwrap().to_owned(),
        }
    }

    /// Goes to the consent page as a browser would and approves or denies; gives the way back.
    pub(super) async fn decide(&self, visit: &Visit, account: usize, decision: &str) -> String {
        let page = self
            .browse(
                Request::get(path_of(&visit.page))
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}: {}", visit.page, page.body);
        let id = values(&page.body, "visit").remove(0);
        let chosen = values(&page.body, "account").remove(account);
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("visit", &*id),
                ("account", &chosen),
                ("decision", decision),
            ])
            .finish();
        let sent_back = self
            .browse(
                Request::post("/_simulator/consent")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.into())
                    .unwrap(),
            )
            .await;
        let back = sent_back.location();
        assert_eq!(back.origin(), self.settings.public_url.origin());
        path_of(&back)
    }

    /// Comes back from a consent page.
    pub(super) async fn come_back(&self, path: &str, cookie: &str) -> Answer {
        self.ask(
            Request::get(path)
                .header(header::COOKIE, cookie)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    /// Connects an account of a network, all the way; gives the connection as the app sees it.
    pub(super) async fn connect(
        &self,
        person: &Person,
        platform: Platform,
        account: usize,
    ) -> Value {
        let visit = self.begin(person, platform, None).await;
        let back = self.decide(&visit, account, "approve").await;
        let answer = self.come_back(&back, &visit.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{platform}: {}", answer.body);
        answer.json()["connections"][0].clone()
    }

    async fn browse(&self, request: Request<Body>) -> Answer {
        let response = self.networks.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

pub(super) fn as_person(method: Method, person: &Person, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", person.token))
}

pub(super) fn networks(base: &str) -> Simulator {
    let nothing = |_: String| -> BoxFuture<'static, Result<Pulled, String>> {
        Box::pin(std::future::ready(Err("no files here".to_owned())))
    };
    Simulator::new(simulator::Settings {
        clock: NetworkClock::default(),
        pull: Box::new(nothing),
        registrations: Platform::ALL
            .map(|platform| {
                let app = app(platform);
                Registration {
                    network: platform.to_string(),
                    client_id: app.client_id,
                    client_secret: secret(platform),
                    redirect_uris: vec![app.redirect_uri.into()],
                }
            })
            .into(),
        base_url: base.to_owned(),
    })
}

fn app(platform: Platform) -> App {
    App {
        client_id: format!("client-{platform}"),
        client_secret: secret(platform).into(),
        redirect_uri: format!("https://api.picscripter.example/api/callback/{platform}")
            .parse()
            .unwrap(),
        version: platforms::profile(platform).default_version.to_owned(),
        webhook_secret: None,
        webhook_verify_token: None,
        settings: BTreeMap::new(),
    }
}

fn secret(platform: Platform) -> String {
    format!("canary-app-secret-{platform}")
}

fn settings(stage: Stage) -> HttpSettings {
    let scheme = if stage.is_development() {
        "http"
    } else {
        "https"
    };
    HttpSettings {
        stage,
        public_url: Url::parse(&format!("{scheme}://api.picscripter.example")).unwrap(),
        app_url: Url::parse(APP_PAGE).unwrap(),
        cors_origins: Vec::new(),
        jwt_keys: vec![vec![1; 32].into()],
        access_life: Duration::minutes(15),
        refresh_life: Duration::days(30),
        requests_per_minute: 1_000_000,
        networks_base_url: None,
    }
}

fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn values(page: &str, field: &str) -> Vec<String> {
    page.split(&format!("name=\"{field}\" value=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}
