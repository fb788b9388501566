//! What requests to an endpoint are signed with.

use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{UserId, WebhookSecretId};
use http::StatusCode;
use store::webhook_endpoints::SealedSecret;
use vault::Place;
use web::Problem;

use crate::Env;

/// What the specification lets every secret begin with.
const PREFIX: &str = "whsec_";
/// 256 bits; the specification takes 24 to 64 bytes.
const BYTES: usize = 32;
/// How long a caller without luck is asked to wait.
const AGAIN: time::Duration = time::Duration::seconds(5);

/// A secret that was just made: to be shown once, and to be kept.
pub(super) struct Fresh {
    /// As its owner is shown it.
    pub(super) shown: String,
    /// As it rests.
    pub(super) sealed: SealedSecret,
}

/// Makes a secret, and seals it to its row; nothing here can open it again.
pub(super) async fn make(env: &Env, user: UserId) -> Result<Fresh, Problem> {
    let mut bytes = [0; BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|error| Problem::internal(&error))?;
    let id = WebhookSecretId::mint();
    let place = Place {
        table: "webhook_secrets",
        row: id.uuid(),
        user: user.uuid(),
        platform: "",
        field: "ciphertext",
    };
    // A key for this moment: it is sealed with at once.
    let pen = env.sealer.pen(Duration::ZERO).await.map_err(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a secret could not be made: there is no key to seal it with"
        );
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "keys_unavailable",
            "No secret could be made because our key service does not answer. Nothing was changed; ask again in a moment.",
        )
        .retry_after(AGAIN)
    })?;
    let ciphertext = pen
        .seal(&place, &bytes)
        .map_err(|error| Problem::internal(&error))?;
    Ok(Fresh {
        shown: format!("{PREFIX}{}", STANDARD.encode(bytes)),
        sealed: SealedSecret { id, ciphertext },
    })
}
