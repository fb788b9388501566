//! What LinkedIn is like.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};
use url::Url;

use crate::{App, Auth, Call, Oauth, Pkce, Profile, RefreshPolicy};

/// What posting needs.
pub(super) const SCOPES: &[&str] = &["openid", "profile", "w_member_social"];

/// What LinkedIn is like.
pub const PROFILE: Profile = Profile {
    platform: Platform::Linkedin,
    oauth: Oauth {
        authorize_url: |_| site("https://www.linkedin.com/oauth/v2/authorization"),
        scopes: SCOPES,
        scope_separator: " ",
        client_id_parameter: "client_id",
        pkce: Pkce::None,
        parameters: &[],
    },
    grant_family: "linkedin",
    default_version: "202607",
    // The unit is not documented, nor whether escapes count; UTF-16 units of the plain text are safe.
    caption: CaptionRule {
        max: 3_000,
        unit: Unit::Utf16,
    },
    media: MediaRules {
        text_alone: true,
        max_images: 20,
        image: Some(ImageRules {
            formats: &[ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif],
            // Pixels are limited (36,152,320), bytes are not documented; 8 MB is safely taken.
            max_bytes: 8_000_000,
            min_width: 1,
            max_width: 6_000,
            max_height: 6_000,
            aspect: None,
        }),
        video: Some(VideoRules {
            containers: &[Container::Mp4],
            video_codecs: &[
                VideoCodec::H264,
                VideoCodec::H265,
                VideoCodec::Vp8,
                VideoCodec::Vp9,
            ],
            audio_codecs: &[AudioCodec::Aac, AudioCodec::Mp3, AudioCodec::Vorbis],
            max_bytes: 500_000_000,
            min_duration_ms: 3_000,
            max_duration_ms: 30 * 60 * 1_000,
            frames_per_second: (1.0, 60.0),
            side: (1, 4_096),
            aspect: None,
        }),
    },
    refresh: RefreshPolicy::Before { seconds: 24 * 3600 },
};

/// A versioned call of the interface.
pub(super) fn rest(call: Call, app: &App) -> Call {
    call.auth(Auth::Bearer)
        .header("linkedin-version", app.version.clone())
        .header("x-restli-protocol-version", "2.0.0")
}

/// An address of the interface.
pub(super) fn api(path: &[&str]) -> Url {
    under("https://api.linkedin.com/", path)
}

/// An address of the sign-in host.
pub(super) fn www(path: &[&str]) -> Url {
    under("https://www.linkedin.com/", path)
}

fn under(root: &str, path: &[&str]) -> Url {
    let mut url = site(root);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    // A URN in a path is encoded whole; colons are the one thing that the URL standard leaves.
    let encoded = url.path().replace(':', "%3A");
    url.set_path(&encoded);
    url
}

fn site(address: &str) -> Url {
    Url::parse(address).expect("a constant address parses")
}
