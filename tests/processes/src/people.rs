//! The people who use the app, and what they ask of its API.

use std::sync::OnceLock;

use axum::body::Body;
use domain::Platform;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tests::Answer;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use url::Url;

use crate::{Failure, town::Town};

const PASSWORD: &str = "quartz lantern over the harbour 47";
/// After so many minutes an access token is renewed before it is used.
const TOKEN_LIFE: Duration = Duration::minutes(10);

/// Somebody who uses the app.
#[derive(Debug)]
pub(crate) struct Person {
    address: String,
    /// Renewed by one at a time: who presents a token that was used loses all of them.
    sign_in: Mutex<SignIn>,
    /// The ids of a picture and of a video of theirs that are kept already.
    pub(crate) picture: OnceLock<String>,
    pub(crate) video: OnceLock<String>,
}

#[derive(Debug)]
struct SignIn {
    token: String,
    refresh: String,
    at: OffsetDateTime,
}

impl Person {
    /// Signs somebody up and connects an account of each network.
    pub(crate) async fn join(town: &Town, number: usize) -> Result<Self, Failure> {
        let address = format!("203.0.{}.{}", number / 250, number % 250 + 1);
        let body =
            json!({"email": format!("person-{number}@picscripter.example"), "password": PASSWORD});
        let request = json_request(&address, Method::POST, "/api/auth/signup", &body)?;
        let answer = expect(StatusCode::CREATED, town.ask(request).await)?;
        let person = Self {
            address,
            sign_in: Mutex::new(SignIn::told(&answer.json(), town.clocks.now())),
            picture: OnceLock::new(),
            video: OnceLock::new(),
        };
        for platform in Platform::ALL {
            person.connect(town, platform).await?;
        }
        Ok(person)
    }

    /// What they ask, signed in.
    pub(crate) async fn ask(
        &self,
        town: &Town,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let token = self.token(town).await?;
        let mut request = match body {
            Some(body) => json_request(&self.address, method, path, body)?,
            None => self.request(method, path)?,
        };
        let bearer = format!("Bearer {token}").parse()?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        Ok(town.ask(request).await)
    }

    /// Connects an account the way a browser does it: to the consent page, approve, and back.
    async fn connect(&self, town: &Town, platform: Platform) -> Result<(), Failure> {
        let path = format!("/api/connect/{platform}");
        let begun = self.ask(town, Method::GET, &path, None).await?;
        let begun = expect(StatusCode::OK, begun)?;
        let cookie = begun.headers[header::SET_COOKIE].to_str()?.to_owned();
        let cookie = cookie.split(';').next().unwrap_or_default();
        let page = Url::parse(begun.text("url"))?;
        let shown = town
            .browse(Request::get(path_of(&page)).body(Body::empty())?)
            .await;
        let shown = expect(StatusCode::OK, shown)?;
        let approve = Request::post("/_simulator/consent")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(shown.form(&[("decision", "approve")]).into())?;
        let back = expect(StatusCode::SEE_OTHER, town.browse(approve).await)?.location();
        let mut request = self.request(Method::GET, &path_of(&back))?;
        request
            .headers_mut()
            .insert(header::COOKIE, cookie.parse()?);
        expect(StatusCode::OK, town.ask(request).await).map(drop)
    }

    async fn token(&self, town: &Town) -> Result<String, Failure> {
        let mut sign_in = self.sign_in.lock().await;
        if town.clocks.now() >= sign_in.at + TOKEN_LIFE {
            let body = json!({ "refreshToken": sign_in.refresh });
            let request = json_request(&self.address, Method::POST, "/api/auth/refresh", &body)?;
            let answer = expect(StatusCode::OK, town.ask(request).await)?;
            *sign_in = SignIn::told(&answer.json(), town.clocks.now());
        }
        Ok(sign_in.token.clone())
    }

    fn request(&self, method: Method, path: &str) -> Result<Request<Body>, Failure> {
        Ok(Request::builder()
            .method(method)
            .uri(path)
            .header("x-forwarded-for", &self.address)
            .body(Body::empty())?)
    }
}

impl SignIn {
    fn told(told: &Value, at: OffsetDateTime) -> Self {
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        Self {
            token: text("token"),
            refresh: text("refreshToken"),
            at,
        }
    }
}

/// The answer, if it is as it should be.
pub(crate) fn expect(status: StatusCode, answer: Answer) -> Result<Answer, Failure> {
    if answer.status == status {
        return Ok(answer);
    }
    Err(format!("answered {}, not {status}: {}", answer.status, answer.body).into())
}

fn json_request(
    address: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Request<Body>, Failure> {
    Ok(Request::builder()
        .method(method)
        .uri(path)
        .header("x-forwarded-for", address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into())?)
}

fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}
