//! The calls that make a container, ask about it and publish it.

use domain::MediaKind;
use serde_json::{Value, json};

use super::{
    host,
    options::{self, Options, UserTag},
};
use crate::{Asset, Call, FormValue, PublishContext};

type Field = (&'static str, FormValue);

/// Asks how many posts the day still holds.
pub(super) fn ask_limit(cx: &PublishContext<'_>) -> Call {
    let path = [cx.account.external_id.as_str(), "content_publishing_limit"];
    host::ask(cx, "read_limit", &path, "quota_usage,config").optional()
}

/// Makes a container: of the one file, or of the containers of several. Where it `uploads`, the bytes
/// of a video are sent later.
pub(super) fn create(cx: &PublishContext<'_>, children: &[String], uploads: bool) -> Call {
    let options = options::read(&cx.content.options);
    let mut fields = Vec::new();
    if !cx.content.caption.is_empty() && !options.story {
        fields.push(("caption", cx.content.caption.as_str().into()));
    }
    if !children.is_empty() {
        fields.push(("media_type", "CAROUSEL".into()));
        fields.push(("children", children.join(",").into()));
    } else if let Some(asset) = cx.content.assets.first() {
        if options.story {
            fields.push(("media_type", "STORIES".into()));
            fields.push(source(asset, uploads));
        } else {
            fields.extend(file(asset, "REELS", uploads));
        }
        fields.extend(of_reel(&options));
        fields.extend(tags(&options, 0));
    }
    fields.extend(of_post(&options));
    media(cx, "create_container", fields)
}

/// Makes the container of one of several files.
pub(super) fn child(cx: &PublishContext<'_>, place: usize, uploads: bool) -> Call {
    let options = options::read(&cx.content.options);
    let mut fields = vec![("is_carousel_item", "true".into())];
    if let Some(asset) = cx.content.assets.get(place) {
        fields.extend(file(asset, "VIDEO", uploads));
        fields.extend(tags(&options, place));
    }
    media(cx, "create_child", fields)
}

/// Where Instagram finds a file, and what it is.
fn file(asset: &Asset, video: &'static str, uploads: bool) -> Vec<Field> {
    match asset.kind() {
        MediaKind::Image => {
            let text = asset.alt_text.as_deref().filter(|text| !text.is_empty());
            let alt_text = text.map(|text| ("alt_text", text.into()));
            std::iter::once(source(asset, uploads))
                .chain(alt_text)
                .collect()
        }
        MediaKind::Document | MediaKind::Video => {
            vec![("media_type", video.into()), source(asset, uploads)]
        }
    }
}

/// The address of a file; none where its bytes are sent.
fn source(asset: &Asset, uploads: bool) -> Field {
    match asset.kind() {
        MediaKind::Image => ("image_url", asset.url.as_str().into()),
        MediaKind::Document | MediaKind::Video if uploads => ("upload_type", "resumable".into()),
        MediaKind::Document | MediaKind::Video => ("video_url", asset.url.as_str().into()),
    }
}

fn of_reel(options: &Options) -> Vec<Field> {
    let share = options.share_to_feed.map(|share| share.to_string());
    let offset = options.thumb_offset_ms.map(|offset| offset.to_string());
    let trial = options.trial_reel.map(|trial| {
        let parameters = json!({ "graduation_strategy": trial });
        parameters.to_string()
    });
    let given = [
        ("share_to_feed", share),
        ("thumb_offset", offset),
        ("cover_url", options.cover_url.clone()),
        ("audio_name", options.audio_name.clone()),
        ("trial_params", trial),
    ];
    given
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?.into())))
        .collect()
}

/// The accounts seen in the file at `place`.
fn tags(options: &Options, place: usize) -> Option<Field> {
    let seen: Vec<&UserTag> = options
        .user_tags
        .iter()
        .filter(|tag| tag.media.unwrap_or_default() == place)
        .collect();
    (!seen.is_empty()).then(|| ("user_tags", json!(seen).to_string().into()))
}

/// What holds for the post as a whole, of however many files.
fn of_post(options: &Options) -> Vec<Field> {
    let list = |names: &[String]| {
        (!names.is_empty()).then(|| FormValue::from(Value::from(names).to_string()))
    };
    let flag = |is_set: bool| is_set.then(|| FormValue::from("true"));
    let given = [
        (
            "location_id",
            options.location_id.as_deref().map(FormValue::from),
        ),
        ("collaborators", list(&options.collaborators)),
        ("is_ai_generated", flag(options.ai_generated)),
        ("is_paid_partnership", flag(options.paid_partnership)),
        (
            "branded_content_sponsor_ids",
            list(&options.branded_content_sponsor_ids),
        ),
    ];
    given
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn media(cx: &PublishContext<'_>, name: &'static str, fields: Vec<Field>) -> Call {
    let url = host::api(cx, &[&cx.account.external_id, "media"]);
    Call::post(name, url).auth(host::auth(cx)).form(fields)
}

/// Asks how far a container is.
pub(super) fn ask_status(cx: &PublishContext<'_>, container: &str) -> Call {
    host::ask(cx, "ask_status", &[container], "id,status_code,status")
}

/// Makes a container's post visible; the one call that may not be repeated.
pub(super) fn publish(cx: &PublishContext<'_>, container: &str) -> Call {
    let url = host::api(cx, &[&cx.account.external_id, "media_publish"]);
    Call::post("publish_container", url)
        .auth(host::auth(cx))
        .form([("creation_id", FormValue::from(container))])
        .once()
}

/// Asks where a post can be looked at.
pub(super) fn ask_permalink(cx: &PublishContext<'_>, id: &str) -> Call {
    host::ask(cx, "read_permalink", &[id], "permalink").optional()
}
