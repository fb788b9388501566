//! From a frozen post to a receipt.
//!
//! One call of each flow may not be repeated: `POST /feed` for words and photos (`feed.rs`), the
//! finish of an upload for videos (`video.rs`) and reels (`reel.rs`), either for stories (`story.rs`).

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    evidence,
    feed::{self, Lost},
    options, reel, story,
    video::{self, Upload},
    watch::{self, Watch},
    wire::Link,
};
use crate::{
    Action, Asset, Auth, Content, Event, Fault, Machine, PublishContext, Receipt, UploadUrl,
    meta::{FirstComment, Thread, ask, graph},
    next_look,
};

/// How far a post to a Page is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// The post is live; its first comment is to be written.
    Comment {
        /// Facebook's id of the post.
        id: String,
        /// Where it can be looked at.
        url: String,
        /// How far the comment is.
        comment: FirstComment,
    },
    /// Everything is there; the post is to be made.
    Feed {
        /// Facebook's ids of the photos.
        photos: Vec<String>,
    },
    /// All bytes of the video are there; it is to be published.
    Finish {
        /// The upload.
        upload: Upload,
    },
    /// The answer to the post was lost; it is to be looked for.
    Look {
        /// Facebook's ids of the photos.
        photos: Vec<String>,
        /// When it was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// Which look, from 0.
        number: usize,
        /// Facebook answered that the same was posted before.
        #[serde(default)]
        is_duplicate: bool,
    },
    /// The post is live; where it can be looked at is to be asked.
    Permalink {
        /// Facebook's id of the post.
        id: String,
    },
    /// The next photo is to be uploaded.
    Photo {
        /// Facebook's ids of those before it.
        photos: Vec<String>,
        /// How often this one was refused as unreadable.
        #[serde(default)]
        tries: u8,
    },
    /// The post is live.
    Published {
        /// Facebook's id of it; a story's is not always told.
        id: Option<String>,
        /// Where it can be looked at; a story nowhere.
        url: Option<String>,
    },
    /// The bytes of a reel or of a story are to be uploaded.
    Send {
        /// The upload.
        upload: Upload,
        /// Where to.
        url: UploadUrl,
        /// The first byte that is missing.
        #[serde(default)]
        from: u64,
    },
    /// How much of a reel or of a story has arrived is to be asked.
    Settle {
        /// The upload.
        upload: Upload,
        /// Where to.
        url: UploadUrl,
        /// When to ask.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// When Facebook took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
    },
    /// The upload of the video is to begin.
    Start {
        /// How often it began before.
        #[serde(default)]
        tries: u8,
    },
    /// The photo is uploaded; the story is to be made of it.
    Story {
        /// Facebook's id of the photo.
        photo: String,
    },
    /// The next bytes of the video are to be uploaded.
    Transfer {
        /// The upload.
        upload: Upload,
        /// The first byte.
        from: u64,
        /// The byte after the last.
        to: u64,
    },
    /// Publishing the video was asked for; what became of it is to be watched.
    Watch {
        /// The upload and what is known of it.
        watch: Watch,
    },
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    match content.assets.first().map(Asset::kind) {
        None => Publish::Feed { photos: Vec::new() },
        Some(MediaKind::Image) => Publish::Photo {
            photos: Vec::new(),
            tries: 0,
        },
        Some(MediaKind::Document | MediaKind::Video) => Publish::Start { tries: 0 },
    }
}

impl Publish {
    /// The id of the video, which webhooks name before it is a post.
    pub fn handle(&self) -> Option<String> {
        match self {
            Self::Finish { upload }
            | Self::Send { upload, .. }
            | Self::Settle { upload, .. }
            | Self::Transfer { upload, .. } => Some(upload.video.clone()),
            Self::Watch { watch } => Some(watch.upload.video.clone()),
            Self::Comment { .. }
            | Self::Feed { .. }
            | Self::Look { .. }
            | Self::Permalink { .. }
            | Self::Photo { .. }
            | Self::Published { .. }
            | Self::Start { .. }
            | Self::Story { .. } => None,
        }
    }

    /// See [`crate::Publish::tells_its_outcome`]. Whether a story ever says that it is live is not documented.
    pub(crate) const fn tells_its_outcome(&self) -> bool {
        matches!(self, Self::Finish { upload } if !upload.is_story)
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Comment { id, url, comment } => match first_comment(cx) {
                Some(text) => comment
                    .next(cx, thread(cx, id, &text))
                    .map_or_else(|| done(Some(id), Some(url)), Action::Send),
                None => done(Some(id), Some(url)),
            },
            Self::Feed { photos } => Action::Send(feed::post(cx, photos)),
            Self::Finish { upload } => Action::Send(video::finish(cx, upload)),
            Self::Look {
                armed_at, number, ..
            } => {
                let then = next_look(*armed_at, *number).unwrap_or(cx.now);
                Action::at(then, cx.now, || evidence::look(cx, *armed_at))
            }
            Self::Permalink { id } => {
                let url = graph(cx.app, &[id]);
                Action::Send(ask("read_permalink", url, "permalink_url").optional())
            }
            Self::Photo { photos, .. } => Action::Send(feed::photo(cx, photos.len())),
            Self::Published { id, url } => done(id.as_ref(), url.as_ref()),
            Self::Send { url, from, .. } => Action::Send(reel::send(cx, url, *from)),
            Self::Settle { upload, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || watch::ask_status(cx, upload))
            }
            Self::Start { .. } => Action::Send(video::start(cx)),
            Self::Story { photo } => Action::Send(story::show(cx, photo)),
            Self::Transfer { upload, from, to } => {
                Action::Send(video::transfer(cx, upload, *from..*to))
            }
            Self::Watch { watch } => Action::at(watch.ask_at, cx.now, || {
                watch::ask_status(cx, &watch.upload)
            }),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::Comment { id, url, comment }, event) => {
                let text = first_comment(cx).unwrap_or_default();
                Ok(match comment.apply(&event, cx, &text) {
                    Some(comment) => Self::Comment { id, url, comment },
                    None => published(id, url),
                })
            }
            (Self::Feed { photos }, Event::Lost) => Ok(feed::look(cx, photos, false)),
            (Self::Feed { photos }, Event::Answer(answer)) => feed::posted(cx, photos, &answer),
            (Self::Finish { upload }, event) => video::finished(cx, upload, &event),
            (
                Self::Look {
                    photos,
                    armed_at,
                    number,
                    is_duplicate,
                },
                Event::Answer(answer),
            ) => {
                let lost = Lost {
                    photos,
                    armed_at,
                    number,
                    is_duplicate,
                };
                feed::looked(cx, lost, &answer)
            }
            (Self::Permalink { id }, event) => {
                let link = match event {
                    Event::Answer(answer) if answer.is_success() => answer.json::<Link>(),
                    Event::Answer(_) | Event::Lost => None,
                };
                let told = link.and_then(|link| link.permalink_url);
                let url = told.map_or_else(
                    || evidence::permalink(&id),
                    |link| evidence::absolute(&link),
                );
                Ok(live(cx, id, url))
            }
            (Self::Photo { photos, tries }, Event::Answer(answer)) => {
                feed::uploaded(cx, photos, tries, &answer)
            }
            (Self::Send { upload, url, .. }, Event::Answer(answer)) => {
                reel::sent(cx, upload, url, &answer)
            }
            (
                Self::Settle {
                    upload,
                    url,
                    give_up_at,
                    ..
                },
                Event::Answer(answer),
            ) => reel::settled(cx, upload, url, give_up_at, &answer),
            (Self::Start { tries }, Event::Answer(answer)) => video::started(cx, tries, &answer),
            (Self::Story { .. }, event) => story::shown(cx, &event),
            (Self::Transfer { upload, from, to }, Event::Answer(answer)) => {
                video::transferred(cx, upload, from..to, &answer)
            }
            (Self::Watch { watch }, Event::Answer(answer)) => watch::watched(cx, watch, &answer),
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Look { .. }
                | Self::Photo { .. }
                | Self::Send { .. }
                | Self::Settle { .. }
                | Self::Start { .. }
                | Self::Transfer { .. }
                | Self::Watch { .. }),
                Event::Lost,
            )
            | (state @ Self::Published { .. }, Event::Answer(_) | Event::Lost) => Ok(state),
        }
    }
}

fn done(id: Option<&String>, url: Option<&String>) -> Action<Receipt> {
    Action::Done(Receipt::live(id.cloned(), url.cloned()))
}

const fn published(id: String, url: String) -> Publish {
    Publish::Published {
        id: Some(id),
        url: Some(url),
    }
}

/// The post is live: to its first comment, if it is to have one.
pub(super) fn live(cx: &PublishContext<'_>, id: String, url: String) -> Publish {
    match first_comment(cx) {
        Some(_) => Publish::Comment {
            id,
            url,
            comment: FirstComment::new(),
        },
        None => published(id, url),
    }
}

fn first_comment(cx: &PublishContext<'_>) -> Option<String> {
    options::read(&cx.content.options).first_comment
}

fn thread<'a>(cx: &PublishContext<'_>, post: &str, text: &'a str) -> Thread<'a> {
    Thread {
        comments: graph(cx.app, &[post, "comments"]),
        auth: Auth::BearerWithProof,
        text,
        fields: "id,message,from{id}",
    }
}

/// A post's id with the Page before it; a bare number names nothing.
pub(super) fn whole(cx: &PublishContext<'_>, id: &str) -> String {
    if id.contains('_') {
        id.to_owned()
    } else {
        format!("{}_{id}", cx.account.external_id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Whether all that is told stands in what was written, whatever more stands there.
    fn holds(written: &Value, told: &Value) -> bool {
        match told.as_object() {
            Some(fields) => fields
                .iter()
                .all(|(name, told)| holds(&written[name], told)),
            None => written == told,
        }
    }

    #[test]
    fn stored_states_can_be_read_for_ever() {
        let stored: Vec<Value> =
            serde_json::from_str(include_str!("fixtures/states.json")).unwrap();
        for state in stored {
            let read: Publish = serde_json::from_value(state.clone()).unwrap();
            let written = serde_json::to_value(&read).unwrap();
            assert!(holds(&written, &state), "{state} became {written}");
            assert_eq!(serde_json::from_value::<Publish>(written).unwrap(), read);
        }
    }
}
