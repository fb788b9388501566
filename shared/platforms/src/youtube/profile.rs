//! What YouTube is like, as data.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};
use serde_json::Value;
use url::Url;

use crate::{App, Login, Oauth, Pkce, Profile, RefreshPolicy};

/// What YouTube is like.
pub const PROFILE: Profile = Profile {
    platform: Platform::Youtube,
    logins: &[Login {
        name: "youtube",
        variables: "YOUTUBE",
        oauth: Oauth {
            authorize_url: |app| address("accounts.google.com", "/o/oauth2/v2/auth", app),
            scopes: &[UPLOAD, READ, IDENTITY],
            scope_separator: " ",
            client_id_parameter: "client_id",
            pkce: Pkce::S256,
            parameters: &[
                ("access_type", "offline"),
                // Without it a returning person brings no refresh token.
                ("prompt", "consent select_account"),
                ("include_granted_scopes", "true"),
            ],
            bend: None,
        },
        grant_family: "youtube",
        refresh: RefreshPolicy::Before { seconds: 10 * 60 },
        prolong_before: None,
    }],
    default_version: "v3",
    caption: CaptionRule {
        max: 5000,
        unit: Unit::Bytes,
    },
    media: VIDEO,
};

/// A video alone.
const VIDEO: MediaRules = MediaRules {
    text_alone: false,
    max_images: 0,
    max_mixed: 0,
    document: None,
    image: None,
    video: Some(VideoRules {
        containers: &[Container::Mp4, Container::Mov, Container::Webm],
        video_codecs: &[
            VideoCodec::Av1,
            VideoCodec::H264,
            VideoCodec::H265,
            VideoCodec::Vp8,
            VideoCodec::Vp9,
            VideoCodec::Other,
        ],
        audio_codecs: &[
            AudioCodec::Aac,
            AudioCodec::Mp3,
            AudioCodec::Opus,
            AudioCodec::Vorbis,
            AudioCodec::Other,
        ],
        max_bytes: 274_877_906_944,
        min_duration_ms: 1,
        max_duration_ms: 12 * 60 * 60 * 1000,
        frames_per_second: (1.0, 240.0),
        side: (1, 8192),
        aspect: None,
    }),
};

/// What the files of a post with these options must be like: a video, and beside it a picture where that
/// is to be its thumbnail.
pub fn media_rules(options: &Value) -> MediaRules {
    if options["thumbnail"] != true {
        return VIDEO;
    }
    MediaRules {
        max_images: 1,
        max_mixed: 2,
        document: None,
        image: Some(THUMBNAIL),
        ..VIDEO
    }
}

/// Since 2026-09-14; 1280 by 720 is recommended.
const THUMBNAIL: ImageRules = ImageRules {
    formats: &[ImageFormat::Jpeg, ImageFormat::Png],
    max_bytes: 50_000_000,
    min_width: 1,
    max_width: 12_000,
    max_height: 12_000,
    aspect: None,
};

/// The scope for uploading.
pub(super) const UPLOAD: &str = "https://www.googleapis.com/auth/youtube.upload";
/// The scope that tells which Google account consented: its channels' tokens die together.
const IDENTITY: &str = "openid";
/// Scopes that allow everything we do, where a person granted them to this app before; a playlist takes
/// one of them.
pub(super) const WIDER: [&str; 2] = [
    "https://www.googleapis.com/auth/youtube",
    "https://www.googleapis.com/auth/youtube.force-ssl",
];
/// The scope for asking what became of it.
pub(super) const READ: &str = "https://www.googleapis.com/auth/youtube.readonly";

/// An address of the token endpoints.
pub(super) fn oauth(path: &str, app: &App) -> Url {
    address("oauth2.googleapis.com", path, app)
}

/// An address of the data and upload interfaces.
pub(super) fn api(path: &str, app: &App) -> Url {
    address("www.googleapis.com", path, app)
}

/// An address of the hub of the channels' feeds.
pub(super) fn hub(path: &str, app: &App) -> Url {
    address("pubsubhubbub.appspot.com", path, app)
}

/// `https://host` + `path`. Both are literals of this folder; the way back only lends the type a value to start from.
fn address(host: &str, path: &str, app: &App) -> Url {
    Url::parse(&format!("https://{host}{path}")).unwrap_or_else(|_| app.redirect_uri.clone())
}
