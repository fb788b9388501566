//! Videos: uploaded in pieces and finished, or whole in one call.

use axum::body::Bytes;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{NETWORK, handles, own_page, stories};
use crate::{
    LivePost,
    networks::meta::{Asked, Page, Said},
};

const SESSION_LIFE: Duration = Duration::hours(24);
const SMALLEST: usize = 1_024;
const LARGEST: usize = 2_000_000_000;
/// What a file is that is no video.
const UNREADABLE: i64 = 1_363_024;
/// Fields that any way of uploading takes.
const WORDS: [&str; 6] = [
    "content_category",
    "description",
    "embeddable",
    "fields",
    "published",
    "title",
];
const CATEGORIES: [&str; 18] = [
    "BEAUTY_FASHION",
    "BUSINESS",
    "CARS_TRUCKS",
    "COMEDY",
    "CUTE_ANIMALS",
    "ENTERTAINMENT",
    "FAMILY",
    "FOOD_HEALTH",
    "HOME",
    "LIFESTYLE",
    "MUSIC",
    "NEWS",
    "OTHER",
    "POLITICS",
    "SCIENCE",
    "SPORTS",
    "TECHNOLOGY",
    "VIDEO_GAMING",
];
const PIECE: usize = 1 << 20;

/// What a video is published as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reel,
    Story,
    Video,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Reel => "reel",
            Self::Story => "story",
            Self::Video => "video",
        }
    }
}

/// A video as Facebook knows it.
#[derive(Debug, Clone)]
pub(super) struct Video {
    pub(super) page: &'static str,
    pub(super) session: String,
    pub(super) kind: Kind,
    pub(super) size: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) ends_at: OffsetDateTime,
    pub(super) finished: Option<Finished>,
}

#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) post: String,
    pub(super) at: OffsetDateTime,
    pub(super) ready_at: OffsetDateTime,
    /// The number of what is wrong with it.
    pub(super) error: Option<i64>,
}

impl Video {
    /// One of which nothing has arrived.
    pub(super) fn new(asked: &Asked, page: &'static Page, kind: Kind, size: usize) -> Self {
        Self {
            page: page.id,
            session: asked.world.number().to_string(),
            kind,
            size,
            bytes: Vec::new(),
            ends_at: asked.world.now() + SESSION_LIFE,
            finished: None,
        }
    }

    /// Ends its upload.
    pub(super) const fn end(&mut self) {
        self.ends_at = OffsetDateTime::UNIX_EPOCH;
    }

    /// Which bytes come next: at most half of a small file, a mebibyte of a large one.
    fn next(&self) -> (usize, usize) {
        let start = self.bytes.len();
        let piece = PIECE.min(self.size / 2 + 1);
        (start, self.size.min(start + piece))
    }

    fn offsets(&self) -> Value {
        let (start, end) = self.next();
        json!({ "start_offset": start.to_string(), "end_offset": end.to_string() })
    }
}

pub(super) async fn upload(asked: Asked) -> Result<Said, Said> {
    let page = own_page(&asked)?;
    match asked.field("upload_phase") {
        "cancel" => cancel(&asked, page),
        "finish" => finish(&asked, page),
        "start" => start(&asked, page),
        "transfer" => transfer(&asked, page),
        "" => at_once(&asked, page).await,
        _ => Err(Said::invalid(
            "Param upload_phase must be start, transfer, finish or cancel",
        )),
    }
}

/// The usual host takes addresses of videos too.
pub(super) async fn by_url(asked: Asked) -> Result<Said, Said> {
    let page = own_page(&asked)?;
    if asked.field("file_url").is_empty() {
        return Err(Said::invalid("Videos are uploaded to graph-video.facebook.com"));
    }
    at_once(&asked, page).await
}

/// A whole video in one call: its bytes, the handle of an upload, or its address.
async fn at_once(asked: &Asked, page: &'static Page) -> Result<Said, Said> {
    let own = ["fbuploader_video_file_chunk", "file_url"];
    asked.only(&[&WORDS[..], &own].concat())?;
    let (handle, url) = (asked.field(own[0]), asked.field(own[1]));
    let bytes = if let Some((_, bytes)) = asked.file("source") {
        Some(bytes.to_vec())
    } else if url.is_empty() {
        handles::file(asked, handle)
    } else {
        let pulled = asked.world.pull(url).await.ok();
        pulled
            .filter(|file| matches!(file.status, 200 | 206))
            .map(|file| file.bytes.to_vec())
    };
    let Some(bytes) = bytes else {
        return Err(Said::refused(100, 1_363_033, "There was a problem uploading your video file."));
    };
    fits(bytes.len())?;
    let id = asked.world.number().to_string();
    let mut video = Video::new(asked, page, Kind::Video, bytes.len());
    video.bytes = bytes;
    complete(asked, page, id.clone(), video)?;
    Ok(Said::good(json!({ "id": id })))
}

fn fits(size: usize) -> Result<(), Said> {
    if size < SMALLEST {
        return Err(Said::refused(100, 1_363_022, "The video file is too small."));
    }
    if size > LARGEST {
        return Err(Said::refused(100, 1_363_023, "The video file is too large."));
    }
    Ok(())
}

fn start(asked: &Asked, page: &'static Page) -> Result<Said, Said> {
    asked.only(&["file_size", "upload_phase"])?;
    let size: usize = asked
        .field("file_size")
        .parse()
        .map_err(|_| Said::invalid("Param file_size must be a number"))?;
    fits(size)?;
    let id = asked.world.number().to_string();
    let video = Video::new(asked, page, Kind::Video, size);
    let mut said = video.offsets();
    said["video_id"] = id.as_str().into();
    said["upload_session_id"] = video.session.as_str().into();
    asked.world.states().facebook().videos.insert(id, video);
    Ok(Said::good(said))
}

fn cancel(asked: &Asked, page: &Page) -> Result<Said, Said> {
    asked.only(&["upload_phase", "upload_session_id"])?;
    let (id, _) = session(asked, page)?;
    asked.world.states().facebook().videos.remove(&id);
    Ok(Said::good(json!({ "success": true })))
}

/// The upload that the request names.
fn session(asked: &Asked, page: &Page) -> Result<(String, Video), Said> {
    let session = asked.field("upload_session_id");
    let known = asked
        .world
        .states()
        .facebook()
        .videos
        .iter()
        .find(|(_, video)| video.session == session && video.page == page.id)
        .map(|(id, video)| (id.clone(), video.clone()));
    let (id, video) = known.ok_or_else(|| Said::invalid("Invalid upload_session_id"))?;
    if asked.world.now() >= video.ends_at {
        return Err(Said::refused(
            100,
            1_363_041,
            "The upload session has expired.",
        ));
    }
    Ok((id, video))
}

fn transfer(asked: &Asked, page: &Page) -> Result<Said, Said> {
    asked.only(&["start_offset", "upload_phase", "upload_session_id"])?;
    let (id, mut video) = session(asked, page)?;
    let (start, end) = video.next();
    let chunk = asked
        .file("video_file_chunk")
        .map(|(_, bytes)| bytes.clone())
        .unwrap_or_default();
    if asked.field("start_offset") != start.to_string() || chunk.len() != end - start {
        let refusal = Said::refused(100, 1_363_037, "The offset is invalid.");
        // Sometimes an object, sometimes its text.
        return Err(refusal.with_data(video.offsets().to_string().into()));
    }
    video.bytes.extend_from_slice(&chunk);
    let said = video.offsets();
    asked.world.states().facebook().videos.insert(id, video);
    Ok(Said::good(said))
}

fn finish(asked: &Asked, page: &Page) -> Result<Said, Said> {
    asked.only(&[&WORDS[..], &["upload_phase", "upload_session_id"]].concat())?;
    let (id, video) = session(asked, page)?;
    if video.bytes.len() < video.size {
        return Err(Said::refused(
            100,
            1_363_045,
            "The video was not uploaded completely.",
        ));
    }
    complete(asked, page, id, video)?;
    Ok(Said::good(json!({ "success": true })))
}

/// Publishes a video when Facebook has worked on it; a second time changes nothing. Gives the id of
/// the post.
pub(super) fn complete(
    asked: &Asked,
    page: &Page,
    id: String,
    mut video: Video,
) -> Result<String, Said> {
    if let Some(finished) = video.finished {
        return Ok(finished.post);
    }
    let details = details(asked, &id)?;
    let now = asked.world.now();
    let is_readable = video.bytes.get(4..8) == Some(b"ftyp");
    let error = {
        let mut state = asked.world.states().facebook();
        let ordered = (!state.failing.is_empty()).then(|| state.failing.remove(0));
        ordered.or((!is_readable).then_some(UNREADABLE))
    };
    let finished = Finished {
        post: format!("{}_{}", page.id, asked.world.number()),
        at: now,
        ready_at: now + asked.world.processing(NETWORK),
        error,
    };
    if error.is_none() {
        publish(asked, page, &id, &video, &finished, details);
    }
    let post = finished.post.clone();
    video.finished = Some(finished);
    asked.world.states().facebook().videos.insert(id, video);
    Ok(post)
}

/// What stands beside a video, if it is all well-formed.
fn details(asked: &Asked, id: &str) -> Result<Value, Said> {
    if !asked.is_true("published", true)? {
        return Err(Said::invalid("Only published videos are simulated"));
    }
    let category = asked.field("content_category");
    if !category.is_empty() && !CATEGORIES.contains(&category) {
        return Err(Said::invalid("Param content_category must be one of the known ones"));
    }
    let place = asked.field("place");
    if !place.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Said::invalid("Param place must be a valid ID"));
    }
    let mut details = json!({ "video": id, "title": asked.field("title") });
    for (name, value) in [("category", category), ("place", place)] {
        if !value.is_empty() {
            details[name] = value.into();
        }
    }
    if !asked.is_true("embeddable", true)? {
        details["embeddable"] = false.into();
    }
    Ok(details)
}

fn publish(
    asked: &Asked,
    page: &Page,
    id: &str,
    video: &Video,
    finished: &Finished,
    details: Value,
) {
    let media = asked
        .world
        .keep("video/mp4", Bytes::from(video.bytes.clone()));
    let url = if video.kind == Kind::Story {
        stories::url(page, &finished.post)
    } else {
        format!("https://www.facebook.com{}", path(page, id, video.kind))
    };
    asked.world.publish(LivePost {
        network: NETWORK.to_owned(),
        account_id: page.id.to_owned(),
        account_name: page.name.to_owned(),
        post_id: finished.post.clone(),
        kind: video.kind.name().to_owned(),
        text: asked.field("description").to_owned(),
        media: vec![media],
        created_at: finished.at,
        url,
        details,
    });
}

/// Where a video is on Facebook.
pub(super) fn path(page: &Page, id: &str, kind: Kind) -> String {
    match kind {
        Kind::Reel | Kind::Story => format!("/reel/{id}/"),
        Kind::Video => format!("/{}/videos/{id}/", page.username),
    }
}
