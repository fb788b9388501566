//! Posts: made, listed, taken down.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    NETWORK,
    caller::{for_caller, is_json},
    media::Usable,
    rates::Limit,
    said::Said,
    text,
};
use crate::{Account, LivePost, World};

const MAX_WEIGHT: usize = 280;
const MAX_FILES: usize = 4;
/// So long an equal text is refused.
const DUPLICATE_WINDOW: Duration = Duration::hours(24);
const CREATE: Limit = Limit {
    name: "create_post",
    calls: 100,
};
const REMOVE: Limit = Limit {
    name: "remove_post",
    calls: 50,
};
const TIMELINE: Limit = Limit {
    name: "timeline",
    calls: 900,
};
const WRITE: &[&str] = &["tweet.read", "tweet.write", "users.read"];
const READ: &[&str] = &["tweet.read", "users.read"];
const REPLY_SETTINGS: [&str; 4] = ["following", "mentionedUsers", "subscribers", "verified"];
const TIMELINE_PARAMETERS: [&str; 6] = [
    "end_time",
    "exclude",
    "max_results",
    "since_id",
    "start_time",
    "tweet.fields",
];

/// A post at X.
#[derive(Debug, Clone)]
pub(super) struct Post {
    id: String,
    account: String,
    text: String,
    media_keys: Vec<String>,
    reply_to: Option<String>,
    created_at: OffsetDateTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPost {
    #[serde(default)]
    text: String,
    media: Option<NewMedia>,
    reply: Option<NewReply>,
    reply_settings: Option<String>,
    #[serde(default)]
    made_with_ai: bool,
    #[serde(default)]
    paid_partnership: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMedia {
    media_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewReply {
    in_reply_to_tweet_id: String,
}

impl Post {
    /// A post of another app.
    pub(super) fn foreign(id: &str, account: &str, text: &str, at: OffsetDateTime) -> Self {
        Self {
            id: id.to_owned(),
            account: account.to_owned(),
            text: text::composed(text),
            media_keys: Vec::new(),
            reply_to: None,
            created_at: at,
        }
    }

    /// The links, the one to the files included.
    fn links(&self) -> Vec<text::Link> {
        let mut links = text::links(&self.text);
        if let Some(first) = self.media_keys.first() {
            let kind = if first.starts_with("3_") { "photo" } else { "video" };
            let expanded = format!("https://x.com/{}/status/{}/{kind}/1", self.account, self.id);
            links.push(text::Link {
                written: String::new(),
                short: text::short(&expanded),
                expanded,
            });
        }
        links
    }

    fn shown_text(&self) -> String {
        let written = text::links(&self.text);
        let shown = text::shown(&self.text, &written);
        match self.links().get(written.len()) {
            Some(files) => format!("{shown} {}", files.short).trim_start().to_owned(),
            None => shown,
        }
    }

    fn told(&self, fields: &[&str]) -> Value {
        let mut told = json!({
            "id": self.id,
            "text": self.shown_text(),
            "edit_history_tweet_ids": [self.id],
        });
        let links = self.links();
        if fields.contains(&"created_at") {
            told["created_at"] = json!(self.created_at.format(&Rfc3339).unwrap_or_default());
        }
        if fields.contains(&"entities") && !links.is_empty() {
            let urls: Vec<Value> = links
                .iter()
                .map(|link| json!({ "url": link.short, "expanded_url": link.expanded }))
                .collect();
            told["entities"] = json!({ "urls": urls });
        }
        if fields.contains(&"attachments") && !self.media_keys.is_empty() {
            told["attachments"] = json!({ "media_keys": self.media_keys });
        }
        if let Some(id) = self
            .reply_to
            .as_ref()
            .filter(|_| fields.contains(&"referenced_tweets"))
        {
            told["referenced_tweets"] = json!([{ "type": "replied_to", "id": id }]);
        }
        told
    }
}

/// Makes a post.
pub(super) async fn create(
    State(world): State<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    for_caller(&world, &headers, CREATE, WRITE, |caller| {
        if !is_json(&headers) {
            return Err(Said::invalid("Content-Type must be application/json"));
        }
        let asked: NewPost =
            serde_json::from_slice(&body).map_err(|error| Said::invalid(&error.to_string()))?;
        make(&world, caller, &asked)
    })
}

fn make(world: &World, caller: &Account, asked: &NewPost) -> Result<Said, Said> {
    let now = world.now();
    let mut state = world.states().x();
    let media = match &asked.media {
        None => Vec::new(),
        Some(media) => {
            let found: Option<Vec<Usable>> = media
                .media_ids
                .iter()
                .map(|id| state.files.get(id)?.usable(id, &caller.id, now))
                .collect();
            found.ok_or_else(|| Said::invalid("Your media IDs are invalid."))?
        }
    };
    check_shape(asked, &media)?;
    if let Some(reply) = &asked.reply {
        let is_own = state
            .posts
            .iter()
            .any(|post| post.id == reply.in_reply_to_tweet_id && post.account == caller.id);
        if !is_own {
            return Err(Said::forbidden(
                "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
            ));
        }
    }
    let words = text::composed(&asked.text);
    let is_duplicate = !words.is_empty()
        && state.posts.iter().any(|post| {
            post.account == caller.id
                && post.text == words
                && now - post.created_at < DUPLICATE_WINDOW
        });
    if is_duplicate {
        return Err(Said::forbidden(
            "You are not allowed to create a Tweet with duplicate content.",
        ));
    }
    let post = Post {
        id: world.number().to_string(),
        account: caller.id.clone(),
        text: words,
        media_keys: media.iter().map(|file| file.key.clone()).collect(),
        reply_to: asked
            .reply
            .as_ref()
            .map(|reply| reply.in_reply_to_tweet_id.clone()),
        created_at: now,
    };
    let told = post.told(&[]);
    world.publish(live(&post, caller, asked, &media));
    state.posts.push(post);
    Ok(Said::new(StatusCode::CREATED, json!({ "data": told })))
}

/// What is wrong with a post whoever makes it.
fn check_shape(asked: &NewPost, media: &[Usable]) -> Result<(), Said> {
    if asked.media.is_some() && media.is_empty() || media.len() > MAX_FILES {
        return Err(Said::invalid("media_ids must hold 1 to 4 ids"));
    }
    let moving = media
        .iter()
        .filter(|file| file.category != "tweet_image")
        .count();
    if moving > 0 && media.len() > 1 {
        return Err(Said::invalid("media_ids must not mix pictures with a video or a GIF"));
    }
    if asked.text.trim().is_empty() && media.is_empty() {
        return Err(Said::invalid("Required fields: text or media"));
    }
    if text::is_invalid(&asked.text) {
        return Err(Said::invalid("text holds an invalid character"));
    }
    if text::weight(&asked.text) > MAX_WEIGHT {
        return Err(Said::forbidden(
            "You are not permitted to perform this action.",
        ));
    }
    match asked.reply_settings.as_deref() {
        Some(settings) if !REPLY_SETTINGS.contains(&settings) => {
            Err(Said::invalid("reply_settings is not one of the enum values"))
        }
        Some(_) | None => Ok(()),
    }
}

fn live(post: &Post, caller: &Account, asked: &NewPost, media: &[Usable]) -> LivePost {
    let kind = match media.first().map(|file| file.category.as_str()) {
        None => "text",
        Some("tweet_gif") => "gif",
        Some("tweet_video") => "video",
        Some(_) => "image",
    };
    LivePost {
        network: NETWORK.to_owned(),
        account_id: caller.id.clone(),
        account_name: caller.name.clone(),
        post_id: post.id.clone(),
        kind: kind.to_owned(),
        text: post.text.clone(),
        media: media.iter().map(|file| file.kept.clone()).collect(),
        created_at: post.created_at,
        url: format!("https://x.com/{}/status/{}", caller.username, post.id),
        details: json!({
            "altTexts": media.iter().map(|file| file.alt_text.clone()).collect::<Vec<_>>(),
            "replySettings": asked.reply_settings,
            "madeWithAi": asked.made_with_ai,
            "paidPartnership": asked.paid_partnership,
        }),
    }
}

/// Lists what an account posted, newest first.
pub(super) async fn timeline(
    State(world): State<World>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    for_caller(&world, &headers, TIMELINE, READ, |_| {
        list(&world, &id, &query)
    })
}

fn list(world: &World, account: &str, query: &BTreeMap<String, String>) -> Result<Said, Said> {
    if let Some(unknown) = query
        .keys()
        .find(|key| !TIMELINE_PARAMETERS.contains(&key.as_str()))
    {
        return Err(Said::invalid(&format!(
            "The query parameter [{unknown}] is not one of {TIMELINE_PARAMETERS:?}"
        )));
    }
    let number = |name: &str| {
        query
            .get(name)
            .map(|value| {
                value
                    .parse::<u64>()
                    .map_err(|_| Said::invalid(&format!("{name} is no number")))
            })
            .transpose()
    };
    let time = |name: &str| {
        query
            .get(name)
            .map(|value| {
                OffsetDateTime::parse(value, &Rfc3339)
                    .map_err(|_| Said::invalid(&format!("{name} is no time")))
            })
            .transpose()
    };
    let most = number("max_results")?.unwrap_or(10);
    if !(5..=100).contains(&most) {
        return Err(Said::invalid("max_results must be between 5 and 100"));
    }
    let (since, start, end) = (number("since_id")?, time("start_time")?, time("end_time")?);
    let excludes_replies = query
        .get("exclude")
        .is_some_and(|kinds| kinds.split(',').any(|kind| kind == "replies"));
    let fields: Vec<&str> = query
        .get("tweet.fields")
        .map(|fields| fields.split(',').collect())
        .unwrap_or_default();
    let now = world.now();
    let state = world.states().x();
    let mut found: Vec<&Post> = state
        .posts
        .iter()
        .rev()
        .filter(|post| post.account == account)
        .filter(|post| post.created_at + state.listing_delay <= now)
        .filter(|post| start.is_none_or(|start| post.created_at >= start))
        .filter(|post| end.is_none_or(|end| post.created_at < end))
        .filter(|post| since.is_none_or(|since| post.id.parse::<u64>().is_ok_and(|id| id > since)))
        .filter(|post| !(excludes_replies && post.reply_to.is_some()))
        .collect();
    found.sort_by_key(|post| std::cmp::Reverse(post.created_at));
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let mut answer = json!({ "meta": { "result_count": found.len() } });
    if let (Some(newest), Some(oldest)) = (found.first(), found.last()) {
        answer["meta"]["newest_id"] = json!(newest.id);
        answer["meta"]["oldest_id"] = json!(oldest.id);
        answer["data"] = found.iter().map(|post| post.told(&fields)).collect();
    }
    Ok(Said::good(answer))
}

/// Takes a post down.
pub(super) async fn remove(
    State(world): State<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    for_caller(&world, &headers, REMOVE, WRITE, |caller| {
        let mut state = world.states().x();
        let place = state.posts.iter().position(|post| post.id == id);
        match place.and_then(|place| state.posts.get(place)) {
            Some(post) if post.account != caller.id => {
                return Err(Said::forbidden("You are not permitted to perform this action."));
            }
            Some(_) | None => {}
        }
        if let Some(place) = place {
            state.posts.remove(place);
        }
        world.take_down(NETWORK, &id);
        Ok(Said::good(json!({ "data": { "deleted": place.is_some() } })))
    })
}
