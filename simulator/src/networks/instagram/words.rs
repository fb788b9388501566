//! What is said of a post beside its files, and what it may say.

use serde_json::{Value, json};

use super::containers::Shape;
use crate::networks::meta::{Asked, Said};

const CAPTION: usize = 2_200;
const ALT_TEXT: usize = 1_000;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;

/// Refuses words that are too many, or not for this kind of post.
pub(super) fn check(asked: &Asked, shape: Shape, is_video: bool) -> Result<(), Said> {
    let caption = asked.field("caption");
    if matches!(shape, Shape::Child | Shape::Story) && !caption.is_empty() {
        return Err(Said::invalid("Param caption is for the whole post"));
    }
    let count = |mark: char| caption.matches(mark).count();
    if caption.encode_utf16().count() > CAPTION {
        return Err(Said::refused(36_004, 2_207_010, "The caption was too long"));
    }
    if count('@') > MENTIONS {
        return Err(Said::refused(100, 2_207_040, "Cannot use more than 20 tags"));
    }
    if count('#') > HASHTAGS {
        return Err(Said::invalid("Cannot use more than 30 hashtags"));
    }
    let alt_text = asked.field("alt_text");
    let takes_none = is_video || matches!(shape, Shape::Carousel | Shape::Story);
    if alt_text.chars().count() > ALT_TEXT || (takes_none && !alt_text.is_empty()) {
        return Err(Said::invalid("Param alt_text is not supported"));
    }
    Ok(())
}

/// What is kept of a post beside its words and files.
pub(super) fn details(asked: &Asked, shape: Shape, is_video: bool) -> Result<Value, Said> {
    let mut details = json!({ "altText": asked.field("alt_text") });
    if !asked.field("user_tags").is_empty() {
        details["userTags"] = tags(asked, shape, is_video)?;
    }
    of_post(asked, shape, &mut details)?;
    of_reel(asked, shape, &mut details)?;
    // Of several files a video has a frame of its own, too.
    let has_frame = shape == Shape::Reel || (shape == Shape::Child && is_video);
    match asked.field("thumb_offset") {
        "" => {}
        text if has_frame => {
            let offset: u64 = text
                .parse()
                .map_err(|_| Said::refused(1, 2_207_057, "The thumbnail offset is invalid"))?;
            details["thumbOffset"] = offset.into();
        }
        _ => return Err(Said::invalid("Param thumb_offset is for videos")),
    }
    Ok(details)
}

/// What holds for the post as a whole: neither for one of several files nor for a story.
fn of_post(asked: &Asked, shape: Shape, details: &mut Value) -> Result<(), Said> {
    let is_whole = !matches!(shape, Shape::Child | Shape::Story);
    let given = |name: &str| match asked.field(name) {
        "" => Ok(None),
        text if is_whole => Ok(Some(text)),
        _ => Err(Said::invalid(&format!("Param {name} is not supported"))),
    };
    let list = |text: &str, name: &str, most: usize| match serde_json::from_str::<Vec<String>>(text)
    {
        Ok(names) if names.len() <= most => Ok(names),
        Ok(_) => Err(Said::invalid(&format!("Cannot use more than {most} {name}"))),
        Err(_) => Err(Said::invalid(&format!("Param {name} must be an array"))),
    };
    if let Some(text) = given("collaborators")? {
        details["collaborators"] = list(text, "collaborators", 3)?.into();
    }
    if let Some(text) = given("branded_content_sponsor_ids")? {
        details["sponsors"] = list(text, "branded_content_sponsor_ids", 2)?.into();
    }
    if let Some(id) = given("location_id")? {
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Said::invalid("INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID"));
        }
        details["locationId"] = id.into();
    }
    for (name, kept) in [
        ("is_ai_generated", "aiGenerated"),
        ("is_paid_partnership", "paidPartnership"),
    ] {
        if let Some(text) = given(name)? {
            details[kept] = flag(name, text)?.into();
        }
    }
    Ok(())
}

fn of_reel(asked: &Asked, shape: Shape, details: &mut Value) -> Result<(), Said> {
    let given = |name: &str| match asked.field(name) {
        "" => Ok(None),
        text if shape == Shape::Reel => Ok(Some(text)),
        _ => Err(Said::invalid(&format!("Param {name} is for reels"))),
    };
    if let Some(name) = given("audio_name")? {
        details["audioName"] = name.into();
    }
    if let Some(text) = given("share_to_feed")? {
        details["shareToFeed"] = flag("share_to_feed", text)?.into();
    }
    if let Some(text) = given("trial_params")? {
        let trial: Value = serde_json::from_str(text).unwrap_or_default();
        let graduation = trial["graduation_strategy"].as_str();
        let Some(graduation @ ("MANUAL" | "SS_PERFORMANCE")) = graduation else {
            return Err(Said::invalid("Param trial_params needs a graduation_strategy"));
        };
        if asked.world.states().instagram().has_no_trials {
            return Err(Said::refused(
                100,
                2_207_081,
                "This account has no trial reels",
            ));
        }
        details["trial"] = graduation.into();
    }
    Ok(())
}

fn flag(name: &str, text: &str) -> Result<bool, Said> {
    text.parse()
        .map_err(|_| Said::invalid(&format!("Param {name} must be a boolean")))
}

/// Accounts that are seen: with a place in a picture, without one in a reel, as one likes in a story.
fn tags(asked: &Asked, shape: Shape, is_video: bool) -> Result<Value, Said> {
    let wrong = || Said::invalid("Param user_tags must be an array of username, x and y");
    let tags: Vec<Value> = serde_json::from_str(asked.field("user_tags")).map_err(|_| wrong())?;
    let is_placed = |tag: &Value| {
        let inside = |name: &str| {
            let place = tag[name].as_f64();
            place.is_some_and(|place| (0.0..=1.0).contains(&place))
        };
        inside("x") && inside("y")
    };
    let is_bare = |tag: &Value| tag.get("x").is_none() && tag.get("y").is_none();
    let is_right = |tag: &Value| {
        let fields = tag.as_object().map(serde_json::Map::keys);
        let is_known = |name: &String| matches!(name.as_str(), "username" | "x" | "y");
        tag["username"].is_string()
            && fields.is_some_and(|mut names| names.all(is_known))
            && match (shape, is_video) {
                (Shape::Picture, _) | (Shape::Child, false) => is_placed(tag),
                (Shape::Reel, _) => is_bare(tag),
                (Shape::Story, _) => is_bare(tag) || is_placed(tag),
                (Shape::Carousel, _) | (Shape::Child, true) => false,
            }
    };
    if tags.len() <= 20 && tags.iter().all(is_right) {
        Ok(tags.into())
    } else {
        Err(wrong())
    }
}
