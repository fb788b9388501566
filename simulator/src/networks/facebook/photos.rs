//! Photos: published at once, or kept for a post.

use axum::body::Bytes;
use serde_json::json;

use super::{own_page, posts};
use crate::{
    LiveMedia,
    networks::meta::{Asked, Said},
};

const LARGEST: usize = 4_000_000;
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
}

pub(super) async fn upload(asked: Asked) -> Result<Said, Said> {
    asked.only(&FIELDS)?;
    let page = own_page(&asked)?;
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
    };
    asked
        .world
        .states()
        .facebook()
        .photos
        .insert(id.clone(), photo.clone());
    match asked.field("published") {
        "false" => Ok(Said::good(json!({ "id": id }))),
        "" | "true" => {
            let words = [asked.field("caption"), asked.field("message")].concat();
            let post = posts::publish(&asked.world, page, &words, None, &[(id.clone(), photo)]);
            Ok(Said::good(json!({ "id": id, "post_id": post })))
        }
        _ => Err(Said::invalid("Param published must be a boolean")),
    }
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
