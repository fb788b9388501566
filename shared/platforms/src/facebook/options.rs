//! What the author of a post to a Page chooses.

use std::{ops::RangeInclusive, time::Duration};

use domain::{MediaFacts, MediaKind, Violation};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{Draft, parse_options, text_rule};

const COMMENT: usize = 8_000;
const LINK: usize = 2_048;
/// How long a reel is, in milliseconds.
const REEL_MS: RangeInclusive<u64> = 3_000..=90_000;
/// Width divided by height of a reel: 9:16, with room for rounding.
const REEL_SHAPE: RangeInclusive<f64> = 0.55..=0.575;
const TEXT: &str = "Facebook";
/// Links that lead back to Facebook are refused (1609008).
const OWN_HOSTS: &[&str] = &["facebook.com", "fb.com", "fb.me", "fb.watch"];

/// The options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// Written under the post once it is live.
    pub(super) first_comment: Option<String>,
    /// Shown as a card under the text.
    pub(super) link: Option<String>,
    /// Whether a video is published as a reel.
    pub(super) reel: bool,
}

/// The options as they were accepted.
pub(super) fn read(options: &Value) -> Options {
    parse_options(options).unwrap_or_default()
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
    if let Some(text) = &options.first_comment {
        broken.extend(comment_rule(text));
    }
    let Some(link) = options.link else {
        return broken;
    };
    broken.extend(text_rule("options.link", &link, LINK, TEXT));
    broken.extend(link_rule(&link));
    if !draft.media.is_empty() {
        broken.push(Violation::new(
            "options.link",
            "link_with_media",
            "stands beside media; Facebook shows a card for the link or the media, not both",
            "Leave out the link or the media, or write the link into the caption.",
        ));
    }
    broken
}

fn reel_rules(draft: &Draft<'_>) -> Vec<Violation> {
    let video = match draft.media {
        [one] if one.kind == MediaKind::Video => one,
        _ => {
            return vec![Violation::new(
                "options.reel",
                "reel_needs_video",
                "asks for a reel; the post is no video",
                "Add a video, or leave the option out.",
            )];
        }
    };
    let Some(MediaFacts::Video {
        width,
        height,
        duration_ms,
        frames_per_second,
        ..
    }) = &video.facts
    else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    let mut breaks = |rule: &str, detail: String, remedy: &str| {
        broken.push(Violation::new("media", rule, detail, remedy));
    };
    if !REEL_MS.contains(duration_ms) {
        breaks(
            "reel_length",
            format!(
                "is {:.1} s long; a reel takes 3 to 90 s",
                Duration::from_millis(*duration_ms).as_secs_f64()
            ),
            "Cut it, or publish it as a usual video.",
        );
    }
    let shape = f64::from(*width) / f64::from((*height).max(1));
    if *width < 540 || *height < 960 || !REEL_SHAPE.contains(&shape) {
        breaks(
            "reel_shape",
            format!("is {width}x{height} pixels large; a reel takes 9:16 from 540x960 on"),
            "Export it as 1080x1920, or publish it as a usual video.",
        );
    }
    // Averages of real files scatter a little around their nominal rate.
    if !(23.5..=60.5).contains(frames_per_second) {
        breaks(
            "reel_frame_rate",
            format!("has {frames_per_second:.1} frames a second; a reel takes 24 to 60"),
            "Export it with 30 frames a second.",
        );
    }
    broken
}

fn comment_rule(text: &str) -> Option<Violation> {
    const FIELD: &str = "options.firstComment";
    if text.trim().is_empty() {
        return Some(Violation::new(
            FIELD,
            "text_missing",
            "has no words",
            "Write the comment, or leave the option out.",
        ));
    }
    text_rule(FIELD, text, COMMENT, TEXT)
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
mod tests {
    use domain::{Container, VideoCodec};
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    fn rules(options: &Value, media: &[DraftMedia]) -> Vec<String> {
        let draft = Draft {
            caption: "Words",
            media,
            options,
        };
        check(&draft)
            .into_iter()
            .map(|broken| format!("{} {}", broken.field, broken.rule))
            .collect()
    }

    #[test]
    fn a_reel_is_a_short_upright_video() {
        let video = |width, height, duration_ms, frames_per_second| {
            [DraftMedia {
                kind: MediaKind::Video,
                facts: Some(MediaFacts::Video {
                    container: Container::Mp4,
                    video_codec: VideoCodec::H264,
                    audio_codec: None,
                    width,
                    height,
                    duration_ms,
                    frames_per_second,
                    bytes: 1_000_000,
                }),
                alt_text: None,
            }]
        };
        let reel = json!({"reel": true});
        assert!(rules(&reel, &video(1080, 1920, 90_000, 30.0)).is_empty());
        for (media, rule) in [
            (video(1080, 1920, 90_001, 30.0), "media reel_length"),
            (video(1080, 1920, 2_999, 30.0), "media reel_length"),
            (video(1920, 1080, 9_000, 30.0), "media reel_shape"),
            (video(360, 640, 9_000, 30.0), "media reel_shape"),
            (video(1080, 1920, 9_000, 15.0), "media reel_frame_rate"),
        ] {
            assert_eq!(rules(&reel, &media), [rule]);
        }
        assert_eq!(rules(&reel, &[]), ["options.reel reel_needs_video"]);
    }

    #[test]
    fn each_rule_names_its_option() {
        let picture = [DraftMedia {
            kind: MediaKind::Image,
            facts: None,
            alt_text: None,
        }];
        assert!(rules(&Value::Null, &picture).is_empty());
        assert!(rules(&json!({"link": "https://example.com/a"}), &[]).is_empty());
        assert!(rules(&json!({"link": "https://notfacebook.com"}), &[]).is_empty());
        assert!(rules(&json!({"firstComment": "é".repeat(8_000)}), &picture).is_empty());
        for (options, expected) in [
            (json!({"link": "dawn"}), "options.link invalid_link"),
            (
                json!({"link": "javascript:alert(1)"}),
                "options.link invalid_link",
            ),
            (
                json!({"link": "https://m.facebook.com/page"}),
                "options.link link_to_facebook",
            ),
            (
                json!({"link": format!("https://example.com/{}", "a".repeat(2_048))}),
                "options.link text_too_long",
            ),
            (json!({"palce": "1"}), "options.palce unknown_option"),
            (
                json!({"firstComment": " \n"}),
                "options.firstComment text_missing",
            ),
            (
                json!({"firstComment": "a".repeat(8_001)}),
                "options.firstComment text_too_long",
            ),
        ] {
            assert_eq!(rules(&options, &[]), [expected]);
        }
        assert_eq!(
            rules(&json!({"link": "https://example.com"}), &picture),
            ["options.link link_with_media"]
        );
    }
}
