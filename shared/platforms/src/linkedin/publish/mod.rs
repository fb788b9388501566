//! From a frozen post to a receipt.
//!
//! Files are uploaded first, which nobody sees; `POST /rest/posts` is the one call that may not be
//! repeated. LinkedIn refuses equal posts and names the first (kind C of the commits); what that and a lost
//! answer lead to stands in `confirm`.

mod commit;
mod confirm;
mod images;
mod video;

use domain::MediaKind;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::fault;
use crate::{
    Action, Answer, Asset, Content, Event, Fault, Machine, PublishContext, Receipt, UploadUrl,
};

/// Where upload addresses lead.
const UPLOAD_DOMAIN: &str = "linkedin.com";
/// So often files are uploaded anew before LinkedIn is taken at its word.
const MAX_TRIES: u8 = 3;

/// How far a post to LinkedIn is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Publish {
    /// The pictures of a Page are at LinkedIn, which may still work on them.
    CheckImages {
        /// The pictures.
        images: Vec<String>,
        /// How many of them are ready.
        checked: usize,
        /// When to ask.
        #[serde(with = "time::serde::rfc3339")]
        ask_at: OffsetDateTime,
        /// When the post is made all the same.
        #[serde(with = "time::serde::rfc3339")]
        give_up_at: OffsetDateTime,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
    },
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
    /// LinkedIn called the post a copy of another one; that one is to be read.
    Resolve {
        /// The other post.
        urn: String,
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

    /// The state after an answer to the call that it asked for.
    fn after(self, answer: &Answer, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match self {
            Self::CheckImages {
                images,
                checked,
                give_up_at,
                tries,
                ..
            } => images::checked(cx, images, checked, (give_up_at, tries), answer),
            Self::FinalizeVideo { upload, tries, .. } => {
                video::finalized(cx, upload.video, tries, answer)
            }
            Self::InitializeImage { images, tries } => {
                images::initialized(cx, images, tries, answer)
            }
            Self::InitializeVideo { tries } => video::initialized(cx, tries, answer),
            Self::Look {
                media,
                armed_at,
                number,
                ask_at,
            } => confirm::looked(cx, media, armed_at, number, ask_at, answer),
            Self::Post { media, tries, .. } => commit::posted(cx, media, tries, answer),
            Self::ProcessVideo {
                video,
                is_closed,
                asked,
                give_up_at,
                tries,
                ..
            } => {
                let asked = video::Asked {
                    video,
                    is_closed,
                    times: asked + 1,
                    give_up_at,
                    tries,
                };
                video::processed(cx, asked, answer)
            }
            Self::Published { .. } => Ok(self),
            Self::Resolve {
                urn,
                media,
                armed_at,
                number,
                ..
            } => {
                let original = confirm::Original {
                    urn,
                    media,
                    armed_at,
                    number,
                };
                confirm::resolved(cx, original, answer)
            }
            Self::UploadImage {
                images,
                image,
                tries,
                ..
            } => images::uploaded(cx, images, image, tries, answer),
            Self::UploadPart {
                upload,
                etags,
                tries,
            } => video::uploaded_part(cx, upload, etags, tries, answer),
        }
    }
}

impl Machine for Publish {
    type Context<'a> = PublishContext<'a>;
    type Output = Receipt;

    fn next(&self, cx: &PublishContext<'_>) -> Action<Receipt> {
        match self {
            Self::CheckImages {
                images,
                checked,
                ask_at,
                ..
            } => Action::at(*ask_at, cx.now, || {
                let image = images.get(*checked).map_or("", String::as_str);
                images::ask_status(cx, image)
            }),
            Self::FinalizeVideo { upload, etags, .. } => {
                Action::Send(video::finalize(cx, upload, etags))
            }
            Self::InitializeImage { .. } => Action::Send(images::initialize(cx)),
            Self::InitializeVideo { .. } => Action::Send(video::initialize(cx)),
            Self::Look { ask_at, .. } => Action::at(*ask_at, cx.now, || confirm::look(cx)),
            Self::Post { media, ask_at, .. } => {
                Action::at(ask_at.unwrap_or(cx.now), cx.now, || commit::post(cx, media))
            }
            Self::ProcessVideo { video, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || video::ask_status(cx, video))
            }
            Self::Published { urn } => Action::Done(Receipt::live(
                urn.clone(),
                urn.as_deref().map(confirm::permalink),
            )),
            Self::Resolve { urn, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || confirm::resolve(cx, urn))
            }
            Self::UploadImage { images, url, .. } => {
                Action::Send(images::upload(cx, images.len(), url))
            }
            Self::UploadPart { upload, etags, .. } => match upload.parts.get(etags.len()) {
                Some(part) => Action::Send(video::upload_part(part)),
                None => Action::Send(video::finalize(cx, upload, etags)),
            },
        }
    }

    fn apply(self, event: Event, cx: &PublishContext<'_>) -> Result<Self, Fault> {
        match (self, event) {
            (Self::Post { media, .. }, Event::Lost) => Ok(confirm::begin(cx, media)),
            // Lost answers to repeatable calls are the driver's business.
            (state, Event::Lost) => Ok(state),
            (state, Event::Answer(answer)) => state.after(&answer, cx),
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

fn success<T: DeserializeOwned>(
    answer: &Answer,
    cx: &PublishContext<'_>,
    what: &str,
) -> Result<T, Fault> {
    if !answer.is_success() {
        return Err(fault::read(answer, cx.now));
    }
    answer.parse(what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::read_stored;

    #[test]
    fn stored_states_can_be_read_for_ever() {
        read_stored::<Publish>(include_str!("../fixtures/states.json"));
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
