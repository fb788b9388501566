//! Pinterest: consent, boards, Pins, and the store that takes videos.
//!
//! A Pin is live once `POST /v5/pins` answered 201; the same body sent twice makes two Pins.
//! The sandbox host serves the same, but what is pinned there is marked so in the ledger.

#![expect(
    clippy::result_large_err,
    reason = "a refusal is a whole answer, made once and handed on"
)]

mod boards;
mod consent;
mod media;
mod pins;
mod rates;
mod store;
mod wire;

use std::collections::{BTreeSet, HashMap, VecDeque};

use axum::{
    Router,
    routing::{get, post},
};
use time::{Duration, OffsetDateTime};

pub(super) use self::pins::copy;
use crate::{Account, LiveMedia, World};

/// Access tokens live 30 days, refresh tokens 60.
const ACCESS_LIFE: Duration = Duration::days(30);
const REFRESH_LIFE: Duration = Duration::days(60);
/// The form of an upload is good for so long.
const UPLOAD_LIFE: Duration = Duration::hours(1);
/// The hosts of the interface.
const HOSTS: [&str; 2] = ["api.pinterest.com", "api-sandbox.pinterest.com"];
/// The host of the store.
const STORE: &str = "pinterest-media-upload.s3-accelerate.amazonaws.com";

/// What it keeps.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, set by tests"
)]
#[derive(Debug)]
pub struct State {
    /// Whether the app has trial access only: no Pins in production.
    pub is_on_trial: bool,
    /// Whether a refresh token stays good after it was used.
    pub keeps_used_refresh_tokens: bool,
    /// Scopes that the person does not give.
    pub denied_scopes: BTreeSet<String>,
    /// Whether a missing scope is answered with 403 code 29 instead of 401 code 3.
    pub hides_missing_scopes: bool,
    /// Reads and writes that one person may make in a minute.
    pub calls_a_minute: (usize, usize),
    /// Reads and writes that the app may make in a day while it is on trial.
    pub calls_a_day: (usize, usize),
    /// Whether no answer tells how many calls are left.
    pub hides_rates: bool,
    /// Whether a board of the same name as another one is refused.
    pub refuses_equal_boards: bool,
    /// The `failure_code` of the next videos, one each.
    pub video_failures: VecDeque<i64>,
    boards: Vec<(String, boards::Board)>,
    media: HashMap<String, Media>,
    pins: Vec<Pin>,
    calls: HashMap<(String, &'static str), VecDeque<OffsetDateTime>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            is_on_trial: false,
            keeps_used_refresh_tokens: false,
            denied_scopes: BTreeSet::new(),
            hides_missing_scopes: false,
            calls_a_minute: (1000, 100),
            calls_a_day: (1000, 300),
            hides_rates: false,
            refuses_equal_boards: false,
            video_failures: VecDeque::new(),
            boards: Vec::new(),
            media: HashMap::new(),
            pins: Vec::new(),
            calls: HashMap::new(),
        }
    }
}

/// A registered video.
#[derive(Debug, Clone)]
struct Media {
    account: String,
    parameters: Vec<(String, String)>,
    ends_at: OffsetDateTime,
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Failed(i64),
    Ready { file: LiveMedia, at: OffsetDateTime },
}

#[derive(Debug, Clone)]
struct Pin {
    id: String,
    account: String,
    board: String,
    section: Option<String>,
    created_at: OffsetDateTime,
    body: serde_json::Value,
}

/// An account as Pinterest knows it.
struct Pinner {
    account: Account,
    account_type: &'static str,
}

fn pinners() -> Vec<Pinner> {
    [
        (
            "813744226420795884",
            "samplestudio",
            "Sample Studio",
            "BUSINESS",
        ),
        (
            "813744226420795885",
            "samplebakery",
            "Sample Bakery",
            "BUSINESS",
        ),
        ("813744226420795886", "sampleworkshop", "", "PINNER"),
    ]
    .into_iter()
    .map(|(id, username, name, account_type)| Pinner {
        account: Account {
            id: id.to_owned(),
            username: username.to_owned(),
            name: name.to_owned(),
        },
        account_type,
    })
    .collect()
}

pub(crate) fn routes() -> Router<World> {
    let router = Router::new()
        .route("/www.pinterest.com/oauth/", get(consent::authorize))
        .route(&format!("/{STORE}/"), post(store::take));
    HOSTS.into_iter().fold(router, |router, host| {
        let at = |path: &str| format!("/{host}/v5{path}");
        router
            .route(&at("/oauth/token"), post(consent::token))
            .route(&at("/oauth/token/revoke"), post(consent::revoke))
            .route(&at("/user_account"), get(consent::user))
            .route(&at("/boards"), get(boards::list).post(boards::create))
            .route(&at("/boards/{board}/sections"), get(boards::sections))
            .route(&at("/boards/{board}/pins"), get(pins::of_board))
            .route(
                &at("/boards/{board}/sections/{section}/pins"),
                get(pins::of_section),
            )
            .route(&at("/media"), post(media::register))
            .route(&at("/media/{id}"), get(media::status))
            .route(&at("/pins"), post(pins::create).get(pins::list))
            .route(
                &at("/pins/{id}"),
                get(pins::read).patch(pins::change).delete(pins::delete),
            )
    })
}
