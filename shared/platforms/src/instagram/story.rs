//! What a story may be: one file, gone after a day, without words.

use domain::{ImageRules, MediaRules, Violation};
use serde_json::Value;

use super::{
    options::{self, Options},
    profile::PROFILE,
    reel,
};
use crate::Draft;

/// What a story may carry.
const MEDIA: MediaRules = MediaRules {
    text_alone: false,
    max_images: 1,
    max_mixed: 0,
    document: None,
    image: match PROFILE.media.image {
        // Instagram fills up what is not 9:16.
        Some(image) => Some(ImageRules {
            min_width: 1,
            max_height: 2_560,
            aspect: None,
            ..image
        }),
        None => None,
    },
    video: match PROFILE.media.video {
        Some(video) => Some(domain::VideoRules {
            max_bytes: 100_000_000,
            max_duration_ms: 60_000,
            aspect: Some((0.1, 10.0)),
            ..video
        }),
        None => None,
    },
};

/// What media a post with these options may carry.
pub fn media_rules(options: &Value) -> MediaRules {
    if options::read(options).story {
        MEDIA
    } else {
        PROFILE.media
    }
}

/// Everything that a story has no room for.
pub(super) fn rules(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = Vec::new();
    if !draft.caption.trim().is_empty() {
        broken.push(Violation::new(
            "caption",
            "story_caption",
            "is set; a story has no words of its own",
            "Leave it out, or put it into the picture.",
        ));
    }
    for (place, item) in draft.media.iter().enumerate() {
        if item
            .alt_text
            .as_deref()
            .is_some_and(|text| !text.is_empty())
        {
            broken.push(not_taken(format!("media[{place}].altText")));
        }
    }
    let of_posts = [
        ("options.aiGenerated", options.ai_generated),
        (
            "options.brandedContentSponsorIds",
            !options.branded_content_sponsor_ids.is_empty(),
        ),
        ("options.collaborators", !options.collaborators.is_empty()),
        ("options.firstComment", options.first_comment.is_some()),
        ("options.locationId", options.location_id.is_some()),
        ("options.paidPartnership", options.paid_partnership),
    ];
    let of_posts = of_posts.into_iter().filter(|(_, is_given)| *is_given);
    let fields = of_posts.map(|(field, _)| field).chain(reel::given(options));
    broken.extend(fields.map(not_taken));
    broken
}

fn not_taken(field: impl Into<String>) -> Violation {
    Violation::new(
        field,
        "not_for_stories",
        "is set; Instagram takes none for a story",
        "Leave it out, or publish a usual post.",
    )
}

#[cfg(test)]
mod tests {
    use domain::{MediaKind, Platform};
    use serde_json::json;

    use super::super::options::tests::{media, rules};
    use super::*;
    use crate::DraftMedia;

    #[test]
    fn a_story_is_a_file_and_perhaps_accounts_seen_in_it() {
        let (picture, video) = (media(MediaKind::Image, None), media(MediaKind::Video, None));
        let options = json!({"story": true, "userTags": [
            {"username": "a"}, {"username": "b", "x": 0.5, "y": 0.5}
        ]});
        assert!(rules("", &options, std::slice::from_ref(&picture)).is_empty());
        assert!(rules("", &options, &[video]).is_empty());
        let half = json!({"story": true, "userTags": [{"username": "a", "x": 0.5}]});
        assert_eq!(
            rules("", &half, &[picture]),
            ["options.userTags[0] tag_place"]
        );
    }

    #[test]
    fn everything_else_is_refused_by_its_name() {
        let all = json!({
            "story": true, "aiGenerated": true, "audioName": "Waves",
            "brandedContentSponsorIds": ["1"], "collaborators": ["a"],
            "coverUrl": "https://media.example/1.jpg", "firstComment": "More", "locationId": "1",
            "paidPartnership": true, "shareToFeed": false, "thumbOffsetMs": 1,
            "trialReel": "SS_PERFORMANCE"
        });
        assert_eq!(
            rules("Dawn", &all, &[media(MediaKind::Image, Some("Boats"))]),
            [
                "caption story_caption",
                "media[0].altText not_for_stories",
                "options.aiGenerated not_for_stories",
                "options.brandedContentSponsorIds not_for_stories",
                "options.collaborators not_for_stories",
                "options.firstComment not_for_stories",
                "options.locationId not_for_stories",
                "options.paidPartnership not_for_stories",
                "options.audioName not_for_stories",
                "options.coverUrl not_for_stories",
                "options.shareToFeed not_for_stories",
                "options.thumbOffsetMs not_for_stories",
                "options.trialReel not_for_stories"
            ]
        );
    }

    #[test]
    fn a_story_holds_one_file_of_any_shape_and_at_most_a_minute() {
        let story = json!({"story": true});
        let broken = |media: &[DraftMedia]| {
            let draft = Draft {
                caption: "",
                media,
                options: &story,
            };
            let broken = crate::check(Platform::Instagram, &draft).into_iter();
            broken.map(|broken| broken.rule).collect::<Vec<_>>()
        };
        let (picture, video) = (media(MediaKind::Image, None), media(MediaKind::Video, None));
        assert!(broken(std::slice::from_ref(&picture)).is_empty());
        assert_eq!(broken(&[]), ["media_required"]);
        assert_eq!(
            broken(&[picture.clone(), picture.clone()]),
            ["too_many_images"]
        );
        assert_eq!(broken(&[picture, video]), ["video_not_alone"]);
        let rules = crate::media_rules(Platform::Instagram, &story);
        let (image, video) = (rules.image.unwrap(), rules.video.unwrap());
        assert_eq!((image.aspect, image.max_bytes), (None, 8_000_000));
        assert_eq!(
            (video.max_duration_ms, video.max_bytes),
            (60_000, 100_000_000)
        );
        let usual = crate::media_rules(Platform::Instagram, &json!({}));
        assert!(usual.image.unwrap().aspect.is_some());
    }
}
