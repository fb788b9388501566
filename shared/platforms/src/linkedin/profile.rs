//! Facts about LinkedIn, as data.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};
use url::{Url, form_urlencoded::byte_serialize};

use crate::{App, Auth, Call, Login, Oauth, Pkce, Profile, RefreshPolicy};

/// What LinkedIn is like (learn.microsoft.com, read 2026-08-13).
pub const PROFILE: Profile = Profile {
    platform: Platform::Linkedin,
    logins: &[Login {
        name: "linkedin",
        variables: "LINKEDIN",
        oauth: Oauth {
            authorize_url: consent_page,
            scopes: SCOPES,
            scope_separator: " ",
            client_id_parameter: "client_id",
            pkce: Pkce::None,
            parameters: &[],
            bend: None,
        },
        grant_family: "linkedin",
        // Tokens live 60 days; what renews them ends after a year and is worth a day's attempts.
        refresh: RefreshPolicy::Before {
            seconds: 24 * 3_600,
        },
        prolong_before: None,
    }],
    // The newest version whose last day (2027-07-15) is published.
    default_version: "202607",
    caption: CaptionRule {
        max: 3000,
        // The unit is not published; of the likely ones this is the strictest.
        unit: Unit::Utf16,
    },
    media: MediaRules {
        text_alone: true,
        max_images: 20,
        max_mixed: 0,
        image: Some(ImageRules {
            formats: &[ImageFormat::Gif, ImageFormat::Jpeg, ImageFormat::Png],
            // No limit is published; other apps stay between 5 and 8 MB.
            max_bytes: 8_000_000,
            min_width: 1,
            // Both sides together stay below the 36,152,320 pixels that are the limit.
            max_width: 6012,
            max_height: 6012,
            aspect: None,
        }),
        video: Some(VideoRules {
            containers: &[Container::Mp4],
            video_codecs: &[VideoCodec::H264],
            audio_codecs: &[AudioCodec::Aac],
            max_bytes: 500_000_000,
            min_duration_ms: 3_000,
            max_duration_ms: 1_800_000,
            frames_per_second: (1.0, 60.0),
            side: (144, 4096),
            aspect: Some((1.0 / 2.4, 2.4)),
        }),
    },
};

/// What we ask for; another set later would end earlier grants.
pub(super) const SCOPES: &[&str] = &["openid", "profile", "w_member_social"];

fn consent_page(app: &App) -> Url {
    address(app, "www.linkedin.com", "/oauth/v2/authorization")
}

/// An address of the consent host.
pub(super) fn oauth(app: &App, path: &str) -> Url {
    address(app, "www.linkedin.com", path)
}

/// An address of the interface.
pub(super) fn api(app: &App, path: &str) -> Url {
    address(app, "api.linkedin.com", path)
}

/// A URN as it stands in a path: encoded whole.
pub(super) fn encoded(urn: &str) -> String {
    byte_serialize(urn.as_bytes()).collect()
}

/// The same call, as the versioned interface wants it.
pub(super) fn versioned(app: &App, call: Call) -> Call {
    call.auth(Auth::Bearer)
        .header("linkedin-version", version(app))
        .header("x-restli-protocol-version", "2.0.0")
}

fn version(app: &App) -> &str {
    if app.version.is_empty() {
        PROFILE.default_version
    } else {
        &app.version
    }
}

fn address(app: &App, host: &str, path: &str) -> Url {
    // Constant hosts always parse; the way back is merely what a `Url` can be made of here.
    Url::parse(&format!("https://{host}{path}")).unwrap_or_else(|_| app.redirect_uri.clone())
}
