//! TikTok: consent, creator rules, tasks, the upload host and status.
//!
//! A video is live once its last byte arrived in order; pictures are live once `init` fetched them.
//! Every `init` opens a task of its own, so posting twice shows in the ledger.

mod consent;
mod posting;
mod upload;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use axum::{
    Router,
    routing::{get, post, put},
};
use time::{Duration, OffsetDateTime};

use crate::{Account, LiveMedia, World};

/// Which refresh tokens and access tokens live how long, by default as documented in November 2026.
const ACCESS_LIFE: Duration = Duration::seconds(7_200);
const REFRESH_LIFE: Duration = Duration::seconds(15_552_000);
/// An upload address ends after an hour.
const UPLOAD_LIFE: Duration = Duration::hours(1);
/// The id of a public post shows so long after the post is complete.
const REVIEW: Duration = Duration::seconds(20);
/// An account may post so often in 24 hours.
const POSTS_A_DAY: usize = 15;

/// What it keeps.
#[derive(Debug, Default)]
pub struct State {
    /// Scopes that the person unticks on the consent page.
    pub denied_scopes: BTreeSet<String>,
    /// Caps by account: `creator_info` answers with this code and HTTP 200, `init` with 403.
    pub caps: BTreeMap<String, String>,
    /// The `fail_reason` of the next tasks that got all their bytes, one each.
    pub failures: VecDeque<String>,
    /// Whether the app has not been audited: only private accounts, only `SELF_ONLY`.
    pub is_unaudited: bool,
    /// Whether tasks never leave processing.
    pub is_stuck: bool,
    /// Hosts of media that are not verified in the portal.
    pub unverified_hosts: BTreeSet<String>,
    tasks: HashMap<String, Task>,
    windows: HashMap<(String, &'static str), VecDeque<OffsetDateTime>>,
}

/// One `init`.
#[derive(Debug, Clone)]
struct Task {
    account: String,
    order: Order,
    opened_at: OffsetDateTime,
    upload: Option<Upload>,
    outcome: Outcome,
}

/// What is to be posted.
#[derive(Debug, Clone)]
struct Order {
    text: String,
    privacy: String,
    details: serde_json::Value,
}

/// A video on its way.
#[derive(Debug, Clone)]
struct Upload {
    id: String,
    token: String,
    total: u64,
    chunk: u64,
    count: u64,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Failed(String),
    Pending,
    Posted {
        post_id: u64,
        complete_at: OffsetDateTime,
    },
}

/// An account as TikTok knows it.
struct Creator {
    account: Account,
    is_private: bool,
    comment_disabled: bool,
    max_seconds: u32,
}

fn creators() -> Vec<Creator> {
    let creator = |id: &str, username: &str, name: &str| Creator {
        account: Account {
            id: id.to_owned(),
            username: username.to_owned(),
            name: name.to_owned(),
        },
        is_private: false,
        comment_disabled: false,
        max_seconds: 600,
    };
    vec![
        creator(
            "_000fQ1sampleStudioBq7Zk3nYt0wHd",
            "sample_studio",
            "Sample Studio",
        ),
        Creator {
            is_private: true,
            ..creator(
                "_000fQ1privateStudioC8mXr4pLs2vJe",
                "private_studio",
                "Private Studio",
            )
        },
        Creator {
            comment_disabled: true,
            max_seconds: 180,
            ..creator(
                "_000fQ1quietStudioD5nWt6qMk9uGf00",
                "quiet_studio",
                "Quiet Studio",
            )
        },
    ]
}

fn creator(id: &str) -> Option<Creator> {
    creators().into_iter().find(|known| known.account.id == id)
}

impl Creator {
    fn privacy_options(&self) -> [&'static str; 3] {
        let widest = if self.is_private {
            "FOLLOWER_OF_CREATOR"
        } else {
            "PUBLIC_TO_EVERYONE"
        };
        [widest, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    }
}

impl State {
    /// Counts a call of a token to a route; tells whether it is one too many within a minute.
    fn is_too_fast(
        &mut self,
        token: &str,
        route: &'static str,
        max: usize,
        now: OffsetDateTime,
    ) -> bool {
        let window = self.windows.entry((token.to_owned(), route)).or_default();
        window.retain(|at| *at > now - Duration::minutes(1));
        if window.len() >= max {
            return true;
        }
        window.push_back(now);
        false
    }

    fn posts_today(&self, account: &str, now: OffsetDateTime) -> usize {
        self.tasks
            .values()
            .filter(|task| task.account == account && task.opened_at > now - Duration::hours(24))
            .filter(|task| matches!(task.outcome, Outcome::Posted { .. }))
            .count()
    }
}

/// Makes a task's post visible.
fn post_now(world: &World, state: &mut State, publish_id: &str, media: Vec<LiveMedia>, kind: &str) {
    let now = world.now();
    let number = world.number();
    let Some(task) = state.tasks.get_mut(publish_id) else {
        return;
    };
    let Some(creator) = creator(&task.account) else {
        return;
    };
    let post_id = 7_600_000_000_000_000_000 + number;
    let complete_at = now + world.processing("tiktok");
    task.outcome = Outcome::Posted {
        post_id,
        complete_at,
    };
    let path = if kind == "video" { "video" } else { "photo" };
    world.publish(crate::LivePost {
        network: "tiktok".to_owned(),
        account_id: task.account.clone(),
        account_name: creator.account.name,
        post_id: post_id.to_string(),
        kind: kind.to_owned(),
        text: task.order.text.clone(),
        media,
        created_at: complete_at,
        url: format!(
            "https://www.tiktok.com/@{}/{path}/{post_id}",
            creator.account.username
        ),
        details: task.order.details.clone(),
    });
}

pub(crate) fn routes() -> Router<World> {
    const PUBLISH: &str = "/open.tiktokapis.com/v2/post/publish";
    Router::new()
        .route(
            "/www.tiktok.com/v2/auth/authorize/",
            get(consent::authorize),
        )
        .route("/open.tiktokapis.com/v2/oauth/token/", post(consent::token))
        .route(
            "/open.tiktokapis.com/v2/oauth/revoke/",
            post(consent::revoke),
        )
        .route("/open.tiktokapis.com/v2/user/info/", get(consent::user))
        .route(
            &format!("{PUBLISH}/creator_info/query/"),
            post(posting::creator_info),
        )
        .route(
            &format!("{PUBLISH}/video/init/"),
            post(posting::video_init),
        )
        .route(
            &format!("{PUBLISH}/content/init/"),
            post(posting::content_init),
        )
        .route(&format!("{PUBLISH}/status/fetch/"), post(posting::status))
        .route("/open-upload.tiktokapis.com/video/", put(upload::chunk))
}
