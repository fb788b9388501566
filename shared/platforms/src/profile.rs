//! What a network is like, as data.

use domain::{CaptionRule, MediaKind, MediaRules, Platform, Violation};
use serde_json::Value;
use url::Url;

use crate::{App, Draft};

/// What a network is like.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Its name.
    pub platform: Platform,
    /// The ways in, at least one; who names none takes the first.
    pub logins: &'static [Login],
    /// The version of its interface that our shapes were read from; empty where it has none.
    pub default_version: &'static str,
    /// How long the caption of a usual post may be; see [`crate::caption_rule`].
    pub caption: CaptionRule,
    /// What media a usual post may carry; see [`crate::media_rules`].
    pub media: MediaRules,
}

/// One way in: whose consent page it is, and how the tokens live that come of it.
#[derive(Debug, Clone, Copy)]
pub struct Login {
    /// Its name, unique within the network.
    pub name: &'static str,
    /// What the variables of our registration for it begin with, unique over all networks.
    pub variables: &'static str,
    /// How accounts are connected.
    pub oauth: Oauth,
    /// Logins whose grants live and die together share a family: those of Facebook's app do.
    pub grant_family: &'static str,
    /// How access tokens are kept fresh.
    pub refresh: RefreshPolicy,
    /// How many seconds before its end what renews access tokens is prolonged itself, where it can be.
    pub prolong_before: Option<i64>,
}

impl Profile {
    /// The login of who names none.
    ///
    /// # Panics
    /// Never: every network has one.
    pub const fn usual_login(&self) -> &'static Login {
        &self.logins[0]
    }

    /// The login of that name.
    pub fn login(&self, name: &str) -> Option<&'static Login> {
        self.logins.iter().find(|login| login.name == name)
    }

    /// The login that an account came by, as its facts tell; see [`crate::GrantedAccount::facts`].
    pub fn login_of(&self, facts: &Value) -> &'static Login {
        facts["login"]
            .as_str()
            .and_then(|name| self.login(name))
            .unwrap_or_else(|| self.usual_login())
    }
}

/// How accounts are connected.
#[derive(Debug, Clone, Copy)]
pub struct Oauth {
    /// The page that asks for consent.
    pub authorize_url: fn(&App) -> Url,
    /// What we ask for.
    pub scopes: &'static [&'static str],
    /// What stands between two scopes.
    pub scope_separator: &'static str,
    /// What the network calls `client_id`.
    pub client_id_parameter: &'static str,
    /// Whether and how a challenge goes with the browser.
    pub pkce: Pkce,
    /// Further parameters of the page.
    pub parameters: &'static [(&'static str, &'static str)],
    /// What our registration makes of the page's address, where it can ask for something else.
    pub bend: Option<fn(&App, Url) -> Url>,
}

impl Oauth {
    /// Whether a challenge goes with the browser for this registration, so that the code is exchanged with its
    /// verifier.
    pub fn has_challenge(&self, app: &App) -> bool {
        match self.pkce {
            Pkce::HexWhere(asks) => asks(app),
            Pkce::None => false,
            Pkce::S256 => true,
        }
    }
}

/// Whether and how a challenge goes with the browser (RFC 7636).
#[derive(Debug, Clone, Copy)]
pub enum Pkce {
    /// Hexadecimal of SHA-256 where this registration asks for one; none elsewhere.
    HexWhere(fn(&App) -> bool),
    /// The network documents none for this flow.
    None,
    /// base64url of SHA-256.
    S256,
}

/// How access tokens are kept fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshPolicy {
    /// Refresh when less than this many seconds are left, and after a refusal.
    Before {
        /// Seconds before the end.
        seconds: i64,
    },
    /// There is no refresh; the person connects again.
    Never,
}

/// The rules of the profile that a draft breaks; `rule` is that of the caption of this kind of post, and `media`
/// are those of its files.
pub(crate) fn broken_by(
    profile: &Profile,
    rule: CaptionRule,
    media: &MediaRules,
    draft: &Draft<'_>,
) -> Vec<Violation> {
    let name = profile.platform.display_name();
    let mut broken = Vec::new();
    let length = rule.unit.measure(draft.caption);
    if length > rule.max {
        broken.push(Violation::new(
            "caption",
            "caption_too_long",
            format!(
                "is {length} {} long; {name} takes {}",
                rule.unit.name(),
                rule.max
            ),
            format!("Shorten it by {} {}.", length - rule.max, rule.unit.name()),
        ));
    }
    let count = |kind| draft.media.iter().filter(|item| item.kind == kind).count();
    let (images, videos) = (count(MediaKind::Image), count(MediaKind::Video));
    let documents = count(MediaKind::Document);
    if draft.media.is_empty() && !media.text_alone {
        broken.push(Violation::new(
            "media",
            "media_required",
            format!("is missing; {name} takes no post without media"),
            "Add a picture or a video.",
        ));
    }
    if draft.media.is_empty() && media.text_alone && draft.caption.trim().is_empty() {
        broken.push(Violation::new(
            "caption",
            "post_empty",
            "is empty, and there is no media either",
            "Write something, or add media.",
        ));
    }
    if images > 0 && media.image.is_none() {
        broken.push(Violation::new(
            "media",
            "image_not_taken",
            format!("holds a picture; {name} takes videos only"),
            "Use a video.",
        ));
    } else if images > media.max_images {
        broken.push(Violation::new(
            "media",
            "too_many_images",
            format!(
                "holds {images} pictures; a post to {name} takes {}",
                media.max_images
            ),
            format!("Remove {}.", images - media.max_images),
        ));
    }
    if videos > 0 && media.video.is_none() {
        broken.push(Violation::new(
            "media",
            "video_not_taken",
            format!("holds a video; {name} takes pictures only"),
            "Use a picture.",
        ));
    } else if media.max_mixed > 0 && videos + images > media.max_mixed {
        broken.push(Violation::new(
            "media",
            "too_many_files",
            format!(
                "holds {} files; a post to {name} takes {}",
                videos + images,
                media.max_mixed
            ),
            format!("Remove {}.", videos + images - media.max_mixed),
        ));
    } else if media.max_mixed == 0 && (videos > 1 || (videos == 1 && images > 0)) {
        broken.push(Violation::new(
            "media",
            "video_not_alone",
            format!(
                "holds {} files; a video stands alone in a post to {name}",
                videos + images
            ),
            "Keep one video, or only pictures.",
        ));
    }
    if documents > 0 && media.document.is_none() {
        broken.push(Violation::new(
            "media",
            "document_not_taken",
            format!("holds a document; {name} takes none"),
            "Use pictures or a video.",
        ));
    } else if documents > 0 && draft.media.len() > 1 {
        broken.push(Violation::new(
            "media",
            "document_not_alone",
            format!(
                "holds {} files; a document stands alone in a post to {name}",
                draft.media.len()
            ),
            "Keep one document, or leave it out.",
        ));
    }
    broken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    #[test]
    fn a_document_is_taken_by_linkedin_alone() {
        let media = [DraftMedia {
            kind: MediaKind::Document,
            facts: None,
            alt_text: None,
        }];
        for platform in Platform::ALL {
            let draft = Draft {
                caption: "a",
                media: &media,
                options: &json!({}),
            };
            let broken = crate::check(platform, &draft);
            let is_refused = broken.iter().any(|broken| {
                (broken.field.as_str(), broken.rule.as_str()) == ("media", "document_not_taken")
            });
            assert_eq!(is_refused, platform != Platform::Linkedin, "{platform}");
        }
    }
}
