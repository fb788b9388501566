//! From the callback to a grant; refresh and revoke.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    fault,
    profile::{READ, UPLOAD, WIDER, api, oauth},
    wire::{Channel, Claims, Items, TokenAnswer},
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Event, Fault, FormValue,
    Grant, GrantedAccount, Machine, OneCall, Tokens,
};

/// Who issues Google's identity tokens.
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];
/// The longest `sub` (`OpenID` Connect Core 1.0, 2).
const SUBJECT_MAX: usize = 255;

/// Turns a callback into a grant: the code for tokens, the tokens for the channel.
#[derive(Debug)]
pub enum Connect {
    /// Exchange the code.
    Exchange {
        /// The one-time code.
        code: SecretString,
        /// The PKCE verifier.
        verifier: Option<SecretString>,
    },
    /// Ask which channel the tokens act as.
    Identify {
        /// The tokens.
        tokens: Tokens,
        /// The Google account, where it was told.
        subject: Option<String>,
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
                let mut form = vec![
                    ("code", FormValue::from(code)),
                    ("client_id", cx.app.client_id.as_str().into()),
                    ("client_secret", (&cx.app.client_secret).into()),
                    ("redirect_uri", cx.app.redirect_uri.as_str().into()),
                    ("grant_type", "authorization_code".into()),
                ];
                form.extend(
                    verifier
                        .as_ref()
                        .map(|verifier| ("code_verifier", verifier.into())),
                );
                Action::Send(Call::post("exchange_code", oauth("/token", cx.app)).form(form))
            }
            Self::Identify { tokens, .. } => {
                let mut url = api("/youtube/v3/channels", cx.app);
                url.query_pairs_mut()
                    .append_pair("part", "id,snippet,contentDetails")
                    .append_pair("mine", "true");
                Action::Send(Call::get("channels", url).auth(Auth::BearerOf(tokens.access.clone())))
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
                let (tokens, identity) = tokens(&answer, cx.now)?;
                permitted(&tokens)?;
                Ok(Self::Identify {
                    tokens,
                    subject: identity.and_then(|token| subject(&token, cx.app)),
                })
            }
            Self::Identify { tokens, subject } => {
                if !answer.is_success() {
                    return Err(fault::read(&answer, cx.now));
                }
                let channels: Items<Channel> = answer.parse("channels")?;
                granted(channels.items, &tokens, subject).map(Self::Connected)
            }
            Self::Connected(grant) => Ok(Self::Connected(grant)),
        }
    }
}

/// Renews the access token. The refresh token stays, unless the answer brings another.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.clone();
    let refresh = old.refresh.clone()?;
    let call = Call::post("refresh_token", oauth("/token", app)).form([
        ("client_id", FormValue::from(app.client_id.as_str())),
        ("client_secret", (&app.client_secret).into()),
        ("refresh_token", (&refresh).into()),
        ("grant_type", "refresh_token".into()),
    ]);
    Some(OneCall::new(call, move |answer, cx| {
        let (new, _) = tokens(answer, cx.now)?;
        Ok(new.renewing(&old))
    }))
}

/// Withdraws our access. Google ends every token that the app holds for that Google account.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    let tokens = &credentials.tokens;
    let token = tokens.refresh.as_ref().unwrap_or(&tokens.access);
    let call =
        Call::post("revoke_token", oauth("/revoke", app)).form([("token", FormValue::from(token))]);
    Some(OneCall::new(call, |answer, _| match fault::flat(answer) {
        Some(fault) if !matches!(fault.code.as_str(), "grant_ended" | "token_unknown") => {
            Err(fault)
        }
        Some(_) | None => Ok(()),
    }))
}

/// The tokens of an answer, and the identity token where there is one.
fn tokens(answer: &Answer, now: OffsetDateTime) -> Result<(Tokens, Option<SecretString>), Fault> {
    if let Some(fault) = fault::flat(answer) {
        return Err(fault);
    }
    let given: TokenAnswer = answer.parse("tokens")?;
    let after = |seconds| now + Duration::seconds(seconds);
    let tokens = Tokens {
        access: given.access_token,
        access_expires_at: Some(after(given.expires_in)),
        refresh: given
            .refresh_token
            .filter(|token| !token.expose_secret().is_empty()),
        refresh_expires_at: given.refresh_token_expires_in.map(after),
        scopes: given
            .scope
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    };
    Ok((tokens, given.id_token))
}

/// The Google account that an identity token names. It came from Google over TLS, which stands for its
/// signature (`OpenID` Connect Core 1.0, 3.1.3.7).
fn subject(token: &SecretString, app: &App) -> Option<String> {
    let payload = token.expose_secret().split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let is_ours = ISSUERS.contains(&claims.iss.as_str()) && claims.aud == app.client_id;
    let is_name = (1..=SUBJECT_MAX).contains(&claims.sub.len()) && claims.sub.is_ascii();
    (is_ours && is_name).then_some(claims.sub)
}

fn permitted(tokens: &Tokens) -> Result<(), Fault> {
    let has = |wanted: &str| {
        tokens
            .scopes
            .iter()
            .any(|scope| scope == wanted || WIDER.contains(&scope.as_str()))
    };
    if has(UPLOAD) && has(READ) {
        return Ok(());
    }
    Err(Fault::reconnect(
        "scope_missing",
        "A YouTube permission was not ticked; connect YouTube again and tick both uploading and viewing.",
    ))
}

/// The grant is the Google account's; where that was not told, the channel's.
fn granted(
    channels: Vec<Channel>,
    tokens: &Tokens,
    subject: Option<String>,
) -> Result<Grant, Fault> {
    let first = channels
        .first()
        .map(|channel| channel.id.clone())
        .ok_or_else(fault::no_channel)?;
    let subject = subject.unwrap_or(first);
    let accounts = channels
        .into_iter()
        .map(|channel| GrantedAccount {
            username: channel
                .snippet
                .custom_url
                .map(|handle| handle.trim_start_matches('@').to_owned()),
            display_name: channel.snippet.title,
            avatar_url: channel
                .snippet
                .thumbnails
                .default
                .map(|picture| picture.url),
            facts: json!({
                "uploads": channel.content_details.map(|content| content.related_playlists.uploads),
            }),
            external_id: channel.id,
            tokens: tokens.clone(),
        })
        .collect();
    Ok(Grant { subject, accounts })
}
