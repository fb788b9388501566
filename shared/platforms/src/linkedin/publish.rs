//! From a frozen post to a receipt.
//!
//! Files are uploaded first, which nobody sees; `POST /rest/posts` is the one call that may not be
//! repeated. A member's posts cannot be read back, so when its answer is lost nobody but the member
//! can tell what became of it.

use domain::MediaKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{
    fault, little_text, options,
    profile::{api, rest},
    wire,
};
use crate::{
    Action, Answer, Asset, Auth, Call, Content, Event, Fault, Machine, PublishContext, Receipt,
};

/// How long LinkedIn may work on a video.
const MAX_PROCESSING: Duration = Duration::minutes(15);
/// How long to wait between two questions.
const ASK_AGAIN: Duration = Duration::seconds(6);
/// So often a file is uploaded anew before LinkedIn is taken at its word.
const MAX_TRIES: u8 = 3;

/// One part of a video: which bytes go where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoPart {
    /// Where to.
    pub url: Url,
    /// The first byte.
    pub first: u64,
    /// The byte after the last.
    pub end: u64,
}

/// How far a post to LinkedIn is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// The video is complete and is to be closed.
    Finalize {
        /// LinkedIn's name of it.
        video: String,
        /// What LinkedIn gave us to send back.
        token: String,
        /// What LinkedIn answered for each part, in order.
        tags: Vec<String>,
    },
    /// The next picture is to be announced.
    InitializeImage {
        /// The pictures so far.
        images: Vec<String>,
        /// How often this one was uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// The video is to be announced.
    InitializeVideo {
        /// How often it was uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// Everything is there; the post is to be made.
    Post {
        /// LinkedIn's names of the files.
        media: Vec<String>,
    },
    /// LinkedIn works on the video.
    Process {
        /// LinkedIn's name of it.
        video: String,
        /// When to ask.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// When LinkedIn took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
    },
    /// The post is live.
    Published {
        /// LinkedIn's name of it; absent where LinkedIn did not say.
        urn: Option<String>,
    },
    /// A picture is to be uploaded.
    UploadImage {
        /// The pictures before it.
        images: Vec<String>,
        /// LinkedIn's name of this one.
        image: String,
        /// Where to.
        url: Url,
        /// How often this one was uploaded before.
        #[serde(default)]
        tries: u8,
    },
    /// The next part of the video is to be uploaded.
    UploadPart {
        /// LinkedIn's name of it.
        video: String,
        /// What LinkedIn gave us to send back.
        token: String,
        /// All parts.
        parts: Vec<VideoPart>,
        /// What LinkedIn answered for those that were sent.
        tags: Vec<String>,
        /// How often it was uploaded before.
        #[serde(default)]
        tries: u8,
    },
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    match content.assets.first().map(Asset::kind) {
        None => Publish::Post { media: Vec::new() },
        Some(MediaKind::Image) => Publish::InitializeImage {
            images: Vec::new(),
            tries: 0,
        },
        Some(MediaKind::Video) => Publish::InitializeVideo { tries: 0 },
    }
}

impl Publish {
    /// LinkedIn's webhooks tell nothing of posts on their way.
    pub const fn handle(&self) -> Option<String> {
        None
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::Finalize { video, token, tags } => Action::Send(action(
                cx,
                "finalize_video",
                "videos",
                "finalizeUpload",
                json!({
                    "finalizeUploadRequest": { "video": video, "uploadToken": token, "uploadedPartIds": tags }
                }),
            )),
            Self::InitializeImage { .. } => Action::Send(action(
                cx,
                "initialize_image",
                "images",
                "initializeUpload",
                json!({
                    "initializeUploadRequest": { "owner": cx.account.external_id }
                }),
            )),
            Self::InitializeVideo { .. } => {
                let size = cx.content.assets.first().map_or(0, Asset::bytes);
                Action::Send(action(
                    cx,
                    "initialize_video",
                    "videos",
                    "initializeUpload",
                    json!({
                        "initializeUploadRequest": {
                            "owner": cx.account.external_id, "fileSizeBytes": size,
                            "uploadCaptions": false, "uploadThumbnail": false
                        }
                    }),
                ))
            }
            Self::Post { media } => Action::Send(post(cx, media)),
            Self::Process { video, ask_at, .. } => {
                if cx.now < *ask_at {
                    Action::WaitUntil(*ask_at)
                } else {
                    Action::Send(rest(
                        Call::get("ask_status", api(&["rest", "videos", video])),
                        cx.app,
                    ))
                }
            }
            Self::Published { urn } => Action::Done(Receipt {
                url: urn
                    .as_ref()
                    .map(|urn| format!("https://www.linkedin.com/feed/update/{urn}/")),
                external_id: urn.clone(),
            }),
            Self::UploadImage { images, url, .. } => {
                let size = cx.content.assets.get(images.len()).map_or(0, Asset::bytes);
                Action::Send(
                    Call::put("upload_image", url.clone())
                        .auth(Auth::Bearer)
                        .file(images.len(), 0..size)
                        .header("content-type", "application/octet-stream"),
                )
            }
            Self::UploadPart { parts, tags, .. } => match parts.get(tags.len()) {
                // The address of a part is its own authorisation.
                Some(part) => Action::Send(
                    Call::put("upload_part", part.url.clone())
                        .file(0, part.first..part.end)
                        .header("content-type", "application/octet-stream"),
                ),
                None => Action::WaitUntil(cx.now),
            },
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::Finalize { video, .. }, Event::Answer(answer)) => {
                // Closed before, perhaps by a call whose answer was lost: the video itself can be asked.
                if answer.is_success() || answer.status == 400 {
                    return Ok(Self::Process {
                        video,
                        ask_at: cx.now,
                        give_up_at: cx.now + MAX_PROCESSING,
                    });
                }
                Err(fault::read(&answer, cx.now))
            }
            (Self::InitializeImage { images, tries }, Event::Answer(answer)) => {
                let upload: wire::Value<wire::ImageUpload> = success(&answer, cx, "images")?;
                Ok(Self::UploadImage {
                    images,
                    image: upload.value.image,
                    url: upload.value.upload_url,
                    tries,
                })
            }
            (Self::InitializeVideo { tries }, Event::Answer(answer)) => {
                let upload: wire::Value<wire::VideoUpload> = success(&answer, cx, "videos")?;
                begin_parts(upload.value, tries)
            }
            (Self::Post { .. }, Event::Lost) => Err(Fault::unconfirmed(Vec::new())),
            (Self::Post { .. }, Event::Answer(answer)) => {
                if answer.is_success() {
                    let urn = answer
                        .header("x-restli-id")
                        .or_else(|| answer.header("x-linkedin-id"))
                        .map(str::to_owned);
                    return Ok(Self::Published { urn });
                }
                Err(fault::refused(&answer, cx.now)
                    .unwrap_or_else(|| Fault::unconfirmed(Vec::new())))
            }
            (
                Self::Process {
                    video, give_up_at, ..
                },
                Event::Answer(answer),
            ) => processed(cx, video, give_up_at, &answer),
            (
                Self::UploadImage {
                    mut images,
                    image,
                    tries,
                    ..
                },
                Event::Answer(answer),
            ) => {
                if !answer.is_success() {
                    return expired(&answer, cx, tries)
                        .map(|tries| Self::InitializeImage { images, tries });
                }
                images.push(image);
                Ok(if images.len() < cx.content.assets.len() {
                    Self::InitializeImage { images, tries: 0 }
                } else {
                    Self::Post { media: images }
                })
            }
            (
                Self::UploadPart {
                    video,
                    token,
                    parts,
                    mut tags,
                    tries,
                },
                Event::Answer(answer),
            ) => {
                if !answer.is_success() {
                    return expired(&answer, cx, tries)
                        .map(|tries| Self::InitializeVideo { tries });
                }
                let tag = answer
                    .header("etag")
                    .map(|tag| tag.trim_matches('"').to_owned());
                tags.push(tag.ok_or_else(|| {
                    Fault::retry(
                        "no_etag",
                        "LinkedIn did not confirm a part of the video; trying again.",
                    )
                })?);
                Ok(if tags.len() < parts.len() {
                    Self::UploadPart {
                        video,
                        token,
                        parts,
                        tags,
                        tries,
                    }
                } else {
                    Self::Finalize { video, token, tags }
                })
            }
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::Finalize { .. }
                | Self::InitializeImage { .. }
                | Self::InitializeVideo { .. }
                | Self::Process { .. }
                | Self::UploadImage { .. }
                | Self::UploadPart { .. }),
                Event::Lost,
            )
            | (state @ Self::Published { .. }, Event::Answer(_) | Event::Lost) => Ok(state),
        }
    }
}

fn action(
    cx: &PublishContext<'_>,
    name: &'static str,
    what: &str,
    action: &str,
    body: Value,
) -> Call {
    let mut url = api(&["rest", what]);
    url.query_pairs_mut().append_pair("action", action);
    rest(Call::post(name, url), cx.app).json(body)
}

fn post(cx: &PublishContext<'_>, media: &[String]) -> Call {
    let options = options::read(&cx.content.options);
    let mut body = json!({
        "author": cx.account.external_id,
        "commentary": little_text::escape(&cx.content.caption),
        "visibility": options.visibility,
        "distribution": { "feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": [] },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": false,
    });
    let described: Vec<Value> = media
        .iter()
        .zip(&cx.content.assets)
        .map(
            |(id, asset)| match asset.alt_text.as_deref().filter(|text| !text.is_empty()) {
                Some(text) if asset.kind() == MediaKind::Image => {
                    json!({ "id": id, "altText": text })
                }
                Some(_) | None => json!({ "id": id }),
            },
        )
        .collect();
    match described.as_slice() {
        [] => {}
        [one] => body["content"] = json!({ "media": one }),
        several => body["content"] = json!({ "multiImage": { "images": several } }),
    }
    rest(Call::post("create_post", api(&["rest", "posts"])), cx.app)
        .json(body)
        .once()
}

fn begin_parts(upload: wire::VideoUpload, tries: u8) -> Result<Publish, Fault> {
    if upload.upload_instructions.is_empty() {
        return Err(Fault::retry(
            "no_upload",
            "LinkedIn did not say where to upload the video; trying again.",
        ));
    }
    let parts = upload
        .upload_instructions
        .into_iter()
        .map(|part| VideoPart {
            url: part.upload_url,
            first: part.first_byte,
            end: part.last_byte + 1,
        })
        .collect();
    Ok(Publish::UploadPart {
        video: upload.video,
        token: upload.upload_token,
        parts,
        tags: Vec::new(),
        tries,
    })
}

/// An address that has ended, which a new one mends; gives how often that happened.
fn expired(answer: &Answer, cx: &PublishContext<'_>, tries: u8) -> Result<u8, Fault> {
    let over = matches!(answer.status, 400 | 401 | 403 | 404 | 410);
    if over && tries + 1 < MAX_TRIES {
        Ok(tries + 1)
    } else {
        Err(fault::read(answer, cx.now))
    }
}

/// Where LinkedIn's word on a video leads; a word that is not known means that it is still at work.
fn processed(
    cx: &PublishContext<'_>,
    video: String,
    give_up_at: OffsetDateTime,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let status: wire::VideoStatus = success(answer, cx, "video")?;
    match status.status.as_str() {
        "AVAILABLE" => Ok(Publish::Post { media: vec![video] }),
        "PROCESSING_FAILED" => Err(Fault::content(
            "processing_failed",
            "LinkedIn could not read the video; export it as MP4 with H.264 and AAC.",
        )
        .seen(status.processing_failure_reason.unwrap_or_default())),
        _ if cx.now >= give_up_at => Err(Fault::content(
            "processing_too_long",
            "LinkedIn worked on the video for a quarter of an hour without an end; try again later.",
        )),
        _ => Ok(Publish::Process {
            video,
            ask_at: cx.now + ASK_AGAIN,
            give_up_at,
        }),
    }
}

fn success<T: serde::de::DeserializeOwned>(
    answer: &Answer,
    cx: &PublishContext<'_>,
    what: &str,
) -> Result<T, Fault> {
    if answer.is_success() {
        answer.parse(what)
    } else {
        Err(fault::read(answer, cx.now))
    }
}
