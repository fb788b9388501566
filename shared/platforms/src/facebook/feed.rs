//! Words, a link, photos: uploaded where nobody sees them, shown by one post, searched when its answer
//! was lost.

use serde_json::json;
use time::OffsetDateTime;

use super::{
    evidence,
    fault::{self, row},
    options,
    publish::{Publish, live, whole},
    wire::{Made, Post},
};
use crate::{
    Answer, Auth, Call, Fault, FormValue, Part, PublishContext, Verdict,
    meta::{self, Listed, graph, success},
    next_look,
};

pub(super) fn post(cx: &PublishContext<'_>, photos: &[String]) -> Call {
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

pub(super) fn photo(cx: &PublishContext<'_>, place: usize) -> Call {
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

pub(super) fn uploaded(
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
    if options::read(&cx.content.options).story
        && let Some(photo) = photos.pop()
    {
        return Ok(Publish::Story { photo });
    }
    Ok(if photos.len() < cx.content.assets.len() {
        Publish::Photo { photos, tries: 0 }
    } else {
        Publish::Feed { photos }
    })
}

pub(super) fn posted(
    cx: &PublishContext<'_>,
    photos: Vec<String>,
    answer: &Answer,
) -> Result<Publish, Fault> {
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

pub(super) fn look(cx: &PublishContext<'_>, photos: Vec<String>, is_duplicate: bool) -> Publish {
    Publish::Look {
        photos,
        armed_at: cx.armed(),
        number: 0,
        is_duplicate,
    }
}

/// What the Page's list says of a post whose answer was lost.
pub(super) fn looked(
    cx: &PublishContext<'_>,
    lost: Lost,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let seen = success::<Listed<Post>>(answer, cx, row, "published_posts")?;
    match evidence::judge(cx, lost.armed_at, &lost.photos, &seen.data) {
        Verdict::Found(seen) => {
            let url = seen.url.unwrap_or_else(|| evidence::permalink(&seen.id));
            Ok(live(cx, seen.id, url))
        }
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
        Verdict::Absent if next_look(lost.armed_at, lost.number + 1).is_some() => {
            Ok(Publish::Look {
                photos: lost.photos,
                armed_at: lost.armed_at,
                number: lost.number + 1,
                is_duplicate: lost.is_duplicate,
            })
        }
        // Refused as a twin, and for long enough no post of ours has come to light.
        Verdict::Absent if lost.is_duplicate => Err(Fault::content(
            "duplicate",
            "Facebook refused the post because the Page has just posted the same; change the words.",
        )),
        Verdict::Absent => Err(Fault::unconfirmed(Vec::new())),
    }
}

/// A post whose answer was lost; see [`Publish::Look`].
pub(super) struct Lost {
    pub(super) photos: Vec<String>,
    pub(super) armed_at: OffsetDateTime,
    pub(super) number: usize,
    pub(super) is_duplicate: bool,
}
