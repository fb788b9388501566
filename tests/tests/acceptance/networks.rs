//! The networks that every test goes through.

use domain::Platform;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

/// A network, and what a test has to know of it.
#[derive(Debug)]
pub struct Network {
    pub platform: Platform,
    /// What a post cannot do without.
    pub options: fn() -> Value,
    /// The one call that makes a picture visible: host, and method with path.
    pub picture: Option<Commit>,
    /// The same for a video.
    pub video: Option<Commit>,
    /// Whether the network tells the id of what it published.
    pub tells_id: bool,
}

/// The call that makes a post visible.
#[derive(Debug, Clone, Copy)]
pub struct Commit {
    pub host: &'static str,
    pub route: &'static str,
    /// Which of the calls to that route it is, from 1.
    pub nth: u32,
    pub after_loss: AfterLoss,
}

/// What can be learnt of a call whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterLoss {
    /// Whether it had its effect; if not, it is sent again.
    All,
    /// Where it had its effect, the post is found; where it had none, nothing proves that.
    Found,
    /// Nothing.
    Nothing,
}

/// What a post carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Picture,
    Video,
}

pub const NETWORKS: &[Network] = &[
    Network {
        platform: Platform::Facebook,
        options: none,
        picture: Some(commit(
            "graph.facebook.com",
            "POST /{version}/{id}/feed",
            AfterLoss::Found,
        )),
        // Begun, uploaded in two pieces, and finished.
        video: Some(fourth(commit(
            "graph-video.facebook.com",
            "POST /{version}/{id}/videos",
            AfterLoss::All,
        ))),
        tells_id: true,
    },
    Network {
        platform: Platform::Instagram,
        options: none,
        picture: Some(commit(
            "graph.facebook.com",
            "POST /{version}/{id}/media_publish",
            AfterLoss::All,
        )),
        video: Some(commit(
            "graph.facebook.com",
            "POST /{version}/{id}/media_publish",
            AfterLoss::All,
        )),
        tells_id: true,
    },
    Network {
        platform: Platform::Linkedin,
        options: none,
        picture: Some(commit(
            "api.linkedin.com",
            "POST /rest/posts",
            AfterLoss::Nothing,
        )),
        video: Some(commit(
            "api.linkedin.com",
            "POST /rest/posts",
            AfterLoss::Nothing,
        )),
        tells_id: true,
    },
    Network {
        platform: Platform::Pinterest,
        options: || json!({"boardId": "549755885175"}),
        picture: Some(commit(
            "api.pinterest.com",
            "POST /v5/pins",
            AfterLoss::Found,
        )),
        video: Some(commit(
            "api.pinterest.com",
            "POST /v5/pins",
            AfterLoss::Found,
        )),
        tells_id: true,
    },
    Network {
        platform: Platform::Tiktok,
        options: || json!({"privacyLevel": "SELF_ONLY"}),
        picture: Some(commit(
            "open.tiktokapis.com",
            "POST /v2/post/publish/content/init/",
            AfterLoss::Nothing,
        )),
        video: Some(commit(
            "open-upload.tiktokapis.com",
            "PUT /video/",
            AfterLoss::All,
        )),
        // Only what is public has an id there.
        tells_id: false,
    },
    Network {
        platform: Platform::X,
        options: none,
        picture: Some(commit("api.x.com", "POST /2/tweets", AfterLoss::Found)),
        video: Some(commit("api.x.com", "POST /2/tweets", AfterLoss::Found)),
        tells_id: true,
    },
    Network {
        platform: Platform::Youtube,
        options: none,
        picture: None,
        video: Some(commit(
            "www.googleapis.com",
            "PUT /upload/youtube/v3/videos",
            AfterLoss::All,
        )),
        tells_id: true,
    },
];

const fn commit(host: &'static str, route: &'static str, after_loss: AfterLoss) -> Commit {
    Commit {
        host,
        route,
        nth: 1,
        after_loss,
    }
}

const fn fourth(commit: Commit) -> Commit {
    Commit { nth: 4, ..commit }
}

fn none() -> Value {
    json!({})
}

impl Network {
    pub fn of(platform: Platform) -> &'static Self {
        NETWORKS
            .iter()
            .find(|network| network.platform == platform)
            .expect("a row of the table")
    }

    /// What the network takes: pictures first.
    pub fn kinds(&self) -> impl Iterator<Item = (What, Commit)> {
        let picture = self.picture.map(|commit| (What::Picture, commit));
        let video = self.video.map(|commit| (What::Video, commit));
        picture.into_iter().chain(video)
    }

    /// The cheapest thing the network takes.
    pub fn simplest(&self) -> (What, Commit) {
        self.kinds().next().expect("a network that takes something")
    }
}

impl Commit {
    /// This goes wrong with the next such call.
    pub fn goes_wrong(&self, fault: Fault) -> FaultScript {
        FaultScript::first(self.host, self.route, fault).nth(self.nth)
    }
}
