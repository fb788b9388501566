//! What a video must look like to be a reel or a story.

use std::{ops::RangeInclusive, time::Duration};

use domain::{MediaFacts, Violation};

use crate::DraftMedia;

/// How long it is, in milliseconds.
const REEL_MS: RangeInclusive<u64> = 3_000..=90_000;
/// The guide to stories ends them earlier (read 2026-11).
const STORY_MS: RangeInclusive<u64> = 3_000..=60_000;
/// Width divided by height: 9:16, with room for rounding.
const SHAPE: RangeInclusive<f64> = 0.55..=0.575;

/// What an upright video becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upright {
    /// A reel, which could be a usual video too.
    Reel,
    /// A story.
    Story,
}

impl Upright {
    const fn name(self) -> &'static str {
        match self {
            Self::Reel => "a reel",
            Self::Story => "a story",
        }
    }

    /// The names of the rules of length, shape and frame rate.
    const fn rules(self) -> [&'static str; 3] {
        match self {
            Self::Reel => ["reel_length", "reel_shape", "reel_frame_rate"],
            Self::Story => ["story_length", "story_shape", "story_frame_rate"],
        }
    }

    fn length(self) -> RangeInclusive<u64> {
        match self {
            Self::Reel => REEL_MS,
            Self::Story => STORY_MS,
        }
    }

    /// The rules that what is known of the video breaks.
    pub(super) fn broken_by(self, video: &DraftMedia) -> Vec<Violation> {
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
        let (name, [length, shape, frame_rate]) = (self.name(), self.rules());
        let mut broken = Vec::new();
        let mut breaks = |rule: &str, detail: String, remedy: &str| {
            broken.push(Violation::new("media", rule, detail, remedy));
        };
        if !self.length().contains(duration_ms) {
            breaks(
                length,
                format!(
                    "is {:.1} s long; {name} takes {} to {} s",
                    Duration::from_millis(*duration_ms).as_secs_f64(),
                    self.length().start() / 1_000,
                    self.length().end() / 1_000,
                ),
                "Cut it, or publish it as a usual video.",
            );
        }
        let ratio = f64::from(*width) / f64::from((*height).max(1));
        if *width < 540 || *height < 960 || !SHAPE.contains(&ratio) {
            breaks(
                shape,
                format!("is {width}x{height} pixels large; {name} takes 9:16 from 540x960 on"),
                "Export it as 1080x1920, or publish it as a usual video.",
            );
        }
        // Averages of real files scatter a little around their nominal rate.
        if !(23.5..=60.5).contains(frames_per_second) {
            breaks(
                frame_rate,
                format!("has {frames_per_second:.1} frames a second; {name} takes 24 to 60"),
                "Export it with 30 frames a second.",
            );
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use domain::{Container, MediaKind, VideoCodec};

    use super::*;

    fn rules(
        upright: Upright,
        width: u32,
        height: u32,
        duration_ms: u64,
        frames_per_second: f64,
    ) -> Vec<String> {
        let video = DraftMedia {
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
        };
        let broken = upright.broken_by(&video).into_iter();
        broken.map(|broken| broken.rule).collect()
    }

    #[test]
    fn a_reel_and_a_story_are_short_upright_videos() {
        for (upright, longest, name) in [
            (Upright::Reel, 90_000, "reel"),
            (Upright::Story, 60_000, "story"),
        ] {
            assert!(rules(upright, 1080, 1920, longest, 30.0).is_empty());
            assert!(rules(upright, 540, 960, 3_000, 59.94).is_empty());
            for (width, height, duration_ms, frames, rule) in [
                (1080, 1920, longest + 1, 30.0, "length"),
                (1080, 1920, 2_999, 30.0, "length"),
                (1920, 1080, 9_000, 30.0, "shape"),
                (360, 640, 9_000, 30.0, "shape"),
                (1080, 1920, 9_000, 15.0, "frame_rate"),
                (1080, 1920, 9_000, 90.0, "frame_rate"),
            ] {
                let broken = rules(upright, width, height, duration_ms, frames);
                assert_eq!(broken, [format!("{name}_{rule}")]);
            }
        }
    }

    #[test]
    fn a_video_of_which_nothing_is_known_yet_breaks_nothing() {
        let video = DraftMedia {
            kind: MediaKind::Video,
            facts: None,
            alt_text: None,
        };
        assert!(Upright::Story.broken_by(&video).is_empty());
    }
}
