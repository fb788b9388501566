//! Posts of a Page: made, listed, read.

use serde_json::{Value, json};
use time::Duration;

use super::{NETWORK, own_page, photos::Photo};
use crate::{
    LivePost, World,
    networks::meta::{Asked, Page, Said, time_text},
};

const FIELDS: [&str; 5] = ["attached_media", "fields", "link", "message", "published"];
/// The same words within this time are a twin.
const TWINS: Duration = Duration::minutes(5);
/// Most photos of one post.
const MOST: usize = 10;

pub(super) async fn create(asked: Asked) -> Result<Said, Said> {
    asked.only(&FIELDS)?;
    let page = own_page(&asked)?;
    let (message, link) = (asked.field("message"), asked.field("link"));
    let attached = attached(&asked)?;
    if message.is_empty() && link.is_empty() && attached.is_empty() {
        return Err(Said::invalid(
            "Requires one of the params: message, link, attached_media",
        ));
    }
    if !matches!(asked.field("published"), "" | "true") {
        return Err(Said::invalid("Only published posts are simulated"));
    }
    if leads_to_facebook(link) {
        return Err(Said::refused(
            200,
            1_609_008,
            "You can't share links to Facebook.",
        ));
    }
    if !link.is_empty() && url::Url::parse(link).is_err() {
        return Err(Said::refused(1_500, 0, "The url you supplied is invalid"));
    }
    let photos = photos(&asked, page, &attached)?;
    if is_twin(&asked.world, page, message, &photos) {
        return Err(Said::refused(506, 0, "Duplicate status message"));
    }
    let link = Some(link).filter(|link| !link.is_empty());
    let id = publish(&asked.world, page, message, link, &photos);
    Ok(Said::good(json!({ "id": id })))
}

fn leads_to_facebook(link: &str) -> bool {
    let url = url::Url::parse(link).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    host.is_some_and(|host| host == "facebook.com" || host.ends_with(".facebook.com"))
}

/// The Page's own photos of these ids, none of which was shown before.
pub(super) fn photos(
    asked: &Asked,
    page: &Page,
    ids: &[String],
) -> Result<Vec<(String, Photo)>, Said> {
    let now = asked.world.now();
    let photos: Vec<(String, Photo)> = {
        let state = asked.world.states().facebook();
        let own = |id: &String| {
            let photo = state.photos.get(id).filter(|photo| photo.is_of(page, now))?;
            Some((id.clone(), photo.clone()))
        };
        ids.iter().filter_map(own).collect()
    };
    if photos.len() != ids.len() || ids.len() > MOST {
        return Err(Said::invalid("Invalid attached_media"));
    }
    let ledger = asked.world.ledger();
    let shown = ledger.posts().iter().flat_map(|post| {
        let shown = post.details["photos"].as_array();
        shown.into_iter().flatten().map(|photo| &photo["id"])
    });
    if shown.into_iter().any(|shown| ids.iter().any(|id| shown == id)) {
        return Err(Said::refused(100, 1_366_051, "These photos were already posted."));
    }
    Ok(photos)
}

/// Photo ids, from a list in one field or from numbered fields.
fn attached(asked: &Asked) -> Result<Vec<String>, Said> {
    let wrong = || Said::invalid("Param attached_media must be an array of media_fbid");
    let one = |value: &Value| value["media_fbid"].as_str().map(str::to_owned);
    let mut items = Vec::new();
    if let Some(text) = asked.fields.get("attached_media") {
        let listed: Vec<Value> = serde_json::from_str(text).map_err(|_| wrong())?;
        items.extend(listed);
    }
    for (_, text) in asked
        .fields
        .iter()
        .filter(|(name, _)| name.starts_with("attached_media["))
    {
        items.push(serde_json::from_str(text).map_err(|_| wrong())?);
    }
    items.iter().map(|item| one(item).ok_or_else(wrong)).collect()
}

fn is_twin(world: &World, page: &Page, message: &str, photos: &[(String, Photo)]) -> bool {
    if world.states().facebook().takes_twins || message.is_empty() || !photos.is_empty() {
        return false;
    }
    let since = world.now() - TWINS;
    world
        .ledger()
        .posts()
        .iter()
        .filter(|post| post.network == NETWORK && post.account_id == page.id)
        .any(|post| post.text == message && post.media.is_empty() && post.created_at > since)
}

/// Makes a post visible; gives its id.
pub(super) fn publish(
    world: &World,
    page: &Page,
    message: &str,
    link: Option<&str>,
    photos: &[(String, Photo)],
) -> String {
    let id = format!("{}_{}", page.id, world.number());
    let kind = match (photos.len(), link) {
        (0, None) => "text",
        (0, Some(_)) => "link",
        (1, _) => "image",
        _ => "album",
    };
    let shown: Vec<Value> = photos
        .iter()
        .map(|(id, photo)| json!({ "id": id, "altText": photo.alt_text }))
        .collect();
    world.publish(LivePost {
        network: NETWORK.to_owned(),
        account_id: page.id.to_owned(),
        account_name: page.name.to_owned(),
        post_id: id.clone(),
        kind: kind.to_owned(),
        text: message.to_owned(),
        media: photos.iter().map(|(_, photo)| photo.media.clone()).collect(),
        created_at: world.now(),
        url: permalink(page.username, &id),
        details: json!({ "link": link, "photos": shown }),
    });
    id
}

fn permalink(username: &str, id: &str) -> String {
    let number = id.rsplit('_').next().unwrap_or(id);
    format!("https://www.facebook.com/{username}/posts/{number}")
}

/// The posts of a Page, newest first.
pub(super) async fn list(asked: Asked) -> Result<Said, Said> {
    asked.only(&["after", "fields", "limit", "since", "until"])?;
    let page = own_page(&asked)?;
    let listed_until = asked.world.listed_until(NETWORK);
    let window = asked.window()?;
    let posts: Vec<Value> = asked
        .world
        .ledger()
        .posts()
        .iter()
        .rev()
        .filter(|post| post.network == NETWORK && post.account_id == page.id)
        .filter(|post| post.created_at <= listed_until && post.kind != "story")
        .filter(|post| window.contains(&post.created_at.unix_timestamp()))
        .map(shown)
        .collect();
    asked.listed(&posts, 25).map(Said::good)
}

/// The object of that id, if it is a post.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    let ledger = asked.world.ledger();
    let mut own = ledger.posts().iter().filter(|post| post.network == NETWORK);
    let is_meant = |post: &&LivePost| post.post_id == asked.id();
    let Some(post) = own.clone().find(is_meant) else {
        // The number of a post without its Page names a kind of object that there was once.
        let is_bare = |post: &LivePost| post.post_id.rsplit('_').next() == Some(asked.id());
        return own.any(is_bare).then(|| {
            let message = "singular statuses API is deprecated for versions v2.4 and higher";
            Err(Said::refused(12, 0, message))
        });
    };
    Some(match asked.page() {
        Some(own) if own == post.account_id => Ok(shown(post)),
        Some(_) | None => Err(Said::invisible(asked.id())),
    })
}

fn shown(post: &LivePost) -> Value {
    let photos = post.details["photos"].as_array().cloned().unwrap_or_default();
    let target = |photo: &Value| json!({ "media_type": "photo", "target": { "id": photo["id"] } });
    let attachments: Vec<Value> = match (photos.as_slice(), post.details["video"].as_str()) {
        ([], None) => Vec::new(),
        ([], Some(video)) => vec![json!({ "media_type": "video", "target": { "id": video } })],
        ([one], _) => vec![target(one)],
        (several, _) => {
            let inner: Vec<Value> = several.iter().map(target).collect();
            vec![json!({ "media_type": "album", "subattachments": { "data": inner } })]
        }
    };
    let mut shown = json!({
        "id": post.post_id, "created_time": time_text(post.created_at), "is_published": true,
        "permalink_url": post.url,
    });
    if !post.text.is_empty() {
        shown["message"] = post.text.as_str().into();
    }
    if !attachments.is_empty() {
        shown["attachments"] = json!({ "data": attachments });
    }
    shown
}
