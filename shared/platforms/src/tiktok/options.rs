//! What TikTok asks of a post beyond its caption (content sharing guidelines, read 2026-11-23).

use domain::{CaptionRule, MediaFacts, MediaKind, Unit, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PROFILE;
use crate::{Draft, parse_options};

/// The longest title of a post of pictures, in UTF-16 code units.
const TITLE: usize = 90;

/// TikTok's own options of a post.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    /// Whether it is posted, or put into the inbox of the TikTok app for the person to finish there.
    #[serde(default)]
    pub mode: Mode,
    /// Who may see the post; TikTok forbids a default, so it must be chosen.
    pub privacy_level: Option<PrivacyLevel>,
    /// Whether comments are off; TikTok wants them off unless the person turns them on. They stay off where
    /// the account forbids them, whatever is asked for.
    pub disable_comment: Option<bool>,
    /// Whether duets are off; as comments, and of videos only.
    pub disable_duet: Option<bool>,
    /// Whether stitches are off; as duets.
    pub disable_stitch: Option<bool>,
    /// Whether it is a paid partnership.
    pub brand_content: Option<bool>,
    /// Whether it promotes the person's own business.
    pub brand_organic: Option<bool>,
    /// Whether it carries the label of generated content.
    pub ai_generated: Option<bool>,
    /// Which frame of a video is the cover, in milliseconds from the start; the first one when absent.
    pub cover_timestamp_ms: Option<u32>,
    /// The title of a post of pictures; at most 90 UTF-16 code units.
    pub title: Option<String>,
    /// Which picture is the cover, from 0; the first one when absent.
    pub photo_cover_index: Option<usize>,
    /// Whether TikTok chooses music for pictures; off unless turned on.
    pub auto_add_music: Option<bool>,
}

/// What becomes of a post at TikTok.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// It is posted.
    #[default]
    Direct,
    /// It is put into the inbox of the TikTok app as a draft.
    Inbox,
}

/// Who may see a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PrivacyLevel {
    /// The followers of a private account.
    FollowerOfCreator,
    /// People who follow each other.
    MutualFollowFriends,
    /// Everyone.
    PublicToEveryone,
    /// Nobody else.
    SelfOnly,
}

impl PrivacyLevel {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FollowerOfCreator => "FOLLOWER_OF_CREATOR",
            Self::MutualFollowFriends => "MUTUAL_FOLLOW_FRIENDS",
            Self::PublicToEveryone => "PUBLIC_TO_EVERYONE",
            Self::SelfOnly => "SELF_ONLY",
        }
    }
}

impl Options {
    /// Reads the options of a post.
    ///
    /// # Errors
    /// The broken rule.
    pub fn read(options: &Value) -> Result<Self, Violation> {
        parse_options(options)
    }

    /// Whether it goes to the inbox.
    pub fn is_draft(&self) -> bool {
        self.mode == Mode::Inbox
    }

    /// Those that a draft has no use for: what they choose is chosen in the app.
    const fn of_posts_alone(&self) -> [(&'static str, bool); 9] {
        [
            ("privacyLevel", self.privacy_level.is_some()),
            ("disableComment", self.disable_comment.is_some()),
            ("disableDuet", self.disable_duet.is_some()),
            ("disableStitch", self.disable_stitch.is_some()),
            ("brandContent", self.brand_content.is_some()),
            ("brandOrganic", self.brand_organic.is_some()),
            ("aiGenerated", self.ai_generated.is_some()),
            ("coverTimestampMs", self.cover_timestamp_ms.is_some()),
            ("autoAddMusic", self.auto_add_music.is_some()),
        ]
    }

    const fn of_videos_alone(&self) -> [(&'static str, bool); 3] {
        [
            ("disableDuet", self.disable_duet.is_some()),
            ("disableStitch", self.disable_stitch.is_some()),
            ("coverTimestampMs", self.cover_timestamp_ms.is_some()),
        ]
    }

    const fn of_pictures_alone(&self) -> [(&'static str, bool); 3] {
        [
            ("title", self.title.is_some()),
            ("photoCoverIndex", self.photo_cover_index.is_some()),
            ("autoAddMusic", self.auto_add_music.is_some()),
        ]
    }
}

/// How long the caption of a draft post may be: the description of pictures is longer than that of a video
/// (photo post reference, read 2026-11-23).
pub fn caption_rule(draft: &Draft<'_>) -> CaptionRule {
    match kind(draft) {
        Some(MediaKind::Image) => CaptionRule {
            max: 4_000,
            unit: Unit::Utf16,
        },
        Some(MediaKind::Document | MediaKind::Video) | None => PROFILE.caption,
    }
}

fn kind(draft: &Draft<'_>) -> Option<MediaKind> {
    draft.media.first().map(|item| item.kind)
}

/// TikTok's rules for a post beside the caption's length and the number of files.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let options = match Options::read(draft.options) {
        Ok(options) => options,
        Err(violation) => return vec![violation],
    };
    let mut broken = out_of_place(&options, kind(draft));
    if !options.is_draft() {
        broken.extend(audience_rules(&options));
    }
    if kind(draft) == Some(MediaKind::Image) {
        broken.extend(picture_rules(&options, draft));
    } else if !options.is_draft() {
        broken.extend(
            options
                .cover_timestamp_ms
                .and_then(|at| cover_rule(at, draft)),
        );
    }
    broken
}

/// Options that have no effect on a post of this kind; each is named once.
fn out_of_place(options: &Options, kind: Option<MediaKind>) -> Vec<Violation> {
    let mut broken: Vec<Violation> = Vec::new();
    let mut refuse = |given: &[(&str, bool)], rule: &str, detail: &str, remedy: &str| {
        for (name, _) in given.iter().filter(|(_, is_given)| *is_given) {
            let field = format!("options.{name}");
            if broken.iter().all(|known| known.field != field) {
                broken.push(Violation::new(field, rule, detail, remedy));
            }
        }
    };
    if options.is_draft() {
        refuse(
            &options.of_posts_alone(),
            "not_for_drafts",
            "has no effect on a draft; the person chooses it in the TikTok app",
            "Leave it out, or leave mode out to post directly.",
        );
    }
    match kind {
        Some(MediaKind::Image) => refuse(
            &options.of_videos_alone(),
            "not_for_pictures",
            "is for videos, but the post holds pictures",
            "Leave it out.",
        ),
        Some(MediaKind::Video) => refuse(
            &options.of_pictures_alone(),
            "not_for_videos",
            "is for pictures, but the post holds a video",
            "Leave it out.",
        ),
        Some(MediaKind::Document) | None => {}
    }
    broken
}

fn audience_rules(options: &Options) -> Option<Violation> {
    if options.privacy_level.is_none() {
        return Some(Violation::new(
            "options.privacyLevel",
            "missing_option",
            "is missing; TikTok allows no default for who may see a post",
            "Choose one of PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, FOLLOWER_OF_CREATOR, SELF_ONLY.",
        ));
    }
    let is_branded = options.brand_content == Some(true);
    (is_branded && options.privacy_level == Some(PrivacyLevel::SelfOnly)).then(|| {
        Violation::new(
            "options.brandContent",
            "branded_content_private",
            "is on while privacyLevel is SELF_ONLY; TikTok takes no paid partnership that nobody sees",
            "Choose another privacyLevel, or turn brandContent off.",
        )
    })
}

fn picture_rules(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = Vec::new();
    let title = options.title.as_deref().unwrap_or_default();
    let length = Unit::Utf16.measure(title);
    if length > TITLE {
        let unit = Unit::Utf16.name();
        broken.push(Violation::new(
            "options.title",
            "text_too_long",
            format!("is {length} {unit} long; TikTok takes {TITLE}"),
            format!("Shorten it by {} {unit}.", length - TITLE),
        ));
    }
    let pictures = draft.media.len();
    if let Some(index) = options.photo_cover_index.filter(|index| *index >= pictures) {
        broken.push(Violation::new(
            "options.photoCoverIndex",
            "cover_out_of_range",
            format!("is {index}; the post holds {pictures} pictures, counted from 0"),
            "Choose one of the post's pictures.",
        ));
    }
    broken
}

fn cover_rule(at: u32, draft: &Draft<'_>) -> Option<Violation> {
    let detail = match draft.media.first()?.facts {
        Some(MediaFacts::Video { duration_ms, .. }) if u64::from(at) >= duration_ms => {
            format!("is {at} ms; the video is {duration_ms} ms long")
        }
        Some(MediaFacts::Document { .. } | MediaFacts::Image { .. } | MediaFacts::Video { .. })
        | None => {
            if at <= i32::MAX.unsigned_abs() {
                return None;
            }
            format!("is {at} ms; TikTok takes at most {}", i32::MAX)
        }
    };
    Some(Violation::new(
        "options.coverTimestampMs",
        "cover_out_of_range",
        detail,
        "Choose a moment inside the video.",
    ))
}

#[cfg(test)]
mod tests;
