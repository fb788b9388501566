//! What Facebook Pages are like.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};

use crate::{Profile, meta};

/// What posting to a Page needs.
pub(super) const SCOPES: &[&str] = &[
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_posts",
];

/// What Facebook is like.
pub const PROFILE: Profile = Profile {
    platform: Platform::Facebook,
    logins: &[meta::login("facebook", "FACEBOOK", SCOPES)],
    default_version: meta::VERSION,
    caption: CaptionRule {
        max: 63_206,
        unit: Unit::Characters,
    },
    media: MediaRules {
        text_alone: true,
        // No number is documented for `attached_media`.
        max_images: 10,
        max_mixed: 0,
        document: None,
        image: Some(ImageRules {
            formats: &[ImageFormat::Jpeg, ImageFormat::Png],
            max_bytes: 4_000_000,
            min_width: 1,
            max_width: 4_096,
            max_height: 4_096,
            aspect: None,
        }),
        video: Some(VideoRules {
            containers: &[Container::Mp4, Container::Mov],
            video_codecs: &[VideoCodec::H264, VideoCodec::H265],
            audio_codecs: &[AudioCodec::Aac, AudioCodec::Mp3],
            max_bytes: 2_000_000_000,
            min_duration_ms: 1_000,
            max_duration_ms: 40 * 60 * 1_000,
            frames_per_second: (1.0, 120.0),
            side: (16, 4_096),
            // Pixels round: 9:16 at odd sizes is a little less, 16:9 a little more.
            aspect: Some((0.55, 1.79)),
        }),
    },
};
