//! Containers: the file is loaded into them, and nobody sees them.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    NETWORK, files, is_hidden, own,
    uploads::{self, Upload},
    words,
};
use crate::{
    LiveMedia,
    networks::meta::{Asked, Said, Usage},
};

/// How long a container lives.
const LIFE: Duration = Duration::hours(24);
const DAY: Duration = Duration::hours(24);
/// Most containers of one account in 24 hours.
const MOST: usize = 400;
/// What is told with the container after those.
const USED_UP: Usage = Usage {
    percent: 100,
    minutes: 60,
};
const FIELDS: [&str; 20] = [
    "alt_text",
    "audio_name",
    "branded_content_sponsor_ids",
    "caption",
    "children",
    "collaborators",
    "cover_url",
    "fields",
    "image_url",
    "is_ai_generated",
    "is_carousel_item",
    "is_paid_partnership",
    "location_id",
    "media_type",
    "share_to_feed",
    "thumb_offset",
    "trial_params",
    "upload_type",
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
    /// A picture or a video that is gone after a day.
    Story,
}

/// A container.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) account: String,
    pub(super) shape: Shape,
    pub(super) is_video: bool,
    pub(super) caption: String,
    pub(super) media: Vec<LiveMedia>,
    pub(super) details: Value,
    /// The bytes that are sent, where they are not fetched.
    pub(super) upload: Option<Upload>,
    made_at: OffsetDateTime,
    ends_at: OffsetDateTime,
    pub(super) ready_at: OffsetDateTime,
    /// How often it still says that it is worked on, whatever the time.
    polls: u32,
    pub(super) error: Option<i64>,
    pub(super) is_published: bool,
}

impl Container {
    pub(super) fn status(&self, now: OffsetDateTime, is_expired: bool) -> &'static str {
        if self.is_published {
            "PUBLISHED"
        } else if self.is_over(now, is_expired) {
            "EXPIRED"
        } else if self.lacks_bytes() || now < self.ready_at || self.polls > 0 {
            "IN_PROGRESS"
        } else if self.error.is_some() {
            "ERROR"
        } else {
            "FINISHED"
        }
    }

    /// Whether it has expired.
    pub(super) fn is_over(&self, now: OffsetDateTime, is_expired: bool) -> bool {
        is_expired || now >= self.ends_at
    }

    fn lacks_bytes(&self) -> bool {
        let upload = self.upload.as_ref();
        upload.is_some_and(|upload| !upload.is_complete())
    }

    /// Somebody asked how far it is.
    pub(super) fn polled(&mut self) {
        if !self.lacks_bytes() {
            self.polls = self.polls.saturating_sub(1);
        }
    }
}

pub(super) async fn create(asked: Asked) -> Result<Said, Said> {
    asked.only(&FIELDS)?;
    let account = asked.id().to_owned();
    own(&asked, &account)?;
    asked.needs(&["instagram_content_publish"])?;
    let (shape, is_video) = shape(&asked)?;
    words::check(&asked, shape, is_video)?;
    let mut details = words::details(&asked, shape, is_video)?;
    let now = asked.world.now();
    check_number(&asked, &account)?;
    let upload = is_uploaded(&asked)?.then(Upload::default);
    let (media, mut error) = if upload.is_some() {
        (Vec::new(), None)
    } else if shape == Shape::Carousel {
        let (media, shown): (Vec<_>, Vec<_>) = children(&asked)?.into_iter().unzip();
        details["children"] = shown.into();
        (media.concat(), None)
    } else {
        let (media, error) = files::load(&asked, shape, is_video).await?;
        (vec![media], error)
    };
    if let Some(cover) = files::cover(&asked, shape).await? {
        details["cover"] = cover.digest.into();
    }
    let id = asked.world.number().to_string();
    let processing = asked.world.processing(NETWORK);
    let mut state = asked.world.states().instagram();
    if !state.failing.is_empty() {
        error = Some(state.failing.remove(0));
    }
    let container = Container {
        account,
        shape,
        is_video,
        caption: asked.field("caption").to_owned(),
        media,
        details,
        upload,
        made_at: now,
        ends_at: now + state.life.unwrap_or(LIFE),
        ready_at: now + processing,
        polls: state.polls,
        error,
        is_published: false,
    };
    let mut said = json!({ "id": id });
    if container.upload.is_some() {
        said["uri"] = uploads::address(asked.version(), &id).into();
    }
    state.containers.insert(id, container);
    Ok(Said::good(said))
}

/// Refuses one container too many of a day.
fn check_number(asked: &Asked, account: &str) -> Result<(), Said> {
    let now = asked.world.now();
    let (made, most) = {
        let state = asked.world.states().instagram();
        let recent = state
            .containers
            .values()
            .filter(|other| other.account == account && now < other.made_at + DAY);
        (recent.count(), state.containers_a_day.unwrap_or(MOST))
    };
    if made < most {
        return Ok(());
    }
    let refusal = Said::refused(
        80_002,
        0,
        "There have been too many calls to this Instagram account.",
    );
    Err(refusal.with_usage(NETWORK, account, USED_UP))
}

/// What the container is for, and whether its file is a video.
fn shape(asked: &Asked) -> Result<(Shape, bool), Said> {
    let has = |name: &str| !asked.field(name).is_empty();
    let is_child = match asked.field("is_carousel_item") {
        "" | "false" => false,
        "true" => true,
        _ => return Err(Said::invalid("Param is_carousel_item must be a boolean")),
    };
    let is_uploaded = is_uploaded(asked)?;
    if is_uploaded && has("video_url") {
        return Err(Said::invalid("Param video_url is not for uploads"));
    }
    let (image, video) = (has("image_url"), has("video_url") || is_uploaded);
    match (asked.field("media_type"), is_child) {
        ("", false) if image && !video => Ok((Shape::Picture, false)),
        ("", true) if image && !video => Ok((Shape::Child, false)),
        ("VIDEO", true) if video && !image => Ok((Shape::Child, true)),
        ("REELS", false) if video && !image => Ok((Shape::Reel, true)),
        ("STORIES", false) if image != video => Ok((Shape::Story, video)),
        ("CAROUSEL", false) if !image && !video => Ok((Shape::Carousel, false)),
        ("" | "REELS" | "STORIES", false) | ("" | "VIDEO", true) => Err(files::unreachable()),
        _ => Err(Said::refused(100, 2_207_023, "The media type is unknown")),
    }
}

/// Whether the file's bytes will be sent; who logged in at Instagram itself has no such way.
fn is_uploaded(asked: &Asked) -> Result<bool, Said> {
    match asked.field("upload_type") {
        "" => Ok(false),
        "resumable" if !asked.is_of_instagram_login() => Ok(true),
        _ => Err(Said::invalid("Param upload_type is not supported")),
    }
}

/// The files of a carousel: of children of the same account, ready and not yet published.
fn children(asked: &Asked) -> Result<Vec<(Vec<LiveMedia>, Value)>, Said> {
    let text = asked.field("children");
    let wrong = || Said::refused(100, 2_207_028, "The carousel needs 2 to 10 children");
    let ids: Vec<String> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|_| wrong())?
    } else {
        let ids = text.split(',').filter(|id| !id.is_empty());
        ids.map(str::to_owned).collect()
    };
    if !(2..=10).contains(&ids.len()) {
        return Err(wrong());
    }
    let (now, state) = (asked.world.now(), asked.world.states().instagram());
    let files = ids.iter().map(|id| {
        let child = state.containers.get(id)?;
        let is_ready = child.status(now, state.expired.contains(id)) == "FINISHED";
        let is_ours = child.account == asked.id() && child.shape == Shape::Child;
        (is_ready && is_ours).then(|| (child.media.clone(), child.details.clone()))
    });
    files.collect::<Option<Vec<_>>>().ok_or_else(wrong)
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
    if code == "IN_PROGRESS" {
        asked.world.states().instagram().polled(id);
    }
    let status = match (code, container.error) {
        ("FINISHED", _) => {
            "Finished: Media has been uploaded and it is ready to be published.".to_owned()
        }
        ("ERROR", Some(error)) => {
            format!("Error: Media upload has failed with error code {error}")
        }
        (other, _) => other.to_owned(),
    };
    let mut shown = json!({ "id": id, "status_code": code, "status": status });
    if let Some(upload) = &container.upload {
        shown["video_status"] = upload.shown(code);
    }
    Some(Ok(shown))
}
