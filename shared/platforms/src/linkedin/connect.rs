//! From the callback to a grant; refresh and revoke.

use secrecy::SecretString;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    fault,
    profile::{SCOPES, api, oauth},
    wire::{TokenAnswer, UserInfo},
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Event, Fault, FormValue,
    Grant, GrantedAccount, Machine, OneCall, Tokens,
};

/// A token may be called revoked in its first seconds (reported, 2025): so often it is tried again.
const MAX_TRIES: u8 = 4;
const PAUSE: Duration = Duration::seconds(2);

/// Turns a code into tokens, and asks whose they are.
#[derive(Debug)]
pub enum Connect {
    /// Whose the tokens are is to be asked.
    AskWho {
        /// The tokens.
        tokens: Box<Tokens>,
        /// How often it was asked in vain.
        tries: u8,
        /// Not before.
        ask_at: Option<OffsetDateTime>,
    },
    /// Everything is known.
    Connected(Box<Grant>),
    /// The code is to be exchanged.
    Exchange(Callback),
}

/// Starts to turn a callback into a grant.
pub fn connect(callback: Callback) -> Connect {
    Connect::Exchange(callback)
}

/// Renews the tokens; `None` where LinkedIn gave no refresh token, as to most apps.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.clone();
    let token = old.refresh.clone()?;
    let call = token_call("refresh_tokens", app, "/oauth/v2/accessToken").form(
        [
            ("grant_type", FormValue::from("refresh_token")),
            ("refresh_token", FormValue::from(&token)),
        ]
        .into_iter()
        .chain(client(app)),
    );
    Some(OneCall::new(call, move |answer, cx| {
        let tokens = read_tokens(answer, cx.now)?;
        Ok(Tokens {
            refresh: tokens.refresh.or_else(|| old.refresh.clone()),
            refresh_expires_at: tokens.refresh_expires_at.or(old.refresh_expires_at),
            scopes: if tokens.scopes.is_empty() {
                old.scopes.clone()
            } else {
                tokens.scopes
            },
            ..tokens
        })
    }))
}

/// Withdraws our access.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    let call = token_call("revoke_access", app, "/oauth/v2/revoke").form(
        [("token", FormValue::from(&credentials.tokens.access))]
            .into_iter()
            .chain(client(app)),
    );
    Some(OneCall::new(call, |answer, cx| {
        if answer.is_success() || fault::is_dead_token(answer) {
            Ok(())
        } else {
            Err(fault::read_token(answer, cx.now))
        }
    }))
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        match self {
            Self::AskWho {
                ask_at: Some(then), ..
            } if cx.now < *then => Action::WaitUntil(*then),
            Self::AskWho { tokens, .. } => Action::Send(ask_who(&tokens.access, cx.app)),
            Self::Connected(grant) => Action::Done((**grant).clone()),
            Self::Exchange(callback) => Action::Send(exchange(callback, cx.app)),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        match self {
            Self::AskWho { tokens, tries, .. }
                if fault::is_called_revoked(&answer) && tries + 1 < MAX_TRIES =>
            {
                Ok(Self::AskWho {
                    tokens,
                    tries: tries + 1,
                    ask_at: Some(cx.now + PAUSE),
                })
            }
            Self::AskWho { tokens, .. } => {
                if !answer.is_success() {
                    return Err(fault::read(&answer, cx.now));
                }
                let user: UserInfo = answer.parse("userinfo")?;
                Ok(Self::Connected(Box::new(grant(user, *tokens))))
            }
            Self::Connected(grant) => Ok(Self::Connected(grant)),
            Self::Exchange(_) => {
                read_tokens(&answer, cx.now)
                    .and_then(with_every_scope)
                    .map(|tokens| Self::AskWho {
                        tokens: Box::new(tokens),
                        tries: 0,
                        ask_at: None,
                    })
            }
        }
    }
}

fn exchange(callback: &Callback, app: &App) -> Call {
    token_call("exchange_code", app, "/oauth/v2/accessToken").form(
        [
            ("grant_type", FormValue::from("authorization_code")),
            ("code", FormValue::from(&callback.code)),
            ("redirect_uri", FormValue::from(app.redirect_uri.as_str())),
        ]
        .into_iter()
        .chain(client(app)),
    )
}

fn ask_who(access: &SecretString, app: &App) -> Call {
    Call::get("read_account", api(app, "/v2/userinfo")).auth(Auth::BearerOf(access.clone()))
}

fn token_call(name: &'static str, app: &App, path: &str) -> Call {
    Call::post(name, oauth(app, path))
}

/// LinkedIn takes the client's credentials in the body only.
fn client(app: &App) -> [(&'static str, FormValue); 2] {
    [
        ("client_id", FormValue::from(app.client_id.as_str())),
        ("client_secret", FormValue::from(&app.client_secret)),
    ]
}

fn read_tokens(answer: &Answer, now: OffsetDateTime) -> Result<Tokens, Fault> {
    if !answer.is_success() {
        return Err(fault::read_token(answer, now));
    }
    let given: TokenAnswer = answer.parse("accessToken")?;
    Ok(Tokens {
        access: given.access_token,
        access_expires_at: Some(now + Duration::seconds(given.expires_in)),
        refresh: given.refresh_token,
        refresh_expires_at: given
            .refresh_token_expires_in
            .map(|seconds| now + Duration::seconds(seconds)),
        // Documented with commas, seen with spaces, too.
        scopes: given
            .scope
            .split([',', ' '])
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

fn grant(user: UserInfo, tokens: Tokens) -> Grant {
    Grant {
        subject: user.sub.clone(),
        accounts: vec![GrantedAccount {
            display_name: user
                .name
                .or(user.given_name)
                .unwrap_or_else(|| "LinkedIn member".to_owned()),
            // Whole, since Pages post under URNs of another kind.
            external_id: format!("urn:li:person:{}", user.sub),
            username: None,
            avatar_url: user.picture,
            facts: json!({}),
            tokens,
        }],
    }
}
