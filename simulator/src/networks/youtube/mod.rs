//! YouTube: Google's consent, resumable uploads, videos and their processing, quotas.
//!
//! A video exists once its last byte arrived; each session can make one, so posting twice shows in
//! the ledger. Private and unlisted videos stand there as well: `details.privacyStatus` tells.

mod consent;
mod data;
mod upload;
mod wire;

use std::collections::{BTreeSet, HashMap, VecDeque};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::Value;
use time::{Date, Duration, Month, OffsetDateTime};

use crate::{Account, World};

/// Access tokens live about an hour.
const ACCESS_LIFE: Duration = Duration::seconds(3_599);
/// While the consent screen is in testing, refresh tokens end after a week.
const TESTING_LIFE: Duration = Duration::days(7);
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
    /// How the next videos end, one each: `failed` or `rejected`, and the reason.
    pub endings: VecDeque<(String, String)>,
    /// After so long an upload shows in the channel's list.
    pub listing_lag: Duration,
    consented: BTreeSet<(String, String)>,
    spent: (Option<Date>, u32, u32),
    sessions: HashMap<String, Session>,
    videos: Vec<Video>,
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
            listing_lag: Duration::ZERO,
            consented: BTreeSet::new(),
            spent: (None, 0, 0),
            sessions: HashMap::new(),
            videos: Vec::new(),
        }
    }
}

/// An upload on its way.
#[derive(Debug)]
struct Session {
    channel: String,
    snippet: Value,
    status: Value,
    content_type: String,
    total: Option<u64>,
    bytes: Vec<u8>,
    opened_at: OffsetDateTime,
    video_id: Option<String>,
}

/// A video that arrived.
#[derive(Debug, Clone)]
struct Video {
    id: String,
    channel: String,
    snippet: Value,
    status: Value,
    size: u64,
    created_at: OffsetDateTime,
    ready_at: OffsetDateTime,
    ending: Option<(String, String)>,
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
            "google-1",
        ),
        channel(
            "UCsecondStage4Rv8Xn3Ly6P",
            "secondstage",
            "Second Stage",
            "google-1",
        ),
        channel(
            "google-without-a-channel",
            "nochannel",
            "An account without a channel",
            "google-2",
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

    /// Counts an upload; tells whether it is one too many for today.
    fn spends_upload(&mut self, now: OffsetDateTime) -> bool {
        self.turn_day(now);
        self.spent.1 += 1;
        self.spent.1 > self.uploads_a_day
    }

    /// Counts a unit; tells whether it is one too many for today.
    fn spends_unit(&mut self, now: OffsetDateTime) -> bool {
        self.turn_day(now);
        self.spent.2 += 1;
        self.spent.2 > self.units_a_day
    }

    fn turn_day(&mut self, now: OffsetDateTime) {
        let today = day_in_california(now);
        if self.spent.0 != Some(today) {
            self.spent = (Some(today), 0, 0);
        }
    }
}

/// Quotas begin anew at midnight in California.
fn day_in_california(now: OffsetDateTime) -> Date {
    let winter = (now - Duration::hours(8)).date();
    let since_sunday = i16::from(winter.weekday().number_days_from_sunday());
    let last_sunday = i16::from(winter.day()) - since_sunday;
    let month = winter.month();
    let is_summer = (u8::from(Month::April)..=u8::from(Month::October)).contains(&u8::from(month))
        || (month == Month::March && last_sunday >= 8)
        || (month == Month::November && last_sunday < 1);
    if is_summer {
        (now - Duration::hours(7)).date()
    } else {
        winter
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
        .route("/www.googleapis.com/youtube/v3/channels", get(data::channels))
        .route(
            "/www.googleapis.com/youtube/v3/playlistItems",
            get(data::playlist),
        )
        .route("/www.googleapis.com/youtube/v3/videos", get(data::videos))
        .route(
            "/www.googleapis.com/upload/youtube/v3/videos",
            post(upload::start).put(upload::put),
        )
}
