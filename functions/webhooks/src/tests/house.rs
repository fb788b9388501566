//! What the tests here share: a house, and networks that can sign.

use std::{collections::BTreeMap, future::ready, sync::Arc};

use axum::{Router, body::Body};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{ConnectionId, GrantId, Platform, PostId, SessionId, UserId};
use doorbell::Doorbell;
use guard::{Addresses, Beside, Guard, Resolve};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use platforms::App;
use serde_json::{Value, json};
use settings::{Apps, HttpSettings, Stage};
use sha1::Sha1;
use sha2::Sha256;
use sqlx::PgPool;
use store::data_keys::Shelf;
use time::Duration;
use tower::ServiceExt as _;
use url::Url;
use vault::{LocalKey, Sealer, SystemClock, Wrapper};
use web::{Clock, WebEnv};

use crate::{Env, router};

pub(super) const SUBJECT: &str = "2244994945";
pub(super) const HANDLE: &str = "ADxlaPEugAQ";

pub(super) struct House {
    pub(super) pool: PgPool,
    router: Router,
    settings: Arc<HttpSettings>,
}

/// Names that lead to an address of this machine's network, to one beside a public one, nowhere, and to the public
/// internet.
struct Names;

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        let addresses: &[&str] = match host {
            "private.example.com" => &["10.0.0.1"],
            "mixed.example.com" => &["93.184.216.34", "::1"],
            "nowhere.example.com" => &[],
            _ => &["93.184.216.34"],
        };
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Box::pin(ready(Ok(addresses)))
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn rule(&self) -> String {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let kind = body["type"].as_str().unwrap();
        kind.strip_prefix("/problems/").unwrap().to_owned()
    }
}

impl House {
    pub(super) fn open(pool: PgPool) -> Self {
        let apps = Platform::ALL.map(|platform| (platform, app(platform)));
        Self::with(pool, Apps::from_pairs(apps))
    }

    pub(super) fn with(pool: PgPool, apps: Apps) -> Self {
        let url = Url::parse("https://api.picscripter.example").unwrap();
        let settings = Arc::new(HttpSettings {
            stage: Stage::Production,
            app_url: url.clone(),
            public_url: url,
            cors_origins: Vec::new(),
            jwt_keys: vec![vec![1; 32].into()],
            access_life: Duration::minutes(15),
            refresh_life: Duration::days(30),
            requests_per_minute: 120,
            networks_base_url: None,
        });
        let env = Env {
            web: WebEnv {
                pool: pool.clone().into(),
                settings: Arc::clone(&settings),
                clock: Clock::default(),
            },
            apps: Arc::new(apps),
            doorbell: Doorbell::postgres(pool.clone()),
            guard: Guard::new(Beside::Nothing, Arc::new(Names)).unwrap(),
            sealer: Sealer::new(
                Wrapper::Local(LocalKey::from_base64(&LocalKey::mint().unwrap()).unwrap()),
                Arc::new(Shelf(pool.clone().into())),
                Arc::new(SystemClock),
            ),
        };
        Self {
            pool,
            router: web::dress(router(env), &settings),
            settings,
        }
    }

    /// Somebody who is signed in: their id and their token.
    pub(super) async fn sign_in(&self) -> (UserId, String) {
        let (user, session) = (UserId::mint(), SessionId::mint());
        let email = format!("{user}@picscripter.example");
        store::users::add(&self.pool, user, &email, "-")
            .await
            .unwrap();
        store::sessions::open(&self.pool, user, session, &[0; 32], Duration::DAY)
            .await
            .unwrap();
        let token = web::issue(&self.settings, user, session, Clock::default().now()).unwrap();
        (user, token)
    }

    /// What somebody who is signed in asks.
    pub(super) async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| body.to_string().into());
        self.ask(request.body(body).unwrap()).await
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

    pub(super) async fn post(
        &self,
        platform: Platform,
        headers: &[(&str, String)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.post_to(&format!("/api/webhooks/{platform}"), headers, body)
            .await
    }

    pub(super) async fn post_to(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.ask(request.body(body.into().into()).unwrap()).await
    }

    /// Tells news as the network does.
    pub(super) async fn tell(&self, signer: Signer, body: &str) -> Answer {
        let headers = [(signer.header(), signer.sign(body.as_bytes(), now()))];
        self.post(signer.platform(), &headers, body).await
    }

    /// A connection of a person of its own.
    pub(super) async fn connection(&self, platform: Platform, subject: &str) -> ConnectionId {
        let user = UserId::mint();
        let email = format!("{user}@picscripter.example");
        store::users::add(&self.pool, user, &email, "-")
            .await
            .unwrap();
        let id = ConnectionId::mint();
        sqlx::query(
            "INSERT INTO connections (id, user_id, platform, external_id, display_name, grant_id, grant_family, subject)
             VALUES ($1, $2, $3, $4, 'Sample Studio', $5, $6, $4)",
        )
        .bind(id.uuid())
        .bind(user.uuid())
        .bind(platform.as_str())
        .bind(subject)
        .bind(GrantId::mint().uuid())
        .bind(platforms::profile(platform).usual_login().grant_family)
        .execute(&self.pool)
        .await
        .unwrap();
        id
    }

    pub(super) async fn post_at(
        &self,
        connection: ConnectionId,
        platform: Platform,
        stage: &str,
        handle: &str,
    ) -> PostId {
        let id = PostId::mint();
        sqlx::query(
            "INSERT INTO posts (id, user_id, connection_id, platform, caption, fingerprint, stage, due_at, next_attempt_at, handle)
             SELECT $1, user_id, id, $3, 'words', '', $4, now(), now() + interval '20 minutes', $5
             FROM connections WHERE id = $2",
        )
        .bind(id.uuid())
        .bind(connection.uuid())
        .bind(platform.as_str())
        .bind(stage)
        .bind(handle)
        .execute(&self.pool)
        .await
        .unwrap();
        id
    }

    pub(super) async fn health(&self, id: ConnectionId) -> String {
        sqlx::query_scalar("SELECT health FROM connections WHERE id = $1")
            .bind(id.uuid())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// How often the doorbell rang for a post.
    pub(super) async fn rang(&self, id: PostId) -> i64 {
        sqlx::query_scalar("SELECT coalesce((SELECT version + 1 FROM rings WHERE subject = $1), 0)")
            .bind(id.to_string())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    pub(super) async fn count(&self, of: &str) -> i64 {
        let query = format!("SELECT count(*) FROM {of}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

/// A network that signs what it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    Facebook,
    Linkedin,
    Tiktok,
    X,
    Youtube,
}

impl Signer {
    pub(super) const ALL: [Self; 5] = [
        Self::Facebook,
        Self::Linkedin,
        Self::Tiktok,
        Self::X,
        Self::Youtube,
    ];
    /// Those whose news we have a use for.
    pub(super) const HEARD: [Self; 4] = [Self::Facebook, Self::Tiktok, Self::X, Self::Youtube];

    pub(super) const fn platform(self) -> Platform {
        match self {
            Self::Facebook => Platform::Facebook,
            Self::Linkedin => Platform::Linkedin,
            Self::Tiktok => Platform::Tiktok,
            Self::X => Platform::X,
            Self::Youtube => Platform::Youtube,
        }
    }

    pub(super) const fn header(self) -> &'static str {
        match self {
            Self::Facebook => "x-hub-signature-256",
            Self::Linkedin => "x-li-signature",
            Self::Tiktok => "tiktok-signature",
            Self::X => "x-twitter-webhooks-signature",
            Self::Youtube => "x-hub-signature",
        }
    }

    /// What this network signs with, and what else of our registration it might be taken for.
    pub(super) fn secrets(self) -> (String, String) {
        let (client, webhook) = (
            client_secret(self.platform()),
            webhook_secret(self.platform()),
        );
        match self {
            // Meta's webhook secret is the other one while secrets are changed: both are its own.
            Self::Facebook => (client, verify_token(self.platform())),
            Self::Tiktok => (client, webhook),
            Self::Linkedin | Self::X | Self::Youtube => (webhook, client),
        }
    }

    pub(super) fn sign(self, body: &[u8], time: i64) -> String {
        self.sign_with(&self.secrets().0, body, time)
    }

    pub(super) fn sign_with(self, secret: &str, body: &[u8], time: i64) -> String {
        match self {
            Self::Linkedin => {
                let signed = [b"hmacsha256=", body].concat();
                format!("hmacsha256={}", hex::encode(sha256(secret, &signed)))
            }
            Self::Tiktok => {
                let signed = [format!("{time}.").as_bytes(), body].concat();
                format!("t={time},s={}", hex::encode(sha256(secret, &signed)))
            }
            Self::Facebook => format!("sha256={}", hex::encode(sha256(secret, body))),
            Self::X => format!("sha256={}", STANDARD.encode(sha256(secret, body))),
            Self::Youtube => {
                let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
                mac.update(body);
                format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
            }
        }
    }

    /// News that changes something: access withdrawn where the network tells that, a post that
    /// moved where it does not.
    pub(super) fn news(self, key: &str) -> String {
        match self {
            Self::Facebook => json!({"object": "page", "entry": [{
                "id": key, "time": 1_448_633_038,
                "changes": [{"field": "feed", "value": {"verb": "add", "post_id": HANDLE}}],
            }]})
            .to_string(),
            Self::Linkedin => json!({
                "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
                "notifications": [{"notificationId": key, "action": "LIKE"}],
            })
            .to_string(),
            Self::Tiktok => tiktok("authorization.removed", SUBJECT, key, "{\"reason\":1}"),
            Self::X => json!({"data": {
                "event_uuid": key, "event_type": "oauth.revoke",
                "payload": {"user_id": SUBJECT, "app_id": "1"},
            }})
            .to_string(),
            Self::Youtube => feed(HANDLE, key),
        }
    }
}

/// What TikTok tells; the key makes the time of creation, which is after that of any connection.
pub(super) fn tiktok(event: &str, open_id: &str, key: &str, content: &str) -> String {
    let created: i64 = 2_000_000_000 + key.bytes().map(i64::from).sum::<i64>();
    json!({
        "client_key": client_id(Platform::Tiktok), "event": event, "create_time": created,
        "user_openid": open_id, "content": content,
    })
    .to_string()
}

/// What YouTube's hub tells.
pub(super) fn feed(video: &str, updated: &str) -> String {
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\">\
         <entry><yt:videoId>{video}</yt:videoId><updated>{updated}</updated></entry></feed>"
    )
}

pub(super) fn sha256(secret: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn now() -> i64 {
    Clock::default().now().unix_timestamp()
}

pub(super) fn app(platform: Platform) -> App {
    App {
        client_id: client_id(platform),
        client_secret: client_secret(platform).into(),
        redirect_uri: format!("https://api.picscripter.example/api/callback/{platform}")
            .parse()
            .unwrap(),
        version: platforms::profile(platform).default_version.to_owned(),
        webhook_secret: Some(webhook_secret(platform).into()),
        webhook_verify_token: Some(verify_token(platform).into()),
        settings: BTreeMap::new(),
    }
}

fn client_id(platform: Platform) -> String {
    format!("client-{platform}")
}

pub(super) fn client_secret(platform: Platform) -> String {
    format!("canary-client-secret-{platform}")
}

pub(super) fn verify_token(platform: Platform) -> String {
    format!("verify-{platform}")
}

fn webhook_secret(platform: Platform) -> String {
    format!("canary-webhook-secret-{platform}")
}
