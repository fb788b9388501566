//! How far a post to LinkedIn is. A stored state outlives a deploy: fields are added with a default, and never renamed.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::UploadUrl;

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
    /// The document is to be announced.
    InitializeDocument {
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
    /// LinkedIn works on the document.
    ProcessDocument {
        /// The document.
        document: String,
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
    /// The bytes of the document are to be sent.
    UploadDocument {
        /// The document.
        document: String,
        /// Where its bytes go.
        url: UploadUrl,
        /// How often files were uploaded before in vain.
        #[serde(default)]
        tries: u8,
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
