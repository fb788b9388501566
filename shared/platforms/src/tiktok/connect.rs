//! From the callback to a grant; refresh and revoke.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    fault,
    profile::{BASIC, LIST, LISTS_VIDEOS, PROFILE, PROFILE_FIELDS, PUBLISH, api},
    wire::{TokenAnswer, User, UserData},
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Event, Fault, FormValue,
    Grant, GrantedAccount, Machine, OneCall, Tokens,
};

/// Turns a callback into a grant: the code for tokens, the tokens for who it is.
#[derive(Debug)]
pub enum Connect {
    /// Exchange the code.
    Exchange {
        /// The one-time code.
        code: SecretString,
        /// What the challenge was made of, where one was sent.
        verifier: Option<SecretString>,
    },
    /// Ask who consented.
    Identify {
        /// The account's id.
        open_id: String,
        /// Its tokens.
        tokens: Tokens,
    },
    /// Connected.
    Connected(Grant),
}

/// Starts to connect.
pub fn connect(callback: Callback) -> Connect {
    Connect::Exchange {
        code: callback.code,
        verifier: callback.verifier,
    }
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        match self {
            Self::Exchange { code, verifier } => {
                let mut fields = vec![
                    ("client_key", FormValue::from(cx.app.client_id.as_str())),
                    ("client_secret", (&cx.app.client_secret).into()),
                    ("code", code.into()),
                    ("grant_type", "authorization_code".into()),
                    ("redirect_uri", cx.app.redirect_uri.as_str().into()),
                ];
                let sent = verifier.as_ref().filter(|_| has_challenge(cx.app));
                fields.extend(sent.map(|verifier| ("code_verifier", verifier.into())));
                Action::Send(
                    Call::post("exchange_code", api("/v2/oauth/token/", cx.app)).form(fields),
                )
            }
            Self::Identify { tokens, .. } => {
                let mut url = api("/v2/user/info/", cx.app);
                url.query_pairs_mut()
                    .append_pair("fields", &fields(&tokens.scopes));
                Action::Send(
                    Call::get("user_info", url).auth(Auth::BearerOf(tokens.access.clone())),
                )
            }
            Self::Connected(grant) => Action::Done(grant.clone()),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        match self {
            Self::Exchange { .. } => {
                let (open_id, tokens) = tokens(&answer, cx.now)?;
                if !tokens.scopes.iter().any(|scope| scope == PUBLISH) {
                    return Err(Fault::reconnect(
                        "scope_missing",
                        "Posting was not allowed; connect TikTok again and tick the permission to post.",
                    ));
                }
                Ok(Self::Identify { open_id, tokens })
            }
            Self::Identify { open_id, tokens } => {
                let UserData { user } = fault::data(&answer, "user info", cx.now)?;
                Ok(Self::Connected(granted(open_id, user, tokens)))
            }
            Self::Connected(grant) => Ok(Self::Connected(grant)),
        }
    }
}

/// Renews the tokens. The old refresh token dies with the answer.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.clone();
    let refresh = old.refresh.clone()?;
    let call = Call::post("refresh_token", api("/v2/oauth/token/", app)).form([
        ("client_key", FormValue::from(app.client_id.as_str())),
        ("client_secret", (&app.client_secret).into()),
        ("grant_type", "refresh_token".into()),
        ("refresh_token", (&refresh).into()),
    ]);
    Some(OneCall::new(call, move |answer, cx| {
        let (_, new) = tokens(answer, cx.now)?;
        Ok(new.renewing(&old))
    }))
}

/// Withdraws our access.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    let call = Call::post("revoke_token", api("/v2/oauth/revoke/", app)).form([
        ("client_key", FormValue::from(app.client_id.as_str())),
        ("client_secret", (&app.client_secret).into()),
        ("token", (&credentials.tokens.access).into()),
    ]);
    Some(OneCall::new(call, |answer, _| match fault::flat(answer) {
        Some(fault) if !fault::is_dead_token(&fault) => Err(fault),
        Some(_) | None => Ok(()),
    }))
}

fn has_challenge(app: &App) -> bool {
    PROFILE.usual_login().oauth.has_challenge(app)
}

fn tokens(answer: &Answer, now: OffsetDateTime) -> Result<(String, Tokens), Fault> {
    if let Some(fault) = fault::flat(answer) {
        return Err(fault);
    }
    let given: TokenAnswer = answer.parse("tokens")?;
    let after = |seconds| now + Duration::seconds(seconds);
    let scopes = given
        .scope
        .unwrap_or_default()
        .split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    let tokens = Tokens {
        access: given.access_token,
        access_expires_at: Some(after(given.expires_in)),
        refresh: given
            .refresh_token
            .filter(|token| !token.expose_secret().is_empty()),
        refresh_expires_at: given.refresh_expires_in.map(after),
        scopes,
    };
    Ok((given.open_id, tokens))
}

/// What may be asked: a field whose scope is missing is an error at TikTok.
fn fields(scopes: &[String]) -> String {
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    let mut fields = vec!["open_id"];
    if has(BASIC) {
        fields.extend(["avatar_url", "display_name"]);
    }
    if has(PROFILE_FIELDS) {
        fields.push("username");
    }
    fields.join(",")
}

/// What publishing must know of the consent: whether a lost post can be looked for.
fn facts(scopes: &[String]) -> Value {
    if scopes.iter().any(|scope| scope == LIST) {
        json!({ LISTS_VIDEOS: true })
    } else {
        json!({})
    }
}

fn granted(open_id: String, user: User, tokens: Tokens) -> Grant {
    let display_name = [Some(user.display_name), user.username.clone()]
        .into_iter()
        .flatten()
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "TikTok account".to_owned());
    Grant {
        subject: open_id.clone(),
        accounts: vec![GrantedAccount {
            external_id: open_id,
            username: user.username,
            display_name,
            avatar_url: user.avatar_url,
            facts: facts(&tokens.scopes),
            tokens,
        }],
    }
}
