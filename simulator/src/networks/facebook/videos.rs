//! Videos: uploaded in pieces, finished, worked on.

use axum::body::Bytes;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{NETWORK, own_page};
use crate::{
    LivePost,
    networks::meta::{Asked, Page, Said},
};

pub(super) const SESSION_LIFE: Duration = Duration::hours(24);
const SMALLEST: usize = 1_024;
const LARGEST: usize = 2_000_000_000;
const PIECE: usize = 1 << 20;

/// A video as Facebook knows it.
#[derive(Debug, Clone)]
pub(super) struct Video {
    pub(super) page: &'static str,
    pub(super) session: String,
    pub(super) is_reel: bool,
    pub(super) size: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) ends_at: OffsetDateTime,
    pub(super) finished: Option<Finished>,
}

#[derive(Debug, Clone)]
pub(super) struct Finished {
    post: String,
    pub(super) at: OffsetDateTime,
    ready_at: OffsetDateTime,
    is_readable: bool,
}

impl Video {
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
        "start" => start(&asked, page),
        "transfer" => transfer(&asked, page),
        "finish" => finish(&asked, page),
        _ => Err(Said::invalid("Param upload_phase must be start, transfer or finish")),
    }
}

fn start(asked: &Asked, page: &Page) -> Result<Said, Said> {
    asked.only(&["file_size", "upload_phase"])?;
    let size: usize = asked
        .field("file_size")
        .parse()
        .map_err(|_| Said::invalid("Param file_size must be a number"))?;
    if size < SMALLEST {
        return Err(Said::refused(100, 1_363_022, "The video file is too small."));
    }
    if size > LARGEST {
        return Err(Said::refused(100, 1_363_023, "The video file is too large."));
    }
    let (id, session) = (
        asked.world.number().to_string(),
        asked.world.number().to_string(),
    );
    let video = Video {
        page: page.id,
        session: session.clone(),
        is_reel: false,
        size,
        bytes: Vec::new(),
        ends_at: asked.world.now() + SESSION_LIFE,
        finished: None,
    };
    let mut said = video.offsets();
    said["video_id"] = id.as_str().into();
    said["upload_session_id"] = session.into();
    asked.world.states().facebook().videos.insert(id, video);
    Ok(Said::good(said))
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
    asked.only(&[
        "description",
        "published",
        "title",
        "upload_phase",
        "upload_session_id",
    ])?;
    let (id, video) = session(asked, page)?;
    if video.bytes.len() < video.size {
        return Err(Said::refused(
            100,
            1_363_045,
            "The video was not uploaded completely.",
        ));
    }
    if asked.field("published") == "false" {
        return Err(Said::invalid("Only published videos are simulated"));
    }
    complete(asked, page, id, video);
    Ok(Said::good(json!({ "success": true })))
}

/// Publishes a video when Facebook has worked on it; a second time changes nothing.
pub(super) fn complete(asked: &Asked, page: &Page, id: String, mut video: Video) {
    if video.finished.is_none() {
        let now = asked.world.now();
        let finished = Finished {
            post: format!("{}_{}", page.id, asked.world.number()),
            at: now,
            ready_at: now + asked.world.processing(NETWORK),
            is_readable: video.bytes.get(4..8) == Some(b"ftyp"),
        };
        if finished.is_readable {
            publish(asked, page, &id, &video, &finished);
        }
        video.finished = Some(finished);
        asked.world.states().facebook().videos.insert(id, video);
    }
}

fn publish(asked: &Asked, page: &Page, id: &str, video: &Video, finished: &Finished) {
    let media = asked
        .world
        .keep("video/mp4", Bytes::from(video.bytes.clone()));
    asked.world.publish(LivePost {
        network: NETWORK.to_owned(),
        account_id: page.id.to_owned(),
        account_name: page.name.to_owned(),
        post_id: finished.post.clone(),
        kind: if video.is_reel { "reel" } else { "video" }.to_owned(),
        text: asked.field("description").to_owned(),
        media: vec![media],
        created_at: finished.at,
        url: format!("https://www.facebook.com{}", permalink(page, id, video.is_reel)),
        details: json!({ "video": id, "title": asked.field("title") }),
    });
}

fn permalink(page: &Page, id: &str, is_reel: bool) -> String {
    if is_reel {
        format!("/reel/{id}/")
    } else {
        format!("/{}/videos/{id}/", page.username)
    }
}

/// The object of that id, if it is a video.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    let video = asked.world.states().facebook().videos.get(asked.id()).cloned()?;
    let page = super::page(video.page)?;
    if asked.page() != Some(page.id) {
        return Some(Err(Said::invisible(asked.id())));
    }
    let is_uploaded = video.size > 0 && video.bytes.len() == video.size;
    let uploading = json!({
        "status": if is_uploaded { "complete" } else { "in_progress" },
        "bytes_transferred": video.bytes.len(),
    });
    let (whole, processing, publishing, is_published) = match &video.finished {
        None => (
            if is_uploaded { "upload_complete" } else { "uploading" },
            json!({ "status": "not_started" }),
            json!({ "status": "not_started", "publish_status": "draft" }),
            false,
        ),
        Some(finished) if asked.world.now() < finished.ready_at => (
            "processing",
            json!({ "status": "in_progress" }),
            json!({ "status": "not_started", "publish_status": "published" }),
            false,
        ),
        Some(finished) if !finished.is_readable => (
            "error",
            json!({ "status": "error", "errors": [{ "code": 1_363_024, "message": "Unsupported video format" }] }),
            json!({ "status": "not_started" }),
            false,
        ),
        Some(finished) => (
            "ready",
            json!({ "status": "complete" }),
            json!({
                "status": "completed", "publish_status": "published",
                "publish_time": finished.ready_at.unix_timestamp(),
            }),
            true,
        ),
    };
    let mut shown = json!({
        "id": asked.id(), "published": is_published, "permalink_url": permalink(page, asked.id(), video.is_reel),
        "status": {
            "video_status": whole, "uploading_phase": uploading,
            "processing_phase": processing, "publishing_phase": publishing,
        },
    });
    if let Some(finished) = video.finished.filter(|_| is_published) {
        // The number alone, as it is seen in the wild.
        let number = finished.post.rsplit('_').next().unwrap_or_default();
        shown["post_id"] = number.into();
    }
    Some(Ok(shown))
}
