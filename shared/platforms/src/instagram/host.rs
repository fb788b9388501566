//! Where publishing speaks to Instagram, and as whom.

use url::Url;

use crate::{Auth, Call, PublishContext, meta};

/// An address of the Graph API.
pub(super) fn api(cx: &PublishContext<'_>, path: &[&str]) -> Url {
    meta::graph_of(cx, path)
}

/// Who is asking: the Page before the account, or the account itself.
pub(super) fn auth(cx: &PublishContext<'_>) -> Auth {
    meta::auth_of(cx)
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
