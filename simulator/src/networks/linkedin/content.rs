//! What a post may say and show.

use axum::response::Response;
use serde_json::Value;
use url::Url;

use super::{
    DOCUMENT_URN, Outcome, State,
    gateway::Caller,
    pages::{self, Need},
    wire::bad_input,
};
use crate::{LiveMedia, World};

const FIELDS: [&str; 7] = [
    "author",
    "commentary",
    "visibility",
    "distribution",
    "content",
    "lifecycleState",
    "isReshareDisabledByAuthor",
];

pub(super) fn check_fields(state: &State, caller: &Caller, body: &Value) -> Result<(), Response> {
    let unknown = body
        .as_object()
        .and_then(|fields| fields.keys().find(|key| !FIELDS.contains(&key.as_str())));
    if let Some(field) = unknown {
        return Err(wrong(
            "INVALID_VALUE_FOR_FIELD",
            "Unrecognized field",
            field,
        ));
    }
    for field in ["author", "commentary", "visibility", "lifecycleState"] {
        if !body[field].is_string() {
            return Err(wrong(
                "MISSING_FIELD",
                &format!("{field} is required but not found"),
                field,
            ));
        }
    }
    let author = body["author"].as_str().unwrap_or_default();
    if !author.starts_with("urn:li:") {
        return Err(wrong("INVALID_URN_ID", "author is no URN", "author"));
    }
    if !author.starts_with("urn:li:person:") && !author.starts_with("urn:li:organization:") {
        return Err(wrong(
            "INVALID_URN_TYPE",
            "author is neither person nor organization",
            "author",
        ));
    }
    if !pages::may_write_for(state, caller, author, Need::Post) {
        return Err(caller.denied("partnerApiPostsExternal.CREATE"));
    }
    let one_of = |field: &str, path: &str, known: &[&str]| {
        let given = body.pointer(path).and_then(Value::as_str);
        if given.is_some_and(|given| known.contains(&given)) {
            Ok(())
        } else {
            Err(wrong(
                "INVALID_VALUE_FOR_FIELD",
                &format!("{field} is not valid"),
                field,
            ))
        }
    };
    let seen_by: &[&str] = if pages::number(author).is_some() {
        &["PUBLIC"]
    } else {
        &["PUBLIC", "CONNECTIONS", "LOGGED_IN"]
    };
    one_of("visibility", "/visibility", seen_by)?;
    one_of("lifecycleState", "/lifecycleState", &["PUBLISHED"])?;
    one_of(
        "distribution/feedDistribution",
        "/distribution/feedDistribution",
        &["MAIN_FEED", "NONE"],
    )?;
    let commentary = body["commentary"].as_str().unwrap_or_default();
    let bare = commentary.replace('\\', "");
    if bare.encode_utf16().count() > 3000 {
        return Err(wrong(
            "FIELD_LENGTH_TOO_LONG",
            "commentary exceeds 3000 characters",
            "commentary",
        ));
    }
    Ok(())
}

/// The kind of a post and its files.
pub(super) fn files_of(
    world: &World,
    state: &State,
    author: &str,
    content: &Value,
) -> Result<(&'static str, Vec<LiveMedia>), Response> {
    let Some(members) = content.as_object() else {
        return Ok(("text", Vec::new()));
    };
    let mut names = members.keys().map(String::as_str);
    match (names.next(), names.next()) {
        (Some("article"), None) => {
            let article = &content["article"];
            check_article(article)?;
            let thumbnail = &article["thumbnail"];
            if thumbnail.is_null() {
                return Ok(("article", Vec::new()));
            }
            if !thumbnail
                .as_str()
                .is_some_and(|urn| urn.starts_with("urn:li:image:"))
            {
                return Err(wrong(
                    "INVALID_IMAGE_ID",
                    "thumbnail takes an image",
                    "content/article/thumbnail",
                ));
            }
            let media = serde_json::json!({"id": thumbnail});
            let file = file_of(world, state, author, &media)?;
            Ok(("article", file.into_iter().collect()))
        }
        (Some("media"), None) => {
            let media = &content["media"];
            let file = file_of(world, state, author, media)?;
            let kind = match media["id"].as_str().unwrap_or_default() {
                urn if urn.starts_with(DOCUMENT_URN) => "document",
                urn if urn.starts_with("urn:li:video:") => "video",
                _ => "image",
            };
            Ok((kind, file.into_iter().collect()))
        }
        (Some("multiImage"), None) => {
            let images = content["multiImage"]["images"].as_array();
            let images = images.filter(|images| (2..=20).contains(&images.len()));
            let Some(images) = images else {
                return Err(wrong(
                    "INVALID_VALUE_FOR_FIELD",
                    "multiImage takes 2 to 20 images",
                    "content/multiImage/images",
                ));
            };
            let is_image = |image: &Value| {
                image["id"]
                    .as_str()
                    .is_some_and(|urn| urn.starts_with("urn:li:image:"))
            };
            if !images.iter().all(is_image) {
                return Err(wrong(
                    "INVALID_IMAGE_ID",
                    "multiImage takes images only",
                    "content/multiImage/images",
                ));
            }
            let files: Result<Vec<Option<LiveMedia>>, Response> = images
                .iter()
                .map(|image| file_of(world, state, author, image))
                .collect();
            Ok(("carousel", files?.into_iter().flatten().collect()))
        }
        _ => Err(wrong(
            "INVALID_VALUE_FOR_FIELD",
            "content takes exactly one of article, media, multiImage",
            "content",
        )),
    }
}

fn check_article(article: &Value) -> Result<(), Response> {
    let text = |name: &str| article[name].as_str().unwrap_or_default();
    let is_address =
        Url::parse(text("source")).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_address {
        return Err(wrong(
            "INVALID_VALUE_FOR_FIELD",
            "source is no address",
            "content/article/source",
        ));
    }
    if text("title").is_empty() {
        return Err(wrong(
            "MISSING_FIELD",
            "title is required but not found",
            "content/article/title",
        ));
    }
    for (name, less_than) in [("title", 400), ("description", 4086)] {
        if text(name).chars().count() >= less_than {
            return Err(wrong(
                "FIELD_LENGTH_TOO_LONG",
                &format!("{name} is too long"),
                &format!("content/article/{name}"),
            ));
        }
    }
    Ok(())
}

/// The file of a picture, a video or a document; none where a picture will turn out to be broken.
fn file_of(
    world: &World,
    state: &State,
    author: &str,
    media: &Value,
) -> Result<Option<LiveMedia>, Response> {
    let urn = media["id"].as_str().unwrap_or_default();
    let alt_text = media["altText"].as_str().unwrap_or_default();
    if alt_text.chars().count() > 4086 {
        return Err(wrong(
            "FIELD_LENGTH_TOO_LONG",
            "altText exceeds 4086 characters",
            "content/altText",
        ));
    }
    let waiting = || {
        wrong(
            "MEDIA_ASSET_WAITING_UPLOAD",
            "The media asset is waiting for its upload",
            "content/media/id",
        )
    };
    let failed = || {
        wrong(
            "MEDIA_ASSET_PROCESSING_FAILED",
            "The media asset could not be processed",
            "content/media/id",
        )
    };
    if urn.starts_with(DOCUMENT_URN) {
        let document = state.documents.get(urn).filter(|it| it.owner == author);
        let Some(document) = document else {
            return Err(wrong(
                "INVALID_URN_ID",
                "The document is unknown or belongs to somebody else",
                "content/media/id",
            ));
        };
        if media["title"].as_str().unwrap_or_default().is_empty() {
            return Err(wrong(
                "MISSING_FIELD",
                "title is required but not found",
                "content/media/title",
            ));
        }
        return match &document.outcome {
            None => Err(waiting()),
            Some(Outcome::Ready { at, .. }) if world.now() < *at => Err(waiting()),
            Some(Outcome::Failed(_)) => Err(failed()),
            Some(Outcome::Ready { file, .. }) => Ok(Some(file.clone())),
        };
    }
    if urn.starts_with("urn:li:video:") {
        let video = state.videos.get(urn).filter(|video| video.owner == author);
        let Some(video) = video else {
            return Err(wrong(
                "INVALID_VIDEO_ID",
                "The video is unknown or belongs to somebody else",
                "content/media/id",
            ));
        };
        return match &video.outcome {
            None => Err(waiting()),
            Some(Outcome::Failed(_)) => Err(failed()),
            Some(Outcome::Ready { at, .. }) if world.now() < *at => Err(waiting()),
            Some(Outcome::Ready { file, .. }) => Ok(Some(file.clone())),
        };
    }
    let image = state.images.get(urn).filter(|image| image.owner == author);
    let Some(image) = image else {
        return Err(wrong(
            "INVALID_IMAGE_ID",
            "The image is unknown or belongs to somebody else",
            "content/media/id",
        ));
    };
    match image.ready_at {
        None => Err(waiting()),
        // A picture that fails later leaves the post without it.
        Some(at) if image.is_broken && world.now() < at => Ok(None),
        Some(_) if image.is_broken => Err(failed()),
        Some(_) => Ok(image.file.clone()),
    }
}

pub(super) fn wrong(code: &str, description: &str, path: &str) -> Response {
    bad_input(400, code, description, path)
}
