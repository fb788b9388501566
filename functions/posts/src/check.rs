//! Holding a draft against its network's rules, fetching its files on the way.

use std::error::Error;

use domain::{
    Caption, MediaFacts, MediaId, MediaKind, MediaRules, Platform, PostMedia, UserId, Violation,
};
use http::StatusCode;
use media::{Intake, Looked};
use platforms::{Draft, DraftMedia};
use serde_json::Value;
use store::media::{Media, Stored};
use web::Problem;

use crate::{Env, request::MediaItem};

/// The files of an accepted draft: how the post names them, and the rows that are new.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    pub(crate) media: Vec<PostMedia>,
    pub(crate) rows: Vec<Media>,
}

/// Checks everything that can be checked before a post is accepted.
///
/// What costs nothing is checked first, so that nobody waits for a download to hear that the
/// caption is too long.
pub(crate) async fn check(
    env: &Env,
    user: UserId,
    platform: Platform,
    caption: &Caption,
    options: &Value,
    items: Vec<MediaItem>,
) -> Result<Files, Problem> {
    let claimed: Vec<DraftMedia> = items
        .iter()
        .map(|item| DraftMedia {
            kind: item.kind,
            facts: None,
            alt_text: item.alt_text.clone(),
        })
        .collect();
    hold(platform, caption, options, &claimed)?;
    let rules = platforms::media_rules(platform, options);
    let single = items.len() == 1;
    let mut files = Files::default();
    let mut known = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let field = if single {
            "media".to_owned()
        } else {
            format!("media[{place}]")
        };
        let found = file(env, user, &rules, &item, &field).await?;
        known.push(DraftMedia {
            kind: item.kind,
            facts: found.facts,
            alt_text: item.alt_text.clone(),
        });
        files.media.push(PostMedia {
            kind: item.kind,
            media_id: found.row.id,
            url: Some(found.row.source_url.clone()),
            alt_text: item.alt_text,
        });
        files.rows.extend(found.is_new.then_some(found.row));
    }
    let broken: Vec<Violation> = known
        .iter()
        .enumerate()
        .filter_map(|(place, item)| Some((place, item.facts.as_ref()?)))
        .flat_map(|(place, facts)| {
            let field = if single {
                "media".to_owned()
            } else {
                format!("media[{place}]")
            };
            media::judge(facts, &rules, platform.display_name(), &field)
        })
        .collect();
    if !broken.is_empty() {
        return Err(Problem::fields(broken));
    }
    hold(platform, caption, options, &known)?;
    Ok(files)
}

fn hold(
    platform: Platform,
    caption: &Caption,
    options: &Value,
    media: &[DraftMedia],
) -> Result<(), Problem> {
    let broken = platforms::check(
        platform,
        &Draft {
            caption: caption.as_str(),
            media,
            options,
        },
    );
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Problem::fields(broken))
    }
}

/// One file of a draft.
struct Found {
    row: Media,
    /// What it is, as far as that is known yet.
    facts: Option<MediaFacts>,
    /// Whether it is not among those already kept.
    is_new: bool,
}

/// Finds a file among those already kept, or looks at it where its author says it is.
async fn file(
    env: &Env,
    user: UserId,
    rules: &MediaRules,
    item: &MediaItem,
    field: &str,
) -> Result<Found, Problem> {
    let Some(url) = &item.url else {
        let kept = match item.media_id {
            Some(id) => store::media::find(&env.web.pool, user, id).await?,
            None => None,
        };
        let kept = kept.filter(|kept| kept.kind == item.kind).ok_or_else(|| {
            Problem::field(
                format!("{field}.mediaId"),
                "media_unknown",
                format!("is no {} of yours", item.kind),
                "Use the mediaId of one of your own files.",
            )
        })?;
        return Ok(Found {
            facts: kept.stored.as_ref().map(|stored| stored.facts.clone()),
            row: kept,
            is_new: false,
        });
    };
    let id = MediaId::mint();
    let most = largest(rules, item.kind);
    let looked = env
        .library
        .look(url, item.kind, &id.to_string(), most)
        .await
        .map_err(|error| failed(&error))?;
    let (stored, facts) = match looked {
        Ok(Looked::In(Intake {
            object_key,
            facts,
            sha256,
        })) => {
            let stored = Stored {
                object_key,
                facts: facts.clone(),
                sha256,
            };
            (Some(stored), Some(facts))
        }
        Ok(Looked::Later(facts)) => (None, facts),
        Err(broken) => {
            let field = broken.field.replacen("media", field, 1);
            return Err(Problem::fields(vec![Violation { field, ..broken }]));
        }
    };
    Ok(Found {
        row: Media {
            id,
            kind: item.kind,
            source_url: url.clone(),
            stored,
        },
        facts,
        is_new: true,
    })
}

fn largest(rules: &MediaRules, kind: MediaKind) -> u64 {
    match kind {
        MediaKind::Document => rules.document.map_or(0, |document| document.max_bytes),
        MediaKind::Image => rules.image.map_or(0, |image| image.max_bytes),
        MediaKind::Video => rules.video.map_or(0, |video| video.max_bytes),
    }
}

fn failed(error: &(dyn Error + 'static)) -> Problem {
    tracing::error!(error, "a file could not be taken in");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "media_store_unavailable",
        "The file could not be kept just now; try again in a moment.",
    )
}
