//! From a frozen post to a receipt.
//!
//! Files are uploaded first, which nobody sees; `POST /rest/posts` is the one call that may not be
//! repeated. LinkedIn refuses equal posts and names the first (kind C of the commits), but whether
//! the first is ours can be read by few tokens only, see `lookup`.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{
    fault, little_text, lookup, options,
    profile::{api, encoded, versioned},
    wire::{self, ImageUpload, NewContent, NewMedia, NewPost, Posts, VideoStatus, Wrapped},
};
use crate::{
    Action, Answer, Asset, Auth, Call, Content, Event, Fault, FaultKind, Machine, PublishContext,
    Receipt, UploadUrl, Verdict, next_look,
};
use domain::MediaKind;

/// Where upload addresses lead.
const UPLOAD_DOMAIN: &str = "linkedin.com";
/// So often files are uploaded anew before LinkedIn is taken at its word.
const MAX_TRIES: u8 = 3;
/// How long LinkedIn may work on a video.
const MAX_PROCESSING: Duration = Duration::minutes(15);
/// So often a video whose parts were all sent may be said to wait for them, about a minute.
const MAX_UNNOTICED: u32 = 8;
/// How long a post waits where LinkedIn does not let us ask whether the video is ready.
const BLIND_WAIT: Duration = Duration::seconds(60);

/// How far a post to LinkedIn is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// All parts of the video arrived; it is to be closed.
    FinalizeVideo {
        /// The upload.
        upload: VideoUpload,
        /// What LinkedIn called each part, in order.
        etags: Vec<String>,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
    /// The next picture is to be announced.
    InitializeImage {
        /// The pictures so far.
        images: Vec<String>,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
    /// The video is to be announced.
    InitializeVideo {
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
    /// The answer to the post was lost; it is to be looked for.
    Look {
        /// The files of the post.
        media: Vec<String>,
        /// When the post was armed.
        #[serde(with = "time::serde::rfc3339")]
        armed_at: OffsetDateTime,
        /// Which look, from 0.
        number: usize,
        /// When to look.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
    },
    /// Everything is there; the post is to be made.
    Post {
        /// The files.
        media: Vec<String>,
        /// Not before, where LinkedIn needs a moment.
        #[serde(default, with = "time::serde::rfc3339::option")]
        ask_at: Option<OffsetDateTime>,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
    /// LinkedIn works on the video.
    ProcessVideo {
        /// The video.
        video: String,
        /// Whether LinkedIn said that the upload is closed.
        is_closed: bool,
        /// When to ask.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// How often it was asked.
        #[serde(default)]
        asked: u32,
        /// When LinkedIn took too long.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
    /// The post is live.
    Published {
        /// Its URN, where LinkedIn told it.
        urn: Option<String>,
    },
    /// The bytes of a picture are to be sent.
    UploadImage {
        /// The pictures so far.
        images: Vec<String>,
        /// The picture.
        image: String,
        /// Where its bytes go.
        url: UploadUrl,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
    /// The next part of the video is to be sent.
    UploadPart {
        /// The upload.
        upload: VideoUpload,
        /// What LinkedIn called each part so far, in order.
        etags: Vec<String>,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
}

/// The upload of a video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoUpload {
    /// The video.
    pub video: String,
    /// What LinkedIn wants back when the upload is closed; often empty.
    #[serde(default)]
    pub token: String,
    /// Where which bytes go.
    pub parts: Vec<VideoPart>,
}

/// Where some bytes of a video go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoPart {
    /// The address.
    pub url: UploadUrl,
    /// The first byte.
    pub first: u64,
    /// The last byte, included.
    pub last: u64,
}

/// Starts to publish.
pub fn start(content: &Content) -> Publish {
    begin(content, 0)
}

impl Publish {
    /// LinkedIn has no news of what is still on its way.
    pub const fn handle(&self) -> Option<String> {
        None
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::FinalizeVideo { upload, etags, .. } => {
                Action::Send(finalize_video(cx, upload, etags))
            }
            Self::InitializeImage { .. } => Action::Send(initialize_image(cx)),
            Self::InitializeVideo { .. } => Action::Send(initialize_video(cx)),
            Self::Look { ask_at, .. } => Action::at(*ask_at, cx.now, || lookup::look(cx)),
            Self::Post { media, ask_at, .. } => {
                Action::at(ask_at.unwrap_or(cx.now), cx.now, || post(cx, media))
            }
            Self::ProcessVideo { video, ask_at, .. } => Action::at(*ask_at, cx.now, || {
                let path = format!("/rest/videos/{}", encoded(video));
                versioned(cx.app, Call::get("ask_status", api(cx.app, &path)))
            }),
            Self::Published { urn } => Action::Done(Receipt::live(
                urn.clone(),
                urn.as_deref().map(lookup::permalink),
            )),
            Self::UploadImage { images, url, .. } => {
                Action::Send(upload_image(cx, images.len(), url))
            }
            Self::UploadPart { upload, etags, .. } => match upload.parts.get(etags.len()) {
                Some(part) => Action::Send(upload_part(part)),
                None => Action::Send(finalize_video(cx, upload, etags)),
            },
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::FinalizeVideo { upload, tries, .. }, Event::Answer(answer)) => {
                finalized(cx, upload.video, tries, &answer)
            }
            (Self::InitializeImage { images, tries }, Event::Answer(answer)) => {
                let upload: ImageUpload = success(&answer, cx, "images")?;
                Ok(Self::UploadImage {
                    images,
                    image: upload.image,
                    url: of_linkedin(&upload.upload_url)?,
                    tries,
                })
            }
            (Self::InitializeVideo { tries }, Event::Answer(answer)) => {
                let upload = read_upload(success(&answer, cx, "videos")?, cx.content)?;
                Ok(Self::UploadPart {
                    upload,
                    etags: Vec::new(),
                    tries,
                })
            }
            (
                Self::Look {
                    media,
                    armed_at,
                    number,
                    ask_at,
                },
                Event::Answer(answer),
            ) => looked(cx, media, armed_at, number, ask_at, &answer),
            (Self::Post { media, .. }, Event::Lost) => Ok(begin_to_look(cx, media)),
            (Self::Post { media, tries, .. }, Event::Answer(answer)) => {
                posted(cx, media, tries, &answer)
            }
            (
                Self::ProcessVideo {
                    video,
                    is_closed,
                    asked,
                    give_up_at,
                    tries,
                    ..
                },
                Event::Answer(answer),
            ) => {
                let asked = Asked {
                    video,
                    is_closed,
                    times: asked + 1,
                    give_up_at,
                    tries,
                };
                processed(cx, asked, &answer)
            }
            (
                Self::UploadImage {
                    images,
                    image,
                    tries,
                    ..
                },
                Event::Answer(answer),
            ) => uploaded_image(cx, images, image, tries, &answer),
            (
                Self::UploadPart {
                    upload,
                    etags,
                    tries,
                },
                Event::Answer(answer),
            ) => uploaded_part(cx, upload, etags, tries, &answer),
            // Lost answers to repeatable calls are the driver's business.
            (
                state @ (Self::FinalizeVideo { .. }
                | Self::InitializeImage { .. }
                | Self::InitializeVideo { .. }
                | Self::Look { .. }
                | Self::ProcessVideo { .. }
                | Self::UploadImage { .. }
                | Self::UploadPart { .. }),
                Event::Lost,
            )
            | (state @ Self::Published { .. }, Event::Answer(_) | Event::Lost) => Ok(state),
        }
    }
}

/// The first step with the post's files.
fn begin(content: &Content, tries: u8) -> Publish {
    match content.assets.first().map(Asset::kind) {
        None => Publish::Post {
            media: Vec::new(),
            ask_at: None,
            tries,
        },
        Some(MediaKind::Image) => Publish::InitializeImage {
            images: Vec::new(),
            tries,
        },
        Some(MediaKind::Video) => Publish::InitializeVideo { tries },
    }
}

/// The same file from the start, as long as there is hope; an upload that was given up is never seen.
fn again(tries: u8, answer: &Answer, state: impl FnOnce(u8) -> Publish) -> Result<Publish, Fault> {
    if tries + 1 < MAX_TRIES {
        return Ok(state(tries + 1));
    }
    Err(Fault::content(
        "upload_refused",
        "LinkedIn did not keep the files of this post; try again later or use others.",
    )
    .seen(format!(
        "{}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    )))
}

/// An address that our bytes and our token may be sent to.
fn of_linkedin(url: &str) -> Result<UploadUrl, Fault> {
    UploadUrl::of(url, UPLOAD_DOMAIN).ok_or_else(|| strange_upload("an address elsewhere"))
}

fn strange_upload(evidence: &str) -> Fault {
    Fault::retry(
        "unreadable_answer",
        "The network's answer could not be read; trying again.",
    )
    .seen(format!("strange upload instructions: {evidence}"))
}

/// The parts of an upload, if they hold the whole file, byte after byte.
fn read_upload(upload: wire::VideoUpload, content: &Content) -> Result<VideoUpload, Fault> {
    let mut next = 0;
    for part in &upload.upload_instructions {
        let is_next = part.first_byte == next && part.last_byte >= part.first_byte;
        if !is_next {
            return Err(strange_upload(&format!("a part starts at {next}")));
        }
        next = part.last_byte.saturating_add(1);
    }
    let bytes = content.assets.first().map_or(0, Asset::bytes);
    if next != bytes {
        return Err(strange_upload(&format!("{next} of {bytes} bytes")));
    }
    let parts: Result<Vec<VideoPart>, Fault> = upload
        .upload_instructions
        .iter()
        .map(|part| {
            Ok(VideoPart {
                url: of_linkedin(&part.upload_url)?,
                first: part.first_byte,
                last: part.last_byte,
            })
        })
        .collect();
    Ok(VideoUpload {
        video: upload.video,
        token: upload.upload_token,
        parts: parts?,
    })
}

fn uploaded_image(
    cx: &PublishContext<'_>,
    mut images: Vec<String>,
    image: String,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        images.push(image);
        return Ok(if images.len() < cx.content.assets.len() {
            Publish::InitializeImage { images, tries }
        } else {
            Publish::Post {
                media: images,
                ask_at: None,
                tries,
            }
        });
    }
    if fault::is_ended_address(answer) {
        return again(tries, answer, |tries| Publish::InitializeImage {
            images,
            tries,
        });
    }
    Err(fault::read(answer, cx.now))
}

fn uploaded_part(
    cx: &PublishContext<'_>,
    upload: VideoUpload,
    mut etags: Vec<String>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        let etag = answer
            .header("etag")
            .map(|etag| etag.trim().trim_matches('"'))
            .filter(|etag| !etag.is_empty())
            .ok_or_else(|| strange_upload("a part without an ETag"))?;
        etags.push(etag.to_owned());
        return Ok(if etags.len() < upload.parts.len() {
            Publish::UploadPart {
                upload,
                etags,
                tries,
            }
        } else {
            Publish::FinalizeVideo {
                upload,
                etags,
                tries,
            }
        });
    }
    // These addresses carry their own permission: any 401 and 403 means that it has ended.
    if matches!(answer.status, 401 | 403) || fault::is_ended_address(answer) {
        return again(tries, answer, |tries| Publish::InitializeVideo { tries });
    }
    Err(fault::read(answer, cx.now))
}

fn finalized(
    cx: &PublishContext<'_>,
    video: String,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    // A 400 may mean that it was closed before, by a call whose answer was lost: the video can be asked.
    if !answer.is_success() && answer.status != 400 {
        return Err(fault::read(answer, cx.now));
    }
    Ok(Publish::ProcessVideo {
        video,
        is_closed: answer.is_success(),
        ask_at: cx.now + pause(0),
        asked: 0,
        give_up_at: cx.now + MAX_PROCESSING,
        tries,
    })
}

/// What was asked about a video.
struct Asked {
    video: String,
    is_closed: bool,
    times: u32,
    give_up_at: OffsetDateTime,
    tries: u8,
}

fn processed(cx: &PublishContext<'_>, asked: Asked, answer: &Answer) -> Result<Publish, Fault> {
    let tries = asked.tries;
    match answer.status {
        // Not every token may ask; a post that comes too early is refused and waits.
        403 => {
            return Ok(Publish::Post {
                media: vec![asked.video],
                ask_at: Some(cx.now + BLIND_WAIT),
                tries,
            });
        }
        404 => return again(tries, answer, |tries| Publish::InitializeVideo { tries }),
        _ if !answer.is_success() => return Err(fault::read(answer, cx.now)),
        _ => {}
    }
    let video: VideoStatus = answer.parse("video")?;
    match video.status.as_str() {
        "AVAILABLE" => Ok(Publish::Post {
            media: vec![asked.video],
            ask_at: None,
            tries,
        }),
        "PROCESSING_FAILED" => {
            Err(fault::unusable().seen(video.processing_failure_reason.unwrap_or_default()))
        }
        "WAITING_UPLOAD" if !asked.is_closed || asked.times >= MAX_UNNOTICED => {
            again(tries, answer, |tries| Publish::InitializeVideo { tries })
        }
        _ if cx.now >= asked.give_up_at => Err(Fault::content(
            "processing_too_long",
            "LinkedIn worked on the video for a quarter of an hour without an end; try again or convert it.",
        )),
        _ => Ok(Publish::ProcessVideo {
            video: asked.video,
            is_closed: asked.is_closed,
            ask_at: cx.now + pause(asked.times),
            asked: asked.times,
            give_up_at: asked.give_up_at,
            tries,
        }),
    }
}

/// 5 seconds at first, growing to 30.
fn pause(asked: u32) -> Duration {
    Duration::seconds(5 + i64::from(asked.min(25)))
}

fn posted(
    cx: &PublishContext<'_>,
    media: Vec<String>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    // 201 is proof even without the header that names the post.
    if answer.status == 201 {
        let urn = answer
            .header("x-restli-id")
            .or_else(|| answer.header("x-linkedin-id"))
            .filter(|urn| urn.starts_with("urn:li:"));
        return Ok(Publish::Published {
            urn: urn.map(str::to_owned),
        });
    }
    let Some(refused) = fault::refused(answer, cx.now) else {
        return Ok(begin_to_look(cx, media));
    };
    if refused.code == fault::MEDIA_UNKNOWN && !media.is_empty() && tries + 1 < MAX_TRIES {
        return Ok(begin(cx.content, tries + 1));
    }
    Err(refused)
}

fn begin_to_look(cx: &PublishContext<'_>, media: Vec<String>) -> Publish {
    let armed_at = cx.armed_at.unwrap_or(cx.now);
    Publish::Look {
        media,
        armed_at,
        number: 0,
        ask_at: next_look(armed_at, 0).unwrap_or(cx.now),
    }
}

fn looked(
    cx: &PublishContext<'_>,
    media: Vec<String>,
    armed_at: OffsetDateTime,
    number: usize,
    ask_at: OffsetDateTime,
    answer: &Answer,
) -> Result<Publish, Fault> {
    // The usual answer for a member's token: it may write posts, but not read them.
    if answer.status == 403 {
        return Err(Fault::unconfirmed(Vec::new()));
    }
    let verdict = if answer.is_success() {
        let posts: Posts = answer.parse("posts")?;
        lookup::judge(&posts, &media, armed_at, cx)
    } else {
        match fault::read(answer, cx.now) {
            // A look that is refused says nothing of the post.
            Fault {
                kind: FaultKind::Content,
                ..
            } => Verdict::Absent,
            fault => return Err(fault),
        }
    };
    match verdict {
        Verdict::Absent => next_look(armed_at, number + 1)
            .map(|then| Publish::Look {
                media,
                armed_at,
                number: number + 1,
                ask_at: then.max(ask_at),
            })
            .ok_or_else(|| Fault::unconfirmed(Vec::new())),
        Verdict::Found(post) => Ok(Publish::Published { urn: Some(post.id) }),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
    }
}

fn success<T: DeserializeOwned>(
    answer: &Answer,
    cx: &PublishContext<'_>,
    what: &str,
) -> Result<T, Fault> {
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now));
    }
    let wrapped: Wrapped<T> = answer.parse(what)?;
    Ok(wrapped.value)
}

fn initialize_image(cx: &PublishContext<'_>) -> Call {
    let url = api(cx.app, "/rest/images?action=initializeUpload");
    versioned(cx.app, Call::post("initialize_image", url)).json(json!({
        "initializeUploadRequest": { "owner": lookup::author(cx) },
    }))
}

fn upload_image(cx: &PublishContext<'_>, place: usize, url: &UploadUrl) -> Call {
    let asset = cx.content.assets.get(place);
    let content_type = asset.map_or("application/octet-stream", |asset| {
        asset.facts.content_type()
    });
    Call::put("upload_image", url.expose().clone())
        .auth(Auth::Bearer)
        .header("content-type", content_type)
        .file(place, 0..asset.map_or(0, Asset::bytes))
}

fn initialize_video(cx: &PublishContext<'_>) -> Call {
    let url = api(cx.app, "/rest/videos?action=initializeUpload");
    versioned(cx.app, Call::post("initialize_video", url)).json(json!({
        "initializeUploadRequest": {
            "owner": lookup::author(cx),
            "fileSizeBytes": cx.content.assets.first().map_or(0, Asset::bytes),
            "uploadCaptions": false,
            "uploadThumbnail": false,
        },
    }))
}

fn upload_part(part: &VideoPart) -> Call {
    Call::put("upload_part", part.url.expose().clone())
        .header("content-type", "application/octet-stream")
        .file(0, part.first..part.last.saturating_add(1))
}

fn finalize_video(cx: &PublishContext<'_>, upload: &VideoUpload, etags: &[String]) -> Call {
    let url = api(cx.app, "/rest/videos?action=finalizeUpload");
    versioned(cx.app, Call::post("finalize_video", url)).json(json!({
        "finalizeUploadRequest": {
            "video": upload.video,
            "uploadToken": upload.token,
            "uploadedPartIds": etags,
        },
    }))
}

fn post(cx: &PublishContext<'_>, media: &[String]) -> Call {
    // The options were accepted with the post; what cannot be read is not there.
    let options = options::read(&cx.content.options).unwrap_or_default();
    let body = NewPost {
        author: lookup::author(cx),
        commentary: &little_text::escape(&cx.content.caption),
        visibility: options.visibility,
        distribution: json!({
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        }),
        content: attached(cx.content, media),
        lifecycle_state: "PUBLISHED",
        is_reshare_disabled_by_author: false,
    };
    versioned(
        cx.app,
        Call::post("create_post", api(cx.app, "/rest/posts")),
    )
    .json(json!(body))
    .once()
}

fn attached<'a>(content: &'a Content, media: &'a [String]) -> Option<NewContent<'a>> {
    let mut files: Vec<NewMedia<'a>> = media
        .iter()
        .zip(&content.assets)
        .map(|(id, asset)| NewMedia {
            id,
            // LinkedIn describes pictures only.
            alt_text: asset
                .alt_text
                .as_deref()
                .filter(|text| asset.kind() == MediaKind::Image && !text.is_empty()),
        })
        .collect();
    match (files.len(), files.pop()) {
        (_, None) => None,
        (1, Some(only)) => Some(NewContent::Media(only)),
        (_, Some(last)) => {
            files.push(last);
            Some(NewContent::MultiImage { images: files })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_states_can_be_read_for_ever() {
        let stored: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("fixtures/states.json")).unwrap();
        for state in stored {
            let read: Publish = serde_json::from_value(state.clone()).unwrap();
            let written = serde_json::to_value(&read).unwrap();
            for (name, value) in state.as_object().unwrap() {
                if !matches!(name.as_str(), "upload") {
                    assert_eq!(&written[name], value, "{name} of {state}");
                }
            }
            assert_eq!(serde_json::from_value::<Publish>(written).unwrap(), read);
        }
    }

    #[test]
    fn bytes_and_tokens_go_to_linkedin_only() {
        for (url, is_taken) in [
            ("https://www.linkedin.com/dms-uploads/a", true),
            ("https://api.linkedin.com/mediaUpload/a", true),
            ("http://www.linkedin.com/dms-uploads/a", false),
            ("https://linkedin.com.evil.example/a", false),
            ("https://evillinkedin.com/a", false),
            ("dms-uploads/a", false),
        ] {
            assert_eq!(of_linkedin(url).is_ok(), is_taken, "{url}");
        }
    }
}
