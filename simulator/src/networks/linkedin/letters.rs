//! What LinkedIn tells an app on its own: it checks the address, then reports what people do with a Page's posts.
//! Nothing here sends anything: whoever takes a check or collects the letters delivers them to the app's address,
//! to the byte, and says what it answered.

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

use crate::World;

/// How soon a check must be answered.
const TIME_TO_ANSWER: Duration = Duration::seconds(3);
/// So many failed checks on end, and nothing is sent to the address any more.
const MAX_FAILURES: u32 = 3;
/// How often the address is checked again.
const CHECKED_EVERY: Duration = Duration::hours(2);
/// How long after a refusal the next delivery follows.
const PAUSE: Duration = Duration::minutes(5);
/// After so long a notification is dropped.
const PATIENCE: Duration = Duration::hours(8);
/// How many notifications a letter holds.
const BATCH: usize = 10;

/// A check of the app's address: a GET with this query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The query's pairs.
    pub query: Vec<(String, String)>,
}

/// A POST to the app's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The ids of the notifications in it.
    pub notifications: Vec<u64>,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Notification {
    id: u64,
    page: String,
    action: &'static str,
    post: String,
    at: OffsetDateTime,
    due_at: OffsetDateTime,
}

/// The notifications that are on their way, and how the address fared.
#[derive(Debug, Default)]
pub struct Mail {
    /// Whether the signature is told with what it is made of in front, as some receivers see it.
    pub has_prefix: bool,
    queue: Vec<Notification>,
    failures: u32,
    checked_at: Option<OffsetDateTime>,
}

impl Mail {
    /// Whether nothing is sent to the address any more.
    pub const fn is_blocked(&self) -> bool {
        self.failures >= MAX_FAILURES
    }
}

/// The next check of the address, where one is due.
pub fn check(world: &World, client_id: &str) -> Option<Challenge> {
    let (number, now) = (world.number(), world.now());
    let mail = &mut world.states().linkedin().mail;
    let is_due = mail.checked_at.is_none_or(|at| now >= at + CHECKED_EVERY);
    (is_due && !mail.is_blocked()).then(|| {
        mail.checked_at = Some(now);
        let code = format!("890e4665-4dfe-4ab1-b689-{:012x}", number & 0xffff_ffff_ffff);
        Challenge {
            query: vec![
                ("challengeCode".to_owned(), code),
                ("applicationId".to_owned(), client_id.to_owned()),
            ],
        }
    })
}

/// What the app answered to a check, and after how long; tells whether it was right.
pub fn checked(
    world: &World,
    (challenge, secret): (&Challenge, &str),
    (status, content_type, body): (u16, &str, &[u8]),
    took: Duration,
) -> bool {
    let code = challenge.query.first().map_or("", |(_, code)| code);
    let right = json!({
        "challengeCode": code,
        "challengeResponse": sign(secret, &[code.as_bytes()]),
    });
    let said: Option<Value> = serde_json::from_slice(body).ok();
    let is_right = status == 200
        && content_type == "application/json"
        && said == Some(right)
        && took <= TIME_TO_ANSWER;
    let mail = &mut world.states().linkedin().mail;
    mail.failures = if is_right { 0 } else { mail.failures + 1 };
    is_right
}

/// Something happens to a post of a Page: `LIKE`, `COMMENT`, `SHARE` and so on.
pub fn happened(world: &World, page: &str, action: &'static str, post: &str) {
    let (id, now) = (world.number(), world.now());
    world.states().linkedin().mail.queue.push(Notification {
        id,
        page: page.to_owned(),
        action,
        post: post.to_owned(),
        at: now,
        due_at: now,
    });
}

/// Every letter that is due, signed with this secret. Each notification is due again until the app answers 2xx;
/// see [`answered`].
pub fn collect(world: &World, secret: &str) -> Vec<Letter> {
    let now = world.now();
    let mail = &mut world.states().linkedin().mail;
    mail.queue.retain(|told| now < told.at + PATIENCE);
    if mail.is_blocked() {
        return Vec::new();
    }
    let due: Vec<&Notification> = mail
        .queue
        .iter()
        .filter(|told| now >= told.due_at)
        .collect();
    due.chunks(BATCH)
        .map(|batch| letter(batch, secret, mail.has_prefix))
        .collect()
}

/// What the app answered to a letter: 2xx ends it, anything else brings its notifications again.
pub fn answered(world: &World, letter: &Letter, status: u16) {
    let now = world.now();
    let mail = &mut world.states().linkedin().mail;
    let is_in = |told: &Notification| letter.notifications.contains(&told.id);
    if matches!(status, 200..=299) {
        mail.queue.retain(|told| !is_in(told));
        return;
    }
    for told in mail.queue.iter_mut().filter(|told| is_in(told)) {
        told.due_at = now + PAUSE;
    }
}

fn letter(batch: &[&Notification], secret: &str, has_prefix: bool) -> Letter {
    let notifications: Vec<Value> = batch
        .iter()
        .map(|told| {
            json!({
                "notificationId": told.id,
                "organizationalEntity": format!("urn:li:organization:{}", told.page),
                "action": told.action,
                "sourcePost": told.post,
                "decoratedSourcePost": {},
                "generatedActivity": format!("urn:li:comment:({},{})", told.post, told.id),
                "decoratedGeneratedActivity": {},
                "lastModifiedAt": told.at.unix_timestamp() * 1000,
                "subscriber": "urn:li:person:8sTd1oQx2z",
            })
        })
        .collect();
    let body = json!({
        "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
        "notifications": notifications,
    })
    .to_string();
    let signature = sign(secret, &[b"hmacsha256=", body.as_bytes()]);
    let told = if has_prefix {
        format!("hmacsha256={signature}")
    } else {
        signature
    };
    Letter {
        notifications: batch.iter().map(|told| told.id).collect(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-li-signature", told),
        ],
        body: body.into_bytes(),
    }
}

fn sign(secret: &str, message: &[&[u8]]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    for part in message {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_another_implementation() {
        let code = b"890e4665-4dfe-4ab1-b689-ed553bceeed0";
        // printf CODE | openssl dgst -sha256 -hmac 'client secret'
        assert_eq!(
            sign("client secret", &[code]),
            "d732d61fa94eff2186a613f208b5be3f7e90a5d8b907be374e61d8e9cc56daee"
        );
        // printf 'hmacsha256={"type":"X"}' | openssl dgst -sha256 -hmac 'client secret'
        assert_eq!(
            sign("client secret", &[b"hmacsha256=", br#"{"type":"X"}"#]),
            "313c4185fb55fca291e842fc07772c60c077fc934a07880e5851cf64951987c4"
        );
    }
}
