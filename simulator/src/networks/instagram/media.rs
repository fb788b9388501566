//! Posts: made of containers, listed, read, and how many of them a day holds.

use serde_json::{Value, json};
use time::Duration;

use super::{NETWORK, containers::{Container, Shape}, is_hidden, own};
use crate::{
    LivePost, World,
    networks::meta::{Asked, Page, Said, time_text},
};

const DAY: Duration = Duration::hours(24);
const POSTS_A_DAY: usize = 50;
const STORY: &str = "story";

pub(super) async fn publish(asked: Asked) -> Result<Said, Said> {
    asked.only(&["creation_id", "fields"])?;
    let page = own(&asked, asked.id())?;
    asked.needs(&["instagram_content_publish"])?;
    let (id, now) = (asked.field("creation_id"), asked.world.now());
    let known = {
        let state = asked.world.states().instagram();
        let container = state.containers.get(id).cloned();
        container.map(|container| {
            let status = container.status(now, state.expired.contains(id));
            (container, status)
        })
    };
    let known =
        known.filter(|(it, _)| it.account == asked.id() && it.shape != Shape::Child);
    let Some((container, status)) = known else {
        return Err(Said::refused(
            24,
            2_207_008,
            "The requested resource does not exist",
        ));
    };
    match status {
        // Whether Instagram would refuse to publish it twice is not known; this one does not.
        "FINISHED" | "PUBLISHED" => {}
        "EXPIRED" => {
            return Err(Said::refused(
                24,
                2_207_008,
                "The requested resource does not exist",
            ));
        }
        _ => return Err(Said::refused(9_007, 2_207_027, "Media ID is not available")),
    }
    if used(&asked.world, asked.id()) >= total(&asked.world) {
        return Err(Said::refused(
            9,
            2_207_042,
            "The user has reached the maximum number of posts in 24 hours",
        ));
    }
    let post = show(&asked, page, &container);
    if let Some(container) = asked.world.states().instagram().containers.get_mut(id) {
        container.is_published = true;
    }
    Ok(Said::good(json!({ "id": post })))
}

/// Makes a container's post visible; gives its id.
fn show(asked: &Asked, page: &Page, container: &Container) -> String {
    let id = asked.world.number().to_string();
    let account = page.instagram.as_ref();
    let username = account.map_or(page.username, |it| it.username);
    let (path, kind) = match container.shape {
        Shape::Carousel => ("p".to_owned(), "carousel"),
        Shape::Child | Shape::Picture => ("p".to_owned(), "image"),
        Shape::Reel => ("reel".to_owned(), "reel"),
        Shape::Story => (format!("stories/{username}"), STORY),
    };
    let mut details = container.details.clone();
    if container.shape == Shape::Story {
        details["isVideo"] = container.is_video.into();
    }
    asked.world.publish(LivePost {
        network: NETWORK.to_owned(),
        account_id: container.account.clone(),
        account_name: account.map_or(page.name, |it| it.name).to_owned(),
        post_id: id.clone(),
        kind: kind.to_owned(),
        text: container.caption.clone(),
        media: container.media.clone(),
        created_at: asked.world.now(),
        url: format!("https://www.instagram.com/{path}/C{id}/"),
        details,
    });
    id
}

/// How many posts the last 24 hours saw.
fn used(world: &World, account: &str) -> usize {
    let since = world.now() - DAY;
    let ledger = world.ledger();
    let own = ledger
        .posts()
        .iter()
        .filter(|post| post.network == NETWORK && post.account_id == account);
    own.filter(|post| post.created_at > since).count()
}

fn total(world: &World) -> usize {
    let told = world.states().instagram().posts_a_day;
    told.unwrap_or(POSTS_A_DAY)
}

pub(super) async fn limit(asked: Asked) -> Result<Said, Said> {
    asked.only(&["fields", "since"])?;
    own(&asked, asked.id())?;
    let mut limit = json!({ "quota_usage": used(&asked.world, asked.id()) });
    if asked.field("fields").contains("config") {
        limit["config"] =
            json!({ "quota_total": total(&asked.world), "quota_duration": DAY.whole_seconds() });
    }
    Ok(Said::good(json!({ "data": [limit] })))
}

/// The posts of an account, newest first; its stories are not among them.
pub(super) async fn list(asked: Asked) -> Result<Said, Said> {
    asked.only(&["after", "fields", "limit", "since", "until"])?;
    let window = asked.window()?;
    listed(&asked, |post| {
        post.kind != STORY && window.contains(&post.created_at.unix_timestamp())
    })
}

/// The stories of an account that are not gone yet, newest first.
pub(in crate::networks) fn stories(asked: &Asked) -> Result<Said, Said> {
    asked.only(&["after", "fields", "limit"])?;
    let since = asked.world.now() - DAY;
    listed(asked, |post| post.kind == STORY && post.created_at > since)
}

fn listed(asked: &Asked, is_wanted: impl Fn(&LivePost) -> bool) -> Result<Said, Said> {
    own(asked, asked.id())?;
    let listed_until = asked.world.listed_until(NETWORK);
    let posts: Vec<Value> = asked
        .world
        .ledger()
        .posts()
        .iter()
        .rev()
        .filter(|post| post.network == NETWORK && post.account_id == asked.id())
        .filter(|post| post.created_at <= listed_until && is_wanted(post))
        .map(shown)
        .collect();
    asked.listed(&posts, 25).map(Said::good)
}

/// The object of that id, if it is a post.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    let ledger = asked.world.ledger();
    let post = ledger
        .posts()
        .iter()
        .find(|post| post.network == NETWORK && post.post_id == asked.id())?;
    if let Err(refusal) = own(asked, &post.account_id) {
        return Some(Err(refusal));
    }
    if is_hidden(asked, post.created_at) {
        return Some(Err(Said::invisible(asked.id())));
    }
    Some(Ok(shown(post)))
}

fn shown(post: &LivePost) -> Value {
    let (media_type, product) = match post.kind.as_str() {
        "carousel" => ("CAROUSEL_ALBUM", "FEED"),
        "reel" => ("VIDEO", "REELS"),
        STORY if post.details["isVideo"] == true => ("VIDEO", "STORY"),
        STORY => ("IMAGE", "STORY"),
        _ => ("IMAGE", "FEED"),
    };
    let shortcode = post.url.trim_end_matches('/').rsplit('/').next();
    let mut shown = json!({
        "id": post.post_id, "permalink": post.url, "shortcode": shortcode,
        "timestamp": time_text(post.created_at),
        "media_type": media_type,
        "media_product_type": product,
    });
    if !post.text.is_empty() {
        shown["caption"] = post.text.as_str().into();
    }
    shown
}
