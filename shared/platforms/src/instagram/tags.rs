//! The rules of accounts that are seen in files.

use std::collections::BTreeMap;

use domain::{MediaKind, Violation};

use super::options::{Options, UserTag, username};
use crate::Draft;

/// Most accounts seen in one file.
const TAGS: usize = 20;

/// The rules that the accounts seen break.
pub(super) fn rules(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = Vec::new();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, tag) in options.user_tags.iter().enumerate() {
        let field = format!("options.userTags[{number}]");
        broken.extend(username(&format!("{field}.username"), &tag.username));
        match place(tag, draft, &field) {
            Ok(place) => {
                *counts.entry(place).or_default() += 1;
                let kind = draft.media.get(place).map(|item| item.kind);
                broken.extend(position(tag, kind, options.story, &field));
            }
            Err(violation) => broken.push(violation),
        }
    }
    let many = counts.into_values().filter(|count| *count > TAGS);
    broken.extend(many.map(|count| {
        Violation::new(
            "options.userTags",
            "too_many_tags",
            format!("holds {count} accounts of one file; Instagram takes {TAGS}"),
            format!("Remove {}.", count - TAGS),
        )
    }));
    broken
}

/// Which file a tag means.
fn place(tag: &UserTag, draft: &Draft<'_>, field: &str) -> Result<usize, Violation> {
    let files = draft.media.len();
    let is_one_of_several = files > 1;
    let place = match tag.media {
        None if is_one_of_several => {
            return Err(Violation::new(
                format!("{field}.media"),
                "tag_media_missing",
                format!("is missing; the post holds {files} files"),
                "Tell in which file the account is seen, counted from 0.",
            ));
        }
        given => given.unwrap_or_default(),
    };
    let item = draft.media.get(place);
    if item.is_none() && place > 0 {
        return Err(Violation::new(
            format!("{field}.media"),
            "tag_media_unknown",
            format!("is {place}; the post holds {files} files, counted from 0"),
            "Name one of the files.",
        ));
    }
    if is_one_of_several && item.is_some_and(|item| item.kind == MediaKind::Video) {
        return Err(Violation::new(
            format!("{field}.media"),
            "tag_on_video",
            "names a video among several files; there Instagram takes accounts seen in pictures only",
            "Leave it out.",
        ));
    }
    Ok(place)
}

/// Whether a tag is placed as its file asks for.
fn position(
    tag: &UserTag,
    kind: Option<MediaKind>,
    is_story: bool,
    field: &str,
) -> Option<Violation> {
    let is_inside = |place: f64| (0.0..=1.0).contains(&place);
    let is_picture = kind == Some(MediaKind::Image);
    let is_right = match (tag.x, tag.y) {
        (Some(x), Some(y)) => (is_picture || is_story) && is_inside(x) && is_inside(y),
        (None, None) => !is_picture || is_story,
        (Some(_), None) | (None, Some(_)) => false,
    };
    (!is_right).then(|| {
        Violation::new(
            field,
            "tag_place",
            "is not placed as Instagram asks: in a picture with x and y from 0 to 1, in a reel without, in a story as you like",
            "Give x and y for a picture, and leave them out for a reel.",
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::options::tests::{media, rules};
    use super::*;

    fn tags(tags: &[Value]) -> Value {
        json!({ "userTags": tags })
    }

    #[test]
    fn accounts_are_placed_in_pictures_and_named_in_reels() {
        let picture = [media(MediaKind::Image, None)];
        let reel = [media(MediaKind::Video, None)];
        let placed = json!({"username": "sample_garden", "x": 0.5, "y": 1.0});
        assert!(rules("", &tags(std::slice::from_ref(&placed)), &picture).is_empty());
        assert!(rules("", &tags(&[json!({"username": "a", "media": 0})]), &reel).is_empty());
        for (media, tag, rule) in [
            (
                &picture,
                json!({"username": "a"}),
                "options.userTags[0] tag_place",
            ),
            (
                &picture,
                json!({"username": "a", "x": 0.5}),
                "options.userTags[0] tag_place",
            ),
            (
                &picture,
                json!({"username": "a", "x": 1.5, "y": 0}),
                "options.userTags[0] tag_place",
            ),
            (&reel, placed, "options.userTags[0] tag_place"),
            (
                &picture,
                json!({"username": "@a", "x": 0, "y": 0}),
                "options.userTags[0].username invalid_username",
            ),
            (
                &picture,
                json!({"username": "a", "x": 0, "y": 0, "media": 1}),
                "options.userTags[0].media tag_media_unknown",
            ),
            (
                &picture,
                json!({"username": "a", "x": 0, "y": 0, "media": -1}),
                "options.userTags[0].media invalid_option",
            ),
        ] {
            assert_eq!(rules("", &tags(&[tag]), media), [rule]);
        }
        let many = vec![json!({"username": "a", "x": 0, "y": 0}); 21];
        assert_eq!(
            rules("", &tags(&many), &picture),
            ["options.userTags too_many_tags"]
        );
    }

    #[test]
    fn of_several_files_each_account_names_its_picture() {
        let files = [
            media(MediaKind::Image, None),
            media(MediaKind::Video, None),
            media(MediaKind::Image, None),
        ];
        let seen = |file: usize| json!({"username": "a", "x": 0.5, "y": 0.5, "media": file});
        assert!(rules("", &tags(&[seen(0), seen(2), seen(2)]), &files).is_empty());
        let twenty = |file: usize| vec![seen(file); 20];
        assert!(rules("", &tags(&[twenty(0), twenty(2)].concat()), &files).is_empty());
        let unnamed = json!({"username": "a", "x": 0.5, "y": 0.5});
        let unplaced = json!({"username": "a", "media": 0});
        assert_eq!(
            rules("", &tags(&[unnamed, seen(1), seen(3), unplaced]), &files),
            [
                "options.userTags[0].media tag_media_missing",
                "options.userTags[1].media tag_on_video",
                "options.userTags[2].media tag_media_unknown",
                "options.userTags[3] tag_place"
            ]
        );
    }
}
