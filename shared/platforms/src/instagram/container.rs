//! The calls about a container, and searching the account for a post whose answer was lost.

use domain::MediaKind;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{options, wire::Post};
use crate::{
    Asset, Auth, Call, Expectation, FormValue, PublishContext, Sighting, Verdict,
    meta::{ask, graph, time_of},
    settle,
};

/// Asks how many posts the day still holds.
pub(super) fn ask_limit(cx: &PublishContext<'_>) -> Call {
    let url = graph(
        cx.app,
        &[&cx.account.external_id, "content_publishing_limit"],
    );
    ask("read_limit", url, "quota_usage,config").optional()
}

/// Makes a container: of the one file, or of the containers of several.
pub(super) fn create(cx: &PublishContext<'_>, children: &[String]) -> Call {
    let options = options::read(&cx.content.options);
    let mut fields = Vec::new();
    if !cx.content.caption.is_empty() {
        fields.push(("caption", FormValue::from(cx.content.caption.as_str())));
    }
    if !children.is_empty() {
        fields.push(("media_type", FormValue::from("CAROUSEL")));
        fields.push(("children", FormValue::from(children.join(","))));
    } else if let Some(asset) = cx.content.assets.first() {
        fields.extend(file(asset, "REELS"));
        if let Some(share) = options.share_to_feed {
            fields.push(("share_to_feed", FormValue::from(share.to_string())));
        }
        if let Some(offset) = options.thumb_offset_ms {
            fields.push(("thumb_offset", FormValue::from(offset.to_string())));
        }
        if let Some(name) = &options.audio_name {
            fields.push(("audio_name", FormValue::from(name.as_str())));
        }
        if !options.user_tags.is_empty() {
            let tags = json!(options.user_tags).to_string();
            fields.push(("user_tags", FormValue::from(tags)));
        }
    }
    if let Some(place) = &options.location_id {
        fields.push(("location_id", FormValue::from(place.as_str())));
    }
    if !options.collaborators.is_empty() {
        let names = Value::from(options.collaborators).to_string();
        fields.push(("collaborators", FormValue::from(names)));
    }
    media(cx, "create_container", fields)
}

/// Makes the container of one of several files.
pub(super) fn child(cx: &PublishContext<'_>, place: usize) -> Call {
    let mut fields = vec![("is_carousel_item", FormValue::from("true"))];
    if let Some(asset) = cx.content.assets.get(place) {
        fields.extend(file(asset, "VIDEO"));
    }
    media(cx, "create_child", fields)
}

/// Where Instagram finds a file, and what it is.
fn file(asset: &Asset, video: &'static str) -> Vec<(&'static str, FormValue)> {
    let url = FormValue::from(asset.url.as_str());
    match asset.kind() {
        MediaKind::Image => {
            let text = asset.alt_text.as_deref().filter(|text| !text.is_empty());
            let alt_text = text.map(|text| ("alt_text", FormValue::from(text)));
            std::iter::once(("image_url", url))
                .chain(alt_text)
                .collect()
        }
        MediaKind::Video => vec![("media_type", FormValue::from(video)), ("video_url", url)],
    }
}

fn media(cx: &PublishContext<'_>, name: &'static str, fields: Vec<(&str, FormValue)>) -> Call {
    let url = graph(cx.app, &[&cx.account.external_id, "media"]);
    Call::post(name, url)
        .auth(Auth::BearerWithProof)
        .form(fields)
}

/// Asks how far a container is.
pub(super) fn ask_status(cx: &PublishContext<'_>, container: &str) -> Call {
    let url = graph(cx.app, &[container]);
    ask("ask_status", url, "id,status_code,status")
}

/// Makes a container's post visible; the one call that may not be repeated.
pub(super) fn publish(cx: &PublishContext<'_>, container: &str) -> Call {
    Call::post(
        "publish_container",
        graph(cx.app, &[&cx.account.external_id, "media_publish"]),
    )
    .auth(Auth::BearerWithProof)
    .form([("creation_id", FormValue::from(container))])
    .once()
}

/// Reads the newest posts of the account.
pub(super) fn look(cx: &PublishContext<'_>) -> Call {
    let mut url = graph(cx.app, &[&cx.account.external_id, "media"]);
    url.query_pairs_mut().append_pair("limit", "50");
    ask(
        "search_account",
        url,
        "id,caption,timestamp,permalink,media_type,media_product_type",
    )
}

/// What the account says of a post armed at `armed_at`.
pub(super) fn judge(cx: &PublishContext<'_>, armed_at: OffsetDateTime, posts: &[Post]) -> Verdict {
    let sightings: Vec<Sighting> = posts.iter().filter_map(sighting).collect();
    settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &cx.content.caption,
            // An album is of no kind.
            kind: match cx.content.assets.as_slice() {
                [one] => Some(one.kind()),
                _ => None,
            },
            claimed: cx.claimed,
        },
    )
}

fn sighting(post: &Post) -> Option<Sighting> {
    Some(Sighting {
        id: post.id.clone(),
        created_at: time_of(&post.timestamp)?,
        text: post.caption.clone().unwrap_or_default(),
        kind: match post.media_type.as_str() {
            "IMAGE" => Some(MediaKind::Image),
            "VIDEO" => Some(MediaKind::Video),
            _ => None,
        },
        url: post.permalink.clone(),
    })
}
