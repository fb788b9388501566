//! From the callback to a grant; refresh and revoke.

use secrecy::SecretString;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    fault,
    profile::{SCOPES, api},
    wire::{TokenAnswer, UserAccount},
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Event, Fault, FormValue,
    Grant, GrantedAccount, Machine, OneCall, Tokens,
};

/// Turns a code into tokens, and asks whose they are.
#[derive(Debug)]
pub enum Connect {
    /// Whose the tokens are is to be asked.
    AskWho(Box<Tokens>),
    /// Everything is known.
    Connected(Box<Grant>),
    /// The code is to be exchanged.
    Exchange(Callback),
}

/// Starts to turn a callback into a grant.
pub fn connect(callback: Callback) -> Connect {
    Connect::Exchange(callback)
}

/// Renews the tokens; Pinterest gives a new refresh token each time.
///
/// A dead refresh token and a wrong secret of ours are refused with the same words, so a refusal is settled by
/// asking with our secret alone.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.clone();
    let token = old.refresh.clone()?;
    let call = token_call("refresh_tokens", app).form([
        ("grant_type", FormValue::from("refresh_token")),
        ("refresh_token", FormValue::from(&token)),
    ]);
    let refresh = OneCall::new(call, move |answer, cx| {
        if !answer.is_success() {
            return Err(fault::read_refresh(answer, cx.now, cx.app));
        }
        Ok(read_tokens(answer, cx.now)?.renewing(&old))
    });
    let app = app.clone();
    Some(refresh.settled_by(move |answer| (answer.status == 401).then(|| prove_secret(&app))))
}

/// Asks for a token of the app itself, which takes nothing but its secret. What is given is dropped.
fn prove_secret(app: &App) -> OneCall<Tokens> {
    let call = token_call("prove_secret", app).form([
        ("grant_type", FormValue::from("client_credentials")),
        ("scope", FormValue::from("user_accounts:read")),
    ]);
    OneCall::new(call, |answer, cx| {
        Err(fault::read_refusal_of_refresh(answer, cx.now, cx.app))
    })
}

/// Withdraws our access: never, since Pinterest lets only system users do that. The person removes
/// the app in Pinterest's settings.
pub const fn revoke(_: &Credentials, _: &App) -> Option<OneCall<()>> {
    None
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        match self {
            Self::AskWho(tokens) => Action::Send(ask_who(&tokens.access, cx.app)),
            Self::Connected(grant) => Action::Done((**grant).clone()),
            Self::Exchange(callback) => Action::Send(exchange(callback, cx.app)),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        match self {
            Self::AskWho(tokens) => {
                if !answer.is_success() {
                    return Err(fault::read(&answer, cx.now, cx.app));
                }
                let user: UserAccount = answer.parse("user_account")?;
                Ok(Self::Connected(Box::new(grant(user, *tokens))))
            }
            Self::Connected(grant) => Ok(Self::Connected(grant)),
            Self::Exchange(_) => {
                if !answer.is_success() {
                    return Err(fault::read_exchange(&answer, cx.now, cx.app));
                }
                read_tokens(&answer, cx.now)
                    .and_then(with_every_scope)
                    .map(|tokens| Self::AskWho(Box::new(tokens)))
            }
        }
    }
}

fn exchange(callback: &Callback, app: &App) -> Call {
    token_call("exchange_code", app).form([
        ("grant_type", FormValue::from("authorization_code")),
        ("code", FormValue::from(&callback.code)),
        ("redirect_uri", FormValue::from(app.redirect_uri.as_str())),
        // Apps from before 2025-09-25 get refresh tokens that end unless they ask.
        ("continuous_refresh", FormValue::from("true")),
    ])
}

fn ask_who(access: &SecretString, app: &App) -> Call {
    Call::get("read_account", api(app, "/v5/user_account")).auth(Auth::BearerOf(access.clone()))
}

fn token_call(name: &'static str, app: &App) -> Call {
    Call::post(name, api(app, "/v5/oauth/token")).auth(Auth::Basic(
        app.client_id.clone(),
        app.client_secret.clone(),
    ))
}

fn read_tokens(answer: &Answer, now: OffsetDateTime) -> Result<Tokens, Fault> {
    let given: TokenAnswer = answer.parse("oauth/token")?;
    Ok(Tokens {
        access: given.access_token,
        access_expires_at: Some(now + Duration::seconds(given.expires_in)),
        refresh: given.refresh_token,
        refresh_expires_at: given
            .refresh_token_expires_in
            .map(|seconds| now + Duration::seconds(seconds))
            .or_else(|| OffsetDateTime::from_unix_timestamp(given.refresh_token_expires_at?).ok()),
        // Asked for with commas, told with spaces.
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
            "Pinterest did not allow everything that pinning needs ({}); connect again and allow it.",
            missing.join(", ")
        ),
    ))
}

fn grant(user: UserAccount, tokens: Tokens) -> Grant {
    Grant {
        subject: user.id.clone(),
        accounts: vec![GrantedAccount {
            external_id: user.id,
            display_name: user
                .business_name
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| user.username.clone()),
            username: Some(user.username),
            avatar_url: user.profile_image,
            facts: json!({ "accountType": user.account_type }),
            tokens,
        }],
    }
}
