//! Asking a task how far it is, and what it came to.

use domain::Standing;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{Publish, Task, ended, is_video, options, pause};
use crate::{
    Answer, Auth, Call, Event, Fault, PublishContext, Receipt,
    tiktok::{
        fault,
        options::PrivacyLevel,
        profile::api,
        wire::{Envelope, Progress},
    },
};

/// How long TikTok may work on an accepted post until nobody can tell any more.
const PROCESSING: Duration = Duration::minutes(50);
/// How often the id of a post that is live is asked for.
const ID_LOOKS: u8 = 4;

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum End {
    /// It is in the inbox.
    Delivered,
    /// It posted nothing and never will.
    Failed,
    /// It is posted; a draft, by the person.
    Posted,
}

/// Asks how far a task is.
pub(super) fn status(task: &Task, cx: &PublishContext<'_>) -> Call {
    Call::post("status", api("/v2/post/publish/status/fetch/", cx.app))
        .auth(Auth::Bearer)
        .json(json!({"publish_id": task.publish_id}))
}

/// What a look says; `None` when nothing is to be learnt from it. Only a lack of access, a brake or a breakdown is a
/// fault, and the question is asked again: any other error says nothing of the post.
pub(super) fn progress(answer: &Answer, now: OffsetDateTime) -> Result<Option<Progress>, Fault> {
    if fault::is_ok(answer) {
        let told = answer.json::<Envelope<Progress>>();
        return Ok(told.map(|told| told.data));
    }
    if let Some(breakdown) = fault::breakdown(answer) {
        return Err(breakdown);
    }
    match fault::refused(answer, now) {
        Some(fault) if fault::is_about_access(&fault) => Err(fault),
        Some(_) | None => Ok(None),
    }
}

/// How a task ended; `None` while it works, which is also what words that are not documented mean.
pub(in super::super) fn end(told: &Progress) -> Option<End> {
    match told.status.as_str() {
        "FAILED" => Some(End::Failed),
        "PUBLISH_COMPLETE" => Some(End::Posted),
        "SEND_TO_USER_INBOX" => Some(End::Delivered),
        _ => None,
    }
}

pub(super) fn processed(
    task: Task,
    (since, asked): (OffsetDateTime, u32),
    answer: &Answer,
    cx: &PublishContext<'_>,
) -> Result<Publish, Fault> {
    if let Some(told) = progress(answer, cx.now)? {
        match end(&told) {
            Some(End::Failed) => return ended(&task, &told, cx),
            Some(End::Delivered | End::Posted) => return Ok(come(&task, &told, cx)),
            None => {}
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

/// A task that came to something: a draft in the inbox, or a post, whose id comes later where it is public.
pub(super) fn come(task: &Task, told: &Progress, cx: &PublishContext<'_>) -> Publish {
    if end(told) == Some(End::Delivered) {
        return Publish::Live {
            receipt: Receipt {
                external_id: None,
                url: None,
                standing: Standing::Draft,
            },
        };
    }
    let is_public = options(cx)
        .is_ok_and(|options| options.privacy_level == Some(PrivacyLevel::PublicToEveryone));
    if told.publicaly_available_post_id.is_empty() && is_public {
        return Publish::Locate {
            task: task.clone(),
            ask_at: cx.now + wait_for_id(0),
            asked: 0,
        };
    }
    receipt(task, told, cx)
}

pub(super) fn located(task: &Task, asked: u8, event: Event, cx: &PublishContext<'_>) -> Publish {
    let told = match event {
        Event::Answer(answer) if fault::is_ok(&answer) => {
            answer.json::<Envelope<Progress>>().map(|told| told.data)
        }
        Event::Answer(_) | Event::Lost => None,
    };
    match told {
        Some(told) if !told.publicaly_available_post_id.is_empty() => receipt(task, &told, cx),
        Some(_) | None if asked + 1 < ID_LOOKS => Publish::Locate {
            task: task.clone(),
            ask_at: cx.now + wait_for_id(asked + 1),
            asked: asked + 1,
        },
        Some(_) | None => Publish::Live {
            receipt: Receipt::live(None, address(name(task, cx), None)),
        },
    }
}

fn wait_for_id(asked: u8) -> Duration {
    Duration::seconds(10 << asked.min(3))
}

fn receipt(task: &Task, told: &Progress, cx: &PublishContext<'_>) -> Publish {
    let id = told.publicaly_available_post_id.first();
    let kind = if is_video(cx) { "video" } else { "photo" };
    let post = id.map(|id| (kind, id.0.as_str()));
    Publish::Live {
        receipt: Receipt::live(id.map(|id| id.0.clone()), address(name(task, cx), post)),
    }
}

/// The account's name, as it was when the task was opened or when the account was connected.
fn name<'a>(task: &'a Task, cx: &PublishContext<'a>) -> &'a str {
    if task.username.is_empty() {
        cx.account.username.as_deref().unwrap_or_default()
    } else {
        &task.username
    }
}

/// Where a person can look at it: the post, or the profile while its id is not known.
pub(in super::super) fn address(username: &str, post: Option<(&str, &str)>) -> Option<String> {
    if username.is_empty() {
        return None;
    }
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
