//! What the simulated Facebook and Instagram share: one host, one consent, one kind of refusal.

mod asked;
mod businesses;
pub(super) mod comments;
mod consent;
mod letters;
mod pages;
mod said;
mod state;
mod usage;

use axum::{
    Router,
    routing::{delete, get},
};

pub(super) use asked::{Asked, living, living_at, read as read_body};
pub use comments::Comment;
pub use letters::{Letter, signed_request};
pub(super) use pages::{Page, find as page, is_granted, of_instagram};
pub(super) use said::{Said, time_text};
pub use state::State;
pub(crate) use usage::annotate;
pub(super) use usage::{Usage, headers as usage_headers};

use super::{facebook, instagram};
use crate::World;

/// Versions that are served; older ones have ended.
pub(super) const VERSIONS: [&str; 6] = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];

pub(crate) fn routes() -> Router<World> {
    let graph = |path: &str| format!("/graph.facebook.com/{{version}}{path}");
    Router::new()
        .route(
            "/www.facebook.com/{version}/dialog/oauth",
            get(consent::dialog),
        )
        .route(
            &graph("/oauth/access_token"),
            get(consent::token).post(consent::token),
        )
        .route(&graph("/debug_token"), get(consent::debug))
        .route(&graph("/me"), get(consent::me))
        .route(&graph("/me/accounts"), get(consent::accounts))
        .route(&graph("/me/businesses"), get(businesses::list))
        .route(&graph("/me/permissions"), get(consent::permissions))
        .route(
            &graph("/{id}/comments"),
            get(comments::list).post(comments::write),
        )
        .route(&graph("/{id}/client_pages"), get(businesses::clients))
        .route(&graph("/{id}/owned_pages"), get(businesses::owned))
        .route(&graph("/{id}/permissions"), delete(consent::revoke))
        .route(&graph("/{id}/stories"), get(stories))
        .route(&graph("/{id}"), get(object))
}

/// The stories of a Page or of an Instagram account.
async fn stories(asked: Asked) -> Result<Said, Said> {
    if page(asked.id()).is_some() {
        facebook::stories(&asked)
    } else {
        instagram::stories(&asked)
    }
}

/// Anything by its id, with the fields that were asked for.
async fn object(asked: Asked) -> Result<Said, Said> {
    if let Some(upload) = facebook::upload(&asked) {
        return upload;
    }
    let known = pages::object(&asked)
        .or_else(|| facebook::object(&asked))
        .or_else(|| instagram::object(&asked));
    known.map_or_else(
        || Err(Said::invisible(asked.id())),
        |object| object.map(|object| asked.chosen(&object)).map(Said::good),
    )
}
