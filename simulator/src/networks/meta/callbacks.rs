//! What Meta sends to our callbacks about a person: access withdrawn, data to be deleted.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;
use time::OffsetDateTime;

/// The `signed_request` about a person, by the id that our app knows them by, signed with the
/// secret of the app that they logged in to.
pub fn signed_request(app_secret: &str, user_id: &str, issued_at: OffsetDateTime) -> String {
    let payload = json!({
        "algorithm": "HMAC-SHA256", "issued_at": issued_at.unix_timestamp(), "user_id": user_id,
    });
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let signature = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes())
        .map(|mac| mac.chain_update(&payload).finalize().into_bytes().to_vec())
        .unwrap_or_default();
    format!("{}.{payload}", URL_SAFE_NO_PAD.encode(signature))
}
