//! What Meta signs: webhooks over their raw bytes, and the requests of its callbacks.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use time::OffsetDateTime;

use crate::{App, Happening, Incoming, Received, WebhookError, Withdrawal, same};

/// So many bytes of a code cannot be guessed.
const CODE: usize = 16;

/// Reads a request to our webhook address: the handshake, a callback about a person's grant, or
/// signed events, of which `news` makes what concerns us.
pub(crate) fn receive(
    incoming: &Incoming<'_>,
    news: fn(&[u8]) -> Result<Vec<Happening>, WebhookError>,
) -> Result<Received, WebhookError> {
    if incoming.is_get {
        return handshake(incoming);
    }
    let is_form = incoming
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if is_form {
        return Ok(Received::News(vec![withdrawal(incoming)?.into()]));
    }
    let given = incoming
        .header("x-hub-signature-256")
        .and_then(|value| value.strip_prefix("sha256="))
        .ok_or(WebhookError::Unsigned)?;
    let signed = secrets(incoming.app).any(|secret| {
        same(
            hex::encode(mac(secret, incoming.body)).as_bytes(),
            given.as_bytes(),
        )
    });
    if !signed {
        return Err(WebhookError::Unsigned);
    }
    news(incoming.body).map(Received::News)
}

/// Reads the request of a callback: of withdrawn access and of deleted data alike, whose bodies do not differ.
pub(crate) fn withdrawal(incoming: &Incoming<'_>) -> Result<Withdrawal, WebhookError> {
    let text = url::form_urlencoded::parse(incoming.body)
        .find(|(name, _)| name == "signed_request")
        .map(|(_, text)| text.into_owned())
        .ok_or(WebhookError::Malformed)?;
    let request = signed_request(&text, incoming.app).map_err(|error| match error {
        SignedRequestError::Malformed => WebhookError::Malformed,
        SignedRequestError::Unsigned => WebhookError::Unsigned,
    })?;
    let at = OffsetDateTime::from_unix_timestamp(request.issued_at)
        .map_err(|_| WebhookError::Malformed)?;
    let key = format!("withdrawn:{}:{}", request.user_id, request.issued_at);
    let code = mac(
        &incoming.app.client_secret,
        format!("deletion:{key}").as_bytes(),
    );
    let code = hex::encode(code.get(..CODE).unwrap_or(&code));
    Ok(Withdrawal {
        key,
        subject: request.user_id,
        at,
        code,
    })
}

fn handshake(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    if incoming.parameter("hub.mode") != Some("subscribe") {
        return Err(WebhookError::Malformed);
    }
    let challenge = incoming
        .parameter("hub.challenge")
        .filter(|text| (1..=200).contains(&text.len()));
    let challenge = challenge.ok_or(WebhookError::Malformed)?;
    let expected = incoming
        .app
        .webhook_verify_token
        .as_ref()
        .ok_or(WebhookError::Unsigned)?;
    let given = incoming
        .parameter("hub.verify_token")
        .ok_or(WebhookError::Unsigned)?;
    if !same(expected.expose_secret().as_bytes(), given.as_bytes()) {
        return Err(WebhookError::Unsigned);
    }
    Ok(Received::Handshake {
        content_type: "text/plain",
        body: challenge.to_owned(),
    })
}

/// What a callback of Meta says: somebody withdrew our access, or wants their data deleted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SignedRequest {
    /// The person, as our app knows them; see [`crate::Grant::subject`].
    pub user_id: String,
    /// When Meta signed it, in seconds since 1970.
    pub issued_at: i64,
    algorithm: String,
}

/// Why the request of a callback is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedRequestError {
    /// It is no signed request.
    #[error("it is no signed request")]
    Malformed,
    /// It is not signed by Meta for our app.
    #[error("the signature is wrong")]
    Unsigned,
}

/// Reads the `signed_request` of a callback.
///
/// # Errors
/// [`SignedRequestError`].
pub fn signed_request(text: &str, app: &App) -> Result<SignedRequest, SignedRequestError> {
    let (signature, payload) = text.split_once('.').ok_or(SignedRequestError::Malformed)?;
    let decode = |part: &str| {
        URL_SAFE_NO_PAD
            .decode(part.trim_end_matches('='))
            .map_err(|_| SignedRequestError::Malformed)
    };
    let given = decode(signature)?;
    // The signature is over the payload as it was encoded.
    if !secrets(app).any(|secret| same(&mac(secret, payload.as_bytes()), &given)) {
        return Err(SignedRequestError::Unsigned);
    }
    let request: SignedRequest =
        serde_json::from_slice(&decode(payload)?).map_err(|_| SignedRequestError::Malformed)?;
    if request.algorithm == "HMAC-SHA256" {
        Ok(request)
    } else {
        Err(SignedRequestError::Malformed)
    }
}

/// The app's secret, and the other one while secrets are changed.
fn secrets(app: &App) -> impl Iterator<Item = &SecretString> {
    std::iter::once(&app.client_secret).chain(&app.webhook_secret)
}

fn mac(secret: &SecretString, bytes: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map(|mac| mac.chain_update(bytes).finalize().into_bytes().to_vec())
        // HMAC takes a key of any length.
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use time::macros::datetime;
    use url::Url;

    use super::*;

    fn app() -> App {
        App {
            client_id: "1".to_owned(),
            client_secret: "app secret".into(),
            redirect_uri: Url::parse("https://app.example/back").unwrap(),
            version: "v25.0".to_owned(),
            webhook_secret: Some("older secret".into()),
            webhook_verify_token: Some("agreed".into()),
            settings: std::collections::BTreeMap::new(),
        }
    }

    fn post(body: &[u8], signature: Option<String>) -> Result<Received, WebhookError> {
        let mut headers = HeaderMap::new();
        if let Some(signature) = signature {
            headers.insert("x-hub-signature-256", signature.parse().unwrap());
        }
        let app = app();
        let now = datetime!(2026-01-01 12:00 UTC);
        receive(
            &Incoming {
                is_get: false,
                query: &[],
                headers: &headers,
                body,
                now,
                app: &app,
            },
            |_| Ok(Vec::new()),
        )
    }

    #[test]
    fn events_are_taken_with_either_secret_over_their_raw_bytes_and_never_without() {
        let body = br#"{"object":"page","entry":[{"message":"\u00e4 \/"}]}"#;
        for secret in ["app secret", "older secret"] {
            let signature = format!("sha256={}", hex::encode(mac(&secret.into(), body)));
            assert_eq!(
                post(body, Some(signature.clone())),
                Ok(Received::News(Vec::new()))
            );
            assert_eq!(
                post(b"{\"object\":\"page\"}", Some(signature)),
                Err(WebhookError::Unsigned)
            );
        }
        let foreign = format!("sha256={}", hex::encode(mac(&"foreign".into(), body)));
        for signature in [
            None,
            Some(foreign),
            Some("sha256=".to_owned()),
            Some("sha1=00".to_owned()),
        ] {
            assert_eq!(post(body, signature), Err(WebhookError::Unsigned));
        }
    }

    #[test]
    fn the_handshake_repeats_the_challenge_to_whoever_knows_the_token() {
        let ask = |token: &str| {
            let query: Vec<(String, String)> = [
                ("hub.mode", "subscribe"),
                ("hub.challenge", "1158201444"),
                ("hub.verify_token", token),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            let (app, headers) = (app(), HeaderMap::new());
            let now = datetime!(2026-01-01 12:00 UTC);
            receive(
                &Incoming {
                    is_get: true,
                    query: &query,
                    headers: &headers,
                    body: &[],
                    now,
                    app: &app,
                },
                |_| Ok(Vec::new()),
            )
        };
        let told = Received::Handshake {
            content_type: "text/plain",
            body: "1158201444".to_owned(),
        };
        assert_eq!(ask("agreed"), Ok(told));
        assert_eq!(ask("guessed"), Err(WebhookError::Unsigned));
    }

    #[test]
    fn a_signed_request_is_read_and_any_change_refuses_it() {
        let payload = URL_SAFE_NO_PAD
            .encode(br#"{"algorithm":"HMAC-SHA256","issued_at":1700000000,"user_id":"218471"}"#);
        let signature = URL_SAFE_NO_PAD.encode(mac(&"app secret".into(), payload.as_bytes()));
        let text = format!("{signature}.{payload}");
        assert_eq!(signed_request(&text, &app()).unwrap().user_id, "218471");
        let other = URL_SAFE_NO_PAD.encode(br#"{"algorithm":"HMAC-SHA256","user_id":"1"}"#);
        assert_eq!(
            signed_request(&format!("{signature}.{other}"), &app()),
            Err(SignedRequestError::Unsigned)
        );
        for broken in ["", ".", "x", &payload, &format!("{signature}!.{payload}")] {
            assert!(signed_request(broken, &app()).is_err(), "{broken}");
        }
    }
}
