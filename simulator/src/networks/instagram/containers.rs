//! Containers: the file is loaded into them, and nobody sees them.

use axum::body::Bytes;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{NETWORK, is_hidden, own};
use crate::{
    LiveMedia,
    networks::meta::{Asked, Said, Usage},
};

const LIFE: Duration = Duration::hours(24);
const LARGEST_IMAGE: usize = 8 * 1024 * 1024;
const LARGEST_VIDEO: usize = 300_000_000;
const CAPTION: usize = 2_200;
const ALT_TEXT: usize = 1_000;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
/// Most containers of one account in 24 hours.
const MOST: usize = 400;
/// What is told with the container after those.
const USED_UP: Usage = Usage {
    percent: 100,
    minutes: 60,
};
const FIELDS: [&str; 14] = [
    "alt_text",
    "audio_name",
    "caption",
    "children",
    "collaborators",
    "fields",
    "image_url",
    "is_carousel_item",
    "location_id",
    "media_type",
    "share_to_feed",
    "thumb_offset",
    "user_tags",
    "video_url",
];

/// What a container will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Several files.
    Carousel,
    /// One of several files; it is never published by itself.
    Child,
    /// A picture.
    Picture,
    /// A video.
    Reel,
}

/// A container.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) account: String,
    pub(super) shape: Shape,
    pub(super) caption: String,
    pub(super) media: Vec<LiveMedia>,
    pub(super) details: Value,
    made_at: OffsetDateTime,
    ready_at: OffsetDateTime,
    error: Option<i64>,
    pub(super) is_published: bool,
}

impl Container {
    pub(super) fn status(&self, now: OffsetDateTime, is_expired: bool) -> &'static str {
        if self.is_published {
            "PUBLISHED"
        } else if is_expired || now >= self.made_at + LIFE {
            "EXPIRED"
        } else if now < self.ready_at {
            "IN_PROGRESS"
        } else if self.error.is_some() {
            "ERROR"
        } else {
            "FINISHED"
        }
    }
}

pub(super) async fn create(asked: Asked) -> Result<Said, Said> {
    asked.only(&FIELDS)?;
    let account = asked.id().to_owned();
    own(&asked, &account)?;
    asked.needs(&["instagram_content_publish"])?;
    let (shape, is_video) = shape(&asked)?;
    check_words(&asked, shape, is_video)?;
    let details = details(&asked, shape)?;
    let now = asked.world.now();
    let made = {
        let state = asked.world.states().instagram();
        let recent = state
            .containers
            .values()
            .filter(|other| other.account == account && now < other.made_at + LIFE);
        recent.count()
    };
    if made >= MOST {
        return Err(Said::refused(
            80_002,
            0,
            "There have been too many calls to this Instagram account.",
        )
        .with_usage(NETWORK, &account, USED_UP));
    }
    let (media, mut error) = if shape == Shape::Carousel {
        (children(&asked)?, None)
    } else {
        let (media, error) = file(&asked, is_video).await?;
        (vec![media], error)
    };
    let id = asked.world.number().to_string();
    let processing = asked.world.processing(NETWORK);
    let mut state = asked.world.states().instagram();
    if !state.failing.is_empty() {
        error = Some(state.failing.remove(0));
    }
    state.containers.insert(
        id.clone(),
        Container {
            account,
            shape,
            caption: asked.field("caption").to_owned(),
            media,
            details,
            made_at: now,
            ready_at: now + processing,
            error,
            is_published: false,
        },
    );
    Ok(Said::good(json!({ "id": id })))
}

/// What the container is for, and whether its file is a video.
fn shape(asked: &Asked) -> Result<(Shape, bool), Said> {
    let has = |name: &str| !asked.field(name).is_empty();
    let is_child = match asked.field("is_carousel_item") {
        "" | "false" => false,
        "true" => true,
        _ => return Err(Said::invalid("Param is_carousel_item must be a boolean")),
    };
    let (image, video) = (has("image_url"), has("video_url"));
    match (asked.field("media_type"), is_child) {
        ("", false) if image && !video => Ok((Shape::Picture, false)),
        ("", true) if image && !video => Ok((Shape::Child, false)),
        ("VIDEO", true) if video && !image => Ok((Shape::Child, true)),
        ("REELS", false) if video && !image => Ok((Shape::Reel, true)),
        ("CAROUSEL", false) if !image && !video => Ok((Shape::Carousel, false)),
        ("" | "REELS", false) | ("" | "VIDEO", true) => Err(unreachable()),
        _ => Err(Said::refused(100, 2_207_023, "The media type is unknown")),
    }
}

/// The files of a carousel: of children of the same account, ready and not yet published.
fn children(asked: &Asked) -> Result<Vec<LiveMedia>, Said> {
    let ids: Vec<&str> = asked
        .field("children")
        .split(',')
        .filter(|id| !id.is_empty())
        .collect();
    let wrong = || Said::refused(100, 2_207_028, "The carousel needs 2 to 10 children");
    if !(2..=10).contains(&ids.len()) {
        return Err(wrong());
    }
    let (now, state) = (asked.world.now(), asked.world.states().instagram());
    let files = ids.into_iter().map(|id| {
        let child = state.containers.get(id)?;
        let is_ready = child.status(now, state.expired.contains(id)) == "FINISHED";
        let is_ours = child.account == asked.id() && child.shape == Shape::Child;
        (is_ready && is_ours).then(|| child.media.clone())
    });
    let files: Option<Vec<Vec<LiveMedia>>> = files.collect();
    files.map(|files| files.concat()).ok_or_else(wrong)
}

/// Loads a file; a video is looked into later.
async fn file(asked: &Asked, is_video: bool) -> Result<(LiveMedia, Option<i64>), Said> {
    let url = asked.field(if is_video { "video_url" } else { "image_url" });
    let bytes = load(asked, url).await?;
    if !is_video {
        check_image(&bytes)?;
        return Ok((asked.world.keep("image/jpeg", bytes), None));
    }
    let is_readable = bytes.get(4..8) == Some(b"ftyp") && bytes.len() <= LARGEST_VIDEO;
    let error = (!is_readable).then_some(2_207_026);
    Ok((asked.world.keep("video/mp4", bytes), error))
}

fn unreachable() -> Said {
    Said::refused(
        9_004,
        2_207_052,
        "The media could not be fetched from this uri",
    )
}

fn check_words(asked: &Asked, shape: Shape, is_video: bool) -> Result<(), Said> {
    let caption = asked.field("caption");
    if shape == Shape::Child && !caption.is_empty() {
        return Err(Said::invalid("Param caption is for the carousel"));
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
    let takes_none = is_video || shape == Shape::Carousel;
    if alt_text.chars().count() > ALT_TEXT || (takes_none && !alt_text.is_empty()) {
        return Err(Said::invalid("Param alt_text is not supported"));
    }
    Ok(())
}

fn details(asked: &Asked, shape: Shape) -> Result<Value, Said> {
    let is_reel = shape == Shape::Reel;
    let mut details = json!({ "altText": asked.field("alt_text") });
    let names = asked.field("collaborators");
    if !names.is_empty() && shape == Shape::Child {
        return Err(Said::invalid("Param collaborators is for the carousel"));
    }
    if !names.is_empty() {
        let names: Vec<String> = serde_json::from_str(names)
            .map_err(|_| Said::invalid("Param collaborators must be an array"))?;
        if names.len() > 3 {
            return Err(Said::invalid("Cannot use more than 3 collaborators"));
        }
        details["collaborators"] = names.into();
    }
    match asked.field("location_id") {
        "" => {}
        id if id.bytes().all(|byte| byte.is_ascii_digit()) && shape != Shape::Child => {
            details["locationId"] = id.into();
        }
        _ => return Err(Said::invalid("INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID")),
    }
    if !asked.field("user_tags").is_empty() {
        details["userTags"] = tags(asked, shape)?;
    }
    match asked.field("audio_name") {
        "" => {}
        name if is_reel => details["audioName"] = name.into(),
        _ => return Err(Said::invalid("Param audio_name is for reels")),
    }
    match asked.field("share_to_feed") {
        "" => {}
        "true" if is_reel => details["shareToFeed"] = true.into(),
        "false" if is_reel => details["shareToFeed"] = false.into(),
        _ => return Err(Said::invalid("Param share_to_feed is for reels")),
    }
    match asked.field("thumb_offset") {
        "" => {}
        text if is_reel => {
            let offset: u64 = text
                .parse()
                .map_err(|_| Said::refused(1, 2_207_057, "The thumbnail offset is invalid"))?;
            details["thumbOffset"] = offset.into();
        }
        _ => return Err(Said::invalid("Param thumb_offset is for reels")),
    }
    Ok(details)
}

/// Accounts that are seen: with a place in a picture, without one in a reel.
fn tags(asked: &Asked, shape: Shape) -> Result<Value, Said> {
    let wrong = || Said::invalid("Param user_tags must be an array of username, x and y");
    let tags: Vec<Value> = serde_json::from_str(asked.field("user_tags")).map_err(|_| wrong())?;
    let is_placed = |tag: &Value| {
        let inside = |name: &str| {
            let place = tag[name].as_f64();
            place.is_some_and(|place| (0.0..=1.0).contains(&place))
        };
        inside("x") && inside("y")
    };
    let is_right = |tag: &Value| {
        tag["username"].is_string()
            && match shape {
                Shape::Picture | Shape::Child => is_placed(tag),
                Shape::Reel => tag.get("x").is_none() && tag.get("y").is_none(),
                Shape::Carousel => false,
            }
    };
    if tags.len() <= 20 && tags.iter().all(is_right) {
        Ok(tags.into())
    } else {
        Err(wrong())
    }
}

async fn load(asked: &Asked, url: &str) -> Result<Bytes, Said> {
    if !url.is_ascii() || !url.starts_with("https://") {
        return Err(unreachable());
    }
    let pulled = asked.world.pull(url).await;
    pulled
        .ok()
        .filter(|file| matches!(file.status, 200 | 206))
        .map(|file| file.bytes)
        .ok_or_else(unreachable)
}

fn check_image(bytes: &[u8]) -> Result<(), Said> {
    if bytes.len() > LARGEST_IMAGE {
        return Err(Said::refused(36_000, 2_207_004, "The image size is too large"));
    }
    let format = || Said::refused(36_001, 2_207_005, "The image format is not supported");
    if imagesize::image_type(bytes).ok() != Some(imagesize::ImageType::Jpeg) {
        return Err(format());
    }
    let size = imagesize::blob_size(bytes).map_err(|_| format())?;
    // In hundredths, so that nothing is rounded.
    let (width, height) = (size.width * 100, size.height);
    if width < height * 80 || width > height * 191 {
        return Err(Said::refused(
            36_003,
            2_207_009,
            "The aspect ratio is not supported",
        ));
    }
    Ok(())
}

/// The object of that id, if it is a container; it never tells the post that was made of it.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    let id = asked.id();
    let (container, is_expired) = {
        let state = asked.world.states().instagram();
        let container = state.containers.get(id).cloned()?;
        (container, state.expired.contains(id))
    };
    if let Err(refusal) = own(asked, &container.account) {
        return Some(Err(refusal));
    }
    if is_hidden(asked, container.made_at) {
        return Some(Err(Said::invisible(id)));
    }
    let code = container.status(asked.world.now(), is_expired);
    let status = match (code, container.error) {
        ("FINISHED", _) => {
            "Finished: Media has been uploaded and it is ready to be published.".to_owned()
        }
        ("ERROR", Some(error)) => {
            format!("Error: Media upload has failed with error code {error}")
        }
        (other, _) => other.to_owned(),
    };
    Some(Ok(json!({ "id": id, "status_code": code, "status": status })))
}
