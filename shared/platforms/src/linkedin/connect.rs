//! From the callback to a grant; refresh where the app has it; revoke.

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    fault,
    profile::{SCOPES, api, www},
    wire::{TokenAnswer, UserInfo},
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Event, Fault, FormValue,
    Grant, GrantedAccount, Machine, OneCall, Tokens,
};

/// So often a token that is some seconds old is tried.
const MAX_TRIES: u8 = 4;

/// Turns a code into tokens, and asks whose they are.
#[derive(Debug)]
pub enum Connect {
    /// Whose the tokens are is to be asked.
    AskWho {
        /// The tokens.
        tokens: Tokens,
        /// How often LinkedIn did not know them yet.
        tries: u8,
    },
    /// Everything is known.
    Connected(Box<Grant>),
    /// The code is to be exchanged.
    Exchange(Callback),
}

/// Starts to turn a callback into a grant.
pub const fn connect(callback: Callback) -> Connect {
    Connect::Exchange(callback)
}

/// Renews the access token, where LinkedIn gave the app something to renew it with.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.refresh.clone()?;
    let scopes = credentials.tokens.scopes.clone();
    let call = token_call(
        "refresh_tokens",
        "accessToken",
        app,
        [
            ("grant_type", FormValue::from("refresh_token")),
            ("refresh_token", FormValue::from(&old)),
        ],
    );
    Some(OneCall::new(call, move |answer, cx| {
        let tokens = read_tokens(answer, cx.now)?;
        Ok(Tokens {
            refresh: tokens.refresh.clone().or_else(|| Some(old.clone())),
            scopes: if tokens.scopes.is_empty() {
                scopes.clone()
            } else {
                tokens.scopes.clone()
            },
            ..tokens
        })
    }))
}

/// Withdraws our access.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    let token = FormValue::from(&credentials.tokens.access);
    let call = token_call("revoke_access", "revoke", app, [("token", token)]);
    Some(OneCall::new(call, |answer, cx| {
        // A token that LinkedIn does not know any more is as good as revoked.
        if answer.is_success() || matches!(answer.status, 400 | 401) {
            Ok(())
        } else {
            Err(fault::read(answer, cx.now))
        }
    }))
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        match self {
            Self::AskWho { tokens, .. } => Action::Send(
                Call::get("read_member", api(&["v2", "userinfo"]))
                    .auth(Auth::BearerOf(tokens.access.clone())),
            ),
            Self::Connected(grant) => Action::Done((**grant).clone()),
            Self::Exchange(callback) => Action::Send(token_call(
                "exchange_code",
                "accessToken",
                cx.app,
                [
                    ("grant_type", FormValue::from("authorization_code")),
                    ("code", FormValue::from(&callback.code)),
                    (
                        "redirect_uri",
                        FormValue::from(cx.app.redirect_uri.as_str()),
                    ),
                ],
            )),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        match self {
            Self::AskWho { tokens, tries } => {
                if fault::is_too_new(&answer) && tries + 1 < MAX_TRIES {
                    return Ok(Self::AskWho {
                        tokens,
                        tries: tries + 1,
                    });
                }
                if !answer.is_success() {
                    return Err(fault::read(&answer, cx.now));
                }
                Ok(Self::Connected(Box::new(grant(
                    answer.parse("userinfo")?,
                    tokens,
                ))))
            }
            Self::Connected(grant) => Ok(Self::Connected(grant)),
            Self::Exchange(_) => {
                let tokens = with_every_scope(read_tokens(&answer, cx.now)?)?;
                Ok(Self::AskWho { tokens, tries: 0 })
            }
        }
    }
}

/// LinkedIn wants the app's credentials in the form, not in a header.
fn token_call<const N: usize>(
    name: &'static str,
    path: &str,
    app: &App,
    fields: [(&'static str, FormValue); N],
) -> Call {
    let ours = [
        ("client_id", FormValue::from(app.client_id.as_str())),
        ("client_secret", FormValue::from(&app.client_secret)),
    ];
    Call::post(name, www(&["oauth", "v2", path])).form(fields.into_iter().chain(ours))
}

fn read_tokens(answer: &Answer, now: OffsetDateTime) -> Result<Tokens, Fault> {
    if !answer.is_success() {
        return Err(fault::read_token(answer, now));
    }
    let given: TokenAnswer = answer.parse("accessToken")?;
    let ends = |seconds: i64| now + Duration::seconds(seconds);
    Ok(Tokens {
        access: given.access_token,
        access_expires_at: given.expires_in.map(ends),
        refresh: given.refresh_token,
        refresh_expires_at: given.refresh_token_expires_in.map(ends),
        scopes: given
            .scope
            .split([' ', ','])
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

fn with_every_scope(tokens: Tokens) -> Result<Tokens, Fault> {
    let missing: Vec<&str> = SCOPES
        .iter()
        .copied()
        .filter(|scope| !tokens.scopes.iter().any(|given| given == scope))
        .collect();
    if missing.is_empty() {
        return Ok(tokens);
    }
    Err(Fault::reconnect(
        "scope_missing",
        format!(
            "LinkedIn did not allow everything that posting needs ({}); connect again and allow it.",
            missing.join(", ")
        ),
    ))
}

fn grant(member: UserInfo, tokens: Tokens) -> Grant {
    Grant {
        subject: member.sub.clone(),
        accounts: vec![GrantedAccount {
            external_id: format!("urn:li:person:{}", member.sub),
            username: None,
            display_name: if member.name.is_empty() {
                "LinkedIn member".to_owned()
            } else {
                member.name
            },
            avatar_url: member.picture,
            facts: json!({}),
            tokens,
        }],
    }
}
