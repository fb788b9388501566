//! Instagram's own login: a code for a token of an hour, that for one of sixty days, and whose it is.
//!
//! Facts: Meta's guide to the Instagram API with Instagram Login (read 2026-11). There is no PKCE,
//! no call that withdraws access, and a token that has ended cannot be renewed.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::super::{fault::row, host};
use crate::{
    Action, Answer, App, AppContext, Call, Callback, Credentials, Event, Fault, FaultKind,
    FormValue, Grant, GrantedAccount, Machine, OneCall, Tokens,
    meta::{self, text_or_number},
};

/// What publishing needs.
pub(in super::super) const SCOPES: &[&str] = &[
    "instagram_business_basic",
    "instagram_business_content_publish",
];
/// Where tokens come from; their addresses bear no version.
const GRAPH: &str = "https://graph.instagram.com/";
const FIELDS: &str = "user_id,username,name,account_type,profile_picture_url";
/// How long a long token lives where its answer does not say.
const USUAL_LIFE: Duration = Duration::days(60);
/// A token is renewed when less than this is left of it.
pub(in super::super) const RENEWED_BEFORE: Duration = Duration::days(50);
/// How old a token is at least when it is renewed; Instagram refuses to renew one of less than a day.
const LEAST_AGE: Duration = Duration::days(7);

/// Turns a code into the account that logged in.
#[derive(Debug)]
pub enum Connect {
    /// The code is to be exchanged for a token of an hour.
    Exchange {
        /// The one-time code.
        code: SecretString,
    },
    /// The token is to be exchanged for one of sixty days.
    Lengthen(Short),
    /// Whose it is is to be asked.
    Identify {
        /// The person, as our app knows them.
        subject: String,
        /// The tokens to keep.
        tokens: Tokens,
    },
    /// Connected.
    Connected(Grant),
}

/// What a code is exchanged for.
#[derive(Debug, Deserialize)]
pub struct Short {
    access_token: SecretString,
    #[serde(deserialize_with = "text_or_number")]
    user_id: String,
    #[serde(default)]
    permissions: Option<Permissions>,
}

/// Some answers come with a list around them and some without.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Either<T> {
    Listed { data: (T,) },
    Plain(T),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Permissions {
    List(Vec<String>),
    Text(String),
}

#[derive(Debug, Deserialize)]
struct Long {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<i64>,
    #[serde(default)]
    permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
struct Me {
    #[serde(deserialize_with = "text_or_number")]
    user_id: String,
    username: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    account_type: Option<String>,
    #[serde(default)]
    profile_picture_url: Option<String>,
}

/// How the exchange of a code is refused, unlike any other call.
#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(rename = "error_type")]
    _kind: IgnoredAny,
    #[serde(default)]
    error_message: String,
}

/// The consent page.
pub(in super::super) fn consent_page(_: &App) -> Url {
    meta::address("https://www.instagram.com/", &["oauth", "authorize"])
}

/// What every account that came by this login tells of itself.
fn facts() -> Value {
    json!({ "login": host::OWN_LOGIN })
}

/// Starts to turn a callback into a grant.
pub(super) fn connect(callback: Callback) -> Connect {
    let code = callback.code.expose_secret();
    // Instagram ends the address with a fragment, which is no part of the code.
    let bare = code.strip_suffix("#_").map(SecretString::from);
    Connect::Exchange {
        code: bare.unwrap_or(callback.code),
    }
}

/// Renews the token with itself.
pub(super) fn refresh(credentials: &Credentials) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.clone();
    let token = old.refresh?;
    let call = Call::get(
        "refresh_token",
        with_secrets(
            meta::address(GRAPH, &["refresh_access_token"]),
            &[
                ("grant_type", "ig_refresh_token"),
                ("access_token", token.expose_secret()),
            ],
        ),
    );
    Some(OneCall::new(call, move |answer, cx| {
        if !answer.is_success() {
            return Err(refused(answer, cx.now));
        }
        let long: Long = answer.parse("access_token")?;
        Ok(tokens(long, old.scopes.clone(), cx.now))
    }))
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        match self {
            Self::Exchange { code } => Action::Send(exchange(code, cx.app)),
            Self::Lengthen(short) => Action::Send(lengthen(short, cx.app)),
            Self::Identify { tokens, .. } => {
                let mut url = host::address(&facts(), cx.app, &["me"]);
                url.query_pairs_mut().append_pair("fields", FIELDS);
                let auth = host::auth_of(&facts(), cx.app, tokens.access.clone());
                Action::Send(Call::get("read_account", url).auth(auth))
            }
            Self::Connected(grant) => Action::Done(grant.clone()),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        Ok(match self {
            Self::Exchange { .. } => Self::Lengthen(short(&answer, cx.now)?),
            Self::Lengthen(short) => {
                if !answer.is_success() {
                    return Err(refused(&answer, cx.now));
                }
                let long: Long = answer.parse("access_token")?;
                let scopes = short.permissions.map(Permissions::names);
                Self::Identify {
                    subject: short.user_id,
                    tokens: tokens(long, scopes.unwrap_or_default(), cx.now),
                }
            }
            Self::Identify { subject, tokens } => {
                if !answer.is_success() {
                    return Err(refused(&answer, cx.now));
                }
                let me: Either<Me> = answer.parse("me")?;
                Self::Connected(granted(me.into_inner(), subject, tokens)?)
            }
            Self::Connected(grant) => Self::Connected(grant),
        })
    }
}

fn exchange(code: &SecretString, app: &App) -> Call {
    let url = meta::address("https://api.instagram.com/", &["oauth", "access_token"]);
    Call::post("exchange_code", url).form([
        ("client_id", FormValue::from(app.client_id.as_str())),
        ("client_secret", FormValue::from(&app.client_secret)),
        ("grant_type", FormValue::from("authorization_code")),
        ("redirect_uri", FormValue::from(app.redirect_uri.as_str())),
        ("code", FormValue::from(code)),
    ])
}

/// A token of an hour for one of sixty days.
fn lengthen(short: &Short, app: &App) -> Call {
    let url = with_secrets(
        meta::address(GRAPH, &["access_token"]),
        &[
            ("grant_type", "ig_exchange_token"),
            ("client_secret", app.client_secret.expose_secret()),
            ("access_token", short.access_token.expose_secret()),
        ],
    );
    Call::get("lengthen_token", url)
}

/// Both calls for long tokens are documented with everything in the address, and in no other way.
fn with_secrets(mut url: Url, pairs: &[(&str, &str)]) -> Url {
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

/// The short token, if everything that posting needs was allowed.
fn short(answer: &Answer, now: OffsetDateTime) -> Result<Short, Fault> {
    if !answer.is_success() {
        let told = answer.json::<Refusal>().filter(|_| answer.status == 400);
        return Err(told.map_or_else(
            || refused(answer, now),
            |refusal| {
                Fault::reconnect(
                    "code_refused",
                    "The way back from Instagram was not accepted; start anew.",
                )
                .seen(refusal.error_message)
            },
        ));
    }
    let short: Either<Short> = answer.parse("access_token")?;
    let short = short.into_inner();
    let Some(given) = short.permissions.as_ref() else {
        return Ok(short);
    };
    let missing: Vec<&str> = SCOPES
        .iter()
        .copied()
        .filter(|scope| !given.hold(scope))
        .collect();
    if missing.is_empty() {
        return Ok(short);
    }
    Err(Fault::reconnect(
        "scope_missing",
        format!(
            "Not everything that posting needs was allowed ({}); connect again and allow it.",
            missing.join(", ")
        ),
    ))
}

/// The long token, which also renews itself, unless it would be too young for that when it is due.
fn tokens(long: Long, scopes: Vec<String>, now: OffsetDateTime) -> Tokens {
    let life = long.expires_in.map_or(USUAL_LIFE, Duration::seconds);
    let ends_at = now + life;
    let is_renewed = life >= RENEWED_BEFORE + LEAST_AGE;
    Tokens {
        access_expires_at: Some(ends_at),
        refresh: is_renewed.then(|| long.access_token.clone()),
        refresh_expires_at: is_renewed.then_some(ends_at),
        access: long.access_token,
        scopes: long.permissions.map_or(scopes, Permissions::names),
    }
}

fn granted(me: Me, subject: String, tokens: Tokens) -> Result<Grant, Fault> {
    let is_professional = |kind: &String| {
        ["business", "media_creator"]
            .iter()
            .any(|professional| kind.eq_ignore_ascii_case(professional))
    };
    if !me.account_type.as_ref().is_none_or(is_professional) {
        return Err(Fault::content(
            "account_not_professional",
            "This is a personal account; make it a professional one in Instagram's settings, then connect it again.",
        ));
    }
    let name = me.name.filter(|name| !name.is_empty());
    Ok(Grant {
        subject,
        accounts: vec![GrantedAccount {
            external_id: me.user_id,
            display_name: name.unwrap_or_else(|| me.username.clone()),
            username: Some(me.username),
            avatar_url: me.profile_picture_url,
            facts: facts(),
            tokens,
        }],
    })
}

/// What is refused of a token, only the person can mend.
fn refused(answer: &Answer, now: OffsetDateTime) -> Fault {
    let fault = meta::read(answer, row, now);
    let is_access_lost = fault.kind == FaultKind::Unauthorized
        || matches!(fault.code.as_str(), "post_refused" | "refused");
    if !is_access_lost {
        return fault;
    }
    Fault::reconnect(
        "grant_ended",
        "Instagram no longer accepts the connection; connect the account again.",
    )
    .seen(fault.evidence.unwrap_or_default())
}

impl<T> Either<T> {
    fn into_inner(self) -> T {
        match self {
            Self::Listed { data: (inner,) } | Self::Plain(inner) => inner,
        }
    }
}

impl Permissions {
    fn hold(&self, scope: &str) -> bool {
        match self {
            Self::List(names) => names.iter().any(|name| name == scope),
            Self::Text(text) => text.split([',', ' ']).any(|name| name == scope),
        }
    }

    fn names(self) -> Vec<String> {
        match self {
            Self::List(names) => names,
            Self::Text(text) => text
                .split([',', ' '])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}
