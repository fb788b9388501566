//! The words of a post.

use serde::{Deserialize, Serialize};

/// The text of a post exactly as its author wrote it.
///
/// Networks count and shorten in their own ways, so nothing is trimmed or normalised here; only
/// what no network could ever show is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Caption(String);

/// Why a text cannot be a caption anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaptionError {
    /// A control character other than tab, line feed and carriage return.
    #[error("holds the control character U+{:04X}; remove it", *.0 as u32)]
    Control(char),
    /// More bytes than any network takes.
    #[error("is {0} bytes long; no network takes more than {max}", max = Caption::MAX_BYTES)]
    TooLong(usize),
}

impl Caption {
    /// Far above the longest limit of any network (63,206 characters), far below what would hurt.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<String> for Caption {
    type Error = CaptionError;

    fn try_from(text: String) -> Result<Self, CaptionError> {
        if text.len() > Self::MAX_BYTES {
            return Err(CaptionError::TooLong(text.len()));
        }
        let hidden = text
            .chars()
            .find(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
        hidden.map_or(Ok(Self(text)), |c| Err(CaptionError::Control(c)))
    }
}

impl From<Caption> for String {
    fn from(caption: Caption) -> Self {
        caption.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_is_kept_to_the_byte() {
        let text = "  e\u{301}t\u{e9}\r\n\t🇫🇷 ";
        assert_eq!(Caption::try_from(text.to_owned()).unwrap().as_str(), text);
    }

    #[test]
    fn a_hidden_control_character_is_named() {
        let error = Caption::try_from("a\u{0}b".to_owned()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "holds the control character U+0000; remove it"
        );
    }
}
