//! What X tells us on its own: the check of our address, and withdrawn access.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::Sha256;

use super::wire::{Activity, Event};
use crate::{Happening, Incoming, Received, WebhookError, What, same};

/// The header that carries the signature.
const SIGNATURE: &str = "x-twitter-webhooks-signature";

/// Reads a request to our webhook address.
///
/// X signs with the consumer secret (the API key's), which is not the OAuth 2.0 client secret: it
/// stands in [`crate::App::webhook_secret`].
///
/// # Errors
/// [`WebhookError`] when it is not genuine.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    let secret = incoming
        .app
        .webhook_secret
        .as_ref()
        .ok_or(WebhookError::Unsupported)?;
    if incoming.is_get {
        let token = incoming
            .parameter("crc_token")
            .ok_or(WebhookError::Malformed)?;
        let response = json!({ "response_token": signature(secret, token.as_bytes())? });
        return Ok(Received::Handshake {
            content_type: "application/json",
            body: response.to_string(),
        });
    }
    let given = incoming.header(SIGNATURE).ok_or(WebhookError::Unsigned)?;
    let right = signature(secret, incoming.body)?;
    if !same(given.as_bytes(), right.as_bytes()) {
        return Err(WebhookError::Unsigned);
    }
    let event: Event =
        serde_json::from_slice(incoming.body).map_err(|_| WebhookError::Malformed)?;
    Ok(Received::News(
        event.data.and_then(news).into_iter().collect(),
    ))
}

fn news(activity: Activity) -> Option<Happening> {
    let key = activity.event_uuid?;
    if activity.event_type.as_deref() != Some("oauth.revoke") {
        return None;
    }
    let subject = activity.payload?.get("user_id")?.as_str()?.to_owned();
    Some(Happening {
        key,
        what: What::AccessWithdrawn { subject, at: None },
    })
}

fn signature(secret: &SecretString, message: &[u8]) -> Result<String, WebhookError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| WebhookError::Unsigned)?;
    mac.update(message);
    Ok(format!(
        "sha256={}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::{HeaderMap, HeaderValue};
    use time::OffsetDateTime;

    use super::*;
    use crate::App;

    fn app() -> App {
        App {
            client_id: "id".to_owned(),
            client_secret: SecretString::from("client secret"),
            redirect_uri: "https://app.example/back".parse().unwrap(),
            version: String::new(),
            webhook_secret: Some(SecretString::from("consumer secret")),
            webhook_verify_token: None,
            settings: BTreeMap::new(),
        }
    }

    fn post(body: &[u8], header: Option<&str>, app: &App) -> Result<Received, WebhookError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert(SIGNATURE, HeaderValue::from_str(value).unwrap());
        }
        receive(&Incoming {
            is_get: false,
            query: &[],
            headers: &headers,
            body,
            now: OffsetDateTime::UNIX_EPOCH,
            app,
        })
    }

    fn signed(body: &[u8]) -> Result<Received, WebhookError> {
        let app = app();
        let secret = app.webhook_secret.clone().unwrap();
        post(body, Some(&signature(&secret, body).unwrap()), &app)
    }

    #[test]
    fn the_check_of_our_address_is_answered_with_a_known_signature() {
        let app = app();
        let query = [("crc_token".to_owned(), "challenge".to_owned())];
        let received = receive(&Incoming {
            is_get: true,
            query: &query,
            headers: &HeaderMap::new(),
            body: b"",
            now: OffsetDateTime::UNIX_EPOCH,
            app: &app,
        });
        let Ok(Received::Handshake { content_type, body }) = received else {
            panic!("{received:?}");
        };
        assert_eq!(content_type, "application/json");
        assert_eq!(body, KNOWN);
    }

    // printf challenge | openssl dgst -sha256 -hmac 'consumer secret' -binary | base64
    const KNOWN: &str =
        "{\"response_token\":\"sha256=G8qohDAsN4eFitPgbjmGsq6xKypyrTPNiKegYAnW3SE=\"}";

    #[test]
    fn withdrawn_access_is_news() {
        let body = br#"{"data":{"event_uuid":"u-1","event_type":"oauth.revoke","payload":{"user_id":"2244994945","app_id":"1"}}}"#;
        let happening = Happening {
            key: "u-1".to_owned(),
            what: What::AccessWithdrawn {
                subject: "2244994945".to_owned(),
                at: None,
            },
        };
        assert_eq!(signed(body), Ok(Received::News(vec![happening])));
    }

    #[test]
    fn other_events_are_taken_and_left() {
        let body = br#"{"data":{"event_uuid":"u-2","event_type":"post.create","payload":{}}}"#;
        assert_eq!(signed(body), Ok(Received::News(vec![])));
        assert_eq!(signed(br#"{"other":1}"#), Ok(Received::News(vec![])));
    }

    #[test]
    fn an_unsigned_a_wrongly_signed_and_a_changed_body_are_refused() {
        let (app, body) = (app(), b"{}".as_slice());
        let secret = app.webhook_secret.clone().unwrap();
        let right = signature(&secret, body).unwrap();
        let client_secret = signature(&app.client_secret, body).unwrap();
        assert_eq!(post(body, None, &app), Err(WebhookError::Unsigned));
        for wrong in ["", "sha256=", &right[..right.len() - 1], &client_secret] {
            assert_eq!(post(body, Some(wrong), &app), Err(WebhookError::Unsigned));
        }
        assert_eq!(
            post(b"{} ", Some(&right), &app),
            Err(WebhookError::Unsigned)
        );
        assert_eq!(signed(b"no json"), Err(WebhookError::Malformed));
    }
}
