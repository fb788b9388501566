//! What TikTok tells us on its own (webhooks, read 2026-11-23).

use hmac::{Hmac, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use super::wire::{Notice, NoticeOfPost};
use crate::{Happening, Incoming, Received, WebhookError, What, same};

/// How far the signed time may be from ours, in seconds.
const SKEW: i64 = 300;

/// Reads a request to our webhook address.
///
/// # Errors
/// [`WebhookError`] when it is unsigned, too old, or no event of ours. TikTok has no handshake.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    if incoming.is_get {
        return Err(WebhookError::Unsupported);
    }
    verify(incoming).ok_or(WebhookError::Unsigned)?;
    let notice: Notice =
        serde_json::from_slice(incoming.body).map_err(|_| WebhookError::Malformed)?;
    if notice.client_key != incoming.app.client_id {
        return Err(WebhookError::Malformed);
    }
    Ok(Received::News(happening(&notice)?.into_iter().collect()))
}

fn verify(incoming: &Incoming<'_>) -> Option<()> {
    let header = incoming.header("tiktok-signature")?;
    let part = |name: &str| {
        header
            .split(',')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let (time, signature) = (part("t")?, part("s")?);
    let signed_at: i64 = time.parse().ok()?;
    let age = incoming.now.unix_timestamp().checked_sub(signed_at)?;
    if age.checked_abs()? > SKEW {
        return None;
    }
    let mut mac =
        Hmac::<Sha256>::new_from_slice(incoming.app.client_secret.expose_secret().as_bytes())
            .ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(incoming.body);
    let expected = mac.finalize().into_bytes();
    same(&hex::decode(signature).ok()?, &expected).then_some(())
}

fn happening(notice: &Notice) -> Result<Option<Happening>, WebhookError> {
    let what = match notice.event.as_str() {
        "authorization.removed" => Some((
            String::new(),
            What::AccessWithdrawn {
                subject: notice.user_openid.clone(),
            },
        )),
        "post.publish.complete"
        | "post.publish.failed"
        | "post.publish.inbox_delivered"
        | "post.publish.publicly_available"
        | "post.publish.no_longer_publicaly_available" => {
            let post: NoticeOfPost =
                serde_json::from_str(&notice.content).map_err(|_| WebhookError::Malformed)?;
            let post_id = post.post_id.map(|id| id.0).unwrap_or_default();
            Some((
                format!("{}/{post_id}", post.publish_id),
                What::PostMoved {
                    handle: post.publish_id,
                },
            ))
        }
        _ => None,
    };
    Ok(what.map(|(about, what)| Happening {
        key: format!(
            "{}/{}/{about}/{}",
            notice.event, notice.user_openid, notice.create_time
        ),
        what,
    }))
}
