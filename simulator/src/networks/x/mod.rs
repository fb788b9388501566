//! X: `x.com` (consent) and `api.x.com` (everything else).
//!
//! Codes live 30 seconds, refresh tokens work once and a spent one ends its whole family; texts are
//! weighed, equal ones refused, links rewritten; large files are worked on before they can be posted.

mod caller;
mod consent;
mod media;
mod posts;
mod rates;
mod said;
mod text;
mod timeline;
mod webhooks;

use std::collections::{BTreeMap, HashMap};

use axum::{
    Router,
    routing::{delete, get, post},
};
use time::OffsetDateTime;

use crate::{Account, World};

pub use media::Failure;
pub use said::Hold;
pub use webhooks::Letter;

const NETWORK: &str = "x";

/// What X keeps.
#[derive(Debug, Default)]
pub struct State {
    files: HashMap<String, media::File>,
    posts: Vec<posts::Post>,
    rates: BTreeMap<(String, &'static str), rates::Window>,
    failing_files: Vec<Failure>,
    max_chunk: Option<usize>,
    refuses_repeated_chunks: bool,
    account_day: Option<u32>,
    app_day: Option<u32>,
    counts_nothing: bool,
    hold: Option<Hold>,
    webhooks: webhooks::Webhooks,
}

impl State {
    /// X will find the next file that it works on unusable.
    pub fn fail_next_file(&mut self, failure: Failure) {
        self.failing_files.push(failure);
    }

    /// From here on X takes chunks of at most so many bytes.
    pub fn take_chunks_up_to(&mut self, bytes: usize) {
        self.max_chunk = Some(bytes);
    }

    /// From here on X does not take the same chunk twice.
    pub fn refuse_repeated_chunks(&mut self) {
        self.refuses_repeated_chunks = true;
    }

    /// From here on an account may make so many posts a day.
    pub fn limit_posts_a_day(&mut self, posts: u32) {
        self.account_day = Some(posts);
    }

    /// From here on our app may make so many calls of each kind a day, over all accounts.
    pub fn limit_calls_a_day(&mut self, calls: u32) {
        self.app_day = Some(calls);
    }

    /// From here on no account and no app calls too often.
    pub fn count_nothing(&mut self) {
        self.counts_nothing = true;
    }

    /// From here on X takes nothing from our app, or everything again.
    pub fn hold(&mut self, hold: Option<Hold>) {
        self.hold = hold;
    }

    /// Another app posts a text in an account's name.
    pub fn post_by_another_app(&mut self, id: &str, account: &str, text: &str, at: OffsetDateTime) {
        self.posts.push(posts::Post::foreign(id, account, text, at));
    }

    /// The account has used up what it may call by this name (`create_post`, `timeline`, …) until
    /// the window ends.
    pub fn use_up(&mut self, account: &str, name: &'static str, now: OffsetDateTime) {
        let key = (account.to_owned(), name);
        self.rates.insert(key, rates::Window::used_up(now));
    }
}

/// Keeps a post of another app that is like this one; gives its id.
pub(super) fn copy(world: &World, like: &str, number: u64, text: &str) -> String {
    let mut state = world.states().x();
    let id = number.to_string();
    let copy = state.posts.iter().find(|post| post.id == like);
    let copy = copy.map(|post| post.copy(&id, text, world.now()));
    state.posts.extend(copy);
    id
}

pub(crate) fn routes() -> Router<World> {
    Router::new()
        .route("/x.com/i/oauth2/authorize", get(consent::authorize))
        .route("/api.x.com/2/oauth2/token", post(consent::token))
        .route("/api.x.com/2/oauth2/revoke", post(consent::revoke))
        .route("/api.x.com/2/users/me", get(consent::me))
        .route("/api.x.com/2/users/{id}/tweets", get(timeline::timeline))
        .route("/api.x.com/2/tweets", post(posts::create))
        .route("/api.x.com/2/tweets/{id}", delete(posts::remove))
        .route(
            "/api.x.com/2/media/upload",
            get(media::status).post(media::upload),
        )
        .route(
            "/api.x.com/2/media/upload/initialize",
            post(media::initialize),
        )
        .route("/api.x.com/2/media/upload/{id}/append", post(media::append))
        .route(
            "/api.x.com/2/media/upload/{id}/finalize",
            post(media::finalize),
        )
        .route("/api.x.com/2/media/metadata", post(media::describe))
        .merge(webhooks::routes())
}

/// The accounts that can be chosen.
fn accounts() -> Vec<Account> {
    [
        ("2244994945", "sample_studio", "Sample Studio"),
        ("1880028106020515841", "sample_kitchen", "Sample Kitchen"),
        ("783214", "sample_trails", "Sample Trails"),
    ]
    .into_iter()
    .map(|(id, username, name)| Account {
        id: id.to_owned(),
        username: username.to_owned(),
        name: name.to_owned(),
    })
    .collect()
}

fn account(id: &str) -> Option<Account> {
    accounts().into_iter().find(|account| account.id == id)
}
