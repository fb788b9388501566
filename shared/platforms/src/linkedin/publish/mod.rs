//! From a frozen post to a receipt.
//!
//! Files are uploaded first, which nobody sees; `POST /rest/posts` is the one call that may not be
//! repeated. LinkedIn refuses equal posts and names the first (kind C of the commits); what that and a lost
//! answer lead to stands in `confirm`.

mod commit;
mod confirm;
mod document;
mod images;
mod processing;
mod state;
mod video;

use domain::MediaKind;
use serde::de::DeserializeOwned;

use self::processing::{Asked, Work};
pub use self::state::{Publish, VideoPart, VideoUpload};
use super::fault;
use crate::{
    Action, Answer, Asset, Content, Event, Fault, Machine, PublishContext, Receipt, UploadUrl,
};

/// Where upload addresses lead.
const UPLOAD_DOMAIN: &str = "linkedin.com";
/// So often files are uploaded anew before LinkedIn is taken at its word.
const MAX_TRIES: u8 = 3;

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
            Self::InitializeDocument { tries } => document::initialized(cx, tries, answer),
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
            Self::ProcessDocument {
                document,
                asked,
                give_up_at,
                tries,
                ..
            } => {
                let asked = Asked {
                    urn: document,
                    is_closed: true,
                    times: asked + 1,
                    give_up_at,
                    tries,
                };
                Work::Document.processed(cx, asked, answer)
            }
            Self::ProcessVideo {
                video,
                is_closed,
                asked,
                give_up_at,
                tries,
                ..
            } => {
                let asked = Asked {
                    urn: video,
                    is_closed,
                    times: asked + 1,
                    give_up_at,
                    tries,
                };
                Work::Video.processed(cx, asked, answer)
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
            Self::UploadDocument {
                document, tries, ..
            } => document::uploaded(cx, document, tries, answer),
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
            Self::InitializeDocument { .. } => Action::Send(document::initialize(cx)),
            Self::InitializeImage { .. } => Action::Send(images::initialize(cx)),
            Self::InitializeVideo { .. } => Action::Send(video::initialize(cx)),
            Self::Look { ask_at, .. } => Action::at(*ask_at, cx.now, || confirm::look(cx)),
            Self::Post { media, ask_at, .. } => {
                Action::at(ask_at.unwrap_or(cx.now), cx.now, || commit::post(cx, media))
            }
            Self::ProcessDocument {
                document, ask_at, ..
            } => Action::at(*ask_at, cx.now, || Work::Document.ask_status(cx, document)),
            Self::ProcessVideo { video, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || Work::Video.ask_status(cx, video))
            }
            Self::Published { urn } => Action::Done(Receipt::live(
                urn.clone(),
                urn.as_deref().map(confirm::permalink),
            )),
            Self::Resolve { urn, ask_at, .. } => {
                Action::at(*ask_at, cx.now, || confirm::resolve(cx, urn))
            }
            Self::UploadDocument { url, .. } => Action::Send(document::upload(cx, url)),
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
        Some(MediaKind::Document) => Publish::InitializeDocument { tries },
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
