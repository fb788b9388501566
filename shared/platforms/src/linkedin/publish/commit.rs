//! The call that makes the post visible.

use domain::MediaKind;
use serde_json::json;

use super::{MAX_TRIES, Publish, begin, confirm};
use crate::{
    Answer, Call, Content, Fault, PublishContext,
    linkedin::{
        fault, little_text, options,
        profile::{api, versioned},
        wire::{NewArticle, NewContent, NewMedia, NewPost},
    },
};

/// Makes the post.
pub(super) fn post(cx: &PublishContext<'_>, media: &[String]) -> Call {
    // The options were accepted with the post; what cannot be read is not there.
    let options = options::read(&cx.content.options).unwrap_or_default();
    let body = NewPost {
        author: confirm::author(cx),
        commentary: &little_text::escape(&cx.content.caption, cx.app),
        visibility: options.visibility,
        distribution: json!({
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        }),
        content: attached(cx.content, &options, media),
        lifecycle_state: "PUBLISHED",
        is_reshare_disabled_by_author: options.disable_reshare,
    };
    versioned(
        cx.app,
        Call::post("create_post", api(cx.app, "/rest/posts")),
    )
    .json(json!(body))
    .once()
}

/// What came of it.
pub(super) fn posted(
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
        return Ok(confirm::begin(cx, media));
    };
    if refused.code == fault::DUPLICATE {
        return confirm::refused_as_copy(cx, media, refused, answer);
    }
    if refused.code == fault::MEDIA_UNKNOWN && !media.is_empty() && tries + 1 < MAX_TRIES {
        return Ok(begin(cx.content, tries + 1));
    }
    Err(refused)
}

fn attached<'a>(
    content: &'a Content,
    options: &'a options::Options,
    media: &'a [String],
) -> Option<NewContent<'a>> {
    if let Some(article) = &options.article {
        return Some(NewContent::Article(NewArticle {
            source: &article.url,
            title: &article.title,
            description: article.description.as_deref(),
            thumbnail: media.first().map(String::as_str),
        }));
    }
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
            title: options
                .title
                .as_deref()
                .filter(|_| asset.kind() != MediaKind::Image),
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
