//! From the callback to a grant; refresh and revoke.

use secrecy::SecretString;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    fault,
    profile::{SCOPES, api},
    wire::{TokenAnswer, User, Wrapped},
};
use crate::{
    Action, Answer, App, AppContext, Auth, Call, Callback, Credentials, Event, Fault, FormValue,
    Grant, GrantedAccount, Machine, OneCall, Tokens,
};

/// Turns a code into tokens, and asks whose they are.
#[derive(Debug)]
pub enum Connect {
    /// The code, which lives for 30 seconds, is to be exchanged.
    Exchange(Callback),
    /// Whose the tokens are is to be asked.
    AskWho(Tokens),
    /// Everything is known.
    Connected(Box<Grant>),
}

/// Starts to turn a callback into a grant.
pub fn connect(callback: Callback) -> Connect {
    Connect::Exchange(callback)
}

/// Renews the tokens; X gives a new refresh token each time and takes the old one only once.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let old = credentials.tokens.refresh.clone()?;
    let call = token_call("refresh_tokens", app, &["2", "oauth2", "token"]).form([
        ("grant_type", FormValue::from("refresh_token")),
        ("refresh_token", FormValue::from(&old)),
    ]);
    Some(OneCall::new(call, move |answer, cx| {
        let tokens = read_tokens(answer, cx.now)?;
        let refresh = tokens.refresh.clone().or_else(|| Some(old.clone()));
        Ok(Tokens { refresh, ..tokens })
    }))
}

/// Withdraws our access: the refresh token where there is one, since it outlives the access token.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    let tokens = &credentials.tokens;
    let (token, hint) = match &tokens.refresh {
        Some(refresh) => (refresh, "refresh_token"),
        None => (&tokens.access, "access_token"),
    };
    let call = token_call("revoke_access", app, &["2", "oauth2", "revoke"]).form([
        ("token", FormValue::from(token)),
        ("token_type_hint", FormValue::from(hint)),
    ]);
    Some(OneCall::new(call, |answer, cx| {
        // A token that X does not know any more is as good as revoked.
        if answer.is_success() || answer.status == 400 {
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
            Self::Exchange(callback) => Action::Send(exchange(callback, cx.app)),
            Self::AskWho(tokens) => Action::Send(ask_who(&tokens.access, cx.app)),
            Self::Connected(grant) => Action::Done((**grant).clone()),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Event::Answer(answer) = event else {
            return Ok(self);
        };
        match self {
            Self::Exchange(_) => read_tokens(&answer, cx.now)
                .and_then(with_every_scope)
                .map(Self::AskWho),
            Self::AskWho(tokens) => {
                if !answer.is_success() {
                    return Err(fault::read(&answer, cx.now));
                }
                let user: Wrapped<User> = answer.parse("users/me")?;
                Ok(Self::Connected(Box::new(grant(user.data, tokens))))
            }
            Self::Connected(grant) => Ok(Self::Connected(grant)),
        }
    }
}

fn exchange(callback: &Callback, app: &App) -> Call {
    let mut fields = vec![
        ("grant_type", FormValue::from("authorization_code")),
        ("code", FormValue::from(&callback.code)),
        ("redirect_uri", FormValue::from(app.redirect_uri.as_str())),
    ];
    if let Some(verifier) = &callback.verifier {
        fields.push(("code_verifier", FormValue::from(verifier)));
    }
    token_call("exchange_code", app, &["2", "oauth2", "token"]).form(fields)
}

fn ask_who(access: &SecretString, app: &App) -> Call {
    let mut url = api(app, &["2", "users", "me"]);
    url.query_pairs_mut().append_pair(
        "user.fields",
        "profile_image_url,verified,subscription_type",
    );
    Call::get("read_account", url).auth(Auth::BearerOf(access.clone()))
}

fn token_call(name: &'static str, app: &App, path: &[&str]) -> Call {
    Call::post(name, api(app, path)).auth(Auth::Basic(
        app.client_id.clone(),
        app.client_secret.clone(),
    ))
}

fn read_tokens(answer: &Answer, now: OffsetDateTime) -> Result<Tokens, Fault> {
    if !answer.is_success() {
        return Err(fault::read_token(answer, now));
    }
    let given: TokenAnswer = answer.parse("oauth2/token")?;
    Ok(Tokens {
        access: given.access_token,
        access_expires_at: given
            .expires_in
            .map(|seconds| now + Duration::seconds(seconds)),
        refresh: given.refresh_token,
        refresh_expires_at: None,
        scopes: given.scope.split_whitespace().map(str::to_owned).collect(),
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
            "X did not allow everything that posting needs ({}); connect again and allow it.",
            missing.join(", ")
        ),
    ))
}

fn grant(user: User, tokens: Tokens) -> Grant {
    Grant {
        subject: user.id.clone(),
        accounts: vec![GrantedAccount {
            external_id: user.id,
            username: Some(user.username),
            display_name: user.name,
            avatar_url: user.profile_image_url,
            facts: json!({ "subscriptionType": user.subscription_type }),
            tokens,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaultKind;

    fn tokens(scopes: &[&str]) -> Tokens {
        Tokens {
            access: SecretString::from("access"),
            access_expires_at: None,
            refresh: None,
            refresh_expires_at: None,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }

    #[test]
    fn every_scope_is_needed_in_whatever_order() {
        let mut scopes = SCOPES.to_vec();
        scopes.reverse();
        assert!(with_every_scope(tokens(&scopes)).is_ok());
        for missing in 0..scopes.len() {
            let mut fewer = scopes.clone();
            let left_out = fewer.remove(missing);
            let fault = with_every_scope(tokens(&fewer)).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Reconnect);
            assert_eq!(fault.code, "scope_missing");
            assert!(fault.message.contains(left_out));
        }
    }
}
