//! Posts: made, listed, taken down.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
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
    a_day: Some(10_000),
};
const REMOVE: Limit = Limit {
    name: "remove_post",
    calls: 50,
    a_day: None,
};
const WRITE: &[&str] = &["tweet.read", "tweet.write", "users.read"];
const REPLY_SETTINGS: [&str; 4] = ["following", "mentionedUsers", "subscribers", "verified"];

/// A post at X.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) id: String,
    pub(super) account: String,
    text: String,
    media_keys: Vec<String>,
    pub(super) reply_to: Option<String>,
    quotes: Option<String>,
    poll: Option<String>,
    pub(super) created_at: OffsetDateTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPost {
    #[serde(default)]
    text: String,
    media: Option<NewMedia>,
    reply: Option<NewReply>,
    quote_tweet_id: Option<String>,
    poll: Option<NewPoll>,
    community_id: Option<String>,
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

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NewPoll {
    options: Vec<String>,
    duration_minutes: u32,
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
            quotes: None,
            poll: None,
            created_at: at,
        }
    }

    /// A post of another app that is like this one.
    pub(super) fn copy(&self, id: &str, text: &str, at: OffsetDateTime) -> Self {
        Self {
            id: id.to_owned(),
            text: text::composed(text),
            created_at: at,
            ..self.clone()
        }
    }

    /// The links, those to the files and to what is quoted included.
    fn links(&self) -> Vec<text::Link> {
        let mut links = text::links(&self.text);
        if let Some(quoted) = &self.quotes {
            let expanded = format!("https://twitter.com/somebody/status/{quoted}");
            links.push(text::Link {
                written: String::new(),
                short: text::short(&expanded),
                expanded,
            });
        }
        if let Some(first) = self.media_keys.first() {
            let kind = if first.starts_with("3_") {
                "photo"
            } else {
                "video"
            };
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
        let further = self.links();
        let further = further
            .iter()
            .skip(written.len())
            .map(|link| link.short.as_str());
        std::iter::once(shown.as_str())
            .filter(|words| !words.is_empty())
            .chain(further)
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub(super) fn told(&self, fields: &[&str]) -> Value {
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
            let shown: Vec<char> = self.shown_text().chars().collect();
            let mut from = 0;
            let mut urls = Vec::new();
            for link in &links {
                let short: Vec<char> = link.short.chars().collect();
                let rest = shown.get(from..).unwrap_or_default();
                let place = rest.windows(short.len()).position(|it| it == short);
                let start = from + place.unwrap_or_default();
                from = start + short.len();
                urls.push(json!({
                    "url": link.short, "expanded_url": link.expanded, "start": start, "end": from,
                }));
            }
            told["entities"] = json!({ "urls": urls });
        }
        if fields.contains(&"attachments") {
            let lists = [
                ("media_keys", self.media_keys.clone()),
                ("poll_ids", self.poll.iter().cloned().collect()),
            ];
            for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
                told["attachments"][name] = json!(list);
            }
        }
        if fields.contains(&"referenced_tweets") {
            let answered = self.reply_to.iter().map(|id| ("replied_to", id));
            let quoted = self.quotes.iter().map(|id| ("quoted", id));
            let references: Vec<Value> = answered
                .chain(quoted)
                .map(|(kind, id)| json!({ "type": kind, "id": id }))
                .collect();
            if !references.is_empty() {
                told["referenced_tweets"] = json!(references);
            }
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
    check_references(&state.posts, caller, asked)?;
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
        quotes: asked.quote_tweet_id.clone(),
        poll: asked.poll.as_ref().map(|_| world.number().to_string()),
        created_at: now,
    };
    let told = post.told(&[]);
    world.publish(live(&post, caller, asked, &media));
    state.posts.push(post);
    Ok(Said::new(StatusCode::CREATED, json!({ "data": told })))
}

/// What is answered and what is quoted must be there, and be the caller's own or name the caller.
fn check_references(posts: &[Post], caller: &Account, asked: &NewPost) -> Result<(), Said> {
    let answered = asked.reply.as_ref().map(|reply| {
        let refusal = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.";
        (&reply.in_reply_to_tweet_id, refusal)
    });
    let quoted = asked.quote_tweet_id.as_ref().map(|id| {
        (id, "Quoting this post is not allowed because you have not been mentioned or otherwise engaged by its author.")
    });
    let name = format!("@{}", caller.username);
    for (id, refusal) in answered.into_iter().chain(quoted) {
        let found = posts
            .iter()
            .find(|post| post.id == *id)
            .ok_or_else(|| Said::not_found(&format!("tweet with id: [{id}]")))?;
        if found.account != caller.id && !found.text.contains(&name) {
            return Err(Said::forbidden(refusal));
        }
    }
    Ok(())
}

fn check_poll(asked: &NewPost) -> Result<(), Said> {
    let Some(poll) = &asked.poll else {
        return Ok(());
    };
    if asked.media.is_some() || asked.quote_tweet_id.is_some() {
        return Err(Said::invalid(
            "poll goes with neither media nor quote_tweet_id",
        ));
    }
    let fits = |option: &String| (1..=25).contains(&option.chars().count());
    if !(2..=4).contains(&poll.options.len()) || !poll.options.iter().all(fits) {
        return Err(Said::invalid(
            "poll.options must hold 2 to 4 texts of 1 to 25 characters",
        ));
    }
    if !(5..=10_080).contains(&poll.duration_minutes) {
        return Err(Said::invalid(
            "poll.duration_minutes must be between 5 and 10080",
        ));
    }
    Ok(())
}

fn is_id(id: &str) -> bool {
    (1..=19).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
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
        return Err(Said::invalid(
            "media_ids must not mix pictures with a video or a GIF",
        ));
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
    let ids = [&asked.quote_tweet_id, &asked.community_id];
    let answered = asked.reply.iter().map(|reply| &reply.in_reply_to_tweet_id);
    if !ids
        .into_iter()
        .flatten()
        .chain(answered)
        .all(|id| is_id(id))
    {
        return Err(Said::invalid("an id does not match ^[0-9]{1,19}$"));
    }
    check_poll(asked)?;
    match asked.reply_settings.as_deref() {
        Some(settings) if !REPLY_SETTINGS.contains(&settings) => Err(Said::invalid(
            "reply_settings is not one of the enum values",
        )),
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
            "replyTo": post.reply_to,
            "quotes": post.quotes,
            "poll": asked.poll,
            "community": asked.community_id,
        }),
    }
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
                return Err(Said::forbidden(
                    "You are not permitted to perform this action.",
                ));
            }
            Some(_) | None => {}
        }
        if let Some(place) = place {
            state.posts.remove(place);
        }
        world.take_down(NETWORK, &id);
        Ok(Said::good(
            json!({ "data": { "deleted": place.is_some() } }),
        ))
    })
}
