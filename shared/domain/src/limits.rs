//! The shape of a network's rules; the numbers themselves stand in each network's profile.

use serde::{Deserialize, Serialize};

/// How a network measures a caption.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Bytes of UTF-8.
    Bytes,
    /// Unicode scalar values.
    Characters,
    /// UTF-16 code units.
    Utf16,
    /// The network's own weights.
    Weighted(fn(&str) -> usize),
}

impl Unit {
    /// The length of `text` in this unit.
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::Characters => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Weighted(weigh) => weigh(text),
        }
    }

    /// The unit's name for a message: "2 characters too long".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Characters | Self::Utf16 => "characters",
            Self::Weighted(_) => "weighted characters",
        }
    }
}

impl std::fmt::Debug for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How long a caption may be.
#[derive(Debug, Clone, Copy)]
pub struct CaptionRule {
    /// The longest allowed.
    pub max: usize,
    /// What `max` counts.
    pub unit: Unit,
}

/// What media a post may carry. `None` means the network takes none of that kind.
#[derive(Debug, Clone, Copy)]
pub struct MediaRules {
    /// Whether a post without media exists here.
    pub text_alone: bool,
    /// How many pictures one post may hold.
    pub max_images: usize,
    /// How many pictures and videos together one post may hold; 0 where a video stands alone.
    pub max_mixed: usize,
    /// What a document must be like; a post holds one and nothing else.
    pub document: Option<DocumentRules>,
    /// What a picture must be like.
    pub image: Option<ImageRules>,
    /// What a video must be like.
    pub video: Option<VideoRules>,
}

/// What a document was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentFormat {
    /// application/msword
    Doc,
    /// application/vnd.openxmlformats-officedocument.wordprocessingml.document
    Docx,
    /// application/pdf
    Pdf,
    /// application/vnd.ms-powerpoint
    Ppt,
    /// application/vnd.openxmlformats-officedocument.presentationml.presentation
    Pptx,
}

impl DocumentFormat {
    /// The content type to send it under.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Doc => "application/msword",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Pdf => "application/pdf",
            Self::Ppt => "application/vnd.ms-powerpoint",
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
        }
    }
}

/// What a document must be like; it is sent as it is.
#[derive(Debug, Clone, Copy)]
pub struct DocumentRules {
    /// The formats taken.
    pub formats: &'static [DocumentFormat],
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// The most pages.
    pub max_pages: u32,
}

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// image/gif
    Gif,
    /// image/jpeg
    Jpeg,
    /// image/png
    Png,
    /// image/webp
    Webp,
}

impl ImageFormat {
    /// The content type to send it under.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// What a picture must be like; pictures are converted to fit where that loses nothing a person would miss.
#[derive(Debug, Clone, Copy)]
pub struct ImageRules {
    /// Formats taken as they are; anything else becomes JPEG (which is always taken).
    pub formats: &'static [ImageFormat],
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// The narrowest picture, in pixels; a narrower one is refused, never blown up.
    pub min_width: u32,
    /// The widest picture; a wider one is scaled down.
    pub max_width: u32,
    /// The highest picture; a higher one is scaled down.
    pub max_height: u32,
    /// The smallest and largest width divided by height; outside is refused, never cropped unasked.
    pub aspect: Option<(f64, f64)>,
}

/// What wraps the streams of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// video/mp4
    Mp4,
    /// video/quicktime
    Mov,
    /// video/webm
    Webm,
}

impl Container {
    /// The content type to send it under.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Mov => "video/quicktime",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
        }
    }
}

/// How moving pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoCodec {
    /// AV1.
    Av1,
    /// H.264, AVC.
    H264,
    /// H.265, HEVC.
    H265,
    /// Anything else.
    Other,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
}

/// How sound is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AudioCodec {
    /// AAC.
    Aac,
    /// MP3.
    Mp3,
    /// Opus.
    Opus,
    /// Anything else.
    Other,
    /// Vorbis.
    Vorbis,
}

/// What a video must be like.
#[derive(Debug, Clone, Copy)]
pub struct VideoRules {
    /// The containers taken.
    pub containers: &'static [Container],
    /// The picture codecs taken.
    pub video_codecs: &'static [VideoCodec],
    /// The sound codecs taken; a silent video is always taken.
    pub audio_codecs: &'static [AudioCodec],
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// The shortest video, in milliseconds.
    pub min_duration_ms: u64,
    /// The longest video, in milliseconds.
    pub max_duration_ms: u64,
    /// The fewest and most frames a second.
    pub frames_per_second: (f64, f64),
    /// The fewest and most pixels of either side.
    pub side: (u32, u32),
    /// The smallest and largest width divided by height.
    pub aspect: Option<(f64, f64)>,
}
