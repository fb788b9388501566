//! Pictures, videos and documents, as far as the rules of the networks care.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AudioCodec, Container, DocumentFormat, ImageFormat, VideoCodec};

/// What a file is to people: something to read, to look at or to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// Pages or slides.
    Document,
    /// A still picture (or a GIF).
    Image,
    /// A video.
    Video,
}

/// A word that is none of `image`, `video` and `document`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of media; use image, video or document")]
pub struct UnknownMediaKind(pub String);

impl MediaKind {
    /// The name in JSON and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Image => "image",
            Self::Video => "video",
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MediaKind {
    type Err = UnknownMediaKind;

    fn from_str(name: &str) -> Result<Self, UnknownMediaKind> {
        match name {
            "document" => Ok(Self::Document),
            "image" => Ok(Self::Image),
            "video" => Ok(Self::Video),
            _ => Err(UnknownMediaKind(name.chars().take(40).collect())),
        }
    }
}

/// What was read from the file itself; never what somebody claimed of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum MediaFacts {
    /// A document.
    #[serde(rename_all = "camelCase")]
    Document {
        /// What it was written with.
        format: DocumentFormat,
        /// How many pages it has; absent where the file does not tell for certain.
        pages: Option<u32>,
        /// Size of the file.
        bytes: u64,
    },
    /// A picture.
    #[serde(rename_all = "camelCase")]
    Image {
        /// How it is encoded.
        format: ImageFormat,
        /// Pixels across, after EXIF rotation.
        width: u32,
        /// Pixels down, after EXIF rotation.
        height: u32,
        /// Size of the file.
        bytes: u64,
        /// Whether it has more than one frame.
        animated: bool,
    },
    /// A video.
    #[serde(rename_all = "camelCase")]
    Video {
        /// What wraps the streams.
        container: Container,
        /// How the pictures are encoded.
        video_codec: VideoCodec,
        /// How the sound is encoded; absent when there is none.
        audio_codec: Option<AudioCodec>,
        /// Pixels across, after rotation.
        width: u32,
        /// Pixels down, after rotation.
        height: u32,
        /// Length in milliseconds.
        duration_ms: u64,
        /// Frames a second, averaged.
        frames_per_second: f64,
        /// Size of the file.
        bytes: u64,
    },
}

impl MediaFacts {
    /// What it is to people.
    pub const fn kind(&self) -> MediaKind {
        match self {
            Self::Document { .. } => MediaKind::Document,
            Self::Image { .. } => MediaKind::Image,
            Self::Video { .. } => MediaKind::Video,
        }
    }

    /// Size of the file.
    pub const fn bytes(&self) -> u64 {
        match self {
            Self::Document { bytes, .. }
            | Self::Image { bytes, .. }
            | Self::Video { bytes, .. } => *bytes,
        }
    }

    /// The content type to send it under.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Document { format, .. } => format.content_type(),
            Self::Image { format, .. } => format.content_type(),
            Self::Video { container, .. } => container.content_type(),
        }
    }
}
