//! Holds a file against a network's rules.

use domain::{ImageRules, MediaFacts, MediaRules, VideoRules, Violation};

/// The rules that a file breaks and that no conversion of ours mends.
pub fn judge(facts: &MediaFacts, rules: &MediaRules, network: &str, field: &str) -> Vec<Violation> {
    match (facts, rules.image, rules.video) {
        (MediaFacts::Image { .. }, Some(image), _) => judge_image(facts, &image, network, field),
        (MediaFacts::Video { .. }, _, Some(video)) => judge_video(facts, &video, network, field),
        (MediaFacts::Image { .. }, None, _) => vec![Violation::new(
            field,
            "image_not_taken",
            format!("is a picture; {network} takes none"),
            "Use a video.",
        )],
        (MediaFacts::Video { .. }, _, None) => vec![Violation::new(
            field,
            "video_not_taken",
            format!("is a video; {network} takes none"),
            "Use a picture.",
        )],
    }
}

fn judge_image(
    facts: &MediaFacts,
    rules: &ImageRules,
    network: &str,
    field: &str,
) -> Vec<Violation> {
    let MediaFacts::Image { width, height, .. } = facts else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    if *width < rules.min_width {
        broken.push(Violation::new(
            field,
            "image_too_small",
            format!(
                "is {width} pixels wide; {network} takes {} or more",
                rules.min_width
            ),
            "Use a larger picture.",
        ));
    }
    broken.extend(aspect(
        *width,
        *height,
        rules.aspect,
        network,
        field,
        "Crop the picture.",
    ));
    broken
}

fn judge_video(
    facts: &MediaFacts,
    rules: &VideoRules,
    network: &str,
    field: &str,
) -> Vec<Violation> {
    let MediaFacts::Video {
        container,
        video_codec,
        audio_codec,
        width,
        height,
        duration_ms,
        frames_per_second,
        bytes,
    } = facts
    else {
        return Vec::new();
    };
    let mut broken = Vec::new();
    let mut breaks = |rule: &str, detail: String, remedy: String| {
        broken.push(Violation::new(field, rule, detail, remedy));
    };
    if !rules.containers.contains(container) {
        breaks(
            "video_container",
            format!(
                "is a {container:?} file; {network} takes {:?}",
                rules.containers
            ),
            "Export it as MP4.".to_owned(),
        );
    }
    if !rules.video_codecs.contains(video_codec) {
        breaks(
            "video_codec",
            format!(
                "is encoded as {video_codec:?}; {network} takes {:?}",
                rules.video_codecs
            ),
            "Export it as H.264.".to_owned(),
        );
    }
    if let Some(codec) = audio_codec.filter(|codec| !rules.audio_codecs.contains(codec)) {
        breaks(
            "audio_codec",
            format!(
                "has sound as {codec:?}; {network} takes {:?}",
                rules.audio_codecs
            ),
            "Export it with AAC sound.".to_owned(),
        );
    }
    if *bytes > rules.max_bytes {
        breaks(
            "video_too_large",
            format!(
                "is {bytes} bytes large; {network} takes {}",
                rules.max_bytes
            ),
            "Export it with a lower bit rate, or shorten it.".to_owned(),
        );
    }
    if *duration_ms < rules.min_duration_ms {
        breaks(
            "video_too_short",
            format!(
                "is {} s long; {network} takes {} s or more",
                seconds(*duration_ms),
                seconds(rules.min_duration_ms)
            ),
            "Use a longer video.".to_owned(),
        );
    }
    if *duration_ms > rules.max_duration_ms {
        breaks(
            "video_too_long",
            format!(
                "is {} s long; {network} takes {} s at most",
                seconds(*duration_ms),
                seconds(rules.max_duration_ms)
            ),
            format!(
                "Shorten it by {} s.",
                seconds(*duration_ms - rules.max_duration_ms)
            ),
        );
    }
    let (fewest, most) = rules.frames_per_second;
    // Averages of real files scatter a little around their nominal rate.
    if *frames_per_second < fewest - 0.5 || *frames_per_second > most + 0.5 {
        breaks(
            "video_frame_rate",
            format!(
                "has {frames_per_second:.1} frames a second; {network} takes {fewest} to {most}"
            ),
            "Export it with 30 frames a second.".to_owned(),
        );
    }
    let (smallest, largest) = rules.side;
    if *width.min(height) < smallest || *width.max(height) > largest {
        breaks(
            "video_size",
            format!(
                "is {width}x{height} pixels large; {network} takes sides of {smallest} to {largest}"
            ),
            "Export it in another size.".to_owned(),
        );
    }
    broken.extend(aspect(
        *width,
        *height,
        rules.aspect,
        network,
        field,
        "Crop the video.",
    ));
    broken
}

fn aspect(
    width: u32,
    height: u32,
    allowed: Option<(f64, f64)>,
    network: &str,
    field: &str,
    remedy: &str,
) -> Option<Violation> {
    let (least, most) = allowed?;
    let ratio = f64::from(width) / f64::from(height.max(1));
    // A pixel of rounding is no other shape.
    let slack = 1.0 / f64::from(height.max(1));
    (ratio < least - slack || ratio > most + slack).then(|| {
        Violation::new(
            field,
            "aspect_ratio",
            format!("is {width}x{height}, {ratio:.2} times as wide as high; {network} takes {least:.2} to {most:.2}"),
            remedy,
        )
    })
}

fn seconds(milliseconds: u64) -> String {
    let text = format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use domain::{AudioCodec, Container, VideoCodec};

    use super::*;

    const RULES: VideoRules = VideoRules {
        containers: &[Container::Mp4],
        video_codecs: &[VideoCodec::H264],
        audio_codecs: &[AudioCodec::Aac],
        max_bytes: 1_000,
        min_duration_ms: 3_000,
        max_duration_ms: 60_000,
        frames_per_second: (23.0, 60.0),
        side: (32, 1_920),
        aspect: Some((0.5, 2.0)),
    };

    fn video(change: impl FnOnce(&mut VideoDraft)) -> Vec<String> {
        let mut draft = VideoDraft {
            container: Container::Mp4,
            video_codec: VideoCodec::H264,
            audio_codec: Some(AudioCodec::Aac),
            width: 720,
            height: 1_280,
            duration_ms: 10_000,
            frames_per_second: 29.97,
            bytes: 900,
        };
        change(&mut draft);
        let facts = MediaFacts::Video {
            container: draft.container,
            video_codec: draft.video_codec,
            audio_codec: draft.audio_codec,
            width: draft.width,
            height: draft.height,
            duration_ms: draft.duration_ms,
            frames_per_second: draft.frames_per_second,
            bytes: draft.bytes,
        };
        judge_video(&facts, &RULES, "Somewhere", "media[0]")
            .into_iter()
            .map(|broken| broken.rule)
            .collect()
    }

    struct VideoDraft {
        container: Container,
        video_codec: VideoCodec,
        audio_codec: Option<AudioCodec>,
        width: u32,
        height: u32,
        duration_ms: u64,
        frames_per_second: f64,
        bytes: u64,
    }

    #[test]
    fn a_video_within_the_rules_passes_and_each_rule_is_told_by_name() {
        assert!(video(|_| {}).is_empty());
        assert!(video(|video| video.audio_codec = None).is_empty());
        assert_eq!(
            video(|video| video.container = Container::Webm),
            ["video_container"]
        );
        assert_eq!(
            video(|video| video.video_codec = VideoCodec::Vp9),
            ["video_codec"]
        );
        assert_eq!(
            video(|video| video.audio_codec = Some(AudioCodec::Opus)),
            ["audio_codec"]
        );
        assert_eq!(video(|video| video.bytes = 1_001), ["video_too_large"]);
        assert_eq!(
            video(|video| video.duration_ms = 2_999),
            ["video_too_short"]
        );
        assert_eq!(
            video(|video| video.duration_ms = 60_001),
            ["video_too_long"]
        );
        assert_eq!(
            video(|video| video.frames_per_second = 15.0),
            ["video_frame_rate"]
        );
        assert_eq!(
            video(|video| (video.width, video.height) = (2_000, 1_500)),
            ["video_size"]
        );
        assert_eq!(
            video(|video| (video.width, video.height) = (400, 1_280)),
            ["aspect_ratio"]
        );
    }
}
