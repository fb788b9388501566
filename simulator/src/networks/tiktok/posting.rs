//! Creator info, and the orders that open tasks.

use axum::{body::Bytes, extract::State as Shared, response::Response};
use http::HeaderMap;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    PULL_LIFE,
    media::{self, Kind},
    rules::{Refused, admitted, cap, fits, may_draft, may_post, parsed},
    tasks::{Order, Task, Way, fail, settle},
    upload::{Upload, is_plan},
    wire::{Caller, ok, refusal},
};
use crate::World;

/// How many files a post of pictures may have.
const PICTURES: std::ops::RangeInclusive<usize> = 1..=35;

pub(super) async fn creator_info(Shared(world): Shared<World>, headers: HeaderMap) -> Response {
    let (caller, known) = match admitted(&world, &headers, &["video.publish"], ("creator_info", 20))
    {
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
    let ordered = admitted(&world, &headers, &["video.publish"], ("video_init", 6)).and_then(
        |(caller, known)| {
            let asked = parsed(&world, &headers, &body)?;
            let post = &asked["post_info"];
            may_post(&world, &caller, &known, post)?;
            fits(&world, post, "title", 2_200)?;
            let order = order(&asked, "title");
            Ok((caller, asked, order))
        },
    );
    match ordered {
        Ok((caller, asked, order)) => video(&world, &caller, order, &asked["source_info"]).await,
        Err(refusal) => *refusal,
    }
}

/// A draft: of the order only its source counts.
pub(super) async fn inbox_init(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ordered =
        admitted(&world, &headers, &["video.upload"], ("inbox_init", 6)).and_then(|(caller, _)| {
            let asked = parsed(&world, &headers, &body)?;
            may_draft(&world, &caller)?;
            Ok((caller, asked))
        });
    let draft = Order {
        is_draft: true,
        ..Order::default()
    };
    match ordered {
        Ok((caller, asked)) => video(&world, &caller, draft, &asked["source_info"]).await,
        Err(refusal) => *refusal,
    }
}

async fn video(world: &World, caller: &Caller, order: Order, source: &Value) -> Response {
    let now = world.now();
    let place = if order.is_draft { "inbox" } else { "pub" };
    let number = 7_600_000_000_000_000_000 + world.number();
    match source["source"].as_str() {
        Some("FILE_UPLOAD") => {
            let size = |name: &str| source[name].as_u64().unwrap_or(0);
            let (total, chunk, count) = (
                size("video_size"),
                size("chunk_size"),
                size("total_chunk_count"),
            );
            if !is_plan(total, chunk, count) {
                let message = "The total chunk count is invalid";
                return refusal(world, 400, "invalid_params", message);
            }
            let publish_id = format!("v_{place}_file~v2-1.{number}");
            let upload = Upload::new(world, (total, chunk, count));
            let url = upload.url();
            open(
                world,
                &publish_id,
                Task::new(caller, order, Way::File(Box::new(upload)), now),
            );
            ok(world, &json!({"publish_id": publish_id, "upload_url": url}))
        }
        Some("PULL_FROM_URL") => {
            let url = match media::address(world, &source["video_url"], "video_url") {
                Ok(url) => url,
                Err(refusal) => return *refusal,
            };
            let publish_id = format!("v_{place}_url~v2-1.{number}");
            open(world, &publish_id, Task::new(caller, order, Way::Pull, now));
            pull(world, &publish_id, &[url], Kind::Video).await
        }
        Some(_) | None => refusal(world, 400, "invalid_params", "source is invalid"),
    }
}

pub(super) async fn content_init(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match pictures_ordered(&world, &headers, &body) {
        Ok((caller, order, urls)) => {
            let number = 7_600_000_000_000_000_000 + world.number();
            let publish_id = format!("p_pub_url~v2-1.{number}");
            let task = Task::new(&caller, order, Way::Pull, world.now());
            open(&world, &publish_id, task);
            pull(&world, &publish_id, &urls, Kind::Picture).await
        }
        Err(refusal) => *refusal,
    }
}

fn pictures_ordered(
    world: &World,
    headers: &HeaderMap,
    body: &[u8],
) -> Refused<(Caller, Order, Vec<String>)> {
    let invalid = |message| Box::new(refusal(world, 400, "invalid_params", message));
    // Which scope is asked for depends on the mode, so the body is read before the caller is known.
    let is_draft = serde_json::from_slice::<Value>(body)
        .is_ok_and(|asked| asked["post_mode"] == "MEDIA_UPLOAD");
    let scope = if is_draft {
        "video.upload"
    } else {
        "video.publish"
    };
    let (caller, known) = admitted(world, headers, &[scope], ("content_init", 6))?;
    let asked = parsed(world, headers, body)?;
    if asked["media_type"] != "PHOTO" || !(is_draft || asked["post_mode"] == "DIRECT_POST") {
        return Err(invalid("media_type or post_mode is invalid"));
    }
    let post = &asked["post_info"];
    if is_draft {
        may_draft(world, &caller)?;
    } else {
        may_post(world, &caller, &known, post)?;
    }
    fits(world, post, "title", 90)?;
    fits(world, post, "description", 4_000)?;
    let source = &asked["source_info"];
    let urls: Vec<&Value> = source["photo_images"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    if source["source"] != "PULL_FROM_URL" || !PICTURES.contains(&urls.len()) {
        return Err(invalid("photo_images is invalid"));
    }
    match source["photo_cover_index"].as_u64() {
        Some(index) if usize::try_from(index).is_ok_and(|index| index < urls.len()) => {}
        Some(_) | None => return Err(invalid("photo_cover_index is invalid")),
    }
    let urls = urls
        .into_iter()
        .map(|url| media::address(world, url, "photo_images"))
        .collect::<Result<_, _>>()?;
    let mut order = order(&asked, "description");
    order.is_draft = is_draft;
    order.details["photo_cover_index"] = source["photo_cover_index"].clone();
    Ok((caller, order, urls))
}

fn open(world: &World, publish_id: &str, task: Task) {
    let mut state = world.states().tiktok();
    state.tasks.insert(publish_id.to_owned(), task);
}

/// Fetches what an order names. What never arrives whole is given up after an hour.
async fn pull(world: &World, publish_id: &str, urls: &[String], kind: Kind) -> Response {
    let came = media::fetch(world, urls, kind).await;
    let mut state = world.states().tiktok();
    if media::hangs(&state, urls) {
        let ends_at: OffsetDateTime = world.now() + PULL_LIFE;
        fail(&mut state, publish_id, kind.pull_failed(), ends_at);
    } else {
        let ordered = state.failures.pop_front();
        let came = came.and_then(|media| ordered.map_or(Ok(media), Err));
        settle(world, &mut state, publish_id, came);
    }
    drop(state);
    ok(world, &json!({"publish_id": publish_id}))
}

fn order(asked: &Value, text: &str) -> Order {
    let post = &asked["post_info"];
    let mut details = post.as_object().cloned().unwrap_or_default();
    details.remove(text);
    if let Some(is_generated) = asked.get("is_aigc") {
        details.insert("is_aigc".to_owned(), is_generated.clone());
    }
    Order {
        is_draft: false,
        text: post[text].as_str().unwrap_or_default().to_owned(),
        privacy: post["privacy_level"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        details: details.into(),
    }
}
