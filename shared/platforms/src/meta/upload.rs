//! What both networks say of the bytes of a video that are sent to Meta's host of uploads.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::number;
use crate::{Auth, Call, UploadUrl};

/// Sends the bytes of a file from one on, as they are, under the account's token.
pub(crate) fn send(url: &UploadUrl, asset: usize, from: u64, size: u64) -> Call {
    Call::post("upload_video", url.expose().clone())
        .auth(Auth::OauthScheme)
        .header("offset", from.to_string())
        .header("file_size", size.to_string())
        .header("content-type", "application/octet-stream")
        .file(asset, from..size)
}

/// What the host of uploads says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Uploaded {
    pub(crate) success: bool,
    pub(crate) debug_info: DebugInfo,
}

/// Why an upload was refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DebugInfo {
    /// Whether the same again may work.
    pub(crate) retriable: bool,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// How far one part of the work on a video is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Phase {
    pub(crate) status: String,
    #[serde(alias = "bytes_transfered", deserialize_with = "number")]
    pub(crate) bytes_transferred: i64,
    pub(crate) publish_status: Option<String>,
    errors: Vec<PhaseError>,
    #[serde(deserialize_with = "lenient")]
    error: Option<PhaseError>,
}

/// Why a part of the work failed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PhaseError {
    #[serde(deserialize_with = "number")]
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Phase {
    /// Both spellings occur.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.status.as_str(), "complete" | "completed")
    }

    /// The first error of the phase.
    pub(crate) fn error(&self) -> Option<&PhaseError> {
        self.errors.first().or(self.error.as_ref())
    }
}

fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PhaseError>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_shapes_of_a_phase_are_read() {
        let phase: Phase = serde_json::from_value(
            json!({"status": "error", "error": {"message": "bad", "code": "1363024"}}),
        )
        .unwrap();
        assert_eq!(phase.error().unwrap().code, 1_363_024);
        let phase: Phase = serde_json::from_value(
            json!({"status": "completed", "errors": [], "error": "none", "bytes_transfered": 1}),
        )
        .unwrap();
        assert!(phase.is_complete() && phase.error().is_none());
    }
}
