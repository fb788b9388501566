//! The simulated Instagram: containers, and posts made of them.

mod containers;
mod media;

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::meta::{Asked, Page, Said, of_instagram};
use crate::World;

const NETWORK: &str = "instagram";

/// What Instagram keeps.
#[derive(Debug, Default)]
pub struct State {
    containers: BTreeMap<String, containers::Container>,
    expired: BTreeSet<String>,
    failing: Vec<i64>,
    hidden_for: Duration,
    posts_a_day: Option<usize>,
}

impl State {
    /// The next container fails with this error.
    pub fn fail_next_container(&mut self, error: i64) {
        self.failing.push(error);
    }

    /// New containers and posts cannot be read for this time, although they are there.
    pub fn hide_new(&mut self, time: Duration) {
        self.hidden_for = time;
    }

    /// Takes so many posts in 24 hours.
    pub fn allow_posts(&mut self, a_day: usize) {
        self.posts_a_day = Some(a_day);
    }

    /// Every container that was not published expires.
    pub fn expire_containers(&mut self) {
        self.expired.extend(self.containers.keys().cloned());
    }
}

pub(crate) fn routes() -> Router<World> {
    served_at("graph.facebook.com").merge(served_at("graph.instagram.com"))
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
    let page = of_instagram(id).ok_or_else(|| Said::invisible(id))?;
    let is_own = asked.page().is_none_or(|own| own == page.id);
    let is_granted = asked
        .grant
        .accounts
        .iter()
        .any(|chosen| chosen == id || chosen == page.id);
    if !is_own || !is_granted {
        return Err(Said::invisible(id));
    }
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

fn is_hidden(asked: &Asked, made_at: OffsetDateTime) -> bool {
    let hidden_for = asked.world.states().instagram().hidden_for;
    asked.world.now() < made_at + hidden_for
}
