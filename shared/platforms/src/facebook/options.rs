//! What the author of a post to a Page chooses.

use domain::{Counted, MediaKind, Violation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::Duration;
use url::Url;

use super::upright::Upright;
use crate::{Allowance, Draft, DraftMedia, UsageOf, Window, parse_options, text_rule};

const COMMENT: usize = 8_000;
/// What must be allowed for first comments.
pub const COMMENT_SCOPE: &str = "pages_manage_engagement";
/// So many reels of a Page are taken from apps in 24 hours.
const REELS: usize = 30;
const LINK: usize = 2_048;
/// No limit is documented; longer ones are cut wherever they are shown.
const TITLE: usize = 255;
/// Ids are numbers of at most so many digits.
const ID: usize = 20;
const TEXT: &str = "Facebook";
/// Links that lead back to Facebook are refused (1609008).
const OWN_HOSTS: &[&str] = &["facebook.com", "fb.com", "fb.me", "fb.watch"];

/// The options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// What a video is about.
    pub(super) content_category: Option<ContentCategory>,
    /// Whether other sites may show a video.
    pub(super) embeddable: Option<bool>,
    /// Written under the post once it is live.
    pub(super) first_comment: Option<String>,
    /// Shown as a card under the text.
    pub(super) link: Option<String>,
    /// Facebook's id of the place where a reel was made.
    pub(super) place: Option<String>,
    /// Whether a video is published as a reel.
    pub(super) reel: bool,
    /// Whether a picture or a video is published as a story, for a day.
    pub(super) story: bool,
    /// What a video or a reel is called.
    pub(super) title: Option<String>,
}

/// What a video is about (`content_category` of `/videos`, read 2026-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ContentCategory {
    BeautyFashion,
    Business,
    CarsTrucks,
    Comedy,
    CuteAnimals,
    Entertainment,
    Family,
    FoodHealth,
    Home,
    Lifestyle,
    Music,
    News,
    Other,
    Politics,
    Science,
    Sports,
    Technology,
    VideoGaming,
}

impl ContentCategory {
    /// Facebook's name for it.
    pub(super) fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or_default().to_owned()
    }
}

/// What a post becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Photos,
    Reel,
    Story,
    Video,
    Words,
}

/// The options as they were accepted.
pub(super) fn read(options: &Value) -> Options {
    parse_options(options).unwrap_or_default()
}

/// How many reels a Page may make; of other posts no number is documented.
pub const fn allowance() -> Allowance {
    Allowance {
        name: "reels",
        of: UsageOf::Account,
        posts: REELS,
        window: Window::Moving(Duration::DAY),
        counted: Counted::With("reel", "true"),
    }
}

/// Every rule of Facebook's own that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let options: Options = match parse_options(draft.options) {
        Ok(options) => options,
        Err(broken) => return vec![broken],
    };
    let mut broken = Vec::new();
    if options.reel {
        broken.extend(reel_rules(draft));
    }
    if options.story {
        broken.extend(story_rules(&options, draft));
    }
    broken.extend(out_of_place(&options, kind(&options, draft)));
    if let Some(text) = &options.first_comment {
        broken.extend(words_rule("options.firstComment", text, COMMENT));
    }
    if let Some(text) = &options.title {
        broken.extend(words_rule("options.title", text, TITLE));
    }
    if let Some(place) = &options.place {
        broken.extend(place_rule(place));
    }
    if let Some(link) = &options.link {
        broken.extend(text_rule("options.link", link, LINK, TEXT));
        broken.extend(link_rule(link));
        if !draft.media.is_empty() && !options.story {
            broken.push(Violation::new(
                "options.link",
                "link_with_media",
                "stands beside media; Facebook shows a card for the link or the media, not both",
                "Leave out the link or the media, or write the link into the caption.",
            ));
        }
    }
    broken
}

fn kind(options: &Options, draft: &Draft<'_>) -> Kind {
    let is_video = draft.media.iter().any(is_video);
    match draft.media {
        _ if options.story => Kind::Story,
        _ if options.reel => Kind::Reel,
        [] => Kind::Words,
        _ if is_video => Kind::Video,
        _ => Kind::Photos,
    }
}

fn is_video(media: &DraftMedia) -> bool {
    media.kind == MediaKind::Video
}

/// Options that say nothing about a post of that kind.
fn out_of_place(options: &Options, kind: Kind) -> Vec<Violation> {
    let of_videos: &[Kind] = &[Kind::Video];
    let given = [
        (
            "contentCategory",
            "videos",
            options.content_category.is_some(),
            of_videos,
        ),
        (
            "embeddable",
            "videos",
            options.embeddable.is_some(),
            of_videos,
        ),
        (
            "place",
            "reels",
            options.place.is_some(),
            &[Kind::Reel] as &[Kind],
        ),
        (
            "title",
            "videos and reels",
            options.title.is_some(),
            &[Kind::Reel, Kind::Video],
        ),
    ];
    given
        .into_iter()
        .filter(|(_, _, is_given, kinds)| *is_given && !kinds.contains(&kind))
        .map(|(name, whose, ..)| {
            Violation::new(
                format!("options.{name}"),
                "option_out_of_place",
                format!("is for {whose}; the post is none"),
                "Leave it out.",
            )
        })
        .collect()
}

fn reel_rules(draft: &Draft<'_>) -> Vec<Violation> {
    match draft.media {
        [one] if is_video(one) => Upright::Reel.broken_by(one),
        _ => vec![Violation::new(
            "options.reel",
            "reel_needs_video",
            "asks for a reel; the post is no video",
            "Add a video, or leave the option out.",
        )],
    }
}

/// A story is one file and nothing else.
fn story_rules(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = match draft.media {
        [one] if is_video(one) => Upright::Story.broken_by(one),
        [_] => Vec::new(),
        _ => vec![Violation::new(
            "options.story",
            "story_needs_one_file",
            "asks for a story; it is made of one picture or one video",
            "Keep one file, or leave the option out.",
        )],
    };
    let mut shows_no = |field: String, what: &str| {
        broken.push(Violation::new(
            field,
            "story_shows_no_text",
            format!("is given; a story on Facebook takes no {what}"),
            "Leave it out, or publish the file as a usual post.",
        ));
    };
    if !draft.caption.trim().is_empty() {
        shows_no("caption".to_owned(), "caption");
    }
    for (place, item) in draft.media.iter().enumerate() {
        if item.alt_text.as_ref().is_some_and(|text| !text.is_empty()) {
            shows_no(format!("media[{place}].altText"), "description");
        }
    }
    if options.first_comment.is_some() {
        shows_no("options.firstComment".to_owned(), "comment of ours");
    }
    if options.link.is_some() {
        shows_no("options.link".to_owned(), "link");
    }
    if options.reel {
        broken.push(Violation::new(
            "options.story",
            "story_and_reel",
            "stands beside reel; a video is published as one of both",
            "Leave out one of them.",
        ));
    }
    broken
}

fn words_rule(field: &str, text: &str, max: usize) -> Option<Violation> {
    if text.trim().is_empty() {
        return Some(Violation::new(
            field,
            "text_missing",
            "has no words",
            "Write some, or leave the option out.",
        ));
    }
    text_rule(field, text, max, TEXT)
}

fn place_rule(place: &str) -> Option<Violation> {
    let is_id = (1..=ID).contains(&place.len()) && place.bytes().all(|byte| byte.is_ascii_digit());
    (!is_id).then(|| {
        Violation::new(
            "options.place",
            "invalid_place",
            "is not an id of Facebook",
            "Give the number of a Page that has a location.",
        )
    })
}

fn link_rule(link: &str) -> Option<Violation> {
    let url = Url::parse(link)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(host) = url.as_ref().and_then(Url::host_str) else {
        return Some(Violation::new(
            "options.link",
            "invalid_link",
            "is not a web address",
            "Write it as https://example.com/page.",
        ));
    };
    let is_own = OWN_HOSTS.iter().any(|own| {
        host == *own
            || host
                .strip_suffix(own)
                .is_some_and(|rest| rest.ends_with('.'))
    });
    is_own.then(|| {
        Violation::new(
            "options.link",
            "link_to_facebook",
            "leads to Facebook, which takes no links to itself",
            "Link to another site.",
        )
    })
}

#[cfg(test)]
mod tests;
