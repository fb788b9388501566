//! What LinkedIn tells us on its own: social actions on Page posts, for which there is no use yet.

use hmac::{Hmac, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use crate::{Incoming, Received, WebhookError, same};

/// Reads a request to our webhook address: the challenge, or a signed event.
///
/// # Errors
/// [`WebhookError`] when it is neither.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    if incoming.is_get {
        let challenge = incoming
            .parameter("challengeCode")
            .filter(|code| (1..=200).contains(&code.len()));
        let challenge = challenge.ok_or(WebhookError::Malformed)?;
        let body = serde_json::json!({
            "challengeCode": challenge,
            "challengeResponse": hex::encode(signature(incoming, &[challenge.as_bytes()])?),
        });
        return Ok(Received::Handshake {
            content_type: "application/json",
            body: body.to_string(),
        });
    }
    let given = incoming
        .header("x-li-signature")
        .ok_or(WebhookError::Unsigned)?;
    let given = given.strip_prefix("hmacsha256=").unwrap_or(given);
    let expected = hex::encode(signature(incoming, &[b"hmacsha256=", incoming.body])?);
    if !same(expected.as_bytes(), given.as_bytes()) {
        return Err(WebhookError::Unsigned);
    }
    serde_json::from_slice::<serde_json::Value>(incoming.body)
        .map_err(|_| WebhookError::Malformed)?;
    Ok(Received::News(Vec::new()))
}

fn signature(incoming: &Incoming<'_>, pieces: &[&[u8]]) -> Result<Vec<u8>, WebhookError> {
    let secret = incoming
        .app
        .webhook_secret
        .as_ref()
        .unwrap_or(&incoming.app.client_secret);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| WebhookError::Unsigned)?;
    for piece in pieces {
        mac.update(piece);
    }
    Ok(mac.finalize().into_bytes().to_vec())
}
