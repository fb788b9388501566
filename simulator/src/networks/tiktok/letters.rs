//! What TikTok tells an app on its own. Nothing here sends anything: whoever collects the letters delivers
//! them to the app's address, to the byte, and says what it answered.

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

use crate::World;

/// How long after the first refusal the next delivery follows; it doubles from there. Only the growth is
/// documented.
const FIRST_PAUSE: Duration = Duration::minutes(1);
/// After so long a letter is dropped.
const PATIENCE: Duration = Duration::hours(72);

/// A request to the app's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The same for every delivery of one event.
    pub number: u64,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What happened, before it is written down.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub(super) event: &'static str,
    pub(super) app: String,
    pub(super) account: String,
    pub(super) at: OffsetDateTime,
    pub(super) content: Value,
}

#[derive(Debug, Clone)]
struct Queued {
    number: u64,
    news: News,
    due_at: OffsetDateTime,
    refusals: u32,
}

/// The letters that are on their way, and how the post treats them.
#[derive(Debug, Default)]
pub struct Mail {
    /// How much later than what they tell of letters come.
    pub delay: Duration,
    /// Whether each letter comes twice at once.
    pub is_doubled: bool,
    /// Whether the newest letter comes first.
    pub is_reversed: bool,
    /// Whether letters are signed with a key that is not the app's.
    pub has_wrong_key: bool,
    queue: Vec<Queued>,
    written: u64,
}

impl Mail {
    pub(super) fn write(&mut self, news: News) {
        self.written += 1;
        self.queue.push(Queued {
            number: self.written,
            due_at: news.at,
            news,
            refusals: 0,
        });
    }

    /// Nothing is told of a task that was taken back.
    pub(super) fn forget(&mut self, publish_id: &str) {
        self.queue
            .retain(|queued| queued.news.content["publish_id"] != publish_id);
    }
}

/// Every letter that is due. Each is due again until the app answers 200; see [`answered`].
pub fn collect(world: &World) -> Vec<Letter> {
    let now = world.now();
    let (mut due, is_doubled, is_reversed, has_wrong_key) = {
        let mut state = world.states().tiktok();
        let is_stuck = state.is_stuck;
        let mail = &mut state.mail;
        mail.queue.retain(|queued| now < queued.news.at + PATIENCE);
        let delay = mail.delay;
        let is_due = |queued: &&Queued| {
            let waits = is_stuck && queued.news.event.starts_with("post.publish.");
            now >= queued.due_at + delay && !waits
        };
        let due: Vec<Queued> = mail.queue.iter().filter(is_due).cloned().collect();
        (due, mail.is_doubled, mail.is_reversed, mail.has_wrong_key)
    };
    due.sort_by_key(|queued| (queued.due_at, queued.number));
    if is_reversed {
        due.reverse();
    }
    let times = if is_doubled { 2 } else { 1 };
    due.iter()
        .flat_map(|queued| std::iter::repeat_n(queued, times))
        .map(|queued| letter(world, queued, has_wrong_key, now))
        .collect()
}

/// What the app answered to a letter: 200 ends it, anything else brings it again, later each time.
pub fn answered(world: &World, letter: &Letter, status: u16) {
    let now = world.now();
    let mail = &mut world.states().tiktok().mail;
    if status == 200 {
        mail.queue.retain(|queued| queued.number != letter.number);
        return;
    }
    for queued in &mut mail.queue {
        if queued.number == letter.number {
            queued.due_at = now + FIRST_PAUSE * 2_i32.saturating_pow(queued.refusals.min(16));
            queued.refusals += 1;
        }
    }
}

/// Each delivery is signed for its own time; whether TikTok does so is not documented.
fn letter(world: &World, queued: &Queued, has_wrong_key: bool, now: OffsetDateTime) -> Letter {
    let news = &queued.news;
    let body = json!({
        "client_key": news.app,
        "event": news.event,
        "create_time": news.at.unix_timestamp(),
        "user_openid": news.account,
        "content": news.content.to_string(),
    })
    .to_string();
    let app = world.oauth().app("tiktok", &news.app);
    let secret = app
        .filter(|_| !has_wrong_key)
        .map_or_else(|| "another app's".to_owned(), |app| app.client_secret);
    let time = now.unix_timestamp();
    let signature = sign(&secret, time, &body);
    Letter {
        number: queued.number,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("tiktok-signature", format!("t={time},s={signature}")),
        ],
        body: body.into_bytes(),
    }
}

fn sign(secret: &str, time: i64, body: &str) -> String {
    let message = format!("{time}.{body}");
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mac| hex::encode(mac.chain_update(message).finalize().into_bytes()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_documented_vector() {
        let body = r#"{"client_key":"ck_test","event":"post.publish.complete","create_time":1700000000,"user_openid":"open-1","content":"{\"publish_id\":\"v_pub_file~v2-1.1\",\"publish_type\":\"DIRECT_PUBLISH\"}"}"#;
        assert_eq!(
            sign("test_secret", 1_700_000_000, body),
            "fde9287470afec756e43ebe54f3a8356e1463931824aac9ae3d0c450fbba4b6f"
        );
    }
}
