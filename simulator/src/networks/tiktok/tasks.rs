//! Tasks: what became of each `init`, and how that is told.

use axum::{body::Bytes, extract::State as Shared, response::Response};
use http::HeaderMap;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    State,
    accounts::creator,
    letters::News,
    rules::{admitted, parsed},
    upload::Upload,
    wire::{Caller, bare_ok, ok, refusal},
};
use crate::{LiveMedia, LivePost, World};

/// Either of them lets an app ask about its tasks.
const EITHER: &[&str] = &["video.publish", "video.upload"];

/// One `init`.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) app: String,
    pub(super) account: String,
    pub(super) order: Order,
    pub(super) opened_at: OffsetDateTime,
    pub(super) way: Way,
    pub(super) outcome: Outcome,
}

/// What is to be posted.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    /// Whether it goes to the inbox, for the person to finish.
    pub(super) is_draft: bool,
    pub(super) text: String,
    pub(super) privacy: String,
    pub(super) details: Value,
}

/// How the media come.
#[derive(Debug)]
pub(super) enum Way {
    /// Sent to the upload host.
    File(Box<Upload>),
    /// Fetched by TikTok.
    Pull,
}

#[derive(Debug)]
pub(super) enum Outcome {
    /// It shows as failed from then on.
    Failed { reason: String, at: OffsetDateTime },
    /// It is in the inbox from then on; the person made these posts of it.
    Inbox {
        at: OffsetDateTime,
        media: Vec<LiveMedia>,
        posts: Vec<(u64, OffsetDateTime)>,
    },
    /// Bytes are missing.
    Pending,
    /// It shows as posted from then on.
    Posted { post_id: u64, at: OffsetDateTime },
}

impl Task {
    pub(super) fn new(caller: &Caller, order: Order, way: Way, now: OffsetDateTime) -> Self {
        Self {
            app: caller.app.clone(),
            account: caller.account.clone(),
            order,
            opened_at: now,
            way,
            outcome: Outcome::Pending,
        }
    }

    const fn publish_type(&self) -> &'static str {
        if self.order.is_draft {
            "INBOX_SHARE"
        } else {
            "DIRECT_PUBLISH"
        }
    }

    fn news(&self, publish_id: &str, event: &'static str, at: OffsetDateTime) -> News {
        News {
            event,
            app: self.app.clone(),
            account: self.account.clone(),
            at,
            content: json!({"publish_id": publish_id, "publish_type": self.publish_type()}),
        }
    }

    fn told(&self, state: &State, now: OffsetDateTime) -> Value {
        let working = || {
            let usual = match self.way {
                Way::File(_) => "PROCESSING_UPLOAD",
                Way::Pull => "PROCESSING_DOWNLOAD",
            };
            json!({"status": state.working_word.as_deref().unwrap_or(usual)})
        };
        let shown = |posts: &[(u64, OffsetDateTime)], privacy: &str| -> Vec<u64> {
            let is_shown =
                |at: OffsetDateTime| privacy == "PUBLIC_TO_EVERYONE" && now >= at + state.review;
            posts
                .iter()
                .filter(|(_, at)| is_shown(*at))
                .map(|(id, _)| *id)
                .collect()
        };
        let complete = |ids: Vec<u64>| json!({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids});
        let mut told = match &self.outcome {
            Outcome::Failed { reason, at } if now >= *at => {
                json!({"status": "FAILED", "fail_reason": reason})
            }
            Outcome::Inbox { at, posts, .. } if now >= *at && !state.is_stuck => {
                if posts.is_empty() {
                    json!({"status": "SEND_TO_USER_INBOX"})
                } else {
                    complete(shown(posts, &self.order.privacy))
                }
            }
            Outcome::Posted { post_id, at } if now >= *at && !state.is_stuck => {
                complete(shown(&[(*post_id, *at)], &self.order.privacy))
            }
            Outcome::Failed { .. }
            | Outcome::Inbox { .. }
            | Outcome::Pending
            | Outcome::Posted { .. } => working(),
        };
        if let Way::File(upload) = &self.way {
            let is_whole = !matches!(self.outcome, Outcome::Pending);
            let bytes = if is_whole {
                upload.total
            } else {
                upload.arrived()
            };
            told["uploaded_bytes"] = json!(bytes);
        }
        told
    }
}

impl State {
    pub(super) fn posts_today(&self, account: &str, now: OffsetDateTime) -> usize {
        let is_today = |at: OffsetDateTime| at > now - Duration::hours(24);
        self.tasks
            .values()
            .filter(|task| task.account == account)
            .map(|task| match &task.outcome {
                Outcome::Inbox { posts, .. } => {
                    posts.iter().filter(|(_, at)| is_today(*at)).count()
                }
                Outcome::Posted { .. } => usize::from(is_today(task.opened_at)),
                Outcome::Failed { .. } | Outcome::Pending => 0,
            })
            .sum()
    }

    pub(super) fn drafts_today(&self, account: &str, now: OffsetDateTime) -> usize {
        self.tasks
            .values()
            .filter(|task| task.account == account && task.opened_at > now - Duration::hours(24))
            .filter(
                |task| matches!(&task.outcome, Outcome::Inbox { posts, .. } if posts.is_empty()),
            )
            .count()
    }
}

/// Settles a task whose media are there: it fails, goes to the inbox, or is posted.
pub(super) fn settle(
    world: &World,
    state: &mut State,
    publish_id: &str,
    came: Result<Vec<LiveMedia>, String>,
) {
    let now = world.now();
    let at = now + world.processing("tiktok");
    match came {
        Err(reason) => fail(state, publish_id, &reason, at),
        Ok(media) if is_draft(state, publish_id) => deliver(world, state, publish_id, media, at),
        Ok(media) => {
            let post_id = post_id(world);
            let Some(task) = state.tasks.get_mut(publish_id) else {
                return;
            };
            task.outcome = Outcome::Posted { post_id, at };
            show(world, task, post_id, media, at);
            tell_of_post(state, publish_id, post_id, at);
        }
    }
}

/// Marks a task as failed, to be seen from `at` on.
pub(super) fn fail(state: &mut State, publish_id: &str, reason: &str, at: OffsetDateTime) {
    let Some(task) = state.tasks.get_mut(publish_id) else {
        return;
    };
    let reason = reason.to_owned();
    let mut news = task.news(publish_id, "post.publish.failed", at);
    news.content["reason"] = json!(reason);
    task.outcome = Outcome::Failed { reason, at };
    state.mail.write(news);
}

fn is_draft(state: &State, publish_id: &str) -> bool {
    let task = state.tasks.get(publish_id);
    task.is_some_and(|task| task.order.is_draft)
}

fn deliver(
    world: &World,
    state: &mut State,
    publish_id: &str,
    media: Vec<LiveMedia>,
    at: OffsetDateTime,
) {
    let Some(task) = state.tasks.get_mut(publish_id) else {
        return;
    };
    // The ledger judges by what people see; of a draft its owner sees one notification.
    world.publish(LivePost {
        network: "tiktok".to_owned(),
        account_id: task.account.clone(),
        account_name: name_of(&task.account).0,
        post_id: publish_id.to_owned(),
        kind: "draft".to_owned(),
        text: task.order.text.clone(),
        media: media.clone(),
        created_at: at,
        url: String::new(),
        details: task.order.details.clone(),
    });
    task.outcome = Outcome::Inbox {
        at,
        media,
        posts: Vec::new(),
    };
    let news = task.news(publish_id, "post.publish.inbox_delivered", at);
    state.mail.write(news);
}

/// The person posts a draft from the inbox, for `privacy`; doing it again makes another post. Tells whether
/// there is such a draft.
pub fn finish_draft(world: &World, publish_id: &str, privacy: &str) -> bool {
    let (now, post_id) = (world.now(), post_id(world));
    let mut state = world.states().tiktok();
    let Some(task) = state.tasks.get_mut(publish_id) else {
        return false;
    };
    let Outcome::Inbox { media, posts, .. } = &mut task.outcome else {
        return false;
    };
    posts.push((post_id, now));
    let media = media.clone();
    privacy.clone_into(&mut task.order.privacy);
    world.take_down("tiktok", publish_id);
    show(world, task, post_id, media, now);
    tell_of_post(&mut state, publish_id, post_id, now);
    true
}

fn post_id(world: &World) -> u64 {
    7_600_000_000_000_000_000 + world.number()
}

fn name_of(account: &str) -> (String, String) {
    let known = creator(account).map(|known| known.account);
    known.map_or_else(Default::default, |known| (known.name, known.username))
}

/// Makes a post visible.
fn show(world: &World, task: &Task, post_id: u64, media: Vec<LiveMedia>, at: OffsetDateTime) {
    let is_video = media
        .first()
        .is_some_and(|file| file.content_type.starts_with("video/"));
    let kind = match media.len() {
        _ if is_video => "video",
        0 | 1 => "image",
        _ => "carousel",
    };
    let path = if is_video { "video" } else { "photo" };
    let (name, username) = name_of(&task.account);
    world.publish(LivePost {
        network: "tiktok".to_owned(),
        account_id: task.account.clone(),
        account_name: name,
        post_id: post_id.to_string(),
        kind: kind.to_owned(),
        text: task.order.text.clone(),
        media,
        created_at: at,
        url: format!("https://www.tiktok.com/@{username}/{path}/{post_id}"),
        details: task.order.details.clone(),
    });
}

fn tell_of_post(state: &mut State, publish_id: &str, post_id: u64, at: OffsetDateTime) {
    let Some(task) = state.tasks.get(publish_id) else {
        return;
    };
    let complete = task.news(publish_id, "post.publish.complete", at);
    let shown_at = at + state.review;
    let mut public = task.news(publish_id, "post.publish.publicly_available", shown_at);
    public.content["post_id"] = json!(post_id.to_string());
    let is_public = task.order.privacy == "PUBLIC_TO_EVERYONE";
    state.mail.write(complete);
    if is_public {
        state.mail.write(public);
    }
}

pub(super) async fn status(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match asked(&world, &headers, &body, ("status", 30)) {
        Ok(publish_id) => {
            let state = world.states().tiktok();
            let told = state.tasks.get(&publish_id);
            let told = told.map_or(Value::Null, |task| task.told(&state, world.now()));
            drop(state);
            ok(&world, &told)
        }
        Err(refusal) => *refusal,
    }
}

pub(super) async fn cancel(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let publish_id = match asked(&world, &headers, &body, ("cancel", 30)) {
        Ok(publish_id) => publish_id,
        Err(refusal) => return *refusal,
    };
    let now = world.now();
    let mut state = world.states().tiktok();
    let taken_back = state.tasks.get(&publish_id).and_then(|task| {
        let is_pull = matches!(task.way, Way::Pull);
        match &task.outcome {
            Outcome::Posted { post_id, at } if is_pull && now < *at => Some(post_id.to_string()),
            Outcome::Inbox { at, .. } if is_pull && now < *at => Some(publish_id.clone()),
            Outcome::Failed { at, .. } if is_pull && now < *at => Some(String::new()),
            Outcome::Failed { .. }
            | Outcome::Inbox { .. }
            | Outcome::Pending
            | Outcome::Posted { .. } => None,
        }
    });
    let Some(post_id) = taken_back else {
        drop(state);
        return refusal(
            &world,
            400,
            "publish_not_cancellable",
            "The publish task is not cancellable any more.",
        );
    };
    world.take_down("tiktok", &post_id);
    state.mail.forget(&publish_id);
    fail(&mut state, &publish_id, "publish_cancelled", now);
    drop(state);
    bare_ok(&world)
}

/// The task that a call asks about.
fn asked(
    world: &World,
    headers: &HeaderMap,
    body: &[u8],
    (route, a_minute): (&'static str, usize),
) -> Result<String, Box<Response>> {
    let (caller, _) = admitted(world, headers, EITHER, (route, a_minute))?;
    let asked = parsed(world, headers, body)?;
    let id = asked["publish_id"].as_str().unwrap_or_default();
    let owner = {
        let state = world.states().tiktok();
        state.tasks.get(id).map(|task| task.account.clone())
    };
    let refused = |code, message| Err(Box::new(refusal(world, 400, code, message)));
    match owner {
        None => refused("invalid_publish_id", "The publish_id does not exist"),
        Some(owner) if owner != caller.account => refused(
            "token_not_authorized_for_specified_publish_id",
            "The access_token does not have authorization for the specified publish_id",
        ),
        Some(_) => Ok(id.to_owned()),
    }
}
