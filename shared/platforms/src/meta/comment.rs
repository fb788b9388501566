//! The first comment under a post of ours.
//!
//! The post is live before any of this begins, and whatever goes wrong here, it stays published
//! without the comment: every call is optional. A doubled comment would be a defect, and a process
//! may die when the comment is out and its answer is not yet written down. So the comments under
//! the post are read first, and the comment is sent only within [`FRESH`] of that look. Whoever
//! takes a post over comes later than that and looks again, at most [`MAX_LOOKS`] times in all.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{Listed, optional_text_or_number};
use crate::{Answer, Auth, Call, Event, FormValue, PublishContext, confirm::normalise};

/// How long a look is good for. No process takes a post over within a second of another one's work.
const FRESH: Duration = Duration::milliseconds(800);
/// So often the comments are read; after that the comment is left out.
const MAX_LOOKS: u8 = 4;
/// More comments than a new post has. Where there are more, nobody knows whether ours is among them.
const MOST: &str = "50";

/// How far a first comment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum FirstComment {
    /// The comments under the post are to be read.
    Look {
        /// How often they were read before.
        #[serde(default)]
        looks: u8,
    },
    /// Ours was not among them; it is to be sent at once, or to be looked for again.
    Send {
        /// When they were read.
        #[serde(with = "time::serde::rfc3339")]
        looked_at: OffsetDateTime,
        /// How often they were read.
        looks: u8,
    },
}

/// What is to stand where.
#[derive(Debug, Clone)]
pub(crate) struct Thread<'a> {
    /// Where the comments under the post are read and written.
    pub(crate) comments: Url,
    /// Who asks there.
    pub(crate) auth: Auth,
    /// The comment.
    pub(crate) text: &'a str,
    /// What to read of a comment: its words and who wrote it, by the network's names.
    pub(crate) fields: &'a str,
}

/// A comment under a post.
#[derive(Debug, Deserialize)]
struct Comment {
    #[serde(default, alias = "text")]
    message: String,
    #[serde(default)]
    from: Option<Author>,
}

#[derive(Debug, Deserialize)]
struct Author {
    #[serde(default, deserialize_with = "optional_text_or_number")]
    id: Option<String>,
    #[serde(default)]
    username: Option<String>,
}

impl FirstComment {
    /// Before the first look.
    pub(crate) const fn new() -> Self {
        Self::Look { looks: 0 }
    }

    /// The call that comes next; `None` when enough was tried.
    pub(crate) fn next(&self, cx: &PublishContext<'_>, thread: Thread<'_>) -> Option<Call> {
        match self {
            Self::Send { looked_at, .. } if is_fresh(*looked_at, cx.now) => Some(send(thread)),
            Self::Look { looks } | Self::Send { looks, .. } => {
                (*looks < MAX_LOOKS).then(|| look(thread))
            }
        }
    }

    /// The state after what came of the call for this text; `None` when it is over, with the comment or
    /// without.
    pub(crate) fn apply(self, event: &Event, cx: &PublishContext<'_>, text: &str) -> Option<Self> {
        // A list answers a look, also where a look took the place of a sending that came too late.
        if let Event::Answer(answer) = event
            && let Some(listed) = list(answer)
        {
            let is_whole = listed.after().is_none();
            let is_there = listed.data.iter().any(|comment| comment.is(text, cx));
            return (is_whole && !is_there).then_some(Self::Send {
                looked_at: cx.now,
                looks: self.looks() + 1,
            });
        }
        match (self, event) {
            (Self::Look { looks }, Event::Lost) => Some(Self::Look { looks: looks + 1 }),
            (Self::Look { looks }, Event::Answer(answer)) => {
                // What is refused now is refused again.
                answer
                    .is_server_error()
                    .then_some(Self::Look { looks: looks + 1 })
            }
            (Self::Send { .. }, Event::Answer(_) | Event::Lost) => None,
        }
    }

    const fn looks(&self) -> u8 {
        match self {
            Self::Look { looks } | Self::Send { looks, .. } => *looks,
        }
    }
}

impl Comment {
    /// Whether it is the comment in question; one without an author counts as ours.
    fn is(&self, text: &str, cx: &PublishContext<'_>) -> bool {
        let is_ours = self.from.as_ref().is_none_or(|from| {
            let by_id = from.id.as_ref() == Some(&cx.account.external_id);
            by_id || from.username.is_some() && from.username == cx.account.username
        });
        is_ours && normalise(&self.message) == normalise(text)
    }
}

fn is_fresh(looked_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    (Duration::ZERO..FRESH).contains(&(now - looked_at))
}

fn list(answer: &Answer) -> Option<Listed<Comment>> {
    answer.is_success().then(|| answer.json())?
}

fn look(mut thread: Thread<'_>) -> Call {
    thread
        .comments
        .query_pairs_mut()
        .append_pair("limit", MOST)
        .append_pair("fields", thread.fields);
    Call::get("look_for_comment", thread.comments)
        .auth(thread.auth)
        .optional()
}

fn send(thread: Thread<'_>) -> Call {
    Call::post("send_comment", thread.comments)
        .auth(thread.auth)
        .form([("message", FormValue::from(thread.text))])
        .optional()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use secrecy::SecretString;
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;
    use crate::{Account, App, Content, Safety};

    const NOON: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const TEXT: &str = "More here";

    fn thread() -> Thread<'static> {
        Thread {
            comments: "https://graph.facebook.com/v25.0/1_2/comments"
                .parse()
                .unwrap(),
            auth: Auth::BearerWithProof,
            text: TEXT,
            fields: "id,message,from{id}",
        }
    }

    /// Runs `then` at so many milliseconds after noon.
    fn at<T>(milliseconds: i64, then: impl FnOnce(&PublishContext<'_>) -> T) -> T {
        let app = App {
            client_id: String::new(),
            client_secret: SecretString::from(""),
            redirect_uri: "https://app.example/".parse().unwrap(),
            version: "v25.0".to_owned(),
            webhook_secret: None,
            webhook_verify_token: None,
            settings: std::collections::BTreeMap::new(),
        };
        let account = Account {
            external_id: "1".to_owned(),
            username: Some("studio".to_owned()),
            facts: Value::Null,
        };
        let content = Content {
            caption: String::new(),
            options: Value::Null,
            assets: Vec::new(),
        };
        then(&PublishContext {
            now: NOON + Duration::milliseconds(milliseconds),
            app: &app,
            account: &account,
            content: &content,
            armed_at: None,
            claimed: &[],
        })
    }

    fn answer(status: u16, body: &Value) -> Event {
        Event::Answer(Answer {
            status,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
        })
    }

    /// The name of the call that comes next at that time.
    fn call(comment: &FirstComment, milliseconds: i64) -> Option<&'static str> {
        let call = at(milliseconds, |cx| comment.next(cx, thread()))?;
        assert_eq!(call.safety, Safety::Optional);
        Some(call.name)
    }

    fn after(comment: FirstComment, event: &Event) -> Option<FirstComment> {
        at(0, |cx| comment.apply(event, cx, TEXT))
    }

    #[test]
    fn a_comment_is_sent_only_while_its_look_is_fresh() {
        let ready = after(FirstComment::new(), &answer(200, &json!({ "data": [] }))).unwrap();
        assert_eq!(call(&ready, 0), Some("send_comment"));
        assert_eq!(call(&ready, 799), Some("send_comment"));
        for late in [800, 90_000, -1] {
            assert_eq!(call(&ready, late), Some("look_for_comment"), "{late} ms");
        }
        let sent = answer(200, &json!({ "id": "2_3" }));
        assert_eq!(after(ready.clone(), &sent), None);
        assert_eq!(after(ready, &Event::Lost), None, "nothing is sent twice");
    }

    #[test]
    fn a_look_that_came_in_the_place_of_a_sending_is_read_as_a_look() {
        let stale = FirstComment::Send {
            looked_at: NOON - Duration::seconds(90),
            looks: 1,
        };
        let ours = json!({ "data": [{ "message": "More here", "from": { "id": "1" } }] });
        assert_eq!(after(stale.clone(), &answer(200, &ours)), None);
        let ready = after(stale, &answer(200, &json!({ "data": [] }))).unwrap();
        assert_eq!(call(&ready, 0), Some("send_comment"));
    }

    #[test]
    fn equal_words_are_ours_unless_somebody_else_wrote_them() {
        for (comment, is_ours) in [
            (
                json!({ "message": " More  here", "from": { "id": 1 } }),
                true,
            ),
            (json!({ "message": "More here" }), true),
            (
                json!({ "text": "More here", "from": { "id": "7", "username": "studio" } }),
                true,
            ),
            (
                json!({ "message": "More here", "from": { "id": "9" } }),
                false,
            ),
            (json!({ "message": "Else", "from": { "id": "1" } }), false),
        ] {
            let told = answer(200, &json!({ "data": [comment] }));
            let is_over = after(FirstComment::new(), &told).is_none();
            assert_eq!(is_over, is_ours, "{comment}");
        }
    }

    #[test]
    fn where_not_every_comment_is_read_none_is_sent() {
        let told = json!({ "data": [], "paging": { "cursors": { "after": "a" }, "next": "more" } });
        assert_eq!(after(FirstComment::new(), &answer(200, &told)), None);
    }

    #[test]
    fn a_look_is_taken_a_few_times_and_a_refusal_ends_it() {
        let refusal = answer(403, &json!({ "error": { "code": 10 } }));
        assert_eq!(after(FirstComment::new(), &refusal), None);
        let mut comment = FirstComment::new();
        let mut looks = 0;
        while call(&comment, 0).is_some() {
            looks += 1;
            let event = [Event::Lost, answer(500, &Value::Null)][looks % 2].clone();
            comment = after(comment, &event).unwrap();
        }
        assert_eq!(looks, usize::from(MAX_LOOKS));
    }
}
