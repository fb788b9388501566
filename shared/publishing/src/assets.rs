//! The files of a post, from where its author put them to what the network takes.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::{MediaKind, MediaRules, Violation};
use futures_util::stream::BoxStream;
use media::Intake;
use platforms::Fault;
use store::{media as rows, work::Work};
use tokio::time::Instant;

use crate::{
    ports::Files,
    progress::StoredAsset,
    publisher::{LookError, Means},
};

/// How long reading, fitting and keeping a file takes at most.
const KEEPING: Duration = Duration::from_mins(1);

/// Fetches what is not here yet, judges it again and fits it to the network.
///
/// The inner error is a fault of the files, for the post's author.
pub(crate) async fn prepare(
    means: &Means,
    work: &Work,
    until: Instant,
) -> Result<Result<Vec<StoredAsset>, Fault>, LookError> {
    let rules = platforms::media_rules(work.post.platform, &work.post.options);
    let network = work.post.platform.display_name();
    let mut assets = Vec::with_capacity(work.post.media.len());
    for (place, item) in work.post.media.iter().enumerate() {
        let field = format!("media[{place}]");
        let stored = match stored(means, work, item.media_id, &rules, until).await? {
            Ok(stored) => stored,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Some(broken) = media::judge(&stored.facts, &rules, network, &field)
            .into_iter()
            .next()
        {
            return Ok(Err(of(broken)));
        }
        in_time(until, Duration::ZERO)?;
        let asset = match (item.kind, rules.image) {
            (MediaKind::Image, Some(image)) => {
                let key = format!("renditions/{}/{}-{place}", work.post.id, work.post.revision);
                let fitted = means
                    .files
                    .fit(
                        &stored.object_key,
                        &stored.facts,
                        image,
                        network,
                        &field,
                        &key,
                    )
                    .await
                    .map_err(LookError::Library)?;
                match fitted {
                    Ok(facts) => StoredAsset {
                        object_key: key,
                        facts,
                        alt_text: item.alt_text.clone(),
                    },
                    Err(broken) => return Ok(Err(of(broken))),
                }
            }
            (MediaKind::Image, None) | (MediaKind::Document | MediaKind::Video, _) => StoredAsset {
                object_key: stored.object_key,
                facts: stored.facts,
                alt_text: item.alt_text.clone(),
            },
        };
        assets.push(asset);
    }
    Ok(Ok(assets))
}

async fn stored(
    means: &Means,
    work: &Work,
    id: domain::MediaId,
    rules: &MediaRules,
    until: Instant,
) -> Result<Result<rows::Stored, Fault>, LookError> {
    let user = work.post.user_id;
    let Some(row) = means.books.file(user, id).await? else {
        return Ok(Err(Fault::content(
            "media_gone",
            "A file of the post is no longer kept; add it again.",
        )));
    };
    if let Some(stored) = row.stored {
        return Ok(Ok(stored));
    }
    in_time(until, media::LONG_PATIENCE)?;
    let most = match row.kind {
        MediaKind::Document => rules.document.map_or(0, |document| document.max_bytes),
        MediaKind::Image | MediaKind::Video => rules
            .video
            .map_or(0, |video| video.max_bytes)
            .max(rules.image.map_or(0, |image| image.max_bytes)),
    };
    let taken = means
        .files
        .take_in_whole(&row.source_url, row.kind, &id.to_string(), most)
        .await
        .map_err(LookError::Library)?;
    Ok(match taken {
        Ok(Intake {
            object_key,
            facts,
            sha256,
        }) => {
            let stored = rows::Stored {
                object_key,
                facts,
                sha256,
            };
            means.books.keep_file(user, id, &stored).await?;
            Ok(stored)
        }
        Err(broken) if broken.rule == "media_unreachable" => Err(Fault::retry(
            broken.rule,
            format!("The file {}. {}", broken.detail, broken.remedy),
        )),
        Err(broken) => Err(of(broken)),
    })
}

/// Whether what may last so long, and keeping what comes of it, is done before `until`; if not it is
/// left to the next look, which finds the files before it kept.
fn in_time(until: Instant, longest: Duration) -> Result<(), LookError> {
    if until.saturating_duration_since(Instant::now()) < longest + KEEPING {
        return Err(LookError::OutOfTime);
    }
    Ok(())
}

fn of(broken: Violation) -> Fault {
    Fault::content(
        broken.rule,
        format!("{}: {}. {}", broken.field, broken.detail, broken.remedy),
    )
}

/// Lets the wire read the files of a post.
pub(crate) struct AssetFiles {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) keys: Vec<String>,
}

impl wire::Files for AssetFiles {
    fn stream(
        &self,
        asset: usize,
        range: Range<u64>,
    ) -> BoxStream<'static, std::io::Result<Bytes>> {
        match self.keys.get(asset) {
            Some(key) => self.files.stream(key, range),
            None => Box::pin(futures_util::stream::once(std::future::ready(Err(
                std::io::Error::new(std::io::ErrorKind::NotFound, "the post has no such file"),
            )))),
        }
    }
}
