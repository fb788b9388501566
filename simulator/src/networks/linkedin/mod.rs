//! LinkedIn: consent, the versioned gateway, uploads, posts.
//!
//! A post is live once `POST /rest/posts` answered 201. Its text is "little text": what stands behind
//! an unescaped reserved character is lost without a word, and the ledger shows what is left.

#![expect(
    clippy::result_large_err,
    reason = "a refusal is a whole answer, made once and handed on"
)]

mod consent;
mod content;
mod documents;
mod gateway;
pub mod letters;
mod little_text;
mod media;
mod pages;
mod posts;
mod wire;

use std::collections::{BTreeMap, HashMap};

use axum::{
    Router,
    routing::{get, post, put},
};
use time::{Date, Duration, OffsetDateTime, macros::date};

pub use letters::{Challenge, Letter};
pub use pages::Role;
pub(super) use posts::copy;

use crate::{Account, LiveMedia, World};

/// Access tokens live 60 days, refresh tokens a year from the first consent.
const ACCESS_LIFE: Duration = Duration::days(60);
const REFRESH_LIFE: Duration = Duration::days(365);
/// The addresses of uploads end.
const UPLOAD_LIFE: Duration = Duration::hours(24);
/// Equal posts are refused for so long.
const DUPLICATE_WINDOW: Duration = Duration::minutes(10);
/// What a URN of a document begins with.
const DOCUMENT_URN: &str = "urn:li:document:";
/// The size of a part of a video.
const PART_BYTES: u64 = 4_194_304;

/// What all products of LinkedIn's grant together. Reading a member's posts is closed to new apps; a test that needs
/// it gives the token the scope by hand.
const EVERY_SCOPE: [&str; 9] = [
    "openid",
    "profile",
    "email",
    "w_member_social",
    "r_basicprofile",
    "w_organization_social",
    "r_organization_social",
    "rw_organization_admin",
    "r_organization_admin",
];

/// What it keeps.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of a test bench, each for itself"
)]
pub struct State {
    /// The scopes that the app's products grant.
    pub product_scopes: Vec<&'static str>,
    /// What the way back says when the person denies.
    pub denial: &'static str,
    /// Who has which role on which Page.
    pub roles: Vec<Role>,
    /// Whether roles name the Page as older versions did.
    pub names_targets: bool,
    /// What uploads of videos must give back when they are closed.
    pub upload_token: String,
    /// Whether a copy is refused in the name of a post that does not exist, another one each time.
    pub names_no_originals: bool,
    /// What is told of Pages, and how our address fared.
    pub mail: letters::Mail,
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
    /// Whether nobody may ask after videos.
    pub hides_videos: bool,
    /// Whether nobody may ask after documents.
    pub hides_documents: bool,
    /// The largest document, in bytes.
    pub max_document_bytes: usize,
    /// Whether answers to posts leave out the id.
    pub hides_post_ids: bool,
    uploads: HashMap<String, Upload>,
    documents: HashMap<String, Document>,
    images: HashMap<String, Image>,
    videos: HashMap<String, Video>,
    posts: Vec<Post>,
    calls: BTreeMap<(String, Date), u32>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            product_scopes: EVERY_SCOPE.to_vec(),
            denial: "user_cancelled_authorize",
            roles: pages::roles(),
            names_targets: false,
            upload_token: String::new(),
            names_no_originals: false,
            mail: letters::Mail::default(),
            gives_refresh_tokens: false,
            fresh_token_trouble: Duration::ZERO,
            withheld_scopes: Vec::new(),
            versions_as_of: date!(2026 - 08 - 13),
            member_calls_a_day: 150,
            app_calls_a_day: 100_000,
            video_failures: Vec::new(),
            hides_videos: false,
            hides_documents: false,
            max_document_bytes: 100_000_000,
            hides_post_ids: false,
            uploads: HashMap::new(),
            documents: HashMap::new(),
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
    /// Which part of a video; `None` for what is sent whole.
    part: Option<usize>,
    ends_at: OffsetDateTime,
}

#[derive(Debug, Clone)]
struct Document {
    owner: String,
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone)]
struct Image {
    owner: String,
    file: Option<LiveMedia>,
    is_broken: bool,
    ready_at: Option<OffsetDateTime>,
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
    Ready { file: LiveMedia, at: OffsetDateTime },
}

#[derive(Debug, Clone)]
struct Post {
    urn: String,
    author: String,
    commentary: String,
    content: serde_json::Value,
    /// The digests of what it shows.
    files: Vec<String>,
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
        .route("/api.linkedin.com/v2/me", get(consent::me))
        .route(
            "/api.linkedin.com/rest/organizationAcls",
            get(pages::list_roles),
        )
        .route(
            "/api.linkedin.com/rest/organizations/{id}",
            get(pages::read),
        )
        .route(
            "/api.linkedin.com/rest/documents",
            post(documents::action),
        )
        .route(
            "/api.linkedin.com/rest/documents/{urn}",
            get(documents::status),
        )
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
