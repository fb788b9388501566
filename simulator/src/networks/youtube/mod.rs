//! YouTube: Google's consent, resumable uploads, videos and their processing, quotas.
//!
//! A video exists once its last byte arrived; each session can make one, so posting twice shows in
//! the ledger. Private and unlisted videos stand there as well: `details.privacyStatus` tells.

mod change;
mod consent;
mod data;
mod hub;
mod playlists;
mod quota;
mod thumbnails;
mod upload;
mod videos;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

pub use self::hub::Letter;
pub(super) use self::upload::copy;
use self::{hub::Subscription, playlists::Playlist, quota::Spent, videos::Video};
use crate::{Account, Keeper, LiveMedia, World};

/// Access tokens live about an hour.
const ACCESS_LIFE: Duration = Duration::seconds(3_599);
/// While the consent screen is in testing, refresh tokens end after a week.
const TESTING_LIFE: Duration = Duration::days(7);
/// Refresh tokens end when nobody uses them for half a year.
const UNUSED_LIFE: Duration = Duration::days(182);
/// So many refresh tokens of one Google account live for one client; the oldest one goes silently.
const MAX_TOKENS: usize = 100;
/// How long a session can be continued.
const SESSION_LIFE: Duration = Duration::days(7);

/// What it keeps.
#[derive(Debug)]
pub struct State {
    /// Scopes that the person unticks on the consent page.
    pub denied_scopes: BTreeSet<String>,
    /// Whether the consent screen is in testing: refresh tokens end after seven days.
    pub is_testing: bool,
    /// How many uploads the project may start a day.
    pub uploads_a_day: u32,
    /// How many units all other calls of the project may cost a day.
    pub units_a_day: u32,
    /// Channels that reached their own daily limit of uploads.
    pub full_channels: BTreeSet<String>,
    /// How many bytes are kept of the next chunks, one each, rounded down to 262,144.
    pub partial: VecDeque<u64>,
    /// How the next videos end, one each: `failed`, `rejected` or `deleted` and the reason; or
    /// `processing failed` or `processing terminated` and the reason, while they still count as uploaded.
    pub endings: VecDeque<(String, String)>,
    /// Channels whose own settings make every video private.
    pub private_channels: BTreeSet<String>,
    /// Channels that were not verified by phone: they set no thumbnails.
    pub unverified_channels: BTreeSet<String>,
    /// Whether the videos to come are Shorts.
    pub are_shorts: bool,
    /// How many thumbnails may be set until YouTube asks to wait.
    pub thumbnails: u32,
    consented: BTreeSet<(String, String)>,
    granted: BTreeMap<(String, &'static str), BTreeSet<String>>,
    refresh_tokens: HashMap<(String, &'static str), VecDeque<String>>,
    spent: Spent,
    sessions: HashMap<String, Session>,
    videos: Vec<Video>,
    playlists: BTreeMap<String, Playlist>,
    subscriptions: Vec<Subscription>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            denied_scopes: BTreeSet::new(),
            is_testing: false,
            uploads_a_day: 100,
            units_a_day: 10_000,
            full_channels: BTreeSet::new(),
            partial: VecDeque::new(),
            endings: VecDeque::new(),
            private_channels: BTreeSet::new(),
            unverified_channels: BTreeSet::new(),
            are_shorts: false,
            thumbnails: 50,
            consented: BTreeSet::new(),
            granted: BTreeMap::new(),
            refresh_tokens: HashMap::new(),
            spent: Spent::default(),
            sessions: HashMap::new(),
            videos: Vec::new(),
            playlists: playlists::all(),
            subscriptions: Vec::new(),
        }
    }
}

/// An upload on its way.
#[derive(Debug)]
struct Session {
    channel: String,
    snippet: Value,
    status: Value,
    recording: Value,
    content_type: String,
    total: Option<u64>,
    file: Keeper,
    opened_at: OffsetDateTime,
    /// What the last byte was answered with.
    answer: Option<Value>,
}

/// A Google account's channel; an account without one has no id that starts with `UC`.
struct Channel {
    account: Account,
    google_account: &'static str,
}

fn channels() -> Vec<Channel> {
    let channel = |id: &str, username: &str, name: &str, google_account| Channel {
        account: Account {
            id: id.to_owned(),
            username: username.to_owned(),
            name: name.to_owned(),
        },
        google_account,
    };
    vec![
        channel(
            "UCsampleStudio7Qk2Wm9Zt1",
            "samplestudio",
            "Sample Studio",
            "110169484474386276334",
        ),
        channel(
            "UCsecondStage4Rv8Xn3Ly6P",
            "secondstage",
            "Second Stage",
            "110169484474386276334",
        ),
        channel(
            "google-without-a-channel",
            "nochannel",
            "An account without a channel",
            "104718263549107263845",
        ),
    ]
}

fn channel(id: &str) -> Option<Channel> {
    channels().into_iter().find(|known| known.account.id == id)
}

/// The list of everything that a channel uploaded.
fn uploads_of(channel: &str) -> String {
    channel.replacen("UC", "UU", 1)
}

impl State {
    /// Ends every session: whoever continues one is told that it is gone.
    pub fn end_sessions(&mut self) {
        self.sessions.clear();
    }

    /// The thumbnail that was set for a video.
    pub fn thumbnail(&self, video_id: &str) -> Option<LiveMedia> {
        let video = self.videos.iter().find(|video| video.id == video_id)?;
        video.thumbnail.clone()
    }

    /// The videos of a playlist, as often as they were added.
    pub fn playlist(&self, id: &str) -> Vec<String> {
        self.playlists
            .get(id)
            .map(|playlist| playlist.videos.clone())
            .unwrap_or_default()
    }
}

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route(
            "/accounts.google.com/o/oauth2/v2/auth",
            get(consent::authorize),
        )
        .route("/oauth2.googleapis.com/token", post(consent::token))
        .route("/oauth2.googleapis.com/revoke", post(consent::revoke))
        .route(
            "/www.googleapis.com/youtube/v3/channels",
            get(data::channels),
        )
        .route(
            "/www.googleapis.com/youtube/v3/playlistItems",
            get(playlists::list).post(playlists::insert),
        )
        .route(
            "/www.googleapis.com/youtube/v3/videos",
            get(data::videos).put(change::update).delete(change::delete),
        )
        .route(
            "/www.googleapis.com/upload/youtube/v3/videos",
            post(upload::start).put(upload::put),
        )
        .route(
            "/www.googleapis.com/upload/youtube/v3/thumbnails/set",
            post(thumbnails::set),
        )
        .route("/pubsubhubbub.appspot.com/subscribe", post(hub::subscribe))
}
