//! How a post whose answer was lost is found among the account's own: X gives no key to ask by.

use domain::MediaKind;
use time::{Duration, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    links,
    parts::Parts,
    profile::api,
    wire::{Link, Post, Timeline},
};
use crate::{Auth, Call, Expectation, PublishContext, Sighting, Verdict, settle};

/// Asks for everything that the account posted since shortly before the commit was armed.
pub(super) fn look(cx: &PublishContext<'_>, armed_at: OffsetDateTime, live: &[String]) -> Call {
    let mut url = api(cx.app, &["2", "users", &cx.account.external_id, "tweets"]);
    let since = (armed_at - Duration::seconds(60))
        .to_offset(UtcOffset::UTC)
        .replace_nanosecond(0)
        .unwrap_or(armed_at);
    // What is read costs money: answers are asked for only when one is looked for.
    let exclude = if Wanted::of(cx, live).answers.is_some() {
        "retweets"
    } else {
        "replies,retweets"
    };
    let mut query = url.query_pairs_mut();
    query
        .append_pair("max_results", "100")
        .append_pair(
            "tweet.fields",
            "created_at,text,entities,referenced_tweets,attachments",
        )
        .append_pair("exclude", exclude);
    // A time that cannot be written makes the look wider, not wrong.
    if let Ok(since) = since.format(&Rfc3339) {
        query.append_pair("start_time", &since);
    }
    drop(query);
    Call::get("look_for_post", url).auth(Auth::Bearer)
}

/// What the look came to: a post of the same words, with as many files of the same kind, that answers
/// and quotes what ours does. `live` are the parts that are known to be live.
pub(super) fn judge(
    timeline: &Timeline,
    cx: &PublishContext<'_>,
    armed_at: OffsetDateTime,
    live: &[String],
) -> Verdict {
    let wanted = Wanted::of(cx, live);
    let sightings: Vec<Sighting> = timeline
        .data
        .iter()
        .filter(|post| wanted.refers_like(post))
        .filter(|post| post.attachments.media_keys.len() == wanted.files)
        .filter(|post| post.attachments.poll_ids.is_empty() != wanted.has_poll)
        .filter(|post| !live.contains(&post.id))
        .map(|post| sighting(post, cx, &wanted))
        .collect();
    settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &wanted.told(&as_sent(&wanted.text)),
            kind: wanted.kind,
            claimed: cx.claimed,
        },
    )
}

/// What the lost part must look like.
struct Wanted {
    text: String,
    files: usize,
    kind: Option<MediaKind>,
    has_poll: bool,
    answers: Option<String>,
    quotes: Option<String>,
}

impl Wanted {
    fn of(cx: &PublishContext<'_>, live: &[String]) -> Self {
        let parts = Parts::of(cx.content);
        let number = live.len();
        let part = parts.part(number).cloned();
        let first_file = parts.asset(cx.content, parts.files_before(number));
        let (text, files) =
            part.map_or_else(|| (String::new(), 0), |part| (part.text, part.files.len()));
        let options = parts.options;
        Self {
            text,
            files,
            kind: first_file.filter(|_| files > 0).map(crate::Asset::kind),
            has_poll: number == 0 && options.poll.is_some(),
            answers: live.last().cloned().or(options.reply_to),
            quotes: options.quote.filter(|_| number == 0),
        }
    }

    /// Whether a post answers and quotes what ours does, and nothing else.
    fn refers_like(&self, post: &Post) -> bool {
        let to = |kind: &str| {
            let found = post.referenced_tweets.iter().find(|it| it.kind == kind);
            found.map(|it| it.id.clone())
        };
        to("replied_to") == self.answers && to("quoted") == self.quotes && to("retweeted").is_none()
    }

    /// A text without what X may add to it: the names of those who are answered at its start, and a
    /// link to what is quoted at its end.
    fn told(&self, text: &str) -> String {
        let mut told = text.trim();
        if self.answers.is_some() {
            while let Some(rest) = told.strip_prefix('@') {
                let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                told = rest.trim_start_matches(name).trim_start();
            }
        }
        if let Some(quoted) = &self.quotes {
            let end = format!("/status/{quoted}");
            if told.ends_with(&end) {
                let start = told.rfind(char::is_whitespace).unwrap_or_default();
                told = told.get(..start).unwrap_or_default();
            }
        }
        told.to_owned()
    }
}

/// Where a person can look at a post.
pub(super) fn permalink(id: &str, username: Option<&str>) -> String {
    format!("https://x.com/{}/status/{id}", username.unwrap_or("i"))
}

fn sighting(post: &Post, cx: &PublishContext<'_>, wanted: &Wanted) -> Sighting {
    Sighting {
        id: post.id.clone(),
        created_at: post.created_at,
        text: wanted.told(&as_kept(post)),
        kind: post
            .attachments
            .media_keys
            .first()
            .and_then(|key| kind_of(key)),
        url: Some(permalink(&post.id, cx.account.username.as_deref())),
    }
}

/// The kind of a file by its media key: 3 is a picture, 16 an animation, 7 and 13 are videos.
fn kind_of(media_key: &str) -> Option<MediaKind> {
    match media_key.split_once('_')?.0 {
        "3" | "16" => Some(MediaKind::Image),
        "7" | "13" => Some(MediaKind::Video),
        _ => None,
    }
}

/// Our text with each link in the form in which two spellings of it are equal.
fn as_sent(caption: &str) -> String {
    let caption: String = caption.nfc().collect();
    let mut text = String::new();
    let mut from = 0;
    for link in links::find(&caption) {
        text.push_str(&caption[from..link.start]);
        text.push_str(&bare(&caption[link.clone()]));
        from = link.end;
    }
    text.push_str(&caption[from..]);
    text
}

/// X's text likewise: X escapes three characters, puts its own links for ours, and ends a post that
/// carries files with a link to them.
fn as_kept(post: &Post) -> String {
    let mut text = post.text.clone();
    for link in &post.entities.urls {
        let target = if leads_to_files(link, &post.id) {
            String::new()
        } else {
            bare(link.expanded_url.as_deref().unwrap_or(&link.url))
        };
        text = text.replace(&link.url, &target);
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn leads_to_files(link: &Link, post_id: &str) -> bool {
    let target = link.expanded_url.as_deref().unwrap_or_default();
    ["photo", "video"]
        .iter()
        .any(|kind| target.contains(&format!("/status/{post_id}/{kind}/")))
}

/// A link without its scheme and the slash at its end, its host in lower case.
fn bare(link: &str) -> String {
    let rest = match link.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => rest,
        Some(_) | None => link,
    };
    let host_ends = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_ends);
    let path = path.strip_suffix('/').unwrap_or(path);
    format!("{}{path}", host.to_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(text: &str, urls: &serde_json::Value) -> String {
        let post: Post = serde_json::from_value(json!({
            "id": "20",
            "text": text,
            "created_at": "2026-01-01T12:00:00.000Z",
            "entities": { "urls": urls },
        }))
        .unwrap();
        as_kept(&post)
    }

    #[test]
    fn a_text_comes_back_equal_although_its_links_and_signs_were_rewritten() {
        let sent = "Fish & <chips>: HTTPS://Example.com/Menu/ or example.org";
        let urls = json!([
            { "url": "https://t.co/aaaaaaaaaa", "expanded_url": "https://example.com/Menu/" },
            { "url": "https://t.co/bbbbbbbbbb", "expanded_url": "http://example.org" },
            { "url": "https://t.co/cccccccccc", "expanded_url": "https://x.com/sample/status/20/photo/1" },
        ]);
        let text = "Fish &amp; &lt;chips&gt;: https://t.co/aaaaaaaaaa or https://t.co/bbbbbbbbbb https://t.co/cccccccccc";
        assert_eq!(kept(text, &urls).trim_end(), as_sent(sent));
    }

    #[test]
    fn another_path_makes_another_text() {
        let urls = json!([{ "url": "https://t.co/a", "expanded_url": "https://example.com/b" }]);
        assert_ne!(
            kept("https://t.co/a", &urls),
            as_sent("https://example.com/c")
        );
    }
}
