//! What LinkedIn tells us on its own: the check of our address, and social actions on Pages, for
//! which we have no use. There is no news of published posts or of withdrawn access.
//!
//! Whoever asks for the check gets a signature of what they sent, so nothing but a UUID is signed:
//! of anything else it could be the signature of an event.

use hmac::{Hmac, Mac as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{App, Incoming, Received, WebhookError, same};

/// The header that carries the signature.
const SIGNATURE: &str = "x-li-signature";
/// What stands before the body in the signed message; some see it before the signature, too.
const PREFIX: &str = "hmacsha256=";

/// How long LinkedIn's challenges are.
const CHALLENGE_BYTES: usize = 36;

/// Reads a request to our webhook address; the client secret signs, unless another is set.
///
/// # Errors
/// [`WebhookError`] when it is not genuine.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    if incoming.is_get {
        let code = incoming
            .parameter("challengeCode")
            .filter(|code| is_uuid(code))
            .ok_or(WebhookError::Malformed)?;
        let body = json!({
            "challengeCode": code,
            "challengeResponse": signature(incoming.app, &[code.as_bytes()])?,
        });
        return Ok(Received::Handshake {
            content_type: "application/json",
            body: body.to_string(),
        });
    }
    let given = incoming.header(SIGNATURE).ok_or(WebhookError::Unsigned)?;
    let given = given.strip_prefix(PREFIX).unwrap_or(given);
    let right = signature(incoming.app, &[PREFIX.as_bytes(), incoming.body])?;
    if !same(given.as_bytes(), right.as_bytes()) {
        return Err(WebhookError::Unsigned);
    }
    serde_json::from_slice::<serde_json::Map<String, Value>>(incoming.body)
        .map(|_| Received::News(Vec::new()))
        .map_err(|_| WebhookError::Malformed)
}

fn is_uuid(code: &str) -> bool {
    code.len() == CHALLENGE_BYTES
        && code.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn signature(app: &App, message: &[&[u8]]) -> Result<String, WebhookError> {
    let secret = app.webhook_secret.as_ref().unwrap_or(&app.client_secret);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| WebhookError::Unsigned)?;
    for part in message {
        mac.update(part);
    }
    Ok(hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::{HeaderMap, HeaderValue};
    use secrecy::SecretString;
    use time::OffsetDateTime;

    use super::*;

    fn app() -> App {
        App {
            client_id: "id".to_owned(),
            client_secret: SecretString::from("client secret"),
            redirect_uri: "https://app.example/back".parse().unwrap(),
            version: String::new(),
            webhook_secret: None,
            webhook_verify_token: None,
            settings: BTreeMap::new(),
        }
    }

    fn get(query: &[(&str, &str)]) -> Result<Received, WebhookError> {
        let query: Vec<(String, String)> = query
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        receive(&Incoming {
            is_get: true,
            query: &query,
            headers: &HeaderMap::new(),
            body: b"",
            now: OffsetDateTime::UNIX_EPOCH,
            app: &app(),
        })
    }

    fn post(body: &[u8], signature: Option<&str>) -> Result<Received, WebhookError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = signature {
            headers.insert(SIGNATURE, HeaderValue::from_str(value).unwrap());
        }
        receive(&Incoming {
            is_get: false,
            query: &[],
            headers: &headers,
            body,
            now: OffsetDateTime::UNIX_EPOCH,
            app: &app(),
        })
    }

    const CHALLENGE: &str = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    // printf CHALLENGE | openssl dgst -sha256 -hmac 'client secret'
    const RESPONSE: &str = "d732d61fa94eff2186a613f208b5be3f7e90a5d8b907be374e61d8e9cc56daee";
    // printf 'hmacsha256={"type":"X"}' | openssl dgst -sha256 -hmac 'client secret'
    const OF_BODY: &str = "313c4185fb55fca291e842fc07772c60c077fc934a07880e5851cf64951987c4";
    const BODY: &[u8] = br#"{"type":"X"}"#;

    #[test]
    fn the_check_of_our_address_is_answered_with_a_known_signature() {
        let Ok(Received::Handshake { content_type, body }) =
            get(&[("challengeCode", CHALLENGE), ("applicationId", "1")])
        else {
            panic!("no handshake");
        };
        assert_eq!(content_type, "application/json");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            body,
            json!({"challengeCode": CHALLENGE, "challengeResponse": RESPONSE})
        );
        assert_eq!(get(&[]), Err(WebhookError::Malformed));
    }

    #[test]
    fn nobody_gets_the_signature_of_an_event_for_a_challenge() {
        let long = CHALLENGE.repeat(2);
        let event = format!(r#"hmacsha256={{"type":"{}"}}"#, "X".repeat(14));
        let shifted = CHALLENGE.replace("-4dfe", "4-dfe");
        for wrong in ["", "challenge", &CHALLENGE[1..], &long, &event, &shifted] {
            assert_eq!(
                get(&[("challengeCode", wrong)]),
                Err(WebhookError::Malformed),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_secret_of_its_own_signs_in_place_of_the_clients() {
        let own = App {
            webhook_secret: Some(SecretString::from("client secret")),
            client_secret: SecretString::from("another"),
            ..app()
        };
        assert_eq!(
            signature(&own, &[PREFIX.as_bytes(), BODY]).unwrap(),
            OF_BODY
        );
    }

    #[test]
    fn genuine_events_are_taken_and_left() {
        let prefixed = format!("hmacsha256={OF_BODY}");
        for signature in [OF_BODY, &prefixed] {
            assert_eq!(post(BODY, Some(signature)), Ok(Received::News(vec![])));
        }
    }

    #[test]
    fn an_unsigned_a_wrongly_signed_and_a_changed_body_are_refused() {
        assert_eq!(post(BODY, None), Err(WebhookError::Unsigned));
        let of_bare_body = signature(&app(), &[BODY]).unwrap();
        let upper = OF_BODY.to_uppercase();
        for wrong in ["", PREFIX, &OF_BODY[1..], &of_bare_body, &upper] {
            assert_eq!(
                post(BODY, Some(wrong)),
                Err(WebhookError::Unsigned),
                "{wrong}"
            );
        }
        assert_eq!(
            post(br#"{"type":"Y"}"#, Some(OF_BODY)),
            Err(WebhookError::Unsigned)
        );
        let of_noise = signature(&app(), &[PREFIX.as_bytes(), b"noise"]).unwrap();
        assert_eq!(
            post(b"noise", Some(&of_noise)),
            Err(WebhookError::Malformed)
        );
    }
}
