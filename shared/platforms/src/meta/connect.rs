//! The consent that Facebook and Instagram share: code, long-lived token, permissions, person, Pages.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Listed, Page, WithId,
    business::{self, Search},
    graph, problem, text_or_number,
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Fault, FormValue, Grant,
    OneCall, Tokens,
    meta::fault::{Table, read},
};

/// More pages of Pages than anybody manages.
const MAX_PAGES: usize = 40;

/// Everything that a consent led to.
#[derive(Debug, Clone)]
pub(crate) struct Consent {
    /// The person, as our app knows them.
    pub(crate) person: String,
    /// The long-lived token of the person.
    pub(crate) user: SecretString,
    /// When that token ends.
    pub(crate) ends_at: Option<OffsetDateTime>,
    /// When the person's data may not be read any more, 90 days after the last login.
    pub(crate) data_access_until: Option<OffsetDateTime>,
    /// What was allowed.
    pub(crate) scopes: Vec<String>,
    /// Every Page.
    pub(crate) pages: Vec<Page>,
}

/// How far a consent is.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The code is to be exchanged for a token of an hour.
    Exchange(Callback),
    /// The token is to be exchanged for one of two months.
    Extend(SecretString),
    /// What the token is good for is to be asked.
    Inspect(Consent),
    /// What was allowed is to be asked.
    Permissions(Consent),
    /// Who allowed it is to be asked.
    Who(Consent),
    /// The next Pages are to be listed.
    List {
        /// What is known.
        found: Consent,
        /// Where to go on.
        after: Option<String>,
        /// How many lists were read.
        read: usize,
    },
    /// Pages behind businesses are to be looked for.
    Search(Search),
    /// Everything is known.
    Done(Box<Consent>),
}

#[derive(Debug, Deserialize)]
pub(super) struct Token {
    pub(super) access_token: SecretString,
    #[serde(default)]
    expires_in: Option<i64>,
}

/// What a token is good for, as it is told to the app that it was given to.
#[derive(Debug, Deserialize)]
struct Inspected {
    #[serde(deserialize_with = "text_or_number")]
    app_id: String,
    is_valid: bool,
    #[serde(default)]
    expires_at: i64,
    #[serde(default)]
    data_access_expires_at: i64,
}

#[derive(Debug, Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Debug, Deserialize)]
struct Permission {
    permission: String,
    status: String,
}

impl Step {
    /// What comes next; `grant` makes the output of what was found.
    pub(crate) fn next(
        &self,
        app: &App,
        fields: &str,
        grant: impl FnOnce(&Consent) -> Grant,
    ) -> Action<Grant> {
        match self {
            Self::Done(found) => Action::Done(grant(found)),
            Self::Exchange(callback) => Action::Send(exchange(callback, app)),
            Self::Extend(short) => Action::Send(extend(short, app)),
            Self::Inspect(found) => Action::Send(inspect(&found.user, app)),
            Self::Permissions(found) => Action::Send(authorised(
                "read_permissions",
                graph(app, &["me", "permissions"]),
                &found.user,
            )),
            Self::Who(found) => {
                let mut url = graph(app, &["me"]);
                url.query_pairs_mut().append_pair("fields", "id,name");
                Action::Send(authorised("read_person", url, &found.user))
            }
            Self::List { found, after, .. } => {
                let url = graph(app, &["me", "accounts"]);
                let url = list_url(url, fields, after.as_deref());
                Action::Send(authorised("list_pages", url, &found.user))
            }
            Self::Search(search) => search
                .next(app, fields)
                .map_or_else(|| Action::Done(grant(search.found())), Action::Send),
        }
    }

    /// The step after an answer. `needed` are the scopes that posting needs.
    pub(crate) fn after(
        self,
        answer: &Answer,
        cx: &AppContext<'_>,
        table: Table,
        needed: &[&str],
    ) -> Result<Self, Fault> {
        if let Self::Inspect(found) = self {
            return inspected(found, answer, cx).map(Self::Permissions);
        }
        if let Self::Search(search) = self {
            return Ok(search.after(answer));
        }
        if !answer.is_success() {
            return Err(refused(
                answer,
                table,
                cx.now,
                matches!(self, Self::Exchange(_)),
            ));
        }
        Ok(match self {
            Self::Exchange(_) => Self::Extend(answer.parse::<Token>("access_token")?.access_token),
            Self::Extend(_) => {
                let token: Token = answer.parse("access_token")?;
                Self::Inspect(Consent {
                    person: String::new(),
                    user: token.access_token,
                    ends_at: token
                        .expires_in
                        .map(|seconds| cx.now + Duration::seconds(seconds)),
                    data_access_until: None,
                    scopes: Vec::new(),
                    pages: Vec::new(),
                })
            }
            Self::Permissions(found) => {
                let listed: Listed<Permission> = answer.parse("permissions")?;
                let scopes: Vec<String> = listed
                    .data
                    .into_iter()
                    .filter(|it| it.status == "granted")
                    .map(|it| it.permission)
                    .collect();
                let missing: Vec<&str> = needed
                    .iter()
                    .copied()
                    .filter(|scope| !scopes.iter().any(|given| given == scope))
                    .collect();
                if !missing.is_empty() {
                    return Err(Fault::reconnect(
                        "scope_missing",
                        format!(
                            "Not everything that posting needs was allowed ({}); connect again and allow it.",
                            missing.join(", ")
                        ),
                    ));
                }
                Self::Who(Consent { scopes, ..found })
            }
            Self::Who(found) => {
                let person: WithId = answer.parse("me")?;
                Self::List {
                    found: Consent {
                        person: person.id,
                        ..found
                    },
                    after: None,
                    read: 0,
                }
            }
            Self::List {
                mut found, read, ..
            } => {
                let listed: Listed<Page> = answer.parse("accounts")?;
                let after = listed.after().filter(|_| read + 1 < MAX_PAGES);
                found.pages.extend(listed.data);
                if after.is_some() {
                    Self::List {
                        found,
                        after,
                        read: read + 1,
                    }
                } else {
                    business::search(found, read + 1)
                }
            }
            Self::Done(_) | Self::Inspect(_) | Self::Search(_) => self,
        })
    }

    /// The step after a call without an answer; only what is nice to have goes on without.
    pub(crate) fn lost(self) -> Self {
        match self {
            Self::Search(search) => search.end(),
            Self::Done(_)
            | Self::Exchange(_)
            | Self::Extend(_)
            | Self::Inspect(_)
            | Self::List { .. }
            | Self::Permissions(_)
            | Self::Who(_) => self,
        }
    }
}

/// Whether a token is ours and what it is good for. Where that cannot be told, the calls that follow will tell.
fn inspected(found: Consent, answer: &Answer, cx: &AppContext<'_>) -> Result<Consent, Fault> {
    let told = answer.json::<Data<Inspected>>().map(|told| told.data);
    let Some(told) = told.filter(|_| answer.is_success()) else {
        return Ok(found);
    };
    if told.app_id != cx.app.client_id || !told.is_valid {
        return Err(Fault::reconnect(
            "token_foreign",
            "Facebook does not know the access that it gave as ours; start anew.",
        ));
    }
    // 0 stands for never.
    let time = |seconds: i64| {
        let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
        time.filter(|_| seconds > 0)
    };
    Ok(Consent {
        ends_at: time(told.expires_at).or(found.ends_at),
        data_access_until: time(told.data_access_expires_at),
        ..found
    })
}

impl Consent {
    /// What is kept of it with each account, beside what `facts` says of the account itself.
    pub(crate) fn facts(&self, mut facts: Value) -> Value {
        let until = self
            .data_access_until
            .and_then(|until| until.format(&Rfc3339).ok());
        if let Some(until) = until {
            facts["dataAccessUntil"] = until.into();
        }
        facts
    }

    /// The tokens of a Page: its own, which has no end, and the person's, which it comes from.
    pub(crate) fn tokens(&self, page: SecretString) -> Tokens {
        Tokens {
            access: page,
            access_expires_at: None,
            refresh: Some(self.user.clone()),
            refresh_expires_at: self.ends_at,
            scopes: self.scopes.clone(),
        }
    }
}

/// Reads a Page's token anew with the person's.
pub(crate) fn page_token(
    credentials: &Credentials,
    page: &str,
    app: &App,
    table: Table,
) -> Option<OneCall<Tokens>> {
    let user = credentials.tokens.refresh.clone()?;
    let old = credentials.tokens.clone();
    Some(OneCall::new(
        ask_page_token(page, app, &user),
        move |answer, cx| {
            if !answer.is_success() {
                return Err(match refused(answer, table, cx.now, false) {
                    fault
                        if matches!(
                            fault.kind,
                            crate::FaultKind::Unauthorized | crate::FaultKind::Content
                        ) =>
                    {
                        lost_access()
                    }
                    fault => fault,
                });
            }
            let token: Token = answer.parse("access_token").map_err(|_| lost_access())?;
            Ok(Tokens {
                access: token.access_token,
                ..old.clone()
            })
        },
    ))
}

/// Asks for the token of a Page with the person's.
pub(super) fn ask_page_token(page: &str, app: &App, user: &SecretString) -> Call {
    let mut url = graph(app, &[page]);
    url.query_pairs_mut().append_pair("fields", "access_token");
    authorised("read_page_token", url, user)
}

/// Exchanges the person's token, while it lives, for one that lives two months from now on.
pub(crate) fn prolong(
    credentials: &Credentials,
    app: &App,
    table: Table,
) -> Option<OneCall<Tokens>> {
    let user = credentials.tokens.refresh.clone()?;
    let old = credentials.tokens.clone();
    Some(OneCall::new(extend(&user, app), move |answer, cx| {
        if !answer.is_success() {
            return Err(refused(answer, table, cx.now, false));
        }
        let token: Token = answer.parse("access_token")?;
        let life = token.expires_in.map(Duration::seconds);
        Ok(Tokens {
            refresh: Some(token.access_token),
            refresh_expires_at: life.map_or(old.refresh_expires_at, |life| Some(cx.now + life)),
            ..old.clone()
        })
    }))
}

/// Withdraws the whole grant of the person, with all Pages and Instagram accounts behind them.
pub(crate) fn revoke(credentials: &Credentials, app: &App, table: Table) -> Option<OneCall<()>> {
    let user = credentials.tokens.refresh.clone()?;
    let call = Call::delete(
        "revoke_access",
        graph(app, &[&credentials.subject, "permissions"]),
    )
    .auth(Auth::BearerOfWithProof(user));
    Some(OneCall::new(call, move |answer, cx| {
        // A token that is dead has nothing left to withdraw.
        let is_dead = problem(answer).is_some_and(|problem| matches!(problem.code, 190 | 102));
        if answer.is_success() || is_dead {
            Ok(())
        } else {
            Err(refused(answer, table, cx.now, false))
        }
    }))
}

/// As a form, so that no secret stands in an address.
fn exchange(callback: &Callback, app: &App) -> Call {
    Call::post("exchange_code", graph(app, &["oauth", "access_token"])).form([
        ("client_id", FormValue::from(app.client_id.as_str())),
        ("client_secret", FormValue::from(&app.client_secret)),
        ("redirect_uri", FormValue::from(app.redirect_uri.as_str())),
        ("code", FormValue::from(&callback.code)),
    ])
}

/// A token of an hour for one of two months.
fn extend(short: &SecretString, app: &App) -> Call {
    Call::post("extend_token", graph(app, &["oauth", "access_token"])).form([
        ("grant_type", FormValue::from("fb_exchange_token")),
        ("client_id", FormValue::from(app.client_id.as_str())),
        ("client_secret", FormValue::from(&app.client_secret)),
        ("fb_exchange_token", FormValue::from(short)),
    ])
}

/// Asks what a token is good for, as the app that it was given to.
fn inspect(token: &SecretString, app: &App) -> Call {
    let mut url = graph(app, &["debug_token"]);
    url.query_pairs_mut()
        .append_pair("input_token", token.expose_secret());
    let own = format!("{}|{}", app.client_id, app.client_secret.expose_secret());
    Call::get("inspect_token", url).auth(Auth::BearerOf(own.into()))
}

/// A list with these fields from a place on.
pub(super) fn list_url(mut url: url::Url, fields: &str, after: Option<&str>) -> url::Url {
    url.query_pairs_mut()
        .append_pair("fields", fields)
        .append_pair("limit", "100")
        .extend_pairs(after.map(|after| ("after", after)));
    url
}

pub(super) fn authorised(name: &'static str, url: url::Url, token: &SecretString) -> Call {
    Call::get(name, url).auth(Auth::BearerOfWithProof(token.clone()))
}

fn lost_access() -> Fault {
    Fault::reconnect(
        "grant_ended",
        "Facebook no longer accepts the connection; connect the account again.",
    )
}

fn refused(answer: &Answer, table: Table, now: OffsetDateTime, is_exchange: bool) -> Fault {
    let told = problem(answer).filter(|problem| is_exchange && problem.code == 100);
    told.map_or_else(
        || read(answer, table, now),
        |problem| {
            Fault::reconnect(
                "code_refused",
                "The way back from Facebook was not accepted; start anew.",
            )
            .seen(problem.message)
        },
    )
}
