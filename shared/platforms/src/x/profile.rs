//! Facts about X, as data.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};
use url::Url;

use super::length;
use crate::{App, Login, Oauth, Pkce, Profile, RefreshPolicy};

/// What X is like (docs.x.com, read 2026-08-22).
pub const PROFILE: Profile = Profile {
    platform: Platform::X,
    logins: &[Login {
        name: "x",
        variables: "X",
        oauth: Oauth {
            authorize_url: consent_page,
            scopes: SCOPES,
            scope_separator: " ",
            client_id_parameter: "client_id",
            pkce: Pkce::S256,
            parameters: &[],
            bend: None,
        },
        grant_family: "x",
        refresh: RefreshPolicy::Before { seconds: 300 },
        prolong_before: None,
    }],
    default_version: "",
    caption: CaptionRule {
        max: length::MAX_LENGTH,
        unit: Unit::Weighted(length::weigh),
    },
    media: MediaRules {
        text_alone: true,
        max_images: 4,
        max_mixed: 0,
        document: None,
        image: Some(ImageRules {
            formats: &[
                ImageFormat::Gif,
                ImageFormat::Jpeg,
                ImageFormat::Png,
                ImageFormat::Webp,
            ],
            max_bytes: 5 << 20,
            min_width: 4,
            max_width: 8192,
            max_height: 8192,
            aspect: None,
        }),
        video: Some(VideoRules {
            containers: &[Container::Mov, Container::Mp4],
            video_codecs: &[VideoCodec::H264],
            audio_codecs: &[AudioCodec::Aac],
            max_bytes: 512 << 20,
            min_duration_ms: 500,
            max_duration_ms: 140_000,
            frames_per_second: (1.0, 60.0),
            side: (32, 1280),
            aspect: Some((1.0 / 3.0, 3.0)),
        }),
    },
};

/// What we ask for, all of which we need: `offline.access` brings the refresh token.
pub(super) const SCOPES: &[&str] = &[
    "tweet.read",
    "tweet.write",
    "users.read",
    "media.write",
    "offline.access",
];

fn consent_page(app: &App) -> Url {
    address(app, "x.com", &["i", "oauth2", "authorize"])
}

/// An address at X's interface.
pub(super) fn api(app: &App, path: &[&str]) -> Url {
    address(app, "api.x.com", path)
}

fn address(app: &App, host: &str, path: &[&str]) -> Url {
    // Constant hosts always parse; the way back is merely what a `Url` can be made of here.
    let mut url =
        Url::parse(&format!("https://{host}")).unwrap_or_else(|_| app.redirect_uri.clone());
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(path);
    }
    url
}
