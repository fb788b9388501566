//! Creator rules, tasks, status.

use axum::{body::Bytes, extract::State as Shared, response::Response};
use http::{HeaderMap, header};
use serde_json::{Value, json};
use url::{Host, Url};

use super::{
    Creator, Order, Outcome, POSTS_A_DAY, REVIEW, State, Task, Upload, creator, post_now,
    wire::{Caller, caller, ok, refusal},
};
use crate::{LiveMedia, World};

pub(super) async fn creator_info(Shared(world): Shared<World>, headers: HeaderMap) -> Response {
    let (caller, known) = match admitted(&world, &headers, "creator_info", 20) {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    if let Some(code) = cap(&world, &caller) {
        // On purpose: caps of this call arrive as a success.
        return refusal(&world, 200, &code, "The account cannot post any more.");
    }
    ok(
        &world,
        &json!({
            "creator_avatar_url": format!("https://p16-sign.tiktokcdn.com/{}.jpeg", known.account.username),
            "creator_username": known.account.username,
            "creator_nickname": known.account.name,
            "privacy_level_options": known.privacy_options(),
            "comment_disabled": known.comment_disabled,
            "duet_disabled": known.is_private,
            "stitch_disabled": known.is_private,
            "max_video_post_duration_sec": known.max_seconds,
        }),
    )
}

pub(super) async fn video_init(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (caller, known) = match admitted(&world, &headers, "video_init", 6) {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let asked = match parsed(&world, &headers, &body) {
        Ok(asked) => asked,
        Err(refusal) => return *refusal,
    };
    if let Err(refusal) = may_post(&world, &caller, &known, &asked["post_info"], 2200, "title") {
        return *refusal;
    }
    let source = &asked["source_info"];
    let number = |name: &str| source[name].as_u64().unwrap_or(0);
    let (total, chunk, count) = (
        number("video_size"),
        number("chunk_size"),
        number("total_chunk_count"),
    );
    if source["source"] != "FILE_UPLOAD" || !is_plan(total, chunk, count) {
        return refusal(
            &world,
            400,
            "invalid_params",
            "The total chunk count is invalid",
        );
    }
    let publish_id = format!("v_pub_file~v2-1.{}", 7_600_000_000_000_000_000 + world.number());
    let (id, token) = (world.number().to_string(), world.secret(""));
    let url = format!(
        "https://open-upload.tiktokapis.com/video/?upload_id={id}&upload_token={token}"
    );
    let task = Task {
        account: caller.account,
        order: order(&asked, "title"),
        opened_at: world.now(),
        upload: Some(Upload {
            id,
            token,
            total,
            chunk,
            count,
            bytes: Vec::new(),
        }),
        outcome: Outcome::Pending,
    };
    world
        .states()
        .tiktok()
        .tasks
        .insert(publish_id.clone(), task);
    ok(
        &world,
        &json!({"publish_id": publish_id, "upload_url": url}),
    )
}

/// The media transfer guide's arithmetic, under the binary reading of "MB" for what is allowed.
fn is_plan(total: u64, chunk: u64, count: u64) -> bool {
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

pub(super) async fn content_init(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (caller, known) = match admitted(&world, &headers, "content_init", 6) {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let asked = match parsed(&world, &headers, &body) {
        Ok(asked) => asked,
        Err(refusal) => return *refusal,
    };
    if asked["media_type"] != "PHOTO" || asked["post_mode"] != "DIRECT_POST" {
        return refusal(&world, 400, "invalid_params", "media_type or post_mode is invalid");
    }
    let post = &asked["post_info"];
    if let Err(refusal) = may_post(&world, &caller, &known, post, 90, "title")
        .and_then(|()| may_post(&world, &caller, &known, post, 4000, "description"))
    {
        return *refusal;
    }
    let urls = match pictures(&world, &asked["source_info"]) {
        Ok(urls) => urls,
        Err(refusal) => return *refusal,
    };
    let publish_id = format!("p_pub_url~v2-1.{}", 7_600_000_000_000_000_000 + world.number());
    let task = Task {
        account: caller.account,
        order: order(&asked, "description"),
        opened_at: world.now(),
        upload: None,
        outcome: Outcome::Pending,
    };
    world
        .states()
        .tiktok()
        .tasks
        .insert(publish_id.clone(), task);
    let fetched = fetch(&world, &urls).await;
    let mut state = world.states().tiktok();
    let ordered = state.failures.pop_front();
    match fetched.and_then(|media| ordered.map_or(Ok(media), Err)) {
        Ok(media) => {
            let kind = if media.len() > 1 { "carousel" } else { "image" };
            post_now(&world, &mut state, &publish_id, media, kind);
        }
        Err(reason) => fail(&mut state, &publish_id, reason),
    }
    drop(state);
    ok(&world, &json!({"publish_id": publish_id}))
}

/// Marks a task as failed.
pub(super) fn fail(state: &mut State, publish_id: &str, reason: String) {
    if let Some(task) = state.tasks.get_mut(publish_id) {
        task.outcome = Outcome::Failed(reason);
    }
}

fn pictures(world: &World, source: &Value) -> Result<Vec<String>, Box<Response>> {
    let invalid = |message| Err(Box::new(refusal(world, 400, "invalid_params", message)));
    let urls: Vec<String> = source["photo_images"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|url| url.as_str().map(str::to_owned))
        .collect();
    if source["source"] != "PULL_FROM_URL" || !(1..=35).contains(&urls.len()) {
        return invalid("photo_images is invalid");
    }
    match source["photo_cover_index"].as_u64() {
        Some(index) if usize::try_from(index).is_ok_and(|index| index < urls.len()) => {}
        Some(_) | None => return invalid("photo_cover_index is invalid"),
    }
    for text in &urls {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "https");
        let Some(Host::Domain(host)) = url.as_ref().and_then(Url::host) else {
            return invalid("photo_images must be https addresses of a domain");
        };
        if world.states().tiktok().unverified_hosts.contains(host) {
            return Err(Box::new(refusal(
                world,
                403,
                "url_ownership_unverified",
                "Please review our URL ownership verification rules at https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide",
            )));
        }
    }
    Ok(urls)
}

async fn fetch(world: &World, urls: &[String]) -> Result<Vec<LiveMedia>, String> {
    let mut media = Vec::new();
    for url in urls {
        let pulled = world
            .pull(url)
            .await
            .ok()
            .filter(|pulled| pulled.status == 200)
            .ok_or("photo_pull_failed")?;
        let (content_type, is_known) = match imagesize::image_type(&pulled.bytes) {
            Ok(imagesize::ImageType::Jpeg) => ("image/jpeg", true),
            Ok(imagesize::ImageType::Webp) => ("image/webp", true),
            Ok(_) | Err(_) => ("", false),
        };
        if !is_known {
            return Err("file_format_check_failed".to_owned());
        }
        let size = imagesize::blob_size(&pulled.bytes).map_err(|_| "file_format_check_failed")?;
        let (short, long) = (size.width.min(size.height), size.width.max(size.height));
        if pulled.bytes.len() > 20 << 20 || short > 1080 || long > 1920 {
            return Err("picture_size_check_failed".to_owned());
        }
        media.push(world.keep(content_type, pulled.bytes));
    }
    Ok(media)
}

pub(super) async fn status(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (caller, _) = match admitted(&world, &headers, "status", 30) {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let asked = match parsed(&world, &headers, &body) {
        Ok(asked) => asked,
        Err(refusal) => return *refusal,
    };
    let (now, is_stuck, task) = {
        let state = world.states().tiktok();
        let id = asked["publish_id"].as_str().unwrap_or_default();
        (world.now(), state.is_stuck, state.tasks.get(id).cloned())
    };
    let Some(task) = task else {
        return refusal(&world, 400, "invalid_publish_id", "The publish_id does not exist");
    };
    if task.account != caller.account {
        return refusal(
            &world,
            400,
            "token_not_authorized_for_specified_publish_id",
            "The access_token does not have authorization for the specified publish_id",
        );
    }
    ok(&world, &told(&task, is_stuck, now))
}

fn told(task: &Task, is_stuck: bool, now: time::OffsetDateTime) -> Value {
    let working = if task.upload.is_some() {
        "PROCESSING_UPLOAD"
    } else {
        "PROCESSING_DOWNLOAD"
    };
    let mut told = match &task.outcome {
        Outcome::Failed(reason) => json!({"status": "FAILED", "fail_reason": reason}),
        Outcome::Posted {
            post_id,
            complete_at,
        } if now >= *complete_at && !is_stuck => {
            let is_shown =
                task.order.privacy == "PUBLIC_TO_EVERYONE" && now >= *complete_at + REVIEW;
            let ids: Vec<u64> = is_shown.then_some(*post_id).into_iter().collect();
            json!({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids})
        }
        Outcome::Pending | Outcome::Posted { .. } => json!({"status": working}),
    };
    if let Some(upload) = &task.upload {
        let bytes = match task.outcome {
            Outcome::Pending => upload.bytes.len() as u64,
            Outcome::Failed(_) | Outcome::Posted { .. } => upload.total,
        };
        told["uploaded_bytes"] = json!(bytes);
    }
    told
}

fn admitted(
    world: &World,
    headers: &HeaderMap,
    route: &'static str,
    a_minute: usize,
) -> Result<(Caller, Creator), Box<Response>> {
    let caller = caller(world, headers, "video.publish")?;
    let is_too_fast =
        world
            .states()
            .tiktok()
            .is_too_fast(&caller.token, route, a_minute, world.now());
    if is_too_fast {
        return Err(Box::new(refusal(
            world,
            429,
            "rate_limit_exceeded",
            "The API rate limit was exceeded. Please try again later.",
        )));
    }
    let known = creator(&caller.account).ok_or_else(|| {
        Box::new(refusal(world, 401, "access_token_invalid", "The user is gone."))
    })?;
    Ok((caller, known))
}

fn parsed(world: &World, headers: &HeaderMap, body: &[u8]) -> Result<Value, Box<Response>> {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.starts_with("application/json"))
        .and_then(|_| serde_json::from_slice::<Value>(body).ok())
        .filter(Value::is_object)
        .ok_or_else(|| Box::new(refusal(world, 400, "invalid_params", "The request body is not JSON")))
}

fn cap(world: &World, caller: &Caller) -> Option<String> {
    let state = world.states().tiktok();
    state.caps.get(&caller.account).cloned().or_else(|| {
        (state.posts_today(&caller.account, world.now()) >= POSTS_A_DAY)
            .then(|| "spam_risk_too_many_posts".to_owned())
    })
}

fn may_post(
    world: &World,
    caller: &Caller,
    known: &Creator,
    post: &Value,
    max: usize,
    text: &str,
) -> Result<(), Box<Response>> {
    let invalid = |message: String| Err(Box::new(refusal(world, 400, "invalid_params", &message)));
    if let Some(code) = cap(world, caller) {
        return Err(Box::new(refusal(world, 403, &code, "The account cannot post any more.")));
    }
    for name in ["brand_content_toggle", "brand_organic_toggle"] {
        if !post[name].is_boolean() {
            return invalid(format!("{name} is required"));
        }
    }
    let written = post[text].as_str().unwrap_or_default();
    if written.encode_utf16().count() > max {
        return invalid(format!("{text} is too long"));
    }
    let Some(privacy) = post["privacy_level"].as_str() else {
        return invalid("privacy_level is required".to_owned());
    };
    if !known.privacy_options().contains(&privacy) {
        return Err(Box::new(refusal(
            world,
            403,
            "privacy_level_option_mismatch",
            "The privacy_level is not one of the creator's options",
        )));
    }
    if post["brand_content_toggle"] == true && privacy == "SELF_ONLY" {
        return Err(Box::new(refusal(
            world,
            400,
            "invalid_param",
            "Branded content cannot be private",
        )));
    }
    if world.states().tiktok().is_unaudited && (privacy != "SELF_ONLY" || !known.is_private) {
        return Err(Box::new(refusal(
            world,
            403,
            "unaudited_client_can_only_post_to_private_accounts",
            "Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/",
        )));
    }
    Ok(())
}

fn order(asked: &Value, text: &str) -> Order {
    let post = &asked["post_info"];
    let mut details = post.clone();
    if let Some(details) = details.as_object_mut() {
        details.remove(text);
        if let Some(is_generated) = asked.get("is_aigc") {
            details.insert("is_aigc".to_owned(), is_generated.clone());
        }
    }
    Order {
        text: post[text].as_str().unwrap_or_default().to_owned(),
        privacy: post["privacy_level"].as_str().unwrap_or_default().to_owned(),
        details,
    }
}
