//! Pinterest: `www.pinterest.com` (consent), `api.pinterest.com` (everything else), and the form of
//! Amazon S3 that videos are uploaded to.
//!
//! Refresh tokens work once; a Pin needs four scopes and a board of the account; equal Pins are two
//! Pins; videos are worked on before they can be shown.

mod boards;
mod consent;
mod pins;
mod said;
mod uploads;

use std::collections::HashMap;

use axum::{
    Router,
    routing::{get, post},
};
use time::Duration;

use crate::{Account, World};

const NETWORK: &str = "pinterest";

/// What Pinterest keeps.
#[derive(Debug, Default)]
pub struct State {
    pins: Vec<pins::Pin>,
    videos: HashMap<String, uploads::Video>,
    listing_delay: Duration,
    on_trial: bool,
    failing_videos: u32,
}

impl State {
    /// From here on a Pin shows up on its board so long after it was made.
    pub fn delay_listing(&mut self, by: Duration) {
        self.listing_delay = by;
    }

    /// Whether the app has trial access only, which makes no Pins.
    pub fn set_trial(&mut self, on_trial: bool) {
        self.on_trial = on_trial;
    }

    /// Pinterest will find the next video unusable.
    pub fn fail_next_video(&mut self) {
        self.failing_videos += 1;
    }

    /// Another app makes a Pin on an account's board.
    pub fn pin_by_another_app(
        &mut self,
        id: &str,
        account: &str,
        board: &str,
        description: &str,
        at: time::OffsetDateTime,
    ) {
        self.pins.push(pins::Pin::foreign(id, account, board, description, at));
    }
}

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/www.pinterest.com/oauth/", get(consent::authorize))
        .route("/api.pinterest.com/v5/oauth/token", post(consent::token))
        .route("/api.pinterest.com/v5/oauth/token/revoke", post(consent::revoke))
        .route("/api.pinterest.com/v5/user_account", get(consent::user_account))
        .route("/api.pinterest.com/v5/boards", get(boards::list))
        .route("/api.pinterest.com/v5/boards/{board}/pins", get(pins::of_board))
        .route("/api.pinterest.com/v5/boards/{board}/sections/{section}/pins", get(pins::of_section))
        .route("/api.pinterest.com/v5/pins", get(pins::list).post(pins::create))
        .route("/api.pinterest.com/v5/pins/{id}", get(pins::show).delete(pins::remove))
        .route("/api.pinterest.com/v5/media", post(uploads::register))
        .route("/api.pinterest.com/v5/media/{id}", get(uploads::status))
        .route("/pinterest-media-upload.s3-accelerate.amazonaws.com/", post(uploads::receive))
}

/// The accounts that can be chosen.
fn accounts() -> Vec<Account> {
    [
        ("1029384756102938475", "sample_studio", "Sample Studio"),
        ("1029384756102938476", "sample_kitchen", "Sample Kitchen"),
    ]
    .into_iter()
    .map(|(id, username, name)| Account { id: id.to_owned(), username: username.to_owned(), name: name.to_owned() })
    .collect()
}

fn account(id: &str) -> Option<Account> {
    accounts().into_iter().find(|account| account.id == id)
}
