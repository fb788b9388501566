//! What the benchmarks ask the API for.

use axum::{Router, body::Body};
use domain::Platform;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tests::Answer;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tower::ServiceExt as _;
use url::Url;

/// The app of many users.
pub struct Client {
    pub router: Router,
}

/// An account that can be published to, and the token of its user.
#[derive(Clone)]
pub struct Account {
    platform: Platform,
    connection: String,
    bearer: HeaderValue,
}

impl Client {
    /// Signs a user up, and connects the accounts that it has at these networks as a browser does.
    pub async fn join(&self, networks: &Router, user: usize, at: &[Platform]) -> Vec<Account> {
        let bearer = self.sign_up(user).await;
        let mut accounts = Vec::new();
        for platform in at {
            let connection = self.connect(networks, &bearer, *platform).await;
            accounts.push(Account {
                platform: *platform,
                connection,
                bearer: bearer.clone(),
            });
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

    /// Schedules a post whose words are its number.
    pub async fn schedule(&self, account: &Account, number: usize, due: OffsetDateTime) {
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
