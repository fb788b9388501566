//! Adding a video to a playlist. It fails nothing, and nothing is added twice.
//!
//! YouTube takes the same video into a playlist as often as it is told. A process may die when the
//! video is added and the answer is not yet written down, so the playlist is asked first, and the
//! video is added only within [`FRESH`] of that look; whoever takes the post over comes later and
//! looks again. After a lost answer it is only looked for.

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime, serde::rfc3339};

use super::{
    super::{
        fault,
        profile::api,
        wire::{Items, ListedItem},
    },
    Kept, Publish,
    resource::options,
};
use crate::{Answer, Auth, Call, Event, PublishContext};

/// How long a look is good for. No process takes a post over within a second of another one's work.
const FRESH: Duration = Duration::milliseconds(800);
/// So often the playlist is asked; after that the video is left out of it.
const MAX_LOOKS: u8 = 5;
/// How long to wait before it is asked again.
const PAUSE: Duration = Duration::seconds(20);

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Adding {
    /// The video is not in it; it is to be added at once, or to be looked for again.
    Add {
        /// When it was looked for.
        #[serde(with = "rfc3339")]
        looked_at: OffsetDateTime,
        /// How often it was looked for.
        looks: u8,
    },
    /// It is to be looked for.
    Look {
        /// How often it was looked for before.
        looks: u8,
        /// Whether it may have been added, and an answer was lost.
        sent: bool,
        /// When to look again.
        #[serde(default, with = "rfc3339::option")]
        again_at: Option<OffsetDateTime>,
    },
}

/// What follows when the thumbnail is out of the way.
pub(super) fn first(video_id: String, kept: Kept, cx: &PublishContext<'_>) -> Publish {
    if playlist(cx).is_none() {
        return Publish::Live { video_id, kept };
    }
    Publish::Playlist {
        video_id,
        kept,
        adding: Adding::Look {
            looks: 0,
            sent: false,
            again_at: None,
        },
    }
}

fn playlist(cx: &PublishContext<'_>) -> Option<String> {
    options(cx).ok()?.playlist_id
}

impl Adding {
    pub(super) const fn again_at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Add { .. } => None,
            Self::Look { again_at, .. } => *again_at,
        }
    }

    /// The call that comes next.
    pub(super) fn call(&self, video_id: &str, cx: &PublishContext<'_>) -> Call {
        let playlist = playlist(cx).unwrap_or_default();
        match self {
            Self::Add { looked_at, .. } if is_fresh(*looked_at, cx.now) => {
                add(video_id, &playlist, cx)
            }
            Self::Add { .. } | Self::Look { .. } => look(video_id, &playlist, cx),
        }
    }

    const fn looks(&self) -> u8 {
        match self {
            Self::Add { looks, .. } | Self::Look { looks, .. } => *looks,
        }
    }

    const fn was_sent(&self) -> bool {
        match self {
            Self::Add { .. } => false,
            Self::Look { sent, .. } => *sent,
        }
    }
}

fn is_fresh(looked_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    (Duration::ZERO..FRESH).contains(&(now - looked_at))
}

fn look(video_id: &str, playlist: &str, cx: &PublishContext<'_>) -> Call {
    let mut url = api("/youtube/v3/playlistItems", cx.app);
    url.query_pairs_mut()
        .append_pair("part", "id")
        .append_pair("playlistId", playlist)
        .append_pair("videoId", video_id);
    Call::get("look_in_playlist", url)
        .auth(Auth::Bearer)
        .optional()
}

fn add(video_id: &str, playlist: &str, cx: &PublishContext<'_>) -> Call {
    let mut url = api("/youtube/v3/playlistItems", cx.app);
    url.query_pairs_mut().append_pair("part", "snippet");
    let item = json!({"snippet": {
        "playlistId": playlist,
        "resourceId": {"kind": "youtube#video", "videoId": video_id},
    }});
    Call::post("add_to_playlist", url)
        .auth(Auth::Bearer)
        .json(item)
        .optional()
}

/// After the answer, or its loss.
pub(super) fn told(
    video_id: String,
    kept: Kept,
    adding: Adding,
    event: &Event,
    cx: &PublishContext<'_>,
) -> Publish {
    match adding.after(event, cx) {
        After::Done => Publish::Live { video_id, kept },
        After::Left(why) => Publish::Live {
            kept: kept.with(format!("The video was not added to the playlist: {why}")),
            video_id,
        },
        After::On(adding) => Publish::Playlist {
            video_id,
            kept,
            adding,
        },
    }
}

/// How it goes on.
enum After {
    /// The video is in the playlist.
    Done,
    /// It is left out of it, for this reason.
    Left(String),
    /// Not over.
    On(Adding),
}

impl Adding {
    fn after(self, event: &Event, cx: &PublishContext<'_>) -> After {
        let looks = self.looks() + 1;
        // A list answers a look, also where a look took the place of an adding that came too late.
        if let Event::Answer(answer) = event
            && let Some(items) = list(answer)
        {
            return match (items.is_empty(), self.was_sent()) {
                (false, _) => After::Done,
                (true, false) => After::On(Self::Add {
                    looked_at: cx.now,
                    looks,
                }),
                (true, true) => again(looks, true, cx),
            };
        }
        match (self, event) {
            (Self::Add { .. }, Event::Answer(answer)) if answer.is_success() => After::Done,
            (Self::Add { .. } | Self::Look { .. }, Event::Answer(answer))
                if !may_change(answer) =>
            {
                After::Left(reason(answer, cx))
            }
            (Self::Add { .. }, Event::Answer(_) | Event::Lost) => again(looks, true, cx),
            (Self::Look { sent, .. }, Event::Answer(_) | Event::Lost) => again(looks, sent, cx),
        }
    }
}

fn again(looks: u8, sent: bool, cx: &PublishContext<'_>) -> After {
    if looks < MAX_LOOKS {
        return After::On(Adding::Look {
            looks,
            sent,
            again_at: Some(cx.now + PAUSE),
        });
    }
    After::Left(
        if sent {
            "YouTube did not tell whether it did; look in YouTube Studio."
        } else {
            "YouTube did not answer; add it in YouTube Studio."
        }
        .to_owned(),
    )
}

fn list(answer: &Answer) -> Option<Vec<ListedItem>> {
    let list: Items<ListedItem> = answer.is_success().then(|| answer.json())??;
    (list.kind == "youtube#playlistItemListResponse").then_some(list.items)
}

/// Whether the same again may be answered otherwise.
fn may_change(answer: &Answer) -> bool {
    answer.is_success() || answer.is_server_error() || matches!(answer.status, 408 | 429)
}

fn reason(answer: &Answer, cx: &PublishContext<'_>) -> String {
    fault::of_the_playlist(answer, cx.now)
}
