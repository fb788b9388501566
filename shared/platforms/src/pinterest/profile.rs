//! Facts about Pinterest, as data.

use domain::{
    AudioCodec, CaptionRule, Container, ImageFormat, ImageRules, MediaRules, Platform, Unit,
    VideoCodec, VideoRules,
};
use url::Url;

use crate::{App, Login, Oauth, Pkce, Profile, RefreshPolicy};

/// What Pinterest is like (API description 5.23.0 and the product specifications, read 2026-11-20).
pub const PROFILE: Profile = Profile {
    platform: Platform::Pinterest,
    logins: &[Login {
        name: "pinterest",
        variables: "PINTEREST",
        oauth: Oauth {
            authorize_url: consent_page,
            scopes: SCOPES,
            scope_separator: ",",
            client_id_parameter: "client_id",
            pkce: Pkce::None,
            parameters: &[],
            bend: None,
        },
        grant_family: "pinterest",
        // A token lives 30 days and what renews it 60: renewing at half life never lets go.
        refresh: RefreshPolicy::Before {
            seconds: 15 * 24 * 3_600,
        },
        prolong_before: None,
    }],
    default_version: "",
    caption: CaptionRule {
        max: 800,
        unit: Unit::Characters,
    },
    media: MediaRules {
        text_alone: false,
        max_images: 5,
        max_mixed: 0,
        document: None,
        image: Some(ImageRules {
            formats: &[ImageFormat::Jpeg, ImageFormat::Png],
            // The interface states no limit; its app takes 32 MB, its web form 20 MB.
            max_bytes: 10_000_000,
            min_width: 1,
            max_width: 12_000,
            max_height: 12_000,
            aspect: None,
        }),
        video: Some(VideoRules {
            containers: &[Container::Mov, Container::Mp4],
            video_codecs: &[VideoCodec::H264, VideoCodec::H265],
            audio_codecs: &[AudioCodec::Aac],
            max_bytes: 2_000_000_000,
            min_duration_ms: 4_000,
            max_duration_ms: 900_000,
            frames_per_second: (1.0, 60.0),
            side: (16, 4096),
            aspect: Some((0.5, 1.91)),
        }),
    },
};

/// What we ask for; `POST /pins` needs the four about boards and Pins.
pub(super) const SCOPES: &[&str] = &[
    "user_accounts:read",
    "boards:read",
    "boards:write",
    "pins:read",
    "pins:write",
];

/// The production host.
const PRODUCTION: &str = "api.pinterest.com";
/// The host where Pins are seen by nobody.
const SANDBOX: &str = "api-sandbox.pinterest.com";

fn consent_page(app: &App) -> Url {
    address(app, "www.pinterest.com", "/oauth/")
}

/// An address of the interface. The setting `api_host` chooses between production (which any other
/// value means, too) and `api-sandbox.pinterest.com`.
pub(super) fn api(app: &App, path: &str) -> Url {
    let host = match app.settings.get("api_host").map(String::as_str) {
        Some(SANDBOX) => SANDBOX,
        Some(_) | None => PRODUCTION,
    };
    address(app, host, path)
}

/// Whether no picture is fetched, since no network may fetch our files: the setting `upload` is `base64`.
pub(super) fn sends_pictures(app: &App) -> bool {
    let setting = app.settings.get("upload");
    setting.is_some_and(|setting| setting == "base64")
}

/// Whether our app has trial access only: the setting `access` is `trial`.
pub(super) fn is_on_trial(app: &App) -> bool {
    let setting = app.settings.get("access");
    setting.is_some_and(|setting| setting == "trial")
}

fn address(app: &App, host: &str, path: &str) -> Url {
    // Constant hosts always parse; the way back is merely what a `Url` can be made of here.
    Url::parse(&format!("https://{host}{path}")).unwrap_or_else(|_| app.redirect_uri.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::SecretString;

    use super::*;

    #[test]
    fn only_a_host_of_pinterest_can_be_chosen() {
        for (setting, host) in [
            (None, PRODUCTION),
            (Some("api.pinterest.com"), PRODUCTION),
            (Some("api-sandbox.pinterest.com"), SANDBOX),
            (Some("evil.example"), PRODUCTION),
            (Some(""), PRODUCTION),
        ] {
            let settings: BTreeMap<String, String> = setting
                .map(|host| ("api_host".to_owned(), host.to_owned()))
                .into_iter()
                .collect();
            let app = App {
                client_id: "1".to_owned(),
                client_secret: SecretString::from("s"),
                redirect_uri: "https://app.example/back".parse().unwrap(),
                version: String::new(),
                webhook_secret: None,
                webhook_verify_token: None,
                settings,
            };
            assert_eq!(api(&app, "/v5/pins").host_str(), Some(host), "{setting:?}");
        }
    }
}
