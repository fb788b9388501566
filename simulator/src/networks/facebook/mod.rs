//! The simulated Facebook: posts, photos, videos, reels and stories of Pages.

mod handles;
mod photos;
mod posts;
mod reels;
mod shown;
mod stories;
mod videos;

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::Value;

use super::meta::{Asked, Page, Said, page};
use crate::World;

const NETWORK: &str = "facebook";

pub(super) use stories::list as stories;

/// What Facebook keeps.
#[derive(Debug, Default)]
pub struct State {
    failing: Vec<i64>,
    handles: BTreeMap<String, handles::Handle>,
    hides_posts: bool,
    photos: BTreeMap<String, photos::Photo>,
    videos: BTreeMap<String, videos::Video>,
    withdrawn: BTreeSet<u64>,
    declined: Vec<String>,
    most_pages: Option<usize>,
    spelling: Spelling,
    takes_twins: bool,
    tells_whole: bool,
}

/// How the state of a video is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spelling {
    /// As it is seen: `complete` and `completed` side by side.
    #[default]
    AsSeen,
    /// As the guides have it: `complete`, `bytes_transfered`, one `error` without a list.
    AsInGuides,
}

impl State {
    /// Facebook cannot use the next video, for the reason of this number.
    pub fn fail_next_video(&mut self, number: i64) {
        self.failing.push(number);
    }

    /// Answers to publishing calls tell no id of the post.
    pub fn hide_posts(&mut self) {
        self.hides_posts = true;
    }

    /// Writes the state of videos like this.
    pub fn spell(&mut self, spelling: Spelling) {
        self.spelling = spelling;
    }

    /// Tells whole ids and addresses of videos, where numbers alone and paths are usual.
    pub fn tell_whole(&mut self) {
        self.tells_whole = true;
    }

    /// From now on the person declines this permission.
    pub fn decline(&mut self, scope: &str) {
        self.declined.push(scope.to_owned());
    }

    /// Shows so many Pages or businesses at once, however many were asked for.
    pub fn show_pages(&mut self, most: usize) {
        self.most_pages = Some(most);
    }

    /// The same words twice are taken.
    pub fn take_twins(&mut self) {
        self.takes_twins = true;
    }

    /// The upload of a video that has begun is over.
    pub fn end_uploads(&mut self) {
        for video in self.videos.values_mut() {
            video.end();
        }
    }

    pub(super) fn withdraw(&mut self, grant: u64) {
        self.withdrawn.insert(grant);
    }

    pub(super) fn has_withdrawn(&self, grant: u64) -> bool {
        self.withdrawn.contains(&grant)
    }

    pub(super) fn declined(&self) -> Vec<String> {
        self.declined.clone()
    }

    pub(super) const fn most_pages(&self) -> Option<usize> {
        self.most_pages
    }
}

pub(crate) fn routes() -> Router<World> {
    let graph = |path: &str| format!("/graph.facebook.com/{{version}}/{{id}}{path}");
    Router::new()
        .route(&graph(""), post(handles::append))
        .route(&graph("/feed"), post(posts::create))
        .route(&graph("/photo_stories"), post(stories::create))
        .route(&graph("/photos"), post(photos::upload))
        .route(&graph("/posts"), get(posts::list))
        .route(&graph("/published_posts"), get(posts::list))
        .route(&graph("/uploads"), post(handles::start))
        .route(&graph("/video_reels"), post(reels::reel))
        .route(&graph("/video_stories"), post(reels::story))
        .route(&graph("/videos"), post(videos::by_url))
        .route(
            "/rupload.facebook.com/video-upload/{version}/{id}",
            post(reels::receive),
        )
        .route(
            "/graph-video.facebook.com/{version}/{id}/videos",
            post(videos::upload),
        )
}

/// The object of that id, if it is Facebook's.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    shown::object(asked).or_else(|| posts::object(asked))
}

/// How much of a file for the app has arrived, if the id is one of its uploads.
pub(super) fn upload(asked: &Asked) -> Option<Result<Said, Said>> {
    handles::object(asked)
}

/// The Page in the path, if the token may post to it.
fn own_page(asked: &Asked) -> Result<&'static Page, Said> {
    let page = page(asked.id()).ok_or_else(|| Said::invisible(asked.id()))?;
    match asked.page() {
        Some(own) if own == page.id => {}
        Some(_) => return Err(Said::invisible(asked.id())),
        None => {
            return Err(Said::refused(
                200,
                0,
                "If posting to a page, requires a Page access token with pages_manage_posts.",
            ));
        }
    }
    asked.needs(&["pages_manage_posts", "pages_read_engagement"])?;
    if page.may_be_posted_to() {
        Ok(page)
    } else {
        Err(Said::refused(
            200,
            0,
            "Permissions error: the person has no task on the Page that allows posts.",
        ))
    }
}
