//! Meta's refusals: one envelope for both networks, a table of rows for each.

use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::{Answer, Fault};

/// What a row of a table makes of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// The person changes the post; stable code and sentence.
    Content(&'static str, &'static str),
    /// The operator acts.
    Operator(&'static str, &'static str),
    /// A limit; it is over when the headers say.
    Quota(&'static str, &'static str),
    /// The person connects again.
    Reconnect(&'static str, &'static str),
    /// The same again may work.
    Retry(&'static str, &'static str),
    /// The token is refused: renew it once.
    Token,
    /// It may have had an effect in spite of what it says; never a refusal of a commit.
    Unknown,
}

/// A network's rows; `None` where it lists nothing certain.
pub(crate) type Table = fn(&Problem) -> Option<Row>;

/// The rows of both networks: the service, the permissions, the token, the person behind it.
pub(crate) const fn access_row(code: i64, subcode: i64) -> Option<Row> {
    Some(match (code, subcode) {
        // A broken service has refused nothing.
        (1 | 2, _) => Row::Unknown,
        (10 | 200..=299, _) => PERMISSION_MISSING,
        (100, 33) | (803, _) => Row::Reconnect(
            "account_not_visible",
            "The network does not show the account to us any more; connect it again.",
        ),
        (100, _) => Row::Content(
            "post_refused",
            "The network did not take a part of the post.",
        ),
        (190, 458) => Row::Reconnect(
            "access_withdrawn",
            "Picscripter was removed from the account's apps; connect the account again.",
        ),
        (190, 459) => Row::Content(
            "account_checkpoint",
            "The network asks the person who connected the account for a check; log in there, finish it, then post again.",
        ),
        (190, 460) => Row::Reconnect(
            "session_ended",
            "The connection ended with a change of the password; connect the account again.",
        ),
        (190, 464) => Row::Content(
            "account_unconfirmed",
            "The account that was logged in to is not confirmed; confirm it at the network, then post again.",
        ),
        (190, 492) => Row::Reconnect(
            "role_lost",
            "The person who connected the Page has no role on it any more; ask its admin, then connect it again.",
        ),
        (102 | 190 | 2_500, _) => Row::Token,
        _ => return None,
    })
}

/// What was granted does not suffice.
pub(crate) const PERMISSION_MISSING: Row = Row::Reconnect(
    "permission_missing",
    "The network was not allowed everything that posting needs; connect the account again and allow it all.",
);

#[derive(Debug, Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    error: Problem,
}

/// A refusal of the Graph API.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    #[serde(deserialize_with = "number")]
    pub(crate) code: i64,
    #[serde(deserialize_with = "number")]
    pub(crate) error_subcode: i64,
    pub(crate) message: String,
    pub(crate) error_user_msg: Option<String>,
    pub(crate) is_transient: bool,
    pub(crate) error_data: Option<Value>,
    pub(crate) fbtrace_id: String,
}

/// The fault for an answer that the table lists as refused before any effect; `None` for all others.
pub(crate) fn refused(answer: &Answer, table: Table, now: OffsetDateTime) -> Option<Fault> {
    problem(answer)?.listed(answer, table, now)
}

/// The fault for an answer to a call that may be repeated.
pub(crate) fn read(answer: &Answer, table: Table, now: OffsetDateTime) -> Fault {
    match problem(answer) {
        Some(problem) => problem.read(answer, table, now),
        None => unavailable(answer).seen(answer.status.to_string()),
    }
}

fn unavailable(answer: &Answer) -> Fault {
    Fault::retry(
        "meta_unavailable",
        "The network is not available; trying again.",
    )
    .after(answer.retry_after())
}

/// Codes are numbers and sometimes texts.
pub(crate) fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64().unwrap_or_default(),
        Value::String(text) => text.parse().unwrap_or_default(),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Object(_) => 0,
    })
}

/// The refusal in an answer, if it is one.
pub(crate) fn problem(answer: &Answer) -> Option<Problem> {
    if answer.is_success() {
        return None;
    }
    answer
        .json::<Envelope>()
        .map(|envelope| envelope.error)
        .filter(|problem| problem.code != 0 || problem.error_subcode != 0)
}

impl Problem {
    /// The fault of a refusal that the table lists; `None` where it lists nothing certain.
    fn listed(&self, answer: &Answer, table: Table, now: OffsetDateTime) -> Option<Fault> {
        let fault = match table(self)? {
            Row::Content(code, sentence) => Fault::content(code, self.sentence(sentence)),
            Row::Operator(code, sentence) => Fault::operator(code, sentence),
            Row::Quota(code, sentence) => Fault::quota(Some(regained(answer, now)), code, sentence),
            Row::Reconnect(code, sentence) => Fault::reconnect(code, sentence),
            Row::Retry(code, sentence) => Fault::retry(code, sentence).after(answer.retry_after()),
            Row::Token => Fault::unauthorized(),
            Row::Unknown => return None,
        };
        Some(fault.seen(self.told()))
    }

    /// The fault of a refusal of a call that may be repeated, listed or not.
    fn read(&self, answer: &Answer, table: Table, now: OffsetDateTime) -> Fault {
        if let Some(fault) = self.listed(answer, table, now) {
            return fault;
        }
        let is_passing =
            self.is_transient || answer.is_server_error() || table(self) == Some(Row::Unknown);
        let fault = if is_passing {
            unavailable(answer)
        } else {
            Fault::content(
                "refused",
                self.sentence("The network refused the post and did not say why in words we know."),
            )
        };
        fault.seen(self.told())
    }

    /// Whether the object is not visible to the token, or not yet.
    pub(crate) const fn is_invisible(&self) -> bool {
        self.code == 100 && self.error_subcode == 33
    }

    /// Meta's own words to the person, where it has some.
    fn sentence(&self, ours: &str) -> String {
        let theirs = self.error_user_msg.as_deref().map(|text| {
            text.chars()
                .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
                .take(300)
                .collect::<String>()
        });
        match theirs.filter(|text| !text.is_empty()) {
            Some(theirs) => format!("{ours} ({theirs})"),
            None => ours.to_owned(),
        }
    }

    fn told(&self) -> String {
        format!(
            "{}/{} {} [{}]",
            self.code, self.error_subcode, self.message, self.fbtrace_id
        )
    }
}

/// When a limit is over: the header tells it; without it, in a quarter of an hour.
fn regained(answer: &Answer, now: OffsetDateTime) -> OffsetDateTime {
    let wait = super::usage::free_in(answer).or_else(|| answer.retry_after());
    now + wait.unwrap_or(Duration::minutes(15))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn codes_are_read_as_numbers_and_as_texts_and_a_limit_ends_as_its_header_says() {
        let mut headers = HeaderMap::new();
        let usage = r#"{"17841":[{"type":"instagram","call_count":97,"estimated_time_to_regain_access":7}]}"#;
        headers.insert("x-business-use-case-usage", usage.parse().unwrap());
        let body = json!({"error": {"message": "m", "code": "80002", "error_subcode": "5", "fbtrace_id": "f"}});
        let answer = Answer {
            status: 400,
            headers,
            body: body.to_string().into_bytes(),
        };
        let problem = problem(&answer).unwrap();
        assert_eq!((problem.code, problem.error_subcode), (80002, 5));
        let now = datetime!(2026-01-01 12:00 UTC);
        assert_eq!(regained(&answer, now), now + Duration::minutes(7));
    }
}
