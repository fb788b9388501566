//! Signing what is sent to users' own servers: Standard Webhooks 1.0.0 (read 2026-11-29),
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The signature over a message by one key, as it stands in the header `webhook-signature`. `timestamp` is that of
/// the attempt, in seconds since 1970.
pub(crate) fn signature(key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mac| {
        mac.chain_update(format!("{id}.{timestamp}."))
            .chain_update(body)
            .finalize()
            .into_bytes()
            .to_vec()
    });
    // HMAC takes a key of any length.
    format!("v1,{}", STANDARD.encode(mac.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the specification's reference libraries are tested with:
    /// <https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/rust/src/lib.rs>.
    #[test]
    fn a_message_is_signed_as_the_specifications_example_is() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let signed = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_part_of_a_message_is_signed() {
        let sign = |key: &[u8], id, timestamp, body: &[u8]| signature(key, id, timestamp, body);
        let signed = sign(b"key", "evt_1", 1, b"{}");
        assert_ne!(sign(b"kez", "evt_1", 1, b"{}"), signed);
        assert_ne!(sign(b"key", "evt_2", 1, b"{}"), signed);
        assert_ne!(sign(b"key", "evt_1", 2, b"{}"), signed);
        assert_ne!(sign(b"key", "evt_1", 1, b"{ }"), signed);
    }
}
