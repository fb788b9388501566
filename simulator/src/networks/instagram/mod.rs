//! The simulated Instagram: containers, and posts made of them.

mod containers;
mod files;
mod media;
mod uploads;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::meta::{Asked, Page, Said, is_granted, of_instagram};
use crate::{Grant, World};

pub(super) use media::stories;

const NETWORK: &str = "instagram";

/// What Instagram keeps.
#[derive(Debug, Default)]
pub struct State {
    asks_for_ranges: bool,
    breaks_at: Option<usize>,
    containers: BTreeMap<String, containers::Container>,
    containers_a_day: Option<usize>,
    expired: BTreeSet<String>,
    failing: Vec<i64>,
    fails_to_fetch: Option<i64>,
    has_no_trials: bool,
    hidden_for: Duration,
    life: Option<Duration>,
    polls: u32,
    posts_a_day: Option<usize>,
}

impl State {
    /// The next container fails with this error.
    pub fn fail_next_container(&mut self, error: i64) {
        self.failing.push(error);
    }

    /// Every video that was to be fetched from an address fails with this error.
    pub fn fail_to_fetch(&mut self, error: i64) {
        self.fails_to_fetch = Some(error);
    }

    /// Of the next bytes that are sent only so many arrive.
    pub fn break_next_upload(&mut self, at: usize) {
        self.breaks_at = Some(at);
    }

    /// New containers and posts cannot be read for this time, although they are there.
    pub fn hide_new(&mut self, time: Duration) {
        self.hidden_for = time;
    }

    /// Takes so many posts in 24 hours.
    pub fn allow_posts(&mut self, a_day: usize) {
        self.posts_a_day = Some(a_day);
    }

    /// Takes so many containers in 24 hours.
    pub fn allow_containers(&mut self, a_day: usize) {
        self.containers_a_day = Some(a_day);
    }

    /// Fetches files by `Range: bytes=0-`; a video whose server knows none cannot be processed.
    pub fn ask_for_ranges(&mut self) {
        self.asks_for_ranges = true;
    }

    /// New containers say so often that they are worked on, whatever the time.
    pub fn finish_after(&mut self, polls: u32) {
        self.polls = polls;
    }

    /// New containers expire after this time.
    pub fn expire_after(&mut self, time: Duration) {
        self.life = Some(time);
    }

    /// No account has trial reels.
    pub fn forbid_trials(&mut self) {
        self.has_no_trials = true;
    }

    fn polled(&mut self, id: &str) {
        if let Some(container) = self.containers.get_mut(id) {
            container.polled();
        }
    }

    /// Every container that was not published expires.
    pub fn expire_containers(&mut self) {
        self.expired.extend(self.containers.keys().cloned());
    }
}

pub(crate) fn routes() -> Router<World> {
    let own = "/graph.instagram.com/{version}/{id}/stories";
    let stories = |asked: Asked| async move { stories(&asked) };
    served_at("graph.facebook.com")
        .merge(served_at("graph.instagram.com"))
        .route(own, get(stories))
        .route(
            "/rupload.facebook.com/ig-api-upload/{version}/{id}",
            post(uploads::receive),
        )
}

fn served_at(host: &str) -> Router<World> {
    let graph = |path: &str| format!("/{host}/{{version}}/{{id}}{path}");
    Router::new()
        .route(&graph("/content_publishing_limit"), get(media::limit))
        .route(
            &graph("/media"),
            get(media::list).post(containers::create),
        )
        .route(&graph("/media_publish"), post(media::publish))
}

/// The object of that id, if it is Instagram's.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    containers::object(asked).or_else(|| media::object(asked))
}

/// The account of that id with the Page before it, if the token may act for it.
fn own(asked: &Asked, id: &str) -> Result<&'static Page, Said> {
    let page = has_sight_of(&asked.grant, asked.page(), id).ok_or_else(|| Said::invisible(id))?;
    asked.needs(&["instagram_basic", "pages_read_engagement"])?;
    if asked.is_of_instagram_login() || page.may_be_posted_to() {
        Ok(page)
    } else {
        Err(Said::refused(
            200,
            0,
            "Permissions error: the person has no task on the Page that allows posts.",
        ))
    }
}

/// The Page before an account that a token of this grant sees, where it acts for no other Page.
fn has_sight_of(grant: &Grant, acts_for: Option<&str>, id: &str) -> Option<&'static Page> {
    let page = of_instagram(id)?;
    let is_own = acts_for.is_none_or(|own| own == page.id);
    (is_own && is_granted(page, grant)).then_some(page)
}

fn is_hidden(asked: &Asked, made_at: OffsetDateTime) -> bool {
    let hidden_for = asked.world.states().instagram().hidden_for;
    asked.world.now() < made_at + hidden_for
}
