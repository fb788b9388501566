//! Videos: announced, uploaded through a form of Amazon S3, worked on.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{NETWORK, said::{Said, caller}};
use crate::{LiveMedia, World};

const POLICY_LIFE: Duration = Duration::hours(1);
const LARGEST: usize = 2_000_000_000;

/// A video as Pinterest knows it.
#[derive(Debug, Clone)]
pub(super) struct Video {
    pub(super) owner: String,
    fields: BTreeMap<String, String>,
    announced_at: OffsetDateTime,
    pub(super) file: Option<LiveMedia>,
    ready_at: OffsetDateTime,
    fails: bool,
}

impl Video {
    pub(super) fn status(&self, now: OffsetDateTime) -> &'static str {
        match &self.file {
            None => "registered",
            Some(_) if now < self.ready_at => "processing",
            Some(_) if self.fails => "failed",
            Some(_) => "succeeded",
        }
    }
}

pub(super) async fn register(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["pins:read", "pins:write"])?;
    let asked: Value = serde_json::from_slice(&body).map_err(|_| Said::invalid("the body must be JSON"))?;
    if asked != json!({ "media_type": "video" }) {
        return Err(Said::invalid("media_type must be video"));
    }
    let id = world.number().to_string();
    let fields: BTreeMap<String, String> = [
        ("Content-Type", "multipart/form-data".to_owned()),
        ("key", format!("uploads/11/aa/22/3:video:{}:{id}", account.id)),
        ("policy", world.secret("eyJ")),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential", "ASIASAMPLE/20260127/us-east-1/s3/aws4_request".to_owned()),
        ("x-amz-date", "20260127T185143Z".to_owned()),
        ("x-amz-security-token", world.secret("IQoJ")),
        ("x-amz-signature", world.secret("")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let said = json!({
        "media_id": id, "media_type": "video",
        "upload_url": "https://pinterest-media-upload.s3-accelerate.amazonaws.com/", "upload_parameters": fields
    });
    let now = world.now();
    let video = Video { owner: account.id, fields, announced_at: now, file: None, ready_at: now, fails: false };
    world.states().pinterest().videos.insert(id, video);
    Ok(Said::new(StatusCode::CREATED, said))
}

pub(super) async fn status(
    State(world): State<World>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["pins:read"])?;
    let now = world.now();
    let state = world.states().pinterest();
    let video = state
        .videos
        .get(&id)
        .filter(|video| video.owner == account.id)
        .ok_or_else(|| Said::refused(404, 404, "Media not found."))?;
    Ok(Said::good(json!({ "media_id": id, "media_type": "video", "status": video.status(now) })))
}

/// S3's form: every field as it was given, the file last, no Authorization, a known length.
pub(super) async fn receive(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Response {
    let refuse = |status: StatusCode, code: &str, why: &str| {
        let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{why}</Message></Error>");
        (status, [(header::CONTENT_TYPE, "application/xml")], xml).into_response()
    };
    if headers.contains_key(header::AUTHORIZATION) {
        return refuse(StatusCode::BAD_REQUEST, "InvalidArgument", "Only one auth mechanism allowed");
    }
    if !headers.contains_key(header::CONTENT_LENGTH) {
        return refuse(StatusCode::LENGTH_REQUIRED, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    }
    let Some((fields, file)) = form(&headers, body).await else {
        return refuse(StatusCode::BAD_REQUEST, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data, or file is not its last field.");
    };
    let (now, processing) = (world.now(), world.processing(NETWORK));
    let id = fields.get("key").and_then(|key| key.rsplit(':').next()).unwrap_or_default().to_owned();
    let known = world.states().pinterest().videos.get(&id).cloned();
    let Some(video) = known.filter(|video| video.fields == fields) else {
        return refuse(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", "The request signature we calculated does not match.");
    };
    if now - video.announced_at >= POLICY_LIFE {
        return refuse(StatusCode::FORBIDDEN, "AccessDenied", "Invalid according to Policy: Policy expired.");
    }
    if file.len() > LARGEST {
        return refuse(StatusCode::BAD_REQUEST, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
    }
    let is_video = file.get(4..8) == Some(b"ftyp");
    let kept = world.keep("video/mp4", file);
    let mut state = world.states().pinterest();
    let ordered = state.failing_videos > 0;
    state.failing_videos = state.failing_videos.saturating_sub(1);
    state.videos.insert(id, Video { file: Some(kept), ready_at: now + processing, fails: ordered || !is_video, ..video });
    StatusCode::NO_CONTENT.into_response()
}

async fn form(headers: &HeaderMap, body: Bytes) -> Option<(BTreeMap<String, String>, Bytes)> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(kind).ok()?;
    let stream = futures_util::stream::once(std::future::ready(Ok::<_, std::io::Error>(body)));
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut fields = BTreeMap::new();
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name()?.to_owned();
        if name == "file" {
            let file = part.bytes().await.ok()?;
            return parts.next_field().await.ok()?.is_none().then_some((fields, file));
        }
        fields.insert(name, part.text().await.ok()?);
    }
    None
}
