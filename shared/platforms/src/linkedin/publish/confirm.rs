//! What becomes of a post whose answer was lost, or that LinkedIn calls a copy of another one.
//!
//! A Page's posts can be listed where the app may read them. Of members only few tokens may read posts
//! (`r_member_social` is closed to new apps); the others are told so with 403, and the outcome stays open for a
//! person to decide. A post is never sent again to see whether it is refused as a copy.

use time::OffsetDateTime;

use super::Publish;
use crate::{
    Answer, Call, Candidate, Content, Expectation, Fault, FaultKind, PublishContext, Sighting,
    Verdict,
    linkedin::{
        fault, little_text, options,
        profile::{api, encoded, versioned},
        wire::{Post, PostContent, Posts},
    },
    next_look, normalise, settle,
};

/// So often the original of a copy is asked for: it can be too young to be read.
const TWIN_LOOKS: usize = 3;

/// Begins to look for the post that was sent last.
pub(super) fn begin(cx: &PublishContext<'_>, media: Vec<String>) -> Publish {
    let armed_at = cx.armed();
    Publish::Look {
        media,
        armed_at,
        number: 0,
        ask_at: next_look(armed_at, 0).unwrap_or(cx.now),
    }
}

/// A post that LinkedIn did not take, because it has the same already. That one may be ours: sent by an attempt
/// whose answer was lost. It is taken for ours only if it can be read and is no other post of ours.
pub(super) fn refused_as_copy(
    cx: &PublishContext<'_>,
    media: Vec<String>,
    refused: Fault,
    answer: &Answer,
) -> Result<Publish, Fault> {
    match fault::original(answer) {
        None => Err(copy_of_nothing().seen(refused.evidence.unwrap_or_default())),
        Some(urn) if cx.claimed.contains(&urn) => Err(refused),
        Some(urn) => Ok(Publish::Resolve {
            urn,
            media,
            armed_at: cx.armed(),
            number: 0,
            ask_at: cx.now,
        }),
    }
}

/// Asks for the original that LinkedIn named.
pub(super) fn resolve(cx: &PublishContext<'_>, urn: &str) -> Call {
    let url = api(cx.app, &format!("/rest/posts/{}", encoded(urn)));
    versioned(cx.app, Call::get("read_original", url))
}

/// The original that LinkedIn named; see [`Publish::Resolve`].
pub(super) struct Original {
    pub(super) urn: String,
    pub(super) media: Vec<String>,
    pub(super) armed_at: OffsetDateTime,
    pub(super) number: usize,
}

/// What LinkedIn says of the original.
pub(super) fn resolved(
    cx: &PublishContext<'_>,
    original: Original,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let Original {
        urn,
        media,
        armed_at,
        number,
    } = original;
    if answer.is_success() {
        let post: Post = answer.parse("post")?;
        if post.author.as_deref().is_some_and(|by| by != author(cx)) {
            return Err(fault::copy_of(&urn));
        }
        return if is_live(&post) && is_alike(&post, cx) && !cx.claimed.contains(&urn) {
            Ok(Publish::Published { urn: Some(urn) })
        } else {
            Err(copy_of_unknown(urn))
        };
    }
    if answer.status == 404 {
        let number = number + 1;
        let then = next_look(armed_at, number).filter(|_| number < TWIN_LOOKS);
        return then
            .map(|then| Publish::Resolve {
                urn,
                media,
                armed_at,
                number,
                ask_at: then.max(cx.now),
            })
            .ok_or_else(copy_of_nothing);
    }
    match fault::read(answer, cx.now) {
        // The usual answer for a member's token, and any other that says nothing of the original.
        _ if answer.status == 403 => Err(copy_of_unknown(urn)),
        Fault {
            kind: FaultKind::Content,
            ..
        } => Err(copy_of_unknown(urn)),
        fault => Err(fault),
    }
}

/// The original is there, but whether it is this post nobody can tell us.
fn copy_of_unknown(urn: String) -> Fault {
    let url = permalink(&urn);
    Fault {
        code: "duplicate_unproven".to_owned(),
        message: format!(
            "LinkedIn did not take the post, because it has the same already ({url}); whether that is this post it does not tell. Look at it, then resolve the post as published, change the text to post it again, or dismiss it."
        ),
        ..Fault::unconfirmed(vec![Candidate {
            external_id: urn,
            url: Some(url),
        }])
    }
}

/// Reported, 2026: after a post was deleted, and over a day or two, LinkedIn names originals that do not exist.
fn copy_of_nothing() -> Fault {
    Fault {
        code: "duplicate_of_nothing".to_owned(),
        message: "LinkedIn did not take the post, because it has the same already, but the other one cannot be found. Check LinkedIn, then resolve the post as published, change the text to post it again, or dismiss it.".to_owned(),
        ..Fault::unconfirmed(Vec::new())
    }
}

/// Whether a post says and shows what ours does; files that were uploaded anew have other names.
fn is_alike(post: &Post, cx: &PublishContext<'_>) -> bool {
    let as_many = |files: &[&str]| files.len() == cx.content.assets.len();
    let shows_the_same = shows(post, article_of(cx.content).as_ref(), as_many);
    shows_the_same && normalise(&little_text::plain(&post.commentary)) == normalise(&words(cx))
}

fn is_live(post: &Post) -> bool {
    matches!(post.lifecycle_state.as_str(), "PUBLISHED" | "")
}

/// The caption as people read it.
fn words(cx: &PublishContext<'_>) -> String {
    little_text::plain(&little_text::escape(&cx.content.caption, cx.app))
}

fn article_of(content: &Content) -> Option<options::Article> {
    options::read(&content.options).ok()?.article
}

/// Asks for the author's latest posts.
pub(super) fn look(cx: &PublishContext<'_>) -> Call {
    let mut url = api(cx.app, "/rest/posts");
    url.query_pairs_mut()
        .append_pair("q", "author")
        .append_pair("author", author(cx))
        .append_pair("count", "50");
    versioned(cx.app, Call::get("look_for_post", url)).header("x-restli-method", "FINDER")
}

/// What a look came to.
pub(super) fn looked(
    cx: &PublishContext<'_>,
    media: Vec<String>,
    armed_at: OffsetDateTime,
    number: usize,
    ask_at: OffsetDateTime,
    answer: &Answer,
) -> Result<Publish, Fault> {
    // The usual answer for a member's token: it may write posts, but not read them.
    if answer.status == 403 {
        return Err(Fault::unconfirmed(Vec::new()));
    }
    let verdict = if answer.is_success() {
        let posts: Posts = answer.parse("posts")?;
        judge(&posts, &media, armed_at, cx)
    } else {
        match fault::read(answer, cx.now) {
            // A look that is refused says nothing of the post.
            Fault {
                kind: FaultKind::Content,
                ..
            } => Verdict::Absent,
            fault => return Err(fault),
        }
    };
    match verdict {
        Verdict::Absent => next_look(armed_at, number + 1)
            .map(|then| Publish::Look {
                media,
                armed_at,
                number: number + 1,
                ask_at: then.max(ask_at),
            })
            .ok_or_else(|| Fault::unconfirmed(Vec::new())),
        Verdict::Found(post) => Ok(Publish::Published { urn: Some(post.id) }),
        Verdict::Several(candidates) => Err(Fault::unconfirmed(candidates)),
    }
}

/// What the look came to: a post with the same words and the very files that were uploaded for it.
fn judge(
    posts: &Posts,
    media: &[String],
    armed_at: OffsetDateTime,
    cx: &PublishContext<'_>,
) -> Verdict {
    let article = article_of(cx.content);
    let sightings: Vec<Sighting> = posts
        .elements
        .iter()
        .filter(|post| is_live(post))
        .filter(|post| shows(post, article.as_ref(), |files| files == media))
        .filter_map(sighting)
        .collect();
    settle(
        &sightings,
        &Expectation {
            armed_at,
            text: &words(cx),
            kind: None,
            claimed: cx.claimed,
        },
    )
}

/// The author's URN.
pub(super) const fn author<'a>(cx: &PublishContext<'a>) -> &'a str {
    cx.account.external_id.as_str()
}

/// Where a person can look at a post.
pub(super) fn permalink(urn: &str) -> String {
    format!("https://www.linkedin.com/feed/update/{urn}/")
}

/// Whether a post shows the files that it should, or the same article.
fn shows(
    post: &Post,
    article: Option<&options::Article>,
    files: impl FnOnce(&[&str]) -> bool,
) -> bool {
    let told = post.content.as_ref().and_then(|it| it.article.as_ref());
    match (told, article) {
        (None, None) => files(&files_of(post)),
        (Some(told), Some(article)) => told.source == article.url,
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn files_of(post: &Post) -> Vec<&str> {
    let Some(PostContent {
        media, multi_image, ..
    }) = &post.content
    else {
        return Vec::new();
    };
    let several = multi_image.iter().flat_map(|several| &several.images);
    media
        .iter()
        .chain(several)
        .map(|media| media.id.as_str())
        .collect()
}

fn sighting(post: &Post) -> Option<Sighting> {
    let created_at =
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(post.created_at) * 1_000_000).ok()?;
    Some(Sighting {
        id: post.id.clone(),
        created_at,
        text: little_text::plain(&post.commentary),
        kind: None,
        url: Some(permalink(&post.id)),
    })
}
