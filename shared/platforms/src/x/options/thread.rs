//! The rules of a thread: each of its parts is a post by itself.

use std::collections::HashSet;

use domain::{MediaKind, Violation};

use super::{MAX_PARTS, Options, alone_rule, words_rule};
use crate::{
    Draft, DraftMedia, normalise,
    x::{
        length,
        parts::{self, Part},
        profile::PROFILE,
    },
};

/// The parts of a draft.
pub(super) fn parts(options: &Options, draft: &Draft<'_>) -> impl Iterator<Item = Part> {
    parts::split(draft.caption, draft.media.len(), options).into_iter()
}

/// What parts of a thread break. A post without further parts is judged by the profile, but for its
/// moving pictures.
pub(super) fn rules(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let mut broken = Vec::new();
    if options.thread.len() >= MAX_PARTS {
        broken.push(Violation::new(
            "options.thread",
            "thread_too_long",
            format!(
                "holds {} further parts; a thread is made of {MAX_PARTS} at most, the first one included",
                options.thread.len()
            ),
            format!("Remove {}.", options.thread.len() + 1 - MAX_PARTS),
        ));
        return broken;
    }
    broken.extend(places(options, draft));
    let mut said = HashSet::new();
    for (number, part) in parts(options, draft).enumerate() {
        let files: Vec<&DraftMedia> = part
            .files
            .iter()
            .filter_map(|place| draft.media.get(*place))
            .collect();
        let (text, media) = match number.checked_sub(1) {
            None => ("caption".to_owned(), "media".to_owned()),
            Some(place) => (
                format!("options.thread[{place}].text"),
                format!("options.thread[{place}].media"),
            ),
        };
        broken.extend(alone_rule(&media, &files));
        if options.thread.is_empty() {
            continue;
        }
        broken.extend(files_rule(&media, &files));
        let words = normalise(&part.text);
        if words.is_empty() && files.is_empty() && (number > 0 || !draft.media.is_empty()) {
            broken.push(Violation::new(
                &text,
                "post_empty",
                "is empty, and there is no media with it either",
                "Write something, or give it a file.",
            ));
        }
        if number > 0 {
            broken.extend(further_rules(&text, &part.text));
        }
        if !words.is_empty() && !said.insert(words) {
            broken.push(Violation::new(
                text,
                "thread_repeats",
                "says what another part of the thread says; X refuses equal texts",
                "Change it.",
            ));
        }
    }
    broken
}

/// What the words of a further part break; the first one's are the caption.
fn further_rules(field: &str, text: &str) -> Vec<Violation> {
    let mut broken: Vec<Violation> = words_rule(field, text).into_iter().collect();
    let length = length::weigh(text);
    let max = length::MAX_LENGTH;
    if length > max {
        let unit = PROFILE.caption.unit.name();
        broken.push(Violation::new(
            field,
            "caption_too_long",
            format!("is {length} {unit} long; X takes {max}"),
            format!("Shorten it by {} {unit}.", length - max),
        ));
    }
    broken
}

/// Whether each file that is named is there, and goes with one part only.
fn places(options: &Options, draft: &Draft<'_>) -> Vec<Violation> {
    let mut taken = HashSet::new();
    let mut broken = Vec::new();
    for (number, part) in options.thread.iter().enumerate() {
        for place in &part.media {
            let (rule, message) = if *place >= draft.media.len() {
                (
                    "file_unknown",
                    format!("names the file {place}; the post has {}", draft.media.len()),
                )
            } else if taken.insert(*place) {
                continue;
            } else {
                ("file_taken", format!("names the file {place} once more"))
            };
            broken.push(Violation::new(
                format!("options.thread[{number}].media"),
                rule,
                message,
                "Name places among the post's media, counted from 0, each of them once.",
            ));
        }
    }
    broken
}

/// Whether one post can carry these files.
fn files_rule(field: &str, files: &[&DraftMedia]) -> Option<Violation> {
    let has_video = files.iter().any(|item| item.kind == MediaKind::Video);
    let max = PROFILE.media.max_images;
    if has_video && files.len() > 1 {
        return Some(Violation::new(
            field,
            "video_not_alone",
            format!(
                "holds {} files; a video stands alone in a post to X",
                files.len()
            ),
            "Keep one video, or only pictures.",
        ));
    }
    (files.len() > max).then(|| {
        Violation::new(
            field,
            "too_many_images",
            format!("holds {} pictures; a post to X takes {max}", files.len()),
            format!("Remove {}.", files.len() - max),
        )
    })
}
