//! Asking what may be posted, and opening a task.

use domain::MediaFacts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Publish, Task, is_video, options, search,
    upload::{Place, Upload},
    work,
};
use crate::{
    Answer, Asset, Auth, Call, Fault, PublishContext, UploadUrl,
    tiktok::{
        chunks::ChunkPlan,
        fault,
        options::{Options, PrivacyLevel},
        profile::api,
        wire::{Creator, Envelope, Initialised},
    },
};

/// What an account forbids of its posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forbids {
    /// Comments.
    pub comment: bool,
    /// Duets.
    pub duet: bool,
    /// Stitches.
    pub stitch: bool,
}

/// What the account's own rules make of the post.
pub(super) fn allowed(
    tries: u8,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let creator: Creator = fault::data(answer, "creator info", cx.now)?;
    let privacy = audience(&options(cx)?)?;
    if !creator
        .privacy_level_options
        .iter()
        .any(|option| option == privacy.as_str())
    {
        return Err(fault::privacy_gone().seen(creator.privacy_level_options.join(", ")));
    }
    if let (Some(max), Some(MediaFacts::Video { duration_ms, .. })) = (
        creator.max_video_post_duration_sec,
        cx.content.assets.first().map(|asset| &asset.facts),
    ) && *duration_ms > max.saturating_mul(1000)
    {
        return Err(Fault::content(
            "duration_refused",
            format!(
                "The video is {} seconds long; TikTok takes {max} from this account.",
                duration_ms.div_ceil(1000)
            ),
        ));
    }
    Ok(Publish::Init {
        tries,
        username: creator.username,
        forbids: Forbids {
            comment: creator.comment_disabled,
            duet: creator.duet_disabled,
            stitch: creator.stitch_disabled,
        },
    })
}

fn audience(options: &Options) -> Result<PrivacyLevel, Fault> {
    options.privacy_level.ok_or_else(|| {
        Fault::content(
            "invalid_options",
            "options.privacyLevel is missing; TikTok allows no default. Choose one.",
        )
    })
}

/// Whether `init` itself makes the post visible: of all that TikTok fetches, as opposed to a video that is sent.
pub(super) fn is_commit(cx: &PublishContext<'_>) -> bool {
    let is_pulled = cx.app.settings.get("video_source").map(String::as_str) == Some("pull");
    is_pulled || !is_video(cx)
}

/// The order. A second task of a video that is sent is harmless: a task whose bytes never arrive whole is never
/// posted, and only the task whose `publish_id` is in the state gets any bytes.
pub(super) fn init(forbids: Forbids, cx: &PublishContext<'_>) -> Call {
    // Options that cannot be read were refused before; TikTok refuses an order that is empty.
    let (path, body) = options(cx).map_or(("/v2/post/publish/video/init/", json!({})), |options| {
        (
            path(&options, is_video(cx)),
            body(&options, forbids, is_video(cx), cx),
        )
    });
    let call = Call::post("init", api(path, cx.app))
        .auth(Auth::Bearer)
        .json(body);
    if is_commit(cx) { call.once() } else { call }
}

fn path(options: &Options, is_video: bool) -> &'static str {
    match (is_video, options.is_draft()) {
        (true, true) => "/v2/post/publish/inbox/video/init/",
        (true, false) => "/v2/post/publish/video/init/",
        (false, _) => "/v2/post/publish/content/init/",
    }
}

fn body(options: &Options, forbids: Forbids, is_video: bool, cx: &PublishContext<'_>) -> Value {
    match (is_video, options.is_draft()) {
        (true, true) => json!({ "source_info": video_source(cx) }),
        (true, false) => json!({
            "post_info": video_post(options, forbids, cx),
            "source_info": video_source(cx),
        }),
        (false, true) => json!({
            "media_type": "PHOTO",
            "post_mode": "MEDIA_UPLOAD",
            "post_info": words(options, cx),
            "source_info": pictures(options, cx),
        }),
        (false, false) => json!({
            "media_type": "PHOTO",
            "post_mode": "DIRECT_POST",
            "is_aigc": options.ai_generated == Some(true),
            "post_info": picture_post(options, forbids, cx),
            "source_info": pictures(options, cx),
        }),
    }
}

/// Both brand toggles are always sent: the reference's table requires them, although its samples leave them out.
fn video_post(options: &Options, forbids: Forbids, cx: &PublishContext<'_>) -> Value {
    let is_off = |asked: Option<bool>, forbidden: bool| forbidden || asked.unwrap_or(true);
    let mut post = json!({
        "title": cx.content.caption,
        "privacy_level": options.privacy_level.map(PrivacyLevel::as_str),
        "disable_comment": is_off(options.disable_comment, forbids.comment),
        "disable_duet": is_off(options.disable_duet, forbids.duet),
        "disable_stitch": is_off(options.disable_stitch, forbids.stitch),
        "brand_content_toggle": options.brand_content == Some(true),
        "brand_organic_toggle": options.brand_organic == Some(true),
        "is_aigc": options.ai_generated == Some(true),
    });
    if let Some(at) = options.cover_timestamp_ms {
        post["video_cover_timestamp_ms"] = json!(at);
    }
    post
}

fn video_source(cx: &PublishContext<'_>) -> Value {
    if is_commit(cx) {
        let url = cx.content.assets.first().map(|asset| asset.url.as_str());
        return json!({"source": "PULL_FROM_URL", "video_url": url});
    }
    let plan = plan(cx);
    json!({
        "source": "FILE_UPLOAD",
        "video_size": plan.total,
        "chunk_size": plan.chunk,
        "total_chunk_count": plan.count(),
    })
}

fn picture_post(options: &Options, forbids: Forbids, cx: &PublishContext<'_>) -> Value {
    let mut post = words(options, cx);
    let more = json!({
        "privacy_level": options.privacy_level.map(PrivacyLevel::as_str),
        "disable_comment": forbids.comment || options.disable_comment.unwrap_or(true),
        "auto_add_music": options.auto_add_music == Some(true),
        "brand_content_toggle": options.brand_content == Some(true),
        "brand_organic_toggle": options.brand_organic == Some(true),
    });
    if let (Some(post), Value::Object(more)) = (post.as_object_mut(), more) {
        post.extend(more);
    }
    post
}

/// What may be said of pictures, whoever posts them.
fn words(options: &Options, cx: &PublishContext<'_>) -> Value {
    let mut words = json!({ "description": cx.content.caption });
    if let Some(title) = &options.title {
        words["title"] = json!(title);
    }
    words
}

fn pictures(options: &Options, cx: &PublishContext<'_>) -> Value {
    let urls: Vec<&str> = cx
        .content
        .assets
        .iter()
        .map(|asset| asset.url.as_str())
        .collect();
    json!({
        "source": "PULL_FROM_URL",
        "photo_cover_index": options.photo_cover_index.unwrap_or(0),
        "photo_images": urls,
    })
}

fn plan(cx: &PublishContext<'_>) -> ChunkPlan {
    let wished = cx
        .app
        .settings
        .get("chunk_bytes")
        .and_then(|bytes| bytes.parse().ok());
    ChunkPlan::of(cx.content.assets.first().map_or(0, Asset::bytes), wished)
}

/// The task of a video that is sent.
pub(super) fn opened(
    tries: u8,
    username: String,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let opened: Initialised = fault::data(answer, "init", cx.now)?;
    let url = opened
        .upload_url
        .as_deref()
        .and_then(|url| UploadUrl::of(url, "tiktokapis.com"))
        .ok_or_else(|| {
            Fault::retry(
                "upload_address_missing",
                "TikTok gave no upload address of its own; trying again.",
            )
        })?;
    let task = Task {
        publish_id: opened.publish_id,
        username,
        tries,
    };
    Ok(Place::default().upload(task, Upload::new(url, plan(cx), cx.now)))
}

/// The task of what TikTok fetches.
pub(super) fn ordered(
    tries: u8,
    username: String,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let ordered = fault::is_ok(answer)
        .then(|| answer.json::<Envelope<Initialised>>())
        .flatten();
    match ordered {
        Some(ordered) => Ok(work(
            Task {
                publish_id: ordered.data.publish_id,
                username,
                tries,
            },
            cx.now,
        )),
        None => match fault::refused(answer, cx.now) {
            Some(fault) => Err(fault),
            None => search::begun(username, cx),
        },
    }
}
