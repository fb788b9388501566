use domain::{AudioCodec, Container, DocumentFormat, VideoCodec};

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

#[test]
fn a_document_within_the_rules_passes_and_each_rule_is_told_by_name() {
    let rules = MediaRules {
        text_alone: true,
        max_images: 1,
        max_mixed: 0,
        document: Some(DocumentRules {
            formats: &[DocumentFormat::Pdf],
            max_bytes: 1_000,
            max_pages: 300,
        }),
        image: None,
        video: None,
    };
    let judged = |rules: &MediaRules, format, pages, bytes| -> Vec<String> {
        let facts = MediaFacts::Document {
            format,
            pages,
            bytes,
        };
        let broken = judge(&facts, rules, "Somewhere", "media[0]");
        assert!(broken.iter().all(|broken| broken.field == "media[0]"));
        broken.into_iter().map(|broken| broken.rule).collect()
    };
    let pdf = DocumentFormat::Pdf;
    for (format, pages, bytes, broken) in [
        (pdf, Some(300), 1_000, vec![]),
        (pdf, None, 1, vec![]),
        (pdf, Some(301), 1_000, vec!["document_too_long"]),
        (pdf, Some(1), 1_001, vec!["document_too_large"]),
        (DocumentFormat::Ppt, None, 1, vec!["document_format"]),
        (
            DocumentFormat::Ppt,
            Some(301),
            1_001,
            vec!["document_format", "document_too_large", "document_too_long"],
        ),
    ] {
        assert_eq!(judged(&rules, format, pages, bytes), broken, "{format:?}");
    }
    let none = MediaRules {
        document: None,
        ..rules
    };
    assert_eq!(judged(&none, pdf, None, 1), ["document_not_taken"]);
}
