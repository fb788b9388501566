//! From a frozen post to a receipt.

use domain::{MediaFacts, MediaKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    chunks::ChunkPlan,
    fault::{self, Failure},
    options::{Options, PrivacyLevel},
    profile::api,
    wire::{Creator, Envelope, Initialised, Progress},
};
use crate::{
    Action, Answer, Asset, Auth, Call, Content, Event, Fault, Machine, PublishContext, Receipt,
    UploadUrl, next_look,
};

/// How often a post is started anew after TikTok itself failed.
const MAX_TRIES: u8 = 3;
/// How often the last chunk goes out until its answers come to nothing.
const MAX_FIRES: u8 = 3;
/// How long a lost last chunk settles before it may be sent again on proof that it did not arrive.
const SETTLE: Duration = Duration::minutes(2);
/// How long TikTok may work on an accepted post until nobody can tell any more.
const PROCESSING: Duration = Duration::minutes(50);
/// How often the id of a post that is live is asked for.
const ID_LOOKS: u8 = 4;

/// Publishes one post.
///
/// A video goes live by its last chunk, a strong handle: the task can be asked whether that chunk
/// arrived. Pictures go live by `init` itself, and no call lists tasks, so its lost answer cannot
/// be settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// Ask what the account may post just then.
    Creator {
        /// How often the post was started anew.
        tries: u8,
    },
    /// Open a task.
    Init {
        /// How often the post was started anew.
        tries: u8,
        /// The account's name.
        username: String,
        /// What the account forbids.
        forbids: Forbids,
    },
    /// Send the video, chunk by chunk.
    Upload {
        /// The task.
        task: Task,
        /// Where it is uploaded.
        upload: Upload,
        /// Which chunk comes next.
        place: u64,
        /// How often the last chunk went out and its answer was lost.
        fires: u8,
    },
    /// The last chunk's answer was lost: ask the task.
    Confirm {
        /// The task.
        task: Task,
        /// Where it is uploaded.
        upload: Upload,
        /// When the last chunk was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// How many looks were taken.
        looks: usize,
        /// How often the last chunk went out and its answer was lost.
        fires: u8,
    },
    /// TikTok has everything and works on it.
    Process {
        /// The task.
        task: Task,
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
        /// When to ask next.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        asked: u32,
    },
    /// Live; the id comes after TikTok's own review.
    Locate {
        /// The task.
        task: Task,
        /// When to ask next.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        asked: u8,
    },
    /// Live.
    Live {
        /// The post.
        receipt: Receipt,
    },
}

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

/// A task at TikTok.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// TikTok's id of it; webhooks name it.
    pub publish_id: String,
    /// The account's name.
    pub username: String,
    /// How often the post was started anew.
    pub tries: u8,
}

/// Where and how a video is uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The address, with its credential.
    pub url: UploadUrl,
    /// The plan that TikTok was told.
    pub plan: ChunkPlan,
}

/// Starts to publish.
pub fn start(_: &Content) -> Publish {
    Publish::Creator { tries: 0 }
}

impl Publish {
    /// TikTok's id of the task.
    pub fn handle(&self) -> Option<String> {
        match self {
            Self::Confirm { task, .. }
            | Self::Locate { task, .. }
            | Self::Process { task, .. }
            | Self::Upload { task, .. } => Some(task.publish_id.clone()),
            Self::Creator { .. } | Self::Init { .. } | Self::Live { .. } => None,
        }
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Creator { .. } => Action::Send(
                Call::post(
                    "creator_info",
                    api("/v2/post/publish/creator_info/query/", cx.app),
                )
                .auth(Auth::Bearer)
                .json(json!({})),
            ),
            Self::Init { forbids, .. } => Action::Send(init(*forbids, cx)),
            Self::Upload { upload, place, .. } => Action::Send(chunk(upload, *place, cx)),
            Self::Confirm {
                task,
                armed_at,
                looks,
                ..
            } => match next_look(*armed_at, *looks) {
                Some(at) if cx.now < at => Action::WaitUntil(at),
                Some(_) | None => Action::Send(status(task, cx)),
            },
            Self::Process { task, ask_at, .. } if cx.now >= *ask_at => {
                Action::Send(status(task, cx))
            }
            Self::Locate { task, ask_at, .. } if cx.now >= *ask_at => {
                Action::Send(status(task, cx).optional())
            }
            Self::Locate { ask_at, .. } | Self::Process { ask_at, .. } => {
                Action::WaitUntil(*ask_at)
            }
            Self::Live { receipt } => Action::Done(receipt.clone()),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match self {
            Self::Creator { tries } => match event {
                Event::Answer(answer) => allowed(tries, &answer, cx),
                Event::Lost => Ok(Self::Creator { tries }),
            },
            Self::Init {
                tries,
                username,
                forbids,
            } => match (event, is_video(cx)) {
                (Event::Answer(answer), true) => opened(tries, username, &answer, cx),
                (Event::Answer(answer), false) => ordered(tries, username, &answer, cx),
                (Event::Lost, true) => Ok(Self::Init {
                    tries,
                    username,
                    forbids,
                }),
                // TikTok may have begun to fetch the pictures, and no call lists tasks.
                (Event::Lost, false) => Err(Fault::unconfirmed(Vec::new())),
            },
            Self::Upload {
                task,
                upload,
                place,
                fires,
            } => uploaded(task, upload, (place, fires), event, cx),
            Self::Confirm {
                task,
                upload,
                armed_at,
                looks,
                fires,
            } => match event {
                Event::Answer(answer) => {
                    confirmed(task, upload, (armed_at, looks, fires), &answer, cx)
                }
                Event::Lost => Ok(Self::Confirm {
                    task,
                    upload,
                    armed_at,
                    looks,
                    fires,
                }),
            },
            Self::Process {
                task,
                since,
                ask_at,
                asked,
            } => match event {
                Event::Answer(answer) => processed(task, (since, asked), &answer, cx),
                Event::Lost => Ok(Self::Process {
                    task,
                    since,
                    ask_at,
                    asked,
                }),
            },
            Self::Locate { task, asked, .. } => Ok(located(task, asked, event, cx)),
            Self::Live { receipt } => Ok(Self::Live { receipt }),
        }
    }
}

fn is_video(cx: &PublishContext<'_>) -> bool {
    cx.content
        .assets
        .first()
        .is_none_or(|asset| asset.kind() == MediaKind::Video)
}

fn options(cx: &PublishContext<'_>) -> Result<(Options, PrivacyLevel), Fault> {
    let broken = |detail: String| Fault::content("invalid_options", detail);
    let options = Options::read(&cx.content.options)
        .map_err(|rule| broken(format!("{} {}. {}", rule.field, rule.detail, rule.remedy)))?;
    let privacy = options.privacy_level.ok_or_else(|| {
        broken("options.privacyLevel is missing; TikTok allows no default. Choose one.".to_owned())
    })?;
    Ok((options, privacy))
}

fn allowed(tries: u8, answer: &Answer, cx: &PublishContext<'_>) -> Result<Publish, Fault> {
    let creator: Creator = fault::data(answer, "creator info", cx.now)?;
    let (_, privacy) = options(cx)?;
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

fn init(forbids: Forbids, cx: &PublishContext<'_>) -> Call {
    let (path, body) = if is_video(cx) {
        ("/v2/post/publish/video/init/", video_order(forbids, cx))
    } else {
        ("/v2/post/publish/content/init/", photo_order(forbids, cx))
    };
    let call = Call::post("init", api(path, cx.app))
        .auth(Auth::Bearer)
        .json(body);
    if is_video(cx) {
        // A second task is harmless: a task whose bytes never arrive whole is never posted, and
        // only the task whose `publish_id` is in the state gets any bytes.
        call
    } else {
        call.once()
    }
}

fn video_order(forbids: Forbids, cx: &PublishContext<'_>) -> Value {
    let Ok((options, privacy)) = options(cx) else {
        return json!({});
    };
    let plan = plan(cx);
    let mut post = json!({
        "title": cx.content.caption,
        "privacy_level": privacy.as_str(),
        "disable_comment": options.disable_comment || forbids.comment,
        "disable_duet": options.disable_duet || forbids.duet,
        "disable_stitch": options.disable_stitch || forbids.stitch,
        "brand_content_toggle": options.brand_content,
        "brand_organic_toggle": options.brand_organic,
        "is_aigc": options.ai_generated,
    });
    if let Some(at) = options.cover_timestamp_ms {
        post["video_cover_timestamp_ms"] = json!(at);
    }
    json!({
        "post_info": post,
        "source_info": {
            "source": "FILE_UPLOAD",
            "video_size": plan.total,
            "chunk_size": plan.chunk,
            "total_chunk_count": plan.count(),
        },
    })
}

fn photo_order(forbids: Forbids, cx: &PublishContext<'_>) -> Value {
    let Ok((options, privacy)) = options(cx) else {
        return json!({});
    };
    json!({
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "is_aigc": options.ai_generated,
        "post_info": {
            "description": cx.content.caption,
            "privacy_level": privacy.as_str(),
            "disable_comment": options.disable_comment || forbids.comment,
            "auto_add_music": false,
            "brand_content_toggle": options.brand_content,
            "brand_organic_toggle": options.brand_organic,
        },
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_cover_index": 0,
            "photo_images": cx.content.assets.iter().map(|asset| asset.url.as_str()).collect::<Vec<_>>(),
        },
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

fn opened(
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
    Ok(Publish::Upload {
        task: Task {
            publish_id: opened.publish_id,
            username,
            tries,
        },
        upload: Upload {
            url,
            plan: plan(cx),
        },
        place: 0,
        fires: 0,
    })
}

fn ordered(
    tries: u8,
    username: String,
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    if !fault::is_ok(answer) {
        return Err(fault::refused(answer, cx.now).unwrap_or_else(|| {
            Fault::unconfirmed(Vec::new()).seen(format!("status {}", answer.status))
        }));
    }
    let ordered = answer
        .json::<Envelope<Initialised>>()
        .ok_or_else(|| Fault::unconfirmed(Vec::new()))?;
    Ok(work(
        Task {
            publish_id: ordered.data.publish_id,
            username,
            tries,
        },
        cx.now,
    ))
}

fn chunk(upload: &Upload, place: u64, cx: &PublishContext<'_>) -> Call {
    let call = Call::put("upload_chunk", upload.url.expose().clone())
        .header("content-type", content_type(cx))
        .header("content-range", upload.plan.content_range(place))
        .file(0, upload.plan.range(place));
    if place >= upload.plan.last() {
        call.once()
    } else {
        call
    }
}

fn content_type(cx: &PublishContext<'_>) -> &'static str {
    cx.content
        .assets
        .first()
        .map_or("video/mp4", |asset| asset.facts.content_type())
}

fn uploaded(
    task: Task,
    upload: Upload,
    (place, fires): (u64, u8),
    event: Event,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let is_last = place >= upload.plan.last();
    let look = |task, upload| Publish::Confirm {
        task,
        upload,
        armed_at: cx.armed_at.unwrap_or(cx.now),
        looks: 0,
        fires: fires + 1,
    };
    let Event::Answer(answer) = event else {
        return Ok(look(task, upload));
    };
    match answer.status {
        201 if is_last => Ok(work(task, cx.now)),
        206 if !is_last => Ok(Publish::Upload {
            task,
            upload,
            place: place + 1,
            fires,
        }),
        // The address ended. Before the last chunk ever went out nothing can have been posted by it.
        403 | 404 if fires == 0 => anew(task.tries, "upload_expired"),
        // A last chunk that went out before may have been posted: the task knows.
        403 | 404 => Ok(look(task, upload)),
        416 if !is_last => match arrived(&answer, upload.plan) {
            Some(place) => Ok(Publish::Upload {
                task,
                upload,
                place,
                fires,
            }),
            None if fires > 0 => Ok(look(task, upload)),
            None => anew(task.tries, "upload_out_of_step"),
        },
        400 if is_last && fires == 0 => Err(fault::chunk(&answer)),
        _ if is_last => Ok(look(task, upload)),
        _ => Err(fault::chunk(&answer)),
    }
}

/// The next chunk by the progress header, `bytes 0-N/TOTAL`. Whether N counts the bytes or names
/// the last one is not documented; at the bounds of chunks both readings lead to the same chunk.
fn arrived(answer: &Answer, plan: ChunkPlan) -> Option<u64> {
    let (range, total) = answer
        .header("content-range")?
        .strip_prefix("bytes 0-")?
        .split_once('/')?;
    if total.parse() != Ok(plan.total) {
        return None;
    }
    let end: u64 = range.parse().ok()?;
    plan.place_after(end)
        .or_else(|| plan.place_after(end.checked_add(1)?))
}

fn status(task: &Task, cx: &PublishContext<'_>) -> Call {
    Call::post("status", api("/v2/post/publish/status/fetch/", cx.app))
        .auth(Auth::Bearer)
        .json(json!({"publish_id": task.publish_id}))
}

fn confirmed(
    task: Task,
    upload: Upload,
    (armed_at, looks, fires): (OffsetDateTime, usize, u8),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    let progress = match progress(answer, cx.now)? {
        Told::Unclear => None,
        Told::Progress(progress) => Some(progress),
    };
    match progress.as_ref().map(|told| (told.status.as_str(), told)) {
        Some(("PUBLISH_COMPLETE", told)) => return Ok(live(task, told, cx)),
        Some(("FAILED", told)) => return ended(&task, told),
        Some(("PROCESSING_UPLOAD", told)) => match told.uploaded_bytes {
            Some(bytes) if bytes >= upload.plan.total => return Ok(work(task, cx.now)),
            Some(bytes) if cx.now >= armed_at + SETTLE && fires < MAX_FIRES => {
                if let Some(place) = upload.plan.place_after(bytes) {
                    return Ok(Publish::Upload {
                        task,
                        upload,
                        place,
                        fires,
                    });
                }
            }
            Some(_) | None => {}
        },
        Some(_) | None => {}
    }
    let looks = looks + 1;
    if next_look(armed_at, looks).is_none() {
        let is_short = progress.is_some_and(|told| {
            told.status == "PROCESSING_UPLOAD"
                && told
                    .uploaded_bytes
                    .is_some_and(|bytes| bytes < upload.plan.total)
        });
        return Err(if is_short {
            Fault::content(
                "upload_incomplete",
                "TikTok did not get the end of the video; nothing was published. Try again.",
            )
        } else {
            Fault::unconfirmed(Vec::new())
        });
    }
    Ok(Publish::Confirm {
        task,
        upload,
        armed_at,
        looks,
        fires,
    })
}

fn work(task: Task, now: OffsetDateTime) -> Publish {
    Publish::Process {
        task,
        since: now,
        ask_at: now + pause(0),
        asked: 0,
    }
}

/// 5 seconds, doubling to a minute: well under 30 questions a minute.
fn pause(asked: u32) -> Duration {
    Duration::seconds(60.min(5 << asked.min(4)))
}

fn processed(
    task: Task,
    (since, asked): (OffsetDateTime, u32),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    if let Told::Progress(told) = progress(answer, cx.now)? {
        match told.status.as_str() {
            "PUBLISH_COMPLETE" => return Ok(live(task, &told, cx)),
            "FAILED" => return ended(&task, &told),
            // PROCESSING_UPLOAD, PROCESSING_DOWNLOAD and whatever TikTok says beside them.
            _ => {}
        }
    }
    if cx.now >= since + PROCESSING {
        return Err(Fault::unconfirmed(Vec::new()));
    }
    Ok(Publish::Process {
        task,
        since,
        ask_at: cx.now + pause(asked + 1),
        asked: asked + 1,
    })
}

enum Told {
    Progress(Progress),
    Unclear,
}

/// What a look says. Only a lack of access or a brake is a fault: anything else says nothing of the post.
fn progress(answer: &Answer, now: OffsetDateTime) -> Result<Told, Fault> {
    if fault::is_ok(answer) {
        return Ok(answer
            .json::<Envelope<Progress>>()
            .map_or(Told::Unclear, |envelope| Told::Progress(envelope.data)));
    }
    match fault::refused(answer, now) {
        Some(fault) if fault::is_about_access(&fault) => Err(fault),
        Some(_) | None => Ok(Told::Unclear),
    }
}

fn ended(task: &Task, told: &Progress) -> Result<Publish, Fault> {
    match fault::failed(&told.fail_reason) {
        Failure::Final(fault) => Err(fault),
        // A task that failed never posts, so another one cannot double it.
        Failure::Transient => anew(task.tries, &told.fail_reason),
    }
}

fn anew(tries: u8, why: &str) -> Result<Publish, Fault> {
    if tries + 1 >= MAX_TRIES {
        return Err(Fault::content(
            "network_failed",
            "TikTok failed to take the post three times; try again later.",
        )
        .seen(why));
    }
    Ok(Publish::Creator { tries: tries + 1 })
}

fn live(task: Task, told: &Progress, cx: &PublishContext<'_>) -> Publish {
    let is_public = options(cx).is_ok_and(|(_, privacy)| privacy == PrivacyLevel::PublicToEveryone);
    if told.publicaly_available_post_id.is_empty() && is_public {
        return Publish::Locate {
            task,
            ask_at: cx.now + wait_for_id(0),
            asked: 0,
        };
    }
    receipt(&task, told, cx)
}

fn located(task: Task, asked: u8, event: Event, cx: &PublishContext<'_>) -> Publish {
    let told = match event {
        Event::Answer(answer) if fault::is_ok(&answer) => {
            answer.json::<Envelope<Progress>>().map(|told| told.data)
        }
        Event::Answer(_) | Event::Lost => None,
    };
    match told {
        Some(told) if !told.publicaly_available_post_id.is_empty() => receipt(&task, &told, cx),
        Some(_) | None if asked + 1 < ID_LOOKS => Publish::Locate {
            task,
            ask_at: cx.now + wait_for_id(asked + 1),
            asked: asked + 1,
        },
        Some(_) | None => Publish::Live {
            receipt: Receipt::live(None, address(&task.username, None)),
        },
    }
}

fn wait_for_id(asked: u8) -> Duration {
    Duration::seconds(10 << asked.min(3))
}

fn receipt(task: &Task, told: &Progress, cx: &PublishContext<'_>) -> Publish {
    let id = told.publicaly_available_post_id.first();
    let kind = if is_video(cx) { "video" } else { "photo" };
    Publish::Live {
        receipt: Receipt::live(
            id.map(|id| id.0.clone()),
            address(&task.username, id.map(|id| (kind, id.0.as_str()))),
        ),
    }
}

/// Where a person can look: the post, or the profile while its id is not known.
fn address(username: &str, post: Option<(&str, &str)>) -> Option<String> {
    let mut url = Url::parse("https://www.tiktok.com/").ok()?;
    {
        let mut path = url.path_segments_mut().ok()?;
        path.push(&format!("@{username}"));
        if let Some((kind, id)) = post {
            path.push(kind).push(id);
        }
    }
    Some(url.into())
}
