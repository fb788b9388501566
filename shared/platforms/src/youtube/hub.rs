//! Asking to hear of a channel (`WebSub`, read 2026-11-23).

use secrecy::SecretString;
use url::Url;

use super::profile::hub;
use crate::{Answer, App, Call, Fault, FormValue, OneCall};

/// How long to hear of it, in seconds: five days, which the hub has been seen to give. It is asked for anew
/// before that.
pub const LEASE_SECONDS: u32 = 432_000;

/// Asks the hub for news of a channel's videos, which come to `callback`; the hub first asks there whether we
/// did. `None` where we have no secret that the news could be signed with.
pub fn subscribe(channel: &str, callback: &Url, app: &App) -> Option<OneCall<()>> {
    let secret = app.webhook_secret.as_ref()?;
    Some(order("subscribe", channel, callback, Some(secret), app))
}

/// Asks the hub for no more news of a channel. It asks at `callback` whether we did.
pub fn unsubscribe(channel: &str, callback: &Url, app: &App) -> OneCall<()> {
    order("unsubscribe", channel, callback, None, app)
}

fn order(
    mode: &'static str,
    channel: &str,
    callback: &Url,
    secret: Option<&SecretString>,
    app: &App,
) -> OneCall<()> {
    let topic = format!("https://www.youtube.com/xml/feeds/videos.xml?channel_id={channel}");
    let mut form = vec![
        ("hub.mode", FormValue::from(mode)),
        ("hub.topic", topic.into()),
        ("hub.callback", callback.as_str().into()),
        ("hub.verify", "async".into()),
    ];
    if let Some(secret) = secret {
        form.push(("hub.secret", secret.into()));
        form.push(("hub.lease_seconds", LEASE_SECONDS.to_string().into()));
    }
    let call = Call::post(mode, hub("/subscribe", app)).form(form);
    OneCall::new(call, |answer, _| told(answer))
}

fn told(answer: &Answer) -> Result<(), Fault> {
    if answer.is_success() {
        return Ok(());
    }
    let fault = if answer.is_server_error() || matches!(answer.status, 408 | 429) {
        Fault::retry(
            "hub_unwell",
            "YouTube's hub is having problems; trying again.",
        )
        .after(answer.retry_after())
    } else {
        Fault::operator(
            "hub_refused",
            "YouTube's hub does not take our address; the operator must check it.",
        )
    };
    Err(fault.seen(format!("status {}", answer.status)))
}
