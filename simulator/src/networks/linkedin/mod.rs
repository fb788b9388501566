//! LinkedIn: consent, the versioned gateway, uploads, posts.
//!
//! A post is live once `POST /rest/posts` answered 201. Its text is "little text": what stands behind
//! an unescaped reserved character is lost without a word, and the ledger shows what is left.

#![expect(
    clippy::result_large_err,
    reason = "a refusal is a whole answer, made once and handed on"
)]

mod consent;
mod gateway;
mod little_text;
mod media;
mod posts;
mod wire;

use std::collections::{BTreeMap, HashMap};

use axum::{
    Router,
    routing::{get, post, put},
};
use time::{Date, Duration, OffsetDateTime, macros::date};

use crate::{Account, LiveMedia, World};

/// Access tokens live 60 days, refresh tokens a year from the first consent.
const ACCESS_LIFE: Duration = Duration::days(60);
const REFRESH_LIFE: Duration = Duration::days(365);
/// The addresses of uploads end.
const UPLOAD_LIFE: Duration = Duration::hours(24);
/// Equal posts are refused for so long.
const DUPLICATE_WINDOW: Duration = Duration::minutes(10);
/// The size of a part of a video.
const PART_BYTES: u64 = 4_194_304;

/// What it keeps.
#[derive(Debug)]
pub struct State {
    /// Whether the app may renew tokens, which LinkedIn approves for few.
    pub gives_refresh_tokens: bool,
    /// For so long after it was given out a token is called revoked.
    pub fresh_token_trouble: Duration,
    /// Scopes that the token endpoint leaves out of its answer and of the token.
    pub withheld_scopes: Vec<String>,
    /// The day on which it is decided which versions are served.
    pub versions_as_of: Date,
    /// Calls that one member may make in a day (UTC).
    pub member_calls_a_day: u32,
    /// Calls that one app may make in a day (UTC).
    pub app_calls_a_day: u32,
    /// Why the next videos cannot be processed, one each.
    pub video_failures: Vec<String>,
    /// Whether members may not ask after their videos.
    pub hides_videos: bool,
    /// Whether answers to posts leave out the id.
    pub hides_post_ids: bool,
    uploads: HashMap<String, Upload>,
    images: HashMap<String, Image>,
    videos: HashMap<String, Video>,
    posts: Vec<Post>,
    calls: BTreeMap<(String, Date), u32>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            gives_refresh_tokens: false,
            fresh_token_trouble: Duration::ZERO,
            withheld_scopes: Vec::new(),
            versions_as_of: date!(2026 - 08 - 13),
            member_calls_a_day: 150,
            app_calls_a_day: 100_000,
            video_failures: Vec::new(),
            hides_videos: false,
            hides_post_ids: false,
            uploads: HashMap::new(),
            images: HashMap::new(),
            videos: HashMap::new(),
            posts: Vec::new(),
            calls: BTreeMap::new(),
        }
    }
}

/// Where an address of an upload leads.
#[derive(Debug, Clone)]
struct Upload {
    /// The URN of the file.
    urn: String,
    /// Which part of a video; `None` for a picture.
    part: Option<usize>,
    ends_at: OffsetDateTime,
}

#[derive(Debug, Clone)]
struct Image {
    owner: String,
    file: Option<LiveMedia>,
    is_broken: bool,
}

#[derive(Debug, Clone)]
struct Video {
    owner: String,
    bytes: u64,
    parts: Vec<Part>,
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Default)]
struct Part {
    etag: Option<String>,
    bytes: bytes::Bytes,
}

#[derive(Debug, Clone)]
enum Outcome {
    Failed(String),
    Ready {
        file: LiveMedia,
        at: OffsetDateTime,
    },
}

#[derive(Debug, Clone)]
struct Post {
    urn: String,
    author: String,
    commentary: String,
    content: serde_json::Value,
    created_at: OffsetDateTime,
}

fn members() -> Vec<Account> {
    [
        ("8sTd1oQx2z", "sample-studio", "Sample Studio"),
        ("aB4k3ryW-7", "sample-bakery", "Sample Bakery"),
        ("w0rkSh_9pM", "sample-workshop", "Sample Workshop"),
    ]
    .into_iter()
    .map(|(id, username, name)| Account {
        id: id.to_owned(),
        username: username.to_owned(),
        name: name.to_owned(),
    })
    .collect()
}

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route(
            "/www.linkedin.com/oauth/v2/authorization",
            get(consent::authorize),
        )
        .route(
            "/www.linkedin.com/oauth/v2/accessToken",
            post(consent::token),
        )
        .route("/www.linkedin.com/oauth/v2/revoke", post(consent::revoke))
        .route("/api.linkedin.com/v2/userinfo", get(consent::user))
        .route("/api.linkedin.com/rest/images", post(media::image_action))
        .route(
            "/api.linkedin.com/rest/images/{urn}",
            get(media::image_status),
        )
        .route("/api.linkedin.com/rest/videos", post(media::video_action))
        .route(
            "/api.linkedin.com/rest/videos/{urn}",
            get(media::video_status),
        )
        .route("/www.linkedin.com/dms-uploads/{id}", put(media::upload))
        .route(
            "/api.linkedin.com/rest/posts",
            post(posts::create).get(posts::find),
        )
        .route(
            "/api.linkedin.com/rest/posts/{urn}",
            get(posts::read).delete(posts::delete),
        )
}
