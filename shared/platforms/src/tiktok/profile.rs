//! What TikTok is like, as data.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};
use url::Url;

use crate::{Login, Oauth, Pkce, Profile, RefreshPolicy};

/// What TikTok is like.
pub const PROFILE: Profile = Profile {
    platform: Platform::Tiktok,
    logins: &[Login {
        name: "tiktok",
        variables: "TIKTOK",
        oauth: Oauth {
            authorize_url: |app| {
                address("www.tiktok.com", "/v2/auth/authorize/", &app.redirect_uri)
            },
            // Listing videos, which settles lost answers, is asked for by the setting `extra_scopes`.
            scopes: &[BASIC, PROFILE_FIELDS, PUBLISH, UPLOAD],
            scope_separator: ",",
            client_id_parameter: "client_key",
            // The web flow documents no challenge; only desktop and mobile apps send one, in hexadecimal.
            pkce: Pkce::HexWhere(is_for_desktop),
            // Shows the page even where a session is alive, so that another account can be chosen.
            parameters: &[("disable_auto_auth", "1")],
            bend: None,
        },
        grant_family: "tiktok",
        // Access tokens live two hours; half an hour covers preparing and polling one post.
        refresh: RefreshPolicy::Before { seconds: 30 * 60 },
        prolong_before: None,
    }],
    default_version: "",
    caption: CaptionRule {
        max: 2200,
        unit: Unit::Utf16,
    },
    media: MediaRules {
        text_alone: false,
        max_images: 35,
        max_mixed: 0,
        document: None,
        image: Some(ImageRules {
            formats: &[ImageFormat::Jpeg, ImageFormat::Webp],
            max_bytes: 20_000_000,
            min_width: 1,
            max_width: 1080,
            max_height: 1920,
            aspect: None,
        }),
        video: Some(VideoRules {
            containers: &[Container::Mp4, Container::Mov, Container::Webm],
            video_codecs: &[
                VideoCodec::H264,
                VideoCodec::H265,
                VideoCodec::Vp8,
                VideoCodec::Vp9,
            ],
            audio_codecs: &[
                AudioCodec::Aac,
                AudioCodec::Mp3,
                AudioCodec::Opus,
                AudioCodec::Vorbis,
            ],
            max_bytes: 4_000_000_000,
            min_duration_ms: 1_000,
            max_duration_ms: 600_000,
            frames_per_second: (23.0, 60.0),
            side: (360, 4096),
            aspect: None,
        }),
    },
};

/// The scope for who somebody is.
pub(super) const BASIC: &str = "user.info.basic";
/// The scope for the name with an @.
pub(super) const PROFILE_FIELDS: &str = "user.info.profile";
/// The scope for posting; the only one that a connection cannot be without.
pub(super) const PUBLISH: &str = "video.publish";
/// The scope for drafts.
pub(super) const UPLOAD: &str = "video.upload";
/// The scope for listing public videos.
pub(super) const LIST: &str = "video.list";

/// What the facts of an account call that its videos may be listed.
pub(super) const LISTS_VIDEOS: &str = "listsVideos";

/// An address of the posting interface.
pub(super) fn api(path: &str, app: &crate::App) -> Url {
    address("open.tiktokapis.com", path, &app.redirect_uri)
}

/// `https://host` + `path`. Both are literals of this folder; `base` only lends the type a value to start from.
fn address(host: &str, path: &str, base: &Url) -> Url {
    Url::parse(&format!("https://{host}{path}")).unwrap_or_else(|_| base.clone())
}

/// Whether the app is registered for desktop only, whose consent page wants a challenge.
fn is_for_desktop(app: &crate::App) -> bool {
    app.settings.get("pkce").is_some_and(|it| it == "desktop")
}
