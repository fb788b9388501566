//! The simulated login of Instagram itself: its own app, consent and tokens, and no Page.
//!
//! What is published with its tokens goes through Instagram's own routes (see `instagram`), which
//! `graph.instagram.com` serves as `graph.facebook.com` does.

mod accounts;
mod consent;
mod tokens;

use std::collections::BTreeSet;

use axum::{
    Router,
    routing::{get, post},
};
use time::OffsetDateTime;

use super::{
    instagram,
    meta::{Asked, Said, comments},
};
use crate::World;

/// The name under which an app is registered for this login.
pub const NETWORK: &str = "instagram_login";
/// The host that its tokens are good for.
pub(super) const HOST: &str = "graph.instagram.com";

/// What this login keeps.
#[derive(Debug, Default)]
pub struct State {
    answers_flat: bool,
    wraps_me: bool,
    declined: BTreeSet<String>,
    removed_at: Option<OffsetDateTime>,
}

impl State {
    /// Answers the exchange of a code without the list around it, as has been observed.
    pub fn answer_flat(&mut self) {
        self.answers_flat = true;
    }

    /// Puts a list around the answer of `/me`, as some of the documentation shows it.
    pub fn wrap_me(&mut self) {
        self.wraps_me = true;
    }

    /// From now on the person declines this permission.
    pub fn decline(&mut self, scope: &str) {
        self.declined.insert(scope.to_owned());
    }

    /// The person removes the app at `now`: every token given until then is refused.
    pub fn remove_app(&mut self, now: OffsetDateTime) {
        self.removed_at = Some(now);
    }

    pub(super) fn has_removed(&self, issued_at: OffsetDateTime) -> bool {
        self.removed_at.is_some_and(|at| issued_at <= at)
    }

    pub(super) fn has_declined(&self, scope: &str) -> bool {
        self.declined.contains(scope)
    }
}

pub(crate) fn routes() -> Router<World> {
    let graph = |path: &str| format!("/{HOST}{path}");
    Router::new()
        .route(
            "/www.instagram.com/oauth/authorize",
            get(consent::authorize),
        )
        .route(
            "/api.instagram.com/oauth/access_token",
            post(consent::exchange),
        )
        .route(&graph("/access_token"), get(tokens::lengthen))
        .route(&graph("/refresh_access_token"), get(tokens::refresh))
        .route(&graph("/{version}/debug_token"), get(debug))
        .route(&graph("/{version}/me"), get(accounts::me))
        .route(
            &graph("/{version}/{id}/comments"),
            get(comments::list).post(comments::write),
        )
        .route(&graph("/{version}/{id}"), get(object))
}

/// Tokens of this login are not explained.
async fn debug(_: Asked) -> Said {
    unexplained()
}

/// How the wish to have a token of this login explained is refused.
pub(super) fn unexplained() -> Said {
    Said::refused(2, 0, "Service temporarily unavailable")
}

/// Anything by its id, with the fields that were asked for.
async fn object(asked: Asked) -> Result<Said, Said> {
    let known = instagram::object(&asked);
    known.map_or_else(
        || Err(Said::invisible(asked.id())),
        |object| object.map(|object| asked.chosen(&object)).map(Said::good),
    )
}
