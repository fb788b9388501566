//! Facts about LinkedIn, as data.

use domain::{
    AudioCodec, CaptionRule, Container, DocumentFormat, DocumentRules, ImageFormat, ImageRules,
    MediaRules, Platform, Unit, VideoCodec, VideoRules,
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
            bend: Some(consent_asked),
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
        document: Some(DocumentRules {
            formats: &[
                DocumentFormat::Pdf,
                DocumentFormat::Docx,
                DocumentFormat::Pptx,
                DocumentFormat::Doc,
                DocumentFormat::Ppt,
            ],
            max_bytes: 100_000_000,
            max_pages: 300,
        }),
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

/// What we ask for, unless the setting `scopes` names another set; another set later would end earlier grants.
const SCOPES: &[&str] = &[IDENTITY, NAME, AS_MEMBER];

/// The scopes for who somebody is.
pub(super) const IDENTITY: &str = "openid";
pub(super) const NAME: &str = "profile";
/// The scope for who somebody is, of apps that may not ask for the two above.
pub(super) const BASIC_PROFILE: &str = "r_basicprofile";
/// The scope for posts of the member.
pub(super) const AS_MEMBER: &str = "w_member_social";
/// The scope for posts of a Page.
pub(super) const AS_PAGE: &str = "w_organization_social";
/// The scopes for the list of somebody's Pages; either is enough.
pub(super) const PAGES: &[&str] = &["rw_organization_admin", "r_organization_admin"];

/// What the facts of an account call a Page.
pub(super) const PAGE_KIND: &str = "page";
/// What a URN of a Page begins with.
pub(super) const PAGE_URN: &str = "urn:li:organization:";
/// What a URN of a member begins with.
pub(super) const MEMBER_URN: &str = "urn:li:person:";

/// The consent page's address with the scopes of our registration: the product that posts as Pages is granted
/// to apps of its own, which may not ask for the usual set. Scopes are separated by `%20`, as documented.
fn consent_asked(app: &App, mut page: Url) -> Url {
    if let Some(scopes) = app.settings.get("scopes") {
        let scopes: Vec<&str> = scopes
            .split([',', ' '])
            .filter(|scope| !scope.is_empty())
            .collect();
        let asked: Vec<(String, String)> = page
            .query_pairs()
            .filter(|(name, _)| name != "scope" || scopes.is_empty())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let mut query = page.query_pairs_mut();
        query.clear().extend_pairs(asked);
        if !scopes.is_empty() {
            query.append_pair("scope", &scopes.join(" "));
        }
    }
    let query = page.query().map(|query| query.replace('+', "%20"));
    page.set_query(query.as_deref());
    page
}

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
    versioned_for(app, call, Auth::Bearer)
}

/// As [`versioned`], with a token that we have only just been given.
pub(super) fn versioned_for(app: &App, call: Call, auth: Auth) -> Call {
    call.auth(auth)
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
