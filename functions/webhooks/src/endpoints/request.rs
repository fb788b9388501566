//! What may be asked of an endpoint.

use domain::{EVENT_TYPES, Violation};
use guard::Refusal;
use url::Url;
use web::Problem;

use crate::Env;

/// The longest address, in bytes.
const LONGEST_URL: usize = 2_048;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 200;

/// An address that events may be sent to: its name is looked up, and looked up anew before each request.
pub(super) async fn url(env: &Env, text: &str) -> Result<String, Problem> {
    let refused =
        |rule: &str, detail: &str, remedy: &str| Problem::field("url", rule, detail, remedy);
    if text.len() > LONGEST_URL {
        let detail = format!("has more than {LONGEST_URL} bytes");
        return Err(refused("url_too_long", &detail, "Shorten it."));
    }
    let public = "Use a public https address, as https://example.com/webhooks.";
    let url = Url::parse(text).map_err(|_| refused("url_invalid", "is no address", public))?;
    if url.fragment().is_some() {
        let detail = "has a fragment, which is never sent";
        return Err(refused(
            "url_invalid",
            detail,
            "Leave out what begins with #.",
        ));
    }
    match env.guard.check(&url).await {
        Ok(_) => Ok(url.into()),
        Err(Refusal::BadUrl(why)) => Err(refused("url_invalid", why, public)),
        Err(refusal @ Refusal::Forbidden) => {
            Err(refused("url_private", &refusal.to_string(), public))
        }
        Err(Refusal::Unreachable) => Err(refused(
            "url_unknown",
            "has a name that leads nowhere",
            "Check the name; if it is new, wait until it is known and ask again.",
        )),
    }
}

/// What an endpoint is called; nothing when that is empty.
pub(super) fn description(text: Option<String>) -> Result<Option<String>, Violation> {
    let text = text.filter(|text| !text.trim().is_empty());
    let length = text.as_ref().map_or(0, |text| text.chars().count());
    let is_plain = text
        .as_ref()
        .is_none_or(|text| !text.chars().any(char::is_control));
    if length <= LONGEST_DESCRIPTION && is_plain {
        return Ok(text);
    }
    Err(Violation::new(
        "description",
        "invalid_description",
        format!("is {length} characters long, or holds some that cannot be shown"),
        format!("Use up to {LONGEST_DESCRIPTION} characters on one line."),
    ))
}

/// The types of events that are wanted, each once.
pub(super) fn event_types(mut types: Vec<String>) -> Result<Vec<String>, Violation> {
    let unknown = types
        .iter()
        .position(|kind| !EVENT_TYPES.contains(&kind.as_str()));
    if let Some(at) = unknown {
        return Err(Violation::new(
            format!("eventTypes[{at}]"),
            "unknown_event_type",
            "is no type of event",
            format!(
                "Use some of {}; leave eventTypes empty for all.",
                EVENT_TYPES.join(", ")
            ),
        ));
    }
    types.sort_unstable();
    types.dedup();
    Ok(types)
}
