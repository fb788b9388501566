//! Where we speak to Instagram, and as whom: by the login that the account came by.

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::{App, Auth, Call, PublishContext, meta};

/// The name of Instagram's own login, which the facts of accounts that came by it tell.
pub(super) const OWN_LOGIN: &str = "instagram";

/// An address of the Graph API that takes the account's token.
pub(super) fn api(cx: &PublishContext<'_>, path: &[&str]) -> Url {
    address(&cx.account.facts, cx.app, path)
}

/// The same of an account with these facts.
pub(super) fn address(facts: &Value, app: &App, path: &[&str]) -> Url {
    if is_of_own_login(facts) {
        meta::graph_instagram(app, path)
    } else {
        meta::graph(app, path)
    }
}

/// Who is asking: the Page before the account, or the account itself.
pub(super) fn auth(cx: &PublishContext<'_>) -> Auth {
    if proves_secret(&cx.account.facts, cx.app) {
        Auth::BearerWithProof
    } else {
        Auth::Bearer
    }
}

/// The same while an account with these facts is connected, with the token that was just given.
pub(super) fn auth_of(facts: &Value, app: &App, token: SecretString) -> Auth {
    if proves_secret(facts, app) {
        Auth::BearerOfWithProof(token)
    } else {
        Auth::BearerOf(token)
    }
}

/// Whether these are the facts of an account that came by Instagram's own login.
pub(super) fn is_of_own_login(facts: &Value) -> bool {
    facts["login"] == OWN_LOGIN
}

/// Whether calls prove the app's secret. For tokens of Instagram's own login it is not documented which secret that
/// would be, so they do only where the setting `appsecret_proof` is `true`.
fn proves_secret(facts: &Value, app: &App) -> bool {
    let setting = app.settings.get("appsecret_proof");
    !is_of_own_login(facts) || setting.is_some_and(|setting| setting == "true")
}

/// Reads `fields` of something.
pub(super) fn ask(
    cx: &PublishContext<'_>,
    name: &'static str,
    path: &[&str],
    fields: &str,
) -> Call {
    let mut url = api(cx, path);
    url.query_pairs_mut().append_pair("fields", fields);
    Call::get(name, url).auth(auth(cx))
}
