//! What Facebook and Instagram share: one app, one consent, one Graph API.

mod business;
mod comment;
mod connect;
mod fault;
mod page;
mod signature;
mod upload;
mod usage;

use serde::Deserialize;
use url::Url;

pub(crate) use comment::{FirstComment, Thread};
pub(crate) use connect::{Consent, Step, page_token, prolong, revoke};
pub(crate) use fault::{
    PERMISSION_MISSING, Problem, Row, Table, access_row, number, problem, read, refused,
};
pub(crate) use page::Page;
pub use signature::{SignedRequest, SignedRequestError, signed_request};
pub(crate) use signature::{receive, withdrawal};
pub(crate) use upload::{Phase, PhaseError, Uploaded, send as send_bytes};
pub(crate) use usage::usage;

use crate::{Answer, App, Auth, Call, Fault, Login, Oauth, Pkce, PublishContext, RefreshPolicy};

/// Grants at Meta live and die together, whichever of its networks they were given for.
const GRANT_FAMILY: &str = "meta";
/// A person's token lives 60 days and is prolonged while it lives, a week after it was given at the earliest.
const PROLONG_BEFORE: i64 = 50 * 24 * 3_600;
/// The version that our shapes were read from (served until 2028-07-29).
pub(crate) const VERSION: &str = "v25.0";

/// The login at Facebook, whose app sees Pages, and the Instagram accounts behind them, as a person lets it.
pub(crate) const fn login(
    name: &'static str,
    variables: &'static str,
    scopes: &'static [&'static str],
) -> Login {
    Login {
        name,
        variables,
        oauth: Oauth {
            authorize_url: dialog,
            scopes,
            scope_separator: ",",
            client_id_parameter: "client_id",
            // Documented for another flow only.
            pkce: Pkce::None,
            // What was declined before is asked again.
            parameters: &[("auth_type", "rerequest")],
            bend: Some(configured),
        },
        grant_family: GRANT_FAMILY,
        // A Page's token has no end; it is read anew when it is refused.
        refresh: RefreshPolicy::Before { seconds: 0 },
        prolong_before: Some(PROLONG_BEFORE),
    }
}

/// An address of the Graph API.
pub(crate) fn graph(app: &App, path: &[&str]) -> Url {
    host("https://graph.facebook.com/", app, path)
}

/// An address of the Graph API's host for videos.
pub(crate) fn graph_video(app: &App, path: &[&str]) -> Url {
    host("https://graph-video.facebook.com/", app, path)
}

/// An address of the Graph API that takes the tokens of Instagram's own login.
pub(crate) fn graph_instagram(app: &App, path: &[&str]) -> Url {
    host("https://graph.instagram.com/", app, path)
}

/// The consent page.
fn dialog(app: &App) -> Url {
    host("https://www.facebook.com/", app, &["dialog", "oauth"])
}

/// The consent page with a saved configuration of Facebook Login for Business, which takes the place of
/// scopes, where our registration names one (`login_config_id`).
fn configured(app: &App, mut page: Url) -> Url {
    let Some(id) = app.settings.get("login_config_id") else {
        return page;
    };
    let pairs: Vec<(String, String)> = page
        .query_pairs()
        .filter(|(name, _)| name != "scope")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    page.query_pairs_mut()
        .clear()
        .extend_pairs(pairs)
        .append_pair("config_id", id);
    page
}

fn host(root: &'static str, app: &App, path: &[&str]) -> Url {
    address(root, &[&[app.version.as_str()], path].concat())
}

/// An address that bears no version.
pub(crate) fn address(root: &'static str, path: &[&str]) -> Url {
    let mut url = Url::parse(root).expect("a constant address parses");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// Reads `fields` of something, as the account.
pub(crate) fn ask(name: &'static str, mut url: Url, fields: &str) -> Call {
    url.query_pairs_mut().append_pair("fields", fields);
    Call::get(name, url).auth(Auth::BearerWithProof)
}

/// The body of a success, or the fault that the table makes of a refusal.
pub(crate) fn success<T: serde::de::DeserializeOwned>(
    answer: &Answer,
    cx: &PublishContext<'_>,
    table: Table,
    what: &str,
) -> Result<T, Fault> {
    if answer.is_success() {
        answer.parse(what)
    } else {
        Err(read(answer, table, cx.now))
    }
}

/// A list with its way on.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) paging: Option<Paging>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Paging {
    #[serde(default)]
    cursors: Option<Cursors>,
    /// Only whether there is more: the address itself can hold a token.
    #[serde(default)]
    next: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Cursors {
    #[serde(default)]
    after: Option<String>,
}

impl<T> Listed<T> {
    /// Where the next page begins, if there is one.
    pub(crate) fn after(&self) -> Option<String> {
        let paging = self
            .paging
            .as_ref()
            .filter(|paging| paging.next.is_some())?;
        paging.cursors.as_ref()?.after.clone()
    }
}

/// Something that has an id, as text or as a number.
#[derive(Debug, Deserialize)]
pub(crate) struct WithId {
    #[serde(deserialize_with = "text_or_number")]
    pub(crate) id: String,
}

/// Meta writes ids as texts and sometimes as numbers.
pub(crate) fn text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Number(number) => number.to_string(),
        Either::Text(text) => text,
    })
}

/// The same, where there may be none.
pub(crate) fn optional_text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Array(_)
        | serde_json::Value::Bool(_)
        | serde_json::Value::Null
        | serde_json::Value::Object(_) => None,
    })
}

/// A time as Meta writes it: `2026-02-22T10:40:45+0000`.
pub(crate) fn time_of(text: &str) -> Option<time::OffsetDateTime> {
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory][offset_minute]"
    );
    time::OffsetDateTime::parse(text, format)
        .or_else(|_| {
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_and_ids_are_read_as_meta_writes_them() {
        assert_eq!(
            time_of("2026-02-22T10:40:45+0000"),
            Some(datetime!(2026-02-22 10:40:45 UTC))
        );
        assert_eq!(
            time_of("2026-02-22T10:40:45+00:00"),
            time_of("2026-02-22T10:40:45+0000")
        );
        let ids: Vec<WithId> =
            serde_json::from_str(r#"[{"id":17889455560051444},{"id":"17889455560051444"}]"#)
                .unwrap();
        assert_eq!(ids[0].id, ids[1].id);
    }
}
