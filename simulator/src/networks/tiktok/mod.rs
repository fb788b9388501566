//! TikTok: consent, creator rules, tasks, the upload host, status, lists and webhooks.
//!
//! A video is live once its last byte arrived in order; what TikTok fetches itself is live once `init`
//! fetched it. A draft is in the inbox instead, and the person posts it from there. Every `init` opens a
//! task of its own, so posting twice shows in the ledger.

mod accounts;
mod consent;
pub mod letters;
mod list;
mod media;
mod posting;
mod rules;
mod tasks;
mod upload;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use axum::{
    Router,
    routing::{get, post, put},
};
use time::{Duration, OffsetDateTime};

pub use letters::Letter;
pub use tasks::finish_draft;

use self::{letters::Mail, tasks::Task};
use crate::World;

/// An upload address ends after an hour.
const UPLOAD_LIFE: Duration = Duration::hours(1);
/// How long a file may take to be fetched.
const PULL_LIFE: Duration = Duration::hours(1);

/// What it keeps.
#[derive(Debug)]
pub struct State {
    /// How long access tokens and refresh tokens live; by default as documented in November 2026.
    pub lives: (Duration, Duration),
    /// Whether the app is a desktop app: consent needs a challenge, in hexadecimal.
    pub is_desktop: bool,
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
    /// What a status says of a task that is under way, where that is none of the documented words.
    pub working_word: Option<String>,
    /// How long after a public post is complete its id shows.
    pub review: Duration,
    /// Hosts of media that are not verified in the portal.
    pub unverified_hosts: BTreeSet<String>,
    /// What is verified in the portal: domains, with all hosts below them, and prefixes of addresses. All
    /// hosts but [`State::unverified_hosts`] while nothing is named.
    pub properties: Vec<String>,
    /// Hosts whose files never arrive whole.
    pub hanging_hosts: BTreeSet<String>,
    /// An account may post so often in 24 hours.
    pub posts_a_day: usize,
    /// What it tells the app on its own.
    pub mail: Mail,
    tasks: HashMap<String, Task>,
    windows: HashMap<(String, &'static str), VecDeque<OffsetDateTime>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            lives: (Duration::seconds(7_200), Duration::seconds(15_552_000)),
            is_desktop: false,
            denied_scopes: BTreeSet::new(),
            caps: BTreeMap::new(),
            failures: VecDeque::new(),
            is_unaudited: false,
            is_stuck: false,
            working_word: None,
            review: Duration::seconds(20),
            unverified_hosts: BTreeSet::new(),
            properties: Vec::new(),
            hanging_hosts: BTreeSet::new(),
            posts_a_day: 15,
            mail: Mail::default(),
            tasks: HashMap::new(),
            windows: HashMap::new(),
        }
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
}

pub(crate) fn routes() -> Router<World> {
    const API: &str = "/open.tiktokapis.com/v2";
    const PUBLISH: &str = "/open.tiktokapis.com/v2/post/publish";
    Router::new()
        .route(
            "/www.tiktok.com/v2/auth/authorize/",
            get(consent::authorize),
        )
        .route(&format!("{API}/oauth/token/"), post(consent::token))
        .route(&format!("{API}/oauth/revoke/"), post(consent::revoke))
        .route(&format!("{API}/user/info/"), get(consent::user))
        .route(&format!("{API}/video/list/"), post(list::list))
        .route(
            &format!("{PUBLISH}/creator_info/query/"),
            post(posting::creator_info),
        )
        .route(&format!("{PUBLISH}/video/init/"), post(posting::video_init))
        .route(
            &format!("{PUBLISH}/inbox/video/init/"),
            post(posting::inbox_init),
        )
        .route(
            &format!("{PUBLISH}/content/init/"),
            post(posting::content_init),
        )
        .route(&format!("{PUBLISH}/status/fetch/"), post(tasks::status))
        .route(&format!("{PUBLISH}/cancel/"), post(tasks::cancel))
        .route("/open-upload.tiktokapis.com/video/", put(upload::chunk))
}
