//! Reels and videos of stories: announced, uploaded to a host of their own, finished.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use time::Duration;

use super::{
    NETWORK, own_page, stories,
    videos::{self, Kind, Video},
};
use crate::{
    World,
    networks::meta::{Asked, Page, Said, living},
};

const DAY: Duration = Duration::hours(24);
/// Most reels of a Page in 24 hours.
const MOST: usize = 30;

pub(super) async fn reel(asked: Asked) -> Result<Said, Said> {
    upload(&asked, Kind::Reel)
}

pub(super) async fn story(asked: Asked) -> Result<Said, Said> {
    upload(&asked, Kind::Story)
}

fn upload(asked: &Asked, kind: Kind) -> Result<Said, Said> {
    let page = own_page(asked)?;
    match asked.field("upload_phase") {
        "start" => start(asked, page, kind),
        "finish" => finish(asked, page, kind),
        _ => Err(Said::invalid("Param upload_phase must be start or finish")),
    }
}

fn start(asked: &Asked, page: &'static Page, kind: Kind) -> Result<Said, Said> {
    asked.only(&["upload_phase"])?;
    let now = asked.world.now();
    let ledger = asked.world.ledger();
    let recent = ledger.posts().iter().filter(|post| {
        post.network == NETWORK
            && post.account_id == page.id
            && post.kind == "reel"
            && post.created_at > now - DAY
    });
    if kind == Kind::Reel && recent.count() >= MOST {
        return Err(Said::refused(
            613,
            0,
            "Calls to this api have exceeded the rate limit.",
        ));
    }
    let id = asked.world.number().to_string();
    let video = Video::new(asked, page, kind, 0);
    let url = format!("https://rupload.facebook.com/video-upload/v25.0/{id}");
    let said = json!({ "video_id": id, "upload_url": url });
    asked.world.states().facebook().videos.insert(id, video);
    Ok(Said::good(said))
}

fn finish(asked: &Asked, page: &Page, kind: Kind) -> Result<Said, Said> {
    asked.only(&[
        "description",
        "place",
        "title",
        "upload_phase",
        "video_id",
        "video_state",
    ])?;
    let id = asked.field("video_id").to_owned();
    let known = asked.world.states().facebook().videos.get(&id).cloned();
    let Some(video) = known.filter(|video| video.kind == kind && video.page == page.id) else {
        return Err(Said::invalid("Invalid video_id"));
    };
    if asked.world.now() >= video.ends_at {
        return Err(Said::refused(
            100,
            1_363_041,
            "The upload session has expired.",
        ));
    }
    if video.size == 0 || video.bytes.len() < video.size {
        return Err(Said::refused(
            100,
            1_363_045,
            "The video was not uploaded completely.",
        ));
    }
    match (asked.field("video_state"), kind) {
        ("PUBLISHED", _) | ("", Kind::Story) => {}
        _ => return Err(Said::invalid("Only published videos are simulated")),
    }
    let post = videos::complete(asked, page, id, video)?;
    Ok(Said::good(if kind == Kind::Story {
        stories::said(&asked.world, &post)
    } else {
        json!({ "success": true })
    }))
}

/// The host of uploads: another way to say who one is, headers instead of fields.
pub(super) async fn receive(
    State(world): State<World>,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let token = text(header::AUTHORIZATION.as_str()).strip_prefix("OAuth ");
    let page = token.and_then(|token| {
        let token = living(&world, token).ok()?;
        (token.kind == "page").then_some(token.account)
    });
    let Some(page) = page else {
        return refusal(StatusCode::UNAUTHORIZED, "NotAuthorizedError");
    };
    let pulled = match text("file_url") {
        "" => None,
        url => match world.pull(url).await {
            Ok(file) if matches!(file.status, 200 | 206) => Some(file.bytes),
            Ok(_) | Err(_) => return refusal(StatusCode::BAD_REQUEST, "ProcessingFailedError"),
        },
    };
    let mut state = world.states().facebook();
    let Some(video) = state
        .videos
        .get_mut(&id)
        .filter(|video| video.kind != Kind::Video && video.page == page)
    else {
        return refusal(StatusCode::NOT_FOUND, "NotAuthorizedError");
    };
    if let Some(file) = pulled {
        video.size = file.len();
        video.bytes = file.to_vec();
        return Json(json!({ "success": true })).into_response();
    }
    let (offset, size) = (text("offset").parse(), text("file_size").parse::<usize>());
    let Ok(size) = size else {
        return refusal(StatusCode::BAD_REQUEST, "PartialRequestError");
    };
    if offset != Ok(video.bytes.len()) {
        return refusal(StatusCode::BAD_REQUEST, "OffsetInvalidError");
    }
    video.size = size;
    video.bytes.extend_from_slice(&body);
    if video.bytes.len() != size {
        return refusal(StatusCode::BAD_REQUEST, "PartialRequestError");
    }
    Json(json!({ "success": true })).into_response()
}

pub(super) fn refusal(status: StatusCode, kind: &str) -> Response {
    let said = json!({ "debug_info": { "retriable": true, "type": kind, "message": "The upload was refused." } });
    (status, Json(said)).into_response()
}
