//! Every request of the collection reaches an operation of the real routers.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{collections::BTreeMap, fs, path::Path};

use axum::{Router, body::Body};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{GrantId, Platform};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use local::{Variables, house::House};
use serde_json::{Value, json};
use settings::Vars;
use sqlx::{ConnectOptions as _, PgPool};
use store::connections::{self, Granted, SealedTokens};
use time::format_description::well_known::Rfc3339;
use tower::ServiceExt as _;

/// What is not answered with success: what was done before, needs a browser, or a network's signature.
const REFUSED: [(&str, u16); 12] = [
    ("GET /api/callback/:platform", 400),
    ("GET /api/connections/:connectionId/boards", 404),
    (
        "GET /api/connections/:connectionId/boards/:boardId/sections",
        404,
    ),
    ("GET /api/connections/:connectionId/creator-info", 404),
    ("GET /api/deletions/:code", 404),
    ("GET /api/webhooks/:platform", 400),
    ("POST /api/auth/signup", 409),
    ("POST /api/connections/:connectionId/boards", 404),
    ("POST /api/posts/:id/resolve", 409),
    ("POST /api/webhooks/:platform", 401),
    ("POST /api/webhooks/:platform/data-deletion", 404),
    ("POST /api/webhooks/:platform/deauthorize", 404),
];

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_request_of_the_collection_reaches_its_operation(pool: PgPool) {
    let files = tempfile::tempdir().unwrap();
    let house = House::open(&variables(&pool, files.path())).await.unwrap();
    let router = house.router().unwrap();
    let collection = collection();
    let mut person = Person::new(&collection, &router);
    let requests = requests(&collection);
    assert!(requests.len() >= 24, "{} requests", requests.len());
    for request in requests {
        let what = name(request);
        // Signed in anew, with an account and a post, whatever the request before has ended.
        person.prepare(&pool).await;
        let (status, body) = person.send(request).await;
        match REFUSED.iter().find(|(refused, _)| *refused == what) {
            Some((_, code)) => assert_eq!(status.as_u16(), *code, "{what}: {body}"),
            None => assert!(status.is_success(), "{what}: {status} {body}"),
        }
    }
    house.close().await.unwrap();
}

#[test]
fn every_operation_of_the_description_is_a_request() {
    let description = read("openapi.json");
    let mut described: Vec<String> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            let path = path.replace('{', ":").replace('}', "");
            let methods = operations.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    described.sort_unstable();
    let collection = collection();
    let mut collected: Vec<String> = requests(&collection).into_iter().map(name).collect();
    collected.sort_unstable();
    assert_eq!(collected, described);
}

/// Somebody who clicks through the collection.
struct Person<'a> {
    router: &'a Router,
    collection: &'a Value,
    variables: BTreeMap<String, String>,
}

impl<'a> Person<'a> {
    fn new(collection: &'a Value, router: &'a Router) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let variables = collection["variable"].as_array().unwrap().iter();
        Self {
            router,
            collection,
            variables: variables
                .map(|variable| (text(&variable["key"]), text(&variable["value"])))
                .collect(),
        }
    }

    async fn prepare(&mut self, pool: &PgPool) {
        let (status, _) = self.click("GET /api/me").await;
        if !status.is_success() {
            self.sign_in().await;
        }
        let (_, me) = self.click("GET /api/me").await;
        connect(pool, me["user"]["id"].as_str().unwrap()).await;
        let (_, listed) = self.click("GET /api/connections").await;
        self.keep("connectionId", &listed["connections"][0]["id"]);
        store::admin::grant(pool, &self.variables["email"])
            .await
            .unwrap();
        let later = store::now(pool).await.unwrap() + time::Duration::HOUR;
        self.keep("scheduledAt", &json!(later.format(&Rfc3339).unwrap()));
        let (status, post) = self.click("POST /api/schedule").await;
        assert_eq!(status, StatusCode::ACCEPTED, "{post}");
        self.keep("postId", &post["id"]);
        let shown = "GET /api/webhook-endpoints/:endpointId";
        if self.variables["endpointId"].is_empty() || !self.click(shown).await.0.is_success() {
            let (status, made) = self.click("POST /api/webhook-endpoints").await;
            assert_eq!(status, StatusCode::CREATED, "{made}");
            self.keep("endpointId", &made["id"]);
        }
        self.click("POST /api/webhook-endpoints/:endpointId/test")
            .await;
        let listed = "GET /api/webhook-endpoints/:endpointId/deliveries";
        let (_, listed) = self.click(listed).await;
        self.keep("deliveryId", &listed["deliveries"][0]["id"]);
    }

    /// As seldom as possible: how often an address may sign in is limited.
    async fn sign_in(&mut self) {
        let (_, signed_up) = self.click("POST /api/auth/signup").await;
        let signed_in = if signed_up["token"].is_string() {
            signed_up
        } else {
            self.click("POST /api/auth/login").await.1
        };
        self.keep("accessToken", &signed_in["token"]);
        self.keep("refreshToken", &signed_in["refreshToken"]);
    }

    fn keep(&mut self, variable: &str, value: &Value) {
        let value = value.as_str().unwrap().to_owned();
        let before = self.variables.insert(variable.to_owned(), value);
        assert!(
            before.is_some(),
            "the collection has no variable {variable}"
        );
    }

    async fn click(&self, what: &str) -> (StatusCode, Value) {
        let request = requests(self.collection)
            .into_iter()
            .find(|request| name(request) == what)
            .unwrap_or_else(|| panic!("there is no {what}"));
        self.send(request).await
    }

    /// Sends a request as Postman would: with its variables, without what is disabled.
    async fn send(&self, request: &Value) -> (StatusCode, Value) {
        let enabled = |list: &Value| -> Vec<(String, String)> {
            list.as_array()
                .into_iter()
                .flatten()
                .filter(|pair| pair["disabled"] != true)
                .map(|pair| (self.fill(&pair["key"]), self.fill(&pair["value"])))
                .collect()
        };
        let mut address = self.fill(&request["url"]["raw"]);
        for (name, value) in enabled(&request["url"]["variable"]) {
            assert!(!value.is_empty(), "{name} is empty");
            address = address.replace(&format!(":{name}"), &value);
        }
        let path = address.strip_prefix(&self.variables["baseUrl"]).unwrap();
        let mut built = Request::builder()
            .method(request["method"].as_str().unwrap())
            .uri(path);
        for (name, value) in enabled(&request["header"]) {
            built = built.header(name, value);
        }
        if request["auth"].is_null() {
            let token = self.fill(&self.collection["auth"]["bearer"][0]["value"]);
            built = built.header("authorization", format!("Bearer {token}"));
        }
        let body = Body::from(self.fill(&request["body"]["raw"]));
        let sent = built.body(body).unwrap();
        let answer = self.router.clone().oneshot(sent).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn fill(&self, text: &Value) -> String {
        let mut text = text.as_str().unwrap_or_default().to_owned();
        for (name, value) in &self.variables {
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        assert!(!text.contains("{{"), "{text} names an unknown variable");
        text
    }
}

/// An account at X, which is connected without a visit to its consent page.
async fn connect(pool: &PgPool, user: &str) {
    let user = user.parse().unwrap();
    let id = connections::id_for(pool, user, Platform::X, "2244994945")
        .await
        .unwrap();
    let granted = Granted {
        platform: Platform::X,
        external_id: "2244994945",
        username: Some("sample_studio"),
        display_name: "Sample Studio",
        avatar_url: None,
        facts: &json!({}),
        scopes: &[],
        grant_id: GrantId::mint(),
        grant_family: "x",
        subject: "2244994945",
    };
    let tokens = SealedTokens {
        access: vec![0],
        access_expires_at: None,
        refresh: None,
        refresh_expires_at: None,
    };
    let connected = connections::connect(pool, user, id, &granted, &tokens).await;
    assert!(connected.unwrap());
}

fn variables(pool: &PgPool, files: &Path) -> Variables {
    let database = pool.connect_options().to_url_lossy();
    let key = STANDARD.encode([7; 32]);
    let vars = [
        ("APP_ENV", "development"),
        ("DATABASE_MAX_CONNECTIONS", "4"),
        ("DATABASE_URL", database.as_str()),
        ("JWT_SECRET", &key),
        ("MEDIA_DIR", files.to_str().unwrap()),
        ("MEDIA_KEY", &key),
        ("PUBLIC_URL", "http://127.0.0.1:3000"),
        ("RATE_LIMIT_PER_MINUTE", "100000"),
        ("STATE_KEY", &key),
        ("TOKEN_KEY", &key),
        ("X_CLIENT_ID", "app"),
        ("X_CLIENT_SECRET", "secret"),
        ("X_WEBHOOK_SECRET", "secret"),
    ];
    Variables {
        vars: Vars::from_pairs(vars.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        data_dir: files.to_path_buf(),
        port: 3000,
        simulator_port: 9700,
        simulated: false,
    }
}

fn requests(collection: &Value) -> Vec<&Value> {
    let folders = collection["item"].as_array().unwrap().iter();
    folders
        .flat_map(|folder| folder["item"].as_array().unwrap())
        .map(|item| &item["request"])
        .collect()
}

fn name(request: &Value) -> String {
    let address = request["url"]["raw"].as_str().unwrap();
    let method = request["method"].as_str().unwrap();
    format!("{method} {}", address.replace("{{baseUrl}}", ""))
}

fn collection() -> Value {
    read("picscripter.postman_collection.json")
}

fn read(name: &str) -> Value {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    serde_json::from_str(&fs::read_to_string(docs.join(name)).unwrap()).unwrap()
}
