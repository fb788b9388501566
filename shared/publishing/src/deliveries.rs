//! Telling users' own servers of events.
//!
//! At least once: an attempt whose answer was lost is made again, under the same `webhook-id`. Deliveries to one
//! endpoint are made in no order that is promised; what is sent carries the place of the event.

use std::{sync::Arc, time::Duration as Span};

use domain::{DeliveryId, Event, UserId, WebhookSecretId};
use guard::{Beside, Guard, SystemResolver};
use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretBox};
use serde::Serialize;
use serde_json::json;
use settings::Stage;
use store::{
    dispatch::{self, Failure, Patience, Run, Standing},
    events, webhook_endpoints,
};
use time::{Duration, OffsetDateTime};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use url::Url;
use vault::Place;

use crate::{Publisher, backoff, publisher::LookError, signature::signature};

/// How long one attempt may take, from the name to the answer; and how long the first part of it.
const PATIENCE: Span = Span::from_secs(15);
const CONNECT: Span = Span::from_secs(5);
/// How long a delivery is one process's: longer than an attempt takes with all that is noted of it.
const LEASE: Duration = Duration::minutes(1);
/// How many deliveries one process sends at once, so that slow endpoints leave room for posts.
const SLOTS: usize = 10;
/// How many deliveries are sent to one endpoint at once, so that a slow one leaves room for others.
const EACH: i64 = 2;
/// How long to wait for a free slot.
const BUSY: Duration = Duration::seconds(2);
/// How long after an attempt the next one is made, as the specification proposes; after the last it is given up.
const SCHEDULE: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];
/// By how much of itself a pause may be longer.
const JITTER: f64 = 0.2;
/// The longest that an endpoint may ask us to wait.
const LONGEST: Duration = Duration::DAY;
/// How far ahead an attempt is rung for; of later ones the sweeper knows.
const RUNG_FOR: Duration = Duration::minutes(10);
/// How long nothing may arrive at an endpoint before it is disabled; as often as one delivery is tried, so that no
/// moment of weakness after a long silence is enough.
const FAILING: Patience = Patience {
    time: Duration::days(5),
    attempts: 10,
};
/// How much of an answer is read, in bytes, and shown, in characters.
const READ: usize = 2_048;
const SHOWN: usize = 300;

/// Carries events to users' own servers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Courier {
    guard: Guard,
    slots: Arc<Semaphore>,
}

impl Courier {
    /// One that sends only to where the guard lets it.
    pub fn new(guard: Guard) -> Self {
        Self {
            guard,
            slots: Arc::new(Semaphore::new(SLOTS)),
        }
    }

    /// One that sends to the public internet alone, and in development to this machine as well.
    ///
    /// # Errors
    /// When TLS has no usable defaults.
    pub fn of_stage(stage: Stage) -> Result<Self, rustls::Error> {
        let beside = Beside::loopback_if(stage.is_development());
        Guard::new(beside, Arc::new(SystemResolver)).map(Self::new)
    }

    /// Sends one request, and reads the beginning of an answer that is no success.
    async fn post(&self, url: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        let client = self
            .guard
            .client(&url)
            .await
            .map_err(|refusal| format!("The address {refusal}."))?
            .connect_timeout(CONNECT)
            .build()
            .map_err(|_| unreachable())?;
        let request = client.post(url).headers(headers).body(body);
        let mut response = request.send().await.map_err(|_| unreachable())?;
        let mut answer = Answer {
            status: response.status(),
            again_in: again_in(response.headers()),
            text: None,
        };
        if answer.status.is_success() {
            return Ok(answer);
        }
        let mut beginning = Vec::new();
        while beginning.len() < READ
            && let Ok(Some(piece)) = response.chunk().await
        {
            let room = READ - beginning.len();
            beginning.extend_from_slice(&piece[..piece.len().min(room)]);
        }
        answer.text = shown(&beginning);
        Ok(answer)
    }
}

/// What an endpoint answered.
struct Answer {
    status: StatusCode,
    again_in: Option<Duration>,
    text: Option<String>,
}

/// One attempt, as the user sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attempt {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    status: Option<u16>,
    error: Option<String>,
    answer: Option<String>,
    duration_ms: u64,
}

/// An event as it is sent: what the feed tells, and its time under the name that the specification gives it.
#[derive(Serialize)]
struct Letter<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
}

impl Publisher {
    /// Makes the attempt of a delivery whose time has come.
    pub(crate) async fn look_at_delivery(&self, id: DeliveryId) -> Result<(), LookError> {
        let parts = &self.parts;
        let Ok(slot) = parts.courier.slots.try_acquire() else {
            let now = store::now(&parts.pool).await?;
            parts.doorbell.try_ring(id, now + BUSY).await;
            return Ok(());
        };
        let Some(run) = dispatch::take(&parts.pool, id, EACH, LEASE).await? else {
            return Ok(());
        };
        if let Some((message, body)) = self.written(&run).await? {
            self.send(&run, &message, body).await?;
        }
        drop(slot);
        if let Some(next) = dispatch::next(&parts.pool, run.endpoint_id).await? {
            parts.doorbell.try_ring(next, run.now).await;
        }
        Ok(())
    }

    /// What is sent, and the name by which it is known again: the same at every attempt. `None` when the event
    /// is forgotten, and with it the delivery.
    async fn written(&self, run: &Run) -> Result<Option<(String, Vec<u8>)>, LookError> {
        let Some(row) = run.event else {
            return Ok(Some((run.id.to_string(), ping(run))));
        };
        let event = events::by_row(&self.parts.pool, run.user_id, row).await?;
        Ok(event.map(|event| {
            let letter = Letter {
                event: &event,
                timestamp: event.created_at,
            };
            (event.id.to_string(), json!(letter).to_string().into_bytes())
        }))
    }

    async fn send(&self, run: &Run, message: &str, body: Vec<u8>) -> Result<(), LookError> {
        let parts = &self.parts;
        let keys = self.keys(run).await?;
        let begun = Instant::now();
        let outcome = if keys.is_empty() {
            Err("The secret of this endpoint no longer opens; rotate it.".to_owned())
        } else {
            let headers = headers(run, message, &body, &keys);
            timeout(PATIENCE, parts.courier.post(&run.url, headers, body))
                .await
                .unwrap_or_else(|_| Err("No answer came within 15 seconds.".to_owned()))
        };
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (status, error, answer, again_in) = match outcome {
            Ok(answer) => {
                let error = complaint(answer.status);
                (Some(answer.status), error, answer.text, answer.again_in)
            }
            Err(error) => (None, Some(error), None, None),
        };
        let is_over = error.is_none();
        let attempt = json!(Attempt {
            at: run.now,
            status: status.map(|status| status.as_u16()),
            error,
            answer,
            duration_ms,
        });
        if is_over {
            dispatch::delivered(&parts.pool, run, &attempt).await?;
            tracing::debug!(delivery.id = %run.id, endpoint.id = %run.endpoint_id, duration_ms, "delivered {}", run.id);
            return Ok(());
        }
        let failure = match status {
            Some(StatusCode::GONE) => Failure::Gone,
            Some(_) | None => Failure::Failed,
        };
        let pause = pause(run, again_in);
        let status = status.map_or(0, |status| status.as_u16());
        tracing::info!(delivery.id = %run.id, endpoint.id = %run.endpoint_id, tries = run.tries, status, duration_ms, "an attempt of a delivery failed");
        let standing =
            dispatch::failed(&parts.pool, run, &attempt, failure, pause, FAILING).await?;
        match (standing, pause) {
            (Standing::Disabled(reason), _) => {
                tracing::warn!(endpoint.id = %run.endpoint_id, user.id = %run.user_id, reason, "an endpoint was disabled");
            }
            (Standing::Same, Some(pause)) if pause <= RUNG_FOR => {
                let now = store::now(&parts.pool).await?;
                parts.doorbell.try_ring(run.id, now + pause).await;
            }
            (Standing::Same, Some(_) | None) => {}
        }
        Ok(())
    }

    /// What the request is signed with. What does not open, now or ever, signs nothing.
    async fn keys(&self, run: &Run) -> Result<Vec<SecretBox<[u8]>>, LookError> {
        let parts = &self.parts;
        let mut keys = Vec::new();
        for secret in webhook_endpoints::secrets(&parts.pool, run.user_id, run.endpoint_id).await? {
            let place = place(secret.id, run.user_id);
            match parts.vault.open(&place, &secret.ciphertext).await {
                Ok(key) => keys.push(key),
                Err(error) if error.is_forever() => {
                    tracing::error!(endpoint.id = %run.endpoint_id, error = &error as &dyn std::error::Error, "a secret of {} does not open", run.endpoint_id);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(keys)
    }
}

/// Where the secret of an endpoint rests.
pub(crate) const fn place(id: WebhookSecretId, user: UserId) -> Place {
    Place {
        table: "webhook_secrets",
        row: id.uuid(),
        user: user.uuid(),
        platform: "",
        field: "ciphertext",
    }
}

fn ping(run: &Run) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Ping {
        id: DeliveryId,
        r#type: &'static str,
        #[serde(with = "time::serde::rfc3339")]
        created_at: OffsetDateTime,
        #[serde(with = "time::serde::rfc3339")]
        timestamp: OffsetDateTime,
        webhook_endpoint_id: domain::WebhookEndpointId,
        data: serde_json::Value,
    }
    let ping = Ping {
        id: run.id,
        r#type: "ping",
        created_at: run.created_at,
        timestamp: run.created_at,
        webhook_endpoint_id: run.endpoint_id,
        data: json!({}),
    };
    json!(ping).to_string().into_bytes()
}

fn headers(run: &Run, message: &str, body: &[u8], keys: &[SecretBox<[u8]>]) -> HeaderMap {
    let timestamp = run.now.unix_timestamp();
    let signatures: Vec<String> = keys
        .iter()
        .map(|key| signature(key.expose_secret(), message, timestamp, body))
        .collect();
    let pairs = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        // Bytes as they are: an encoded answer could unfold to any size.
        (header::ACCEPT_ENCODING, "identity".to_owned()),
        (
            header::HeaderName::from_static("webhook-id"),
            message.to_owned(),
        ),
        (
            header::HeaderName::from_static("webhook-timestamp"),
            timestamp.to_string(),
        ),
        (
            header::HeaderName::from_static("webhook-signature"),
            signatures.join(" "),
        ),
    ];
    pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
        .collect()
}

/// What is wrong with an answer; nothing with a success.
fn complaint(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    Some(if status.is_redirection() {
        "Redirects are not followed; give the endpoint its new address.".to_owned()
    } else {
        format!(
            "It answered with status {}; 200 to 299 is success.",
            status.as_u16()
        )
    })
}

fn unreachable() -> String {
    "The endpoint could not be reached, or broke the connection off.".to_owned()
}

/// When to try again; never after the last try, and a ping is tried once.
fn pause(run: &Run, again_in: Option<Duration>) -> Option<Duration> {
    let number = usize::try_from(run.tries).ok()?.checked_sub(1)?;
    let planned = *SCHEDULE.get(number).filter(|_| run.event.is_some())?;
    let planned = planned * (1.0 + JITTER * backoff::share(run.tries, run.id.uuid()));
    let asked = again_in.unwrap_or_default().min(LONGEST);
    Some(planned.max(asked))
}

/// `Retry-After`, where it is given as a number of seconds.
fn again_in(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds = seconds.trim().parse::<u32>().ok()?;
    Some(Duration::seconds(seconds.into()))
}

/// The beginning of an answer, as it can be shown.
fn shown(beginning: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(beginning);
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(SHOWN)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use domain::WebhookEndpointId;
    use time::macros::datetime;

    use super::*;

    fn run(tries: i32, event: Option<i64>) -> Run {
        let now = datetime!(2026-11-29 12:00 UTC);
        Run {
            id: DeliveryId::mint(),
            user_id: UserId::mint(),
            endpoint_id: WebhookEndpointId::mint(),
            url: String::new(),
            event,
            tries,
            fence: 1,
            created_at: now,
            now,
        }
    }

    #[test]
    fn pauses_are_those_of_the_specification_and_up_to_a_fifth_longer() {
        for (tries, planned) in (1..).zip(SCHEDULE) {
            let pause = pause(&run(tries, Some(1)), None).unwrap();
            assert!(
                (planned..=planned * 1.2).contains(&pause),
                "{tries}: {pause}"
            );
        }
        let crowd: std::collections::BTreeSet<Duration> = (0..20)
            .filter_map(|_| pause(&run(2, Some(1)), None))
            .collect();
        assert!(
            crowd.len() > 10,
            "those that failed together come back apart"
        );
    }

    #[test]
    fn after_ten_tries_it_is_given_up_and_a_ping_after_one() {
        assert_eq!(pause(&run(10, Some(1)), None), None);
        assert_eq!(pause(&run(1, None), Some(Duration::seconds(1))), None);
    }

    #[test]
    fn an_endpoint_may_ask_for_a_longer_pause_within_a_day_and_for_no_shorter_one() {
        let asked = |seconds| pause(&run(1, Some(1)), Some(Duration::seconds(seconds))).unwrap();
        assert_eq!(asked(120), Duration::minutes(2));
        assert_eq!(asked(10_000_000), Duration::DAY);
        assert!(asked(0) >= Duration::seconds(5));
    }

    #[test]
    fn only_a_number_of_seconds_is_taken_for_a_wish() {
        for (value, wish) in [
            ("30", Some(Duration::seconds(30))),
            (" 7 ", Some(Duration::seconds(7))),
            ("-1", None),
            ("soon", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(again_in(&headers), wish, "{value}");
        }
    }

    #[test]
    fn an_answer_is_shown_in_part_and_without_what_cannot_be_shown() {
        assert_eq!(shown(b" \n "), None);
        assert_eq!(shown(b"no\x00 key\xff"), Some("no  key\u{fffd}".to_owned()));
        assert_eq!(shown(&[b'x'; READ]).unwrap().len(), SHOWN);
    }
}
