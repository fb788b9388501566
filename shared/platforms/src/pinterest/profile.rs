//! What Pinterest is like.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};
use url::Url;

use crate::{App, Oauth, Pkce, Profile, RefreshPolicy};

/// What making a Pin needs.
pub(super) const SCOPES: &[&str] = &[
    "user_accounts:read",
    "boards:read",
    "boards:write",
    "pins:read",
    "pins:write",
];

const DAY: i64 = 24 * 3600;

/// What Pinterest is like.
pub const PROFILE: Profile = Profile {
    platform: Platform::Pinterest,
    oauth: Oauth {
        authorize_url: |_| site("https://www.pinterest.com/oauth/"),
        scopes: SCOPES,
        scope_separator: ",",
        client_id_parameter: "client_id",
        pkce: Pkce::None,
        parameters: &[],
    },
    grant_family: "pinterest",
    default_version: "v5",
    // The unit is not documented; scalar values are the usual reading.
    caption: CaptionRule {
        max: 800,
        unit: Unit::Characters,
    },
    media: MediaRules {
        text_alone: false,
        max_images: 1,
        image: Some(ImageRules {
            formats: &[ImageFormat::Jpeg, ImageFormat::Png],
            // No limit is documented for fetched pictures; 10 MB is safely taken.
            max_bytes: 10_000_000,
            min_width: 100,
            max_width: 4_000,
            max_height: 6_000,
            aspect: None,
        }),
        video: Some(VideoRules {
            containers: &[Container::Mp4, Container::Mov],
            video_codecs: &[VideoCodec::H264, VideoCodec::H265],
            audio_codecs: &[AudioCodec::Aac, AudioCodec::Mp3],
            max_bytes: 2_000_000_000,
            min_duration_ms: 4_000,
            max_duration_ms: 15 * 60 * 1_000,
            frames_per_second: (1.0, 60.0),
            side: (100, 4_096),
            aspect: Some((0.5, 1.91)),
        }),
    },
    // A token lives 30 days and what renews it 60 more: a renewal every fortnight never lets go.
    refresh: RefreshPolicy::Before { seconds: 15 * DAY },
};

/// An address of the interface. `PINTEREST_SETTING_API_HOST` leads to the sandbox instead.
pub(super) fn api(app: &App, path: &[&str]) -> Url {
    let host = app
        .settings
        .get("api_host")
        .map_or("api.pinterest.com", String::as_str);
    let mut url = site("https://api.pinterest.com/");
    if url.set_host(Some(host)).is_err() {
        return url;
    }
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(&app.version).extend(path);
    }
    url
}

fn site(address: &str) -> Url {
    Url::parse(address).expect("a constant address parses")
}
