//! From a frozen post to a receipt: words, a link, photos.
//!
//! Photos are uploaded unpublished, so that their ids are known; `POST /feed` is the one call that
//! may not be repeated. Its lost answer is settled by searching the Page. Videos: `video.rs`.

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::{
    evidence,
    fault::{self, row},
    options, reel,
    video::{self, Upload, Watch},
    wire::{Link, Made, Post},
};
use crate::{
    Action, Answer, Asset, Auth, Call, Content, Event, Fault, FormValue, Machine, Part,
    PublishContext, Receipt, UploadUrl, Verdict,
    meta::{self, Listed, ask, graph, success},
    next_look,
};

/// How far a post to a Page is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
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
        /// Facebook's id of it.
        id: String,
        /// Where it can be looked at.
        url: String,
    },
    /// The bytes of a reel are to be uploaded.
    Send {
        /// The upload.
        upload: Upload,
        /// Where to.
        url: UploadUrl,
        /// The first byte that is missing.
        #[serde(default)]
        from: u64,
    },
    /// How much of a reel has arrived is to be asked.
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
        Some(MediaKind::Video) => Publish::Start { tries: 0 },
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
            Self::Feed { .. }
            | Self::Look { .. }
            | Self::Permalink { .. }
            | Self::Photo { .. }
            | Self::Published { .. }
            | Self::Start { .. } => None,
        }
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Feed { photos } => Action::Send(feed(cx, photos)),
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
            Self::Photo { photos, .. } => Action::Send(photo(cx, photos.len())),
            Self::Published { id, url } => Action::Done(Receipt {
                external_id: Some(id.clone()),
                url: Some(url.clone()),
            }),
            Self::Send { url, from, .. } => Action::Send(reel::send(cx, url, *from)),
            Self::Settle { upload, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || video::ask_status(cx, upload))
            }
            Self::Start { .. } => Action::Send(video::start(cx)),
            Self::Transfer { upload, from, to } => {
                Action::Send(video::transfer(cx, upload, *from..*to))
            }
            Self::Watch { watch } => Action::at(watch.ask_at, cx.now, || {
                video::ask_status(cx, &watch.upload)
            }),
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::Feed { photos }, Event::Lost) => Ok(look(cx, photos, false)),
            (Self::Feed { photos }, Event::Answer(answer)) => posted(cx, photos, &answer),
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
                let seen = success::<Listed<Post>>(&answer, cx, row, "published_posts")?;
                match evidence::judge(cx, armed_at, &photos, &seen.data) {
                    Verdict::Found(seen) => Ok(Self::Published {
                        url: seen.url.unwrap_or_else(|| evidence::permalink(&seen.id)),
                        id: seen.id,
                    }),
                    Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
                    Verdict::Absent if next_look(armed_at, number + 1).is_some() => {
                        Ok(Self::Look {
                            photos,
                            armed_at,
                            number: number + 1,
                            is_duplicate,
                        })
                    }
                    // Refused as a twin, and for long enough no post of ours has come to light.
                    Verdict::Absent if is_duplicate => Err(Fault::content(
                        "duplicate",
                        "Facebook refused the post because the Page has just posted the same; change the words.",
                    )),
                    Verdict::Absent => Err(Fault::unconfirmed(Vec::new())),
                }
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
                Ok(Self::Published { id, url })
            }
            (Self::Photo { photos, tries }, Event::Answer(answer)) => {
                uploaded(cx, photos, tries, &answer)
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
            (Self::Transfer { upload, from, to }, Event::Answer(answer)) => {
                video::transferred(cx, upload, from..to, &answer)
            }
            (Self::Watch { watch }, Event::Answer(answer)) => video::watched(cx, watch, &answer),
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

fn feed(cx: &PublishContext<'_>, photos: &[String]) -> Call {
    let mut fields = Vec::new();
    if !cx.content.caption.is_empty() {
        fields.push(("message", FormValue::from(cx.content.caption.as_str())));
    }
    if let Some(link) = options::read(&cx.content.options).link {
        fields.push(("link", FormValue::from(link)));
    }
    if !photos.is_empty() {
        let attached: Vec<_> = photos
            .iter()
            .map(|photo| json!({ "media_fbid": photo }))
            .collect();
        let text = serde_json::Value::from(attached).to_string();
        fields.push(("attached_media", FormValue::from(text)));
    }
    Call::post(
        "create_post",
        graph(cx.app, &[&cx.account.external_id, "feed"]),
    )
    .auth(Auth::BearerWithProof)
    .form(fields)
    .once()
}

fn photo(cx: &PublishContext<'_>, place: usize) -> Call {
    let mut parts = vec![Part::text("published", "false")];
    if let Some(asset) = cx.content.assets.get(place) {
        if let Some(text) = asset.alt_text.as_deref().filter(|text| !text.is_empty()) {
            parts.push(Part::text("alt_text_custom", text));
        }
        let kind = asset.facts.content_type();
        parts.push(Part::file("source", place, 0..asset.bytes(), "photo", kind));
    }
    let url = graph(cx.app, &[&cx.account.external_id, "photos"]);
    Call::post("upload_photo", url)
        .auth(Auth::BearerWithProof)
        .multipart(parts)
}

fn uploaded(
    cx: &PublishContext<'_>,
    mut photos: Vec<String>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let made: Made = match success(answer, cx, row, "photos") {
        Ok(made) => made,
        // A good picture is called unreadable now and then.
        Err(fault) if fault.code == "image_refused" && tries == 0 => {
            return Ok(Publish::Photo { photos, tries: 1 });
        }
        Err(fault) => return Err(fault),
    };
    photos.push(made.id);
    Ok(if photos.len() < cx.content.assets.len() {
        Publish::Photo { photos, tries: 0 }
    } else {
        Publish::Feed { photos }
    })
}

fn posted(cx: &PublishContext<'_>, photos: Vec<String>, answer: &Answer) -> Result<Publish, Fault> {
    if answer.is_success() {
        return Ok(match answer.json::<Made>() {
            Some(made) => Publish::Permalink {
                id: whole(cx, &made.id),
            },
            None => look(cx, photos, false),
        });
    }
    if let Some(fault) = meta::refused(answer, row, cx.now) {
        return Err(fault);
    }
    let is_duplicate = meta::problem(answer).is_some_and(|it| fault::is_duplicate(&it));
    Ok(look(cx, photos, is_duplicate))
}

fn look(cx: &PublishContext<'_>, photos: Vec<String>, is_duplicate: bool) -> Publish {
    Publish::Look {
        photos,
        armed_at: cx.armed_at.unwrap_or(cx.now),
        number: 0,
        is_duplicate,
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
