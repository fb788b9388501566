//! Addresses that X tells news to: registered, checked, written to.
//!
//! A check fetches the address as X does. News is not sent: whoever holds a letter delivers it to the
//! app's address as it stands, to the byte.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    routing::{get, put},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use time::format_description::well_known::Rfc3339;

use super::{caller::is_json, said::Said};
use crate::World;

const MAX_URL: usize = 200;
/// How many addresses an app may register.
const MAX_WEBHOOKS: usize = 5;

/// What X keeps of them.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    all: Vec<Webhook>,
    letters: Vec<(String, Letter)>,
}

#[derive(Debug, Clone)]
struct Webhook {
    id: String,
    url: String,
    valid: bool,
    created_at: String,
}

/// A request to the app's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Letter {
    /// What the right answer to a check with this token is; `secret` is the app's API key secret.
    pub fn right_answer(secret: &str, token: &str) -> String {
        format!("sha256={}", STANDARD.encode(mac(secret, token.as_bytes())))
    }

    fn signed(secret: &str, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        let signature = format!("sha256={}", STANDARD.encode(mac(secret, &body)));
        Self {
            headers: vec![("x-twitter-webhooks-signature", signature)],
            body,
        }
    }
}

impl super::State {
    /// Writes of an event of an account; the event's own id comes with the letter.
    pub fn tell(
        &mut self,
        secret: &str,
        account: &str,
        event: &str,
        payload: &Value,
    ) -> (String, Letter) {
        let uuid = format!("event-{}", self.webhooks.letters.len() + 1);
        let letter = Letter::signed(
            secret,
            &json!({ "data": {
                "event_uuid": uuid, "filter": { "user_id": account }, "event_type": event,
                "tag": "all", "payload": payload, "includes": {},
            } }),
        );
        self.webhooks.letters.push((uuid.clone(), letter.clone()));
        (uuid, letter)
    }

    /// Writes of an event once more.
    pub fn tell_again(&self, uuid: &str) -> Option<Letter> {
        let mut letters = self.webhooks.letters.iter();
        letters
            .find(|(id, _)| id == uuid)
            .map(|(_, letter)| letter.clone())
    }
}

pub(super) fn routes() -> Router<World> {
    Router::new()
        .route("/api.x.com/2/webhooks", get(list).post(register))
        .route(
            "/api.x.com/2/webhooks/{id}",
            put(check_again).delete(remove),
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    url: String,
}

async fn register(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Said, Said> {
    let secret = app_only(&world, &headers)?;
    if !is_json(&headers) {
        return Err(Said::invalid("Content-Type must be application/json"));
    }
    let asked: NewWebhook =
        serde_json::from_slice(&body).map_err(|error| Said::invalid(&error.to_string()))?;
    if !is_fit(&asked.url) {
        return Err(Said::invalid("UrlValidationFailed"));
    }
    let known = world.states().x().webhooks.all.clone();
    if known.iter().any(|webhook| webhook.url == asked.url) {
        return Err(Said::invalid("DuplicateUrlFailed"));
    }
    if known.len() >= MAX_WEBHOOKS {
        return Err(Said::invalid("WebhookLimitExceeded"));
    }
    if !answers_rightly(&world, &asked.url, &secret).await {
        return Err(Said::invalid("CrcValidationFailed"));
    }
    let webhook = Webhook {
        id: world.number().to_string(),
        url: asked.url,
        valid: true,
        created_at: world.now().format(&Rfc3339).unwrap_or_default(),
    };
    let told = webhook.told();
    world.states().x().webhooks.all.push(webhook);
    Ok(Said::good(json!({ "data": told })))
}

async fn list(State(world): State<World>, headers: HeaderMap) -> Result<Said, Said> {
    app_only(&world, &headers)?;
    let all = world.states().x().webhooks.all.clone();
    let told: Vec<Value> = all.iter().map(Webhook::told).collect();
    Ok(Said::good(
        json!({ "data": told, "meta": { "result_count": told.len() } }),
    ))
}

/// Checks an address on demand; one that answers wrongly is no longer valid.
async fn check_again(
    State(world): State<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Said, Said> {
    let secret = app_only(&world, &headers)?;
    let missing = || Said::not_found(&format!("webhook with id: [{id}]"));
    let url = {
        let state = world.states().x();
        let mut all = state.webhooks.all.iter();
        all.find(|webhook| webhook.id == id)
            .map(|webhook| webhook.url.clone())
            .ok_or_else(missing)?
    };
    let valid = answers_rightly(&world, &url, &secret).await;
    let mut state = world.states().x();
    for webhook in state.webhooks.all.iter_mut().filter(|it| it.id == id) {
        webhook.valid = valid;
    }
    Ok(Said::good(
        json!({ "data": { "valid": valid, "attempted": true } }),
    ))
}

async fn remove(
    State(world): State<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Said, Said> {
    app_only(&world, &headers)?;
    let mut state = world.states().x();
    state.webhooks.all.retain(|webhook| webhook.id != id);
    Ok(Said::good(json!({ "data": { "deleted": true } })))
}

impl Webhook {
    fn told(&self) -> Value {
        json!({ "id": self.id, "url": self.url, "valid": self.valid, "created_at": self.created_at })
    }
}

/// The API key secret of the app whose own token came along: both are its registration's, spelled out.
fn app_only(world: &World, headers: &HeaderMap) -> Result<String, Said> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    if let Some(app) = given
        .strip_suffix("-app-only")
        .and_then(|id| world.oauth().app(super::NETWORK, id))
    {
        return Ok(format!("{}-key-secret", app.client_id));
    }
    let is_person = world.oauth().live_token(given, world.now()).is_some();
    Err(if is_person {
        Said::new(
            StatusCode::FORBIDDEN,
            json!({
                "title": "Unsupported Authentication",
                "detail": "Authenticating with OAuth 2.0 User Context is forbidden for this endpoint.  Supported authentication types are [OAuth 2.0 Application-Only].",
                "type": "https://api.twitter.com/2/problems/unsupported-authentication",
                "status": 403,
            }),
        )
    } else {
        Said::unauthorized()
    })
}

fn is_fit(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|it| it.scheme() == "https" && it.port().is_none())
        && url.len() <= MAX_URL
        && !url.contains(":443")
}

/// Asks the address to prove that it knows the app's secret.
async fn answers_rightly(world: &World, url: &str, secret: &str) -> bool {
    let token = world.secret("crc-");
    let mark = if url.contains('?') { '&' } else { '?' };
    let Ok(pulled) = world.pull(&format!("{url}{mark}crc_token={token}")).await else {
        return false;
    };
    let answer: Value = serde_json::from_slice(&pulled.bytes).unwrap_or_default();
    pulled.status == 200 && answer["response_token"] == Letter::right_answer(secret, &token)
}

fn mac(secret: &str, message: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}
