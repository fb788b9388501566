//! What Instagram is like.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};

use super::{connect, host};
use crate::{Login, Oauth, Pkce, Profile, RefreshPolicy, meta};

/// What publishing needs of an account behind a Page.
pub(super) const SCOPES: &[&str] = &[
    "instagram_basic",
    "instagram_content_publish",
    "pages_show_list",
    "pages_read_engagement",
];

/// What Instagram is like.
pub const PROFILE: Profile = Profile {
    platform: Platform::Instagram,
    logins: &[
        meta::login(connect::FACEBOOK, "INSTAGRAM", SCOPES),
        AT_INSTAGRAM,
    ],
    default_version: meta::VERSION,
    // How emoji are counted is not documented; UTF-16 is the longer count.
    caption: CaptionRule {
        max: 2_200,
        unit: Unit::Utf16,
    },
    media: MediaRules {
        text_alone: false,
        max_images: 10,
        max_mixed: 10,
        document: None,
        image: Some(ImageRules {
            formats: &[ImageFormat::Jpeg],
            max_bytes: 8_000_000,
            min_width: 320,
            max_width: 1_440,
            max_height: 1_800,
            aspect: Some((0.8, 1.91)),
        }),
        video: Some(VideoRules {
            containers: &[Container::Mp4, Container::Mov],
            video_codecs: &[VideoCodec::H264, VideoCodec::H265],
            audio_codecs: &[AudioCodec::Aac],
            max_bytes: 300_000_000,
            min_duration_ms: 3_000,
            max_duration_ms: 15 * 60 * 1_000,
            frames_per_second: (23.0, 60.0),
            side: (1, 1_920),
            aspect: Some((0.01, 10.0)),
        }),
    },
};

/// The login at Instagram itself, which needs no Page and has an app of its own.
const AT_INSTAGRAM: Login = Login {
    name: host::OWN_LOGIN,
    variables: "INSTAGRAM_LOGIN",
    oauth: Oauth {
        authorize_url: connect::consent_page,
        scopes: connect::SCOPES,
        scope_separator: ",",
        client_id_parameter: "client_id",
        // Not documented for this login.
        pkce: Pkce::None,
        parameters: &[],
        bend: None,
    },
    grant_family: "instagram",
    // A token lives sixty days, renews itself, and cannot be renewed once it has ended.
    refresh: RefreshPolicy::Before {
        seconds: connect::RENEWED_BEFORE.whole_seconds(),
    },
    prolong_before: None,
};
