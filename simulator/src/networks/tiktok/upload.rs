//! The upload host: chunks in order, bare answers, progress in a header.

use axum::{
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    State, UPLOAD_LIFE,
    tasks::{Outcome, Way, settle},
    wire::value,
};
use crate::{Keeper, World};

/// A video on its way.
#[derive(Debug)]
pub(super) struct Upload {
    id: String,
    token: String,
    pub(super) total: u64,
    chunk: u64,
    count: u64,
    keeper: Keeper,
}

impl Upload {
    pub(super) fn new(world: &World, (total, chunk, count): (u64, u64, u64)) -> Self {
        Self {
            id: world.number().to_string(),
            token: world.secret(""),
            total,
            chunk,
            count,
            keeper: Keeper::default(),
        }
    }

    pub(super) fn url(&self) -> String {
        let (id, token) = (&self.id, &self.token);
        format!("https://open-upload.tiktokapis.com/video/?upload_id={id}&upload_token={token}")
    }

    /// How many bytes have arrived in whole chunks.
    pub(super) const fn arrived(&self) -> u64 {
        self.keeper.length()
    }

    /// Whether these bytes are the chunk that comes next.
    fn takes(&self, first: u64, last: u64) -> bool {
        let place = first / self.chunk;
        if last + 1 == self.total {
            return place + 1 == self.count;
        }
        last - first + 1 == self.chunk && place + 1 < self.count
    }

    fn progress(&self, status: StatusCode) -> Response {
        let arrived = self.arrived();
        let range = format!("bytes 0-{arrived}/{}", self.total);
        (status, [(header::CONTENT_RANGE, range)]).into_response()
    }
}

/// The media transfer guide's arithmetic, under the binary reading of "MB" for what is allowed.
pub(super) fn is_plan(total: u64, chunk: u64, count: u64) -> bool {
    const MIB: u64 = 1 << 20;
    if total == 0 || chunk == 0 || total > 4 * 1024 * MIB || !(1..=1000).contains(&count) {
        return false;
    }
    let last = total - chunk.saturating_mul(count - 1).min(total);
    let is_whole = count == 1 && chunk == total && total <= 64 * MIB;
    let is_cut = (5_000_000..=64 * MIB).contains(&chunk)
        && count == total / chunk
        && last <= 128 * MIB
        && (count > 1 || total <= 64 * MIB);
    is_whole || is_cut
}

/// Whether a file starts like an MP4, a MOV or a `WebM`.
pub(super) fn is_video(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp") || head.starts_with(&[0x1A, 0x45, 0xDF, 0xA3])
}

/// Takes a chunk. One that breaks off never gets here, so nothing of it is kept: what TikTok keeps of such
/// is not documented, but it counts in whole chunks.
pub(super) async fn chunk(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut state = world.states().tiktok();
    let Some(publish_id) = task_of(&state, value(&pairs, "upload_id")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(task) = state.tasks.get_mut(&publish_id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Way::File(upload) = &mut task.way else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if upload.token != value(&pairs, "upload_token") || world.now() >= task.opened_at + UPLOAD_LIFE
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    let header = |name| {
        headers
            .get(name)
            .and_then(|text: &HeaderValue| text.to_str().ok())
    };
    let content_type = header(header::CONTENT_TYPE).unwrap_or_default().to_owned();
    let is_known = matches!(
        content_type.as_str(),
        "video/mp4" | "video/quicktime" | "video/webm"
    );
    // The address is the credential; a token of the account has no business here.
    if !is_known || headers.contains_key(header::AUTHORIZATION) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Some((first, last, total)) = header(header::CONTENT_RANGE).and_then(range) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let length = header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if total != upload.total
        || last < first
        || Some(last - first + 1) != length
        || length != Some(body.len() as u64)
    {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if !matches!(task.outcome, Outcome::Pending) || first != upload.arrived() {
        return upload.progress(StatusCode::RANGE_NOT_SATISFIABLE);
    }
    if !upload.takes(first, last) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    upload.keeper.take(&body);
    if last + 1 < total {
        return upload.progress(StatusCode::PARTIAL_CONTENT);
    }
    let answer = upload.progress(StatusCode::CREATED);
    let whole = std::mem::take(&mut upload.keeper);
    let is_video = is_video(whole.head());
    let reason = state
        .failures
        .pop_front()
        .or_else(|| (!is_video).then(|| "file_format_check_failed".to_owned()));
    let came = reason.map_or_else(|| Ok(vec![world.keep_pieces(&content_type, whole)]), Err);
    settle(&world, &mut state, &publish_id, came);
    answer
}

fn task_of(state: &State, upload_id: &str) -> Option<String> {
    let has = |way: &Way| matches!(way, Way::File(upload) if upload.id == upload_id);
    state
        .tasks
        .iter()
        .find(|(_, task)| has(&task.way))
        .map(|(publish_id, _)| publish_id.clone())
}

fn range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}
