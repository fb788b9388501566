//! The rules of what is for reels only.

use domain::{MediaFacts, MediaKind, Violation};
use url::Url;

use super::options::Options;
use crate::{Draft, DraftMedia};

const COVER_URL: usize = 2_048;

/// The rules that the options of a reel break, or those that are given although it is none.
pub(super) fn rules(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    // A video among several files is no reel.
    let video = match draft.media {
        [one] if one.kind == MediaKind::Video => Some(one),
        _ => None,
    };
    match video {
        Some(video) => thumb_offset(options, video)
            .into_iter()
            .chain(cover(options))
            .collect(),
        None => given(options)
            .map(|field| {
                Violation::new(
                    field,
                    "reels_only",
                    "is for reels; the post is none",
                    "Leave it out.",
                )
            })
            .collect(),
    }
}

/// The options of reels that are given.
pub(super) fn given(options: &Options) -> impl Iterator<Item = &'static str> {
    [
        ("options.audioName", options.audio_name.is_some()),
        ("options.coverUrl", options.cover_url.is_some()),
        ("options.shareToFeed", options.share_to_feed.is_some()),
        ("options.thumbOffsetMs", options.thumb_offset_ms.is_some()),
        ("options.trialReel", options.trial_reel.is_some()),
    ]
    .into_iter()
    .filter(|(_, is_given)| *is_given)
    .map(|(field, _)| field)
}

fn thumb_offset(options: &Options, video: &DraftMedia) -> Option<Violation> {
    let offset = options.thumb_offset_ms?;
    let field = "options.thumbOffsetMs";
    if options.cover_url.is_some() {
        return Some(Violation::new(
            field,
            "cover_twice",
            "stands beside coverUrl; Instagram takes the picture and ignores the frame",
            "Keep one of them.",
        ));
    }
    let Some(MediaFacts::Video { duration_ms, .. }) = &video.facts else {
        return None;
    };
    (offset >= *duration_ms).then(|| {
        Violation::new(
            field,
            "thumb_offset_outside",
            format!("is {offset}; the video is {duration_ms} ms long"),
            "Choose a moment within the video.",
        )
    })
}

/// Instagram fetches the cover itself; nothing of ours ever goes to this address.
fn cover(options: &Options) -> Option<Violation> {
    let text = options.cover_url.as_deref()?;
    let is_plain = text.is_ascii() && !text.contains(|c: char| c.is_ascii_control() || c == ' ');
    let url = Url::parse(text).ok();
    let is_public = url.is_some_and(|url| {
        url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && url.domain().is_some_and(|host| host.contains('.'))
    });
    let is_good = is_plain && is_public && text.len() <= COVER_URL;
    (!is_good).then(|| {
        Violation::new(
            "options.coverUrl",
            "invalid_url",
            format!("is no public https address of at most {COVER_URL} plain characters"),
            "Give the address of a JPEG of 8 MB at most that everybody can open.",
        )
    })
}

#[cfg(test)]
mod tests {
    use domain::{AudioCodec, Container, VideoCodec};
    use serde_json::json;

    use super::super::options::tests::{media, rules};
    use super::*;

    #[test]
    fn what_is_for_reels_is_refused_elsewhere() {
        let all = json!({
            "shareToFeed": true, "thumbOffsetMs": 5, "audioName": "Waves", "trialReel": "MANUAL"
        });
        let (reel, picture) = (media(MediaKind::Video, None), media(MediaKind::Image, None));
        assert!(rules("", &all, std::slice::from_ref(&reel)).is_empty());
        for files in [vec![picture], vec![reel.clone(), reel.clone()]] {
            assert_eq!(
                rules("", &all, &files),
                [
                    "options.audioName reels_only",
                    "options.shareToFeed reels_only",
                    "options.thumbOffsetMs reels_only",
                    "options.trialReel reels_only"
                ]
            );
        }
        assert_eq!(
            rules("", &json!({"trialReel": "LATER"}), &[reel]),
            ["options.trialReel invalid_option"]
        );
    }

    #[test]
    fn a_cover_is_a_frame_within_the_video_or_a_picture_at_a_public_address() {
        let mut reel = media(MediaKind::Video, None);
        reel.facts = Some(MediaFacts::Video {
            container: Container::Mp4,
            video_codec: VideoCodec::H264,
            audio_codec: Some(AudioCodec::Aac),
            width: 720,
            height: 1_280,
            duration_ms: 12_000,
            frames_per_second: 30.0,
            bytes: 1_000,
        });
        let reel = [reel];
        assert!(rules("", &json!({"thumbOffsetMs": 11_999}), &reel).is_empty());
        assert_eq!(
            rules("", &json!({"thumbOffsetMs": 12_000}), &reel),
            ["options.thumbOffsetMs thumb_offset_outside"]
        );
        let good = "https://media.example/covers/1.jpg?size=large";
        assert!(rules("", &json!({ "coverUrl": good }), &reel).is_empty());
        assert_eq!(
            rules("", &json!({"coverUrl": good, "thumbOffsetMs": 1}), &reel),
            ["options.thumbOffsetMs cover_twice"]
        );
        let long = format!("https://media.example/{}", "a".repeat(2_048));
        for wrong in [
            "http://media.example/1.jpg",
            "https://user@media.example/1.jpg",
            "https://:word@media.example/1.jpg",
            "https://media.example/é.jpg",
            "https://media.example/a b.jpg",
            "https://127.0.0.1/1.jpg",
            "https://[::1]/1.jpg",
            "https://localhost/1.jpg",
            "1.jpg",
            "",
            &long,
        ] {
            assert_eq!(
                rules("", &json!({ "coverUrl": wrong }), &reel),
                ["options.coverUrl invalid_url"],
                "{wrong}"
            );
        }
    }
}
