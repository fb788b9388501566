//! Stories: a photo or a video shown for a day; videos come by the way of reels.

use serde_json::{Value, json};
use time::Duration;

use super::{NETWORK, own_page, posts};
use crate::{
    LiveMedia, LivePost, World,
    networks::meta::{Asked, Page, Said},
};

const LIFE: Duration = Duration::hours(24);

pub(super) async fn create(asked: Asked) -> Result<Said, Said> {
    asked.only(&["photo_id"])?;
    let page = own_page(&asked)?;
    let id = asked.field("photo_id");
    let photos = posts::photos(&asked, page, &[id.to_owned()])?;
    let Some((id, photo)) = photos.into_iter().next() else {
        return Err(Said::invalid("Invalid photo_id"));
    };
    let details = json!({ "photos": [{ "id": id, "altText": photo.alt_text }] });
    let post = show(&asked.world, page, photo.media, details);
    Ok(Said::good(said(&asked.world, &post)))
}

/// What a call says that made a story of this post.
pub(super) fn said(world: &World, post: &str) -> Value {
    if world.states().facebook().hides_posts {
        return json!({ "success": true });
    }
    let number = post.rsplit('_').next().unwrap_or_default();
    json!({ "success": true, "post_id": number })
}

fn show(world: &World, page: &Page, media: LiveMedia, details: Value) -> String {
    let id = format!("{}_{}", page.id, world.number());
    world.publish(LivePost {
        network: NETWORK.to_owned(),
        account_id: page.id.to_owned(),
        account_name: page.name.to_owned(),
        post_id: id.clone(),
        kind: "story".to_owned(),
        text: String::new(),
        media: vec![media],
        created_at: world.now(),
        url: url(page, &id),
        details,
    });
    id
}

pub(super) fn url(page: &Page, post: &str) -> String {
    format!("https://www.facebook.com/stories/{}/{post}", page.id)
}

/// The stories of a Page, newest first; those of more than a day are archived.
pub(in crate::networks) fn list(asked: &Asked) -> Result<Said, Said> {
    asked.only(&["after", "fields", "limit", "since", "status", "until"])?;
    let page = own_page(asked)?;
    let (since, window) = (asked.world.now() - LIFE, asked.window()?);
    let listed_until = asked.world.listed_until(NETWORK);
    let stories: Vec<Value> = asked
        .world
        .ledger()
        .posts()
        .iter()
        .rev()
        .filter(|post| post.network == NETWORK && post.account_id == page.id)
        .filter(|post| post.kind == "story" && post.created_at <= listed_until)
        .filter(|post| window.contains(&post.created_at.unix_timestamp()))
        .map(|post| {
            let is_archived = post.created_at <= since;
            json!({
                "id": post.post_id, "post_id": post.post_id, "url": post.url,
                "status": if is_archived { "ARCHIVED" } else { "PUBLISHED" },
                "creation_time": post.created_at.unix_timestamp().to_string(),
                "media_type": if post.details["video"].is_string() { "video" } else { "photo" },
            })
        })
        .filter(|story| matches!(asked.field("status"), "") || story["status"] == asked.field("status"))
        .collect();
    asked.listed(&stories, 25).map(Said::good)
}
