//! LinkedIn: `www.linkedin.com` (consent, tokens, uploads) and `api.linkedin.com` (everything else).
//!
//! Versions end; equal texts are refused for ten minutes with the name of the first; reserved
//! characters that are not escaped end the text in silence; a member cannot read pictures or posts.

mod consent;
mod files;
mod posts;
mod said;

use std::collections::HashMap;

use axum::{
    Router,
    routing::{get, post, put},
};

use crate::{Account, World};

const NETWORK: &str = "linkedin";

/// What LinkedIn keeps.
#[derive(Debug, Default)]
pub struct State {
    images: HashMap<String, files::Image>,
    videos: HashMap<String, files::Video>,
    posts: Vec<posts::Post>,
    failing_videos: u32,
    new_tokens: u32,
    silent_ids: bool,
}

impl State {
    /// LinkedIn will find the next video unusable.
    pub fn fail_next_video(&mut self) {
        self.failing_videos += 1;
    }

    /// The next calls to userinfo, so many, do not know their token yet.
    pub fn know_tokens_late(&mut self, calls: u32) {
        self.new_tokens = calls;
    }

    /// From here on created posts are answered without their name.
    pub fn keep_ids_to_itself(&mut self, silent: bool) {
        self.silent_ids = silent;
    }
}

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/www.linkedin.com/oauth/v2/authorization", get(consent::authorize))
        .route("/www.linkedin.com/oauth/v2/accessToken", post(consent::token))
        .route("/www.linkedin.com/oauth/v2/revoke", post(consent::revoke))
        .route("/www.linkedin.com/dms-uploads/{id}/image", put(files::put_image))
        .route("/www.linkedin.com/dms-uploads/{id}/part/{part}", put(files::put_part))
        .route("/api.linkedin.com/v2/userinfo", get(consent::userinfo))
        .route("/api.linkedin.com/rest/images", post(files::images))
        .route("/api.linkedin.com/rest/images/{urn}", get(files::image))
        .route("/api.linkedin.com/rest/videos", post(files::videos))
        .route("/api.linkedin.com/rest/videos/{urn}", get(files::video))
        .route("/api.linkedin.com/rest/posts", get(posts::find).post(posts::create))
}

/// The members that can be chosen.
fn accounts() -> Vec<Account> {
    [("782bbtaQ", "sample-studio", "Sample Studio"), ("91xKdp0e", "sample-kitchen", "Sample Kitchen")]
        .into_iter()
        .map(|(id, username, name)| Account { id: id.to_owned(), username: username.to_owned(), name: name.to_owned() })
        .collect()
}
