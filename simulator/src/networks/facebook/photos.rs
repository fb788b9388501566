//! Photos: published at once, or kept for a post.

use axum::body::Bytes;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{own_page, posts};
use crate::{
    LiveMedia,
    networks::meta::{Asked, Page, Said},
};

const LARGEST: usize = 4_000_000;
/// How long a temporary photo is kept.
const LIFE: Duration = Duration::hours(24);
const FIELDS: [&str; 9] = [
    "alt_text_custom",
    "caption",
    "fields",
    "message",
    "no_story",
    "published",
    "source",
    "temporary",
    "url",
];

/// A photo that arrived.
#[derive(Debug, Clone)]
pub(super) struct Photo {
    pub(super) page: &'static str,
    pub(super) media: LiveMedia,
    pub(super) alt_text: String,
    ends_at: Option<OffsetDateTime>,
}

impl Photo {
    /// Whether it is this Page's, and still there.
    pub(super) fn is_of(&self, page: &Page, now: OffsetDateTime) -> bool {
        self.page == page.id && self.ends_at.is_none_or(|end| now < end)
    }
}

pub(super) async fn upload(asked: Asked) -> Result<Said, Said> {
    asked.only(&FIELDS)?;
    let page = own_page(&asked)?;
    let is_temporary = asked.is_true("temporary", false)?;
    asked.is_true("no_story", false)?;
    let is_published = asked.is_true("published", true)?;
    if is_temporary && is_published {
        return Err(Said::invalid("A published photo is not temporary"));
    }
    let bytes = bytes(&asked).await?;
    let content_type = content_type(&bytes)
        .ok_or_else(|| Said::refused(324, 0, "Missing or invalid image file"))?;
    if bytes.len() > LARGEST {
        return Err(Said::refused(
            1,
            1_366_046,
            "Your photos couldn't be uploaded. Photos should be less than 4 MB and saved as JPG, PNG, GIF, TIFF, HEIF or WebP files.",
        ));
    }
    let id = asked.world.number().to_string();
    let photo = Photo {
        page: page.id,
        media: asked.world.keep(content_type, bytes),
        alt_text: asked.field("alt_text_custom").to_owned(),
        ends_at: is_temporary.then(|| asked.world.now() + LIFE),
    };
    asked
        .world
        .states()
        .facebook()
        .photos
        .insert(id.clone(), photo.clone());
    if !is_published {
        return Ok(Said::good(json!({ "id": id })));
    }
    let words = [asked.field("caption"), asked.field("message")].concat();
    let post = posts::publish(&asked.world, page, &words, None, &[(id.clone(), photo)]);
    Ok(Said::good(json!({ "id": id, "post_id": post })))
}

async fn bytes(asked: &Asked) -> Result<Bytes, Said> {
    if let Some((_, bytes)) = asked.file("source") {
        return Ok(bytes.clone());
    }
    let url = asked.field("url");
    let pulled = asked.world.pull(url).await;
    pulled
        .ok()
        .filter(|file| !url.is_empty() && file.status == 200)
        .map(|file| file.bytes)
        .ok_or_else(|| Said::refused(324, 0, "Missing or invalid image file"))
}

fn content_type(bytes: &[u8]) -> Option<&'static str> {
    use imagesize::ImageType::{Bmp, Gif, Jpeg, Png, Tiff, Webp};

    let taken = [
        (Bmp, "image/bmp"),
        (Gif, "image/gif"),
        (Jpeg, "image/jpeg"),
        (Png, "image/png"),
        (Tiff, "image/tiff"),
        (Webp, "image/webp"),
    ];
    let found = imagesize::image_type(bytes).ok()?;
    let taken = taken.into_iter().find(|(kind, _)| *kind == found);
    taken.map(|(_, content_type)| content_type)
}
