//! Where we speak to Instagram, and as whom: by the login that the account came by.

use serde_json::Value;
use url::Url;

use crate::{App, Auth, Call, PublishContext, meta};

/// The name of Instagram's own login, which the facts of accounts that came by it tell.
pub(super) const OWN_LOGIN: &str = "instagram";

/// An address of the Graph API that takes the account's token.
pub(super) fn api(cx: &PublishContext<'_>, path: &[&str]) -> Url {
    if is_of_own_login(&cx.account.facts) {
        meta::graph_instagram(cx.app, path)
    } else {
        meta::graph(cx.app, path)
    }
}

/// Who is asking: the Page before the account, or the account itself.
pub(super) fn auth(cx: &PublishContext<'_>) -> Auth {
    if is_of_own_login(&cx.account.facts) && !proves_own_secret(cx.app) {
        Auth::Bearer
    } else {
        Auth::BearerWithProof
    }
}

/// Whether these are the facts of an account that came by Instagram's own login.
pub(super) fn is_of_own_login(facts: &Value) -> bool {
    facts["login"] == OWN_LOGIN
}

/// Whether calls with tokens of Instagram's own login prove the app's secret. Which secret that would
/// be is not documented, so they do only where the setting `appsecret_proof` is `true`.
pub(super) fn proves_own_secret(app: &App) -> bool {
    app.settings
        .get("appsecret_proof")
        .is_some_and(|setting| setting == "true")
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

/// The same call at the account's own host, as whoever asks there.
pub(super) fn own(cx: &PublishContext<'_>, mut call: Call) -> Call {
    // Both are https addresses with a name, between which a host can always be changed.
    let _ = call.url.set_host(api(cx, &[]).host_str());
    call.auth(auth(cx))
}
