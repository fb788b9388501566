//! Containers: the file is loaded into them, and nobody sees them.

use axum::body::Bytes;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{NETWORK, is_hidden, own};
use crate::{
    LiveMedia,
    networks::meta::{Asked, Said},
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
const FIELDS: [&str; 10] = [
    "alt_text",
    "caption",
    "collaborators",
    "fields",
    "image_url",
    "is_carousel_item",
    "media_type",
    "share_to_feed",
    "thumb_offset",
    "video_url",
];

/// A container.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) account: String,
    pub(super) is_reel: bool,
    pub(super) caption: String,
    pub(super) media: LiveMedia,
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
    let is_reel = is_reel(&asked)?;
    check_words(&asked, is_reel)?;
    let details = details(&asked, is_reel)?;
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
        ));
    }
    let url = asked.field(if is_reel { "video_url" } else { "image_url" });
    let bytes = load(&asked, url).await?;
    let mut error = if is_reel {
        let is_video = bytes.get(4..8) == Some(b"ftyp") && bytes.len() <= LARGEST_VIDEO;
        (!is_video).then_some(2_207_026)
    } else {
        check_image(&bytes)?;
        None
    };
    let id = asked.world.number().to_string();
    let media = asked
        .world
        .keep(if is_reel { "video/mp4" } else { "image/jpeg" }, bytes);
    let processing = asked.world.processing(NETWORK);
    let mut state = asked.world.states().instagram();
    if !state.failing.is_empty() {
        error = Some(state.failing.remove(0));
    }
    state.containers.insert(
        id.clone(),
        Container {
            account,
            is_reel,
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

fn is_reel(asked: &Asked) -> Result<bool, Said> {
    let has = |name: &str| !asked.field(name).is_empty();
    match asked.field("media_type") {
        "" if has("image_url") && !has("video_url") => Ok(false),
        "REELS" if has("video_url") && !has("image_url") => Ok(true),
        "" | "REELS" => Err(Said::refused(
            9_004,
            2_207_052,
            "The media could not be fetched from this uri",
        )),
        _ => Err(Said::refused(100, 2_207_023, "The media type is unknown")),
    }
}

fn check_words(asked: &Asked, is_reel: bool) -> Result<(), Said> {
    let caption = asked.field("caption");
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
    if alt_text.chars().count() > ALT_TEXT || (is_reel && !alt_text.is_empty()) {
        return Err(Said::invalid("Param alt_text is not supported"));
    }
    Ok(())
}

fn details(asked: &Asked, is_reel: bool) -> Result<Value, Said> {
    let mut details = json!({ "altText": asked.field("alt_text") });
    let names = asked.field("collaborators");
    if !names.is_empty() {
        let names: Vec<String> = serde_json::from_str(names)
            .map_err(|_| Said::invalid("Param collaborators must be an array"))?;
        if names.len() > 3 {
            return Err(Said::invalid("Cannot use more than 3 collaborators"));
        }
        details["collaborators"] = names.into();
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

async fn load(asked: &Asked, url: &str) -> Result<Bytes, Said> {
    let refusal = || {
        Said::refused(
            9_004,
            2_207_052,
            "The media could not be fetched from this uri",
        )
    };
    if !url.is_ascii() || !url.starts_with("https://") {
        return Err(refusal());
    }
    let pulled = asked.world.pull(url).await;
    pulled
        .ok()
        .filter(|file| matches!(file.status, 200 | 206))
        .map(|file| file.bytes)
        .ok_or_else(refusal)
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
