//! Opening what was kept of a post, or freezing it and starting its machine.

use std::sync::Arc;

use platforms::{Account, App, Asset, Content, Fault, Publish};
use store::connections::Connection;
use time::Duration;

use super::{Desk, Pass};
use crate::{
    assets::{self, AssetFiles},
    progress::{Progress, Snapshot},
    publisher::LookError,
};

/// How long the addresses under which networks fetch files work.
const URL_LIFE: Duration = Duration::hours(6);

impl Pass<'_> {
    /// Opens what was kept, or freezes the post and starts its machine. The inner error is a fault
    /// of the post's files.
    pub(super) async fn open(
        &mut self,
        connection: Connection,
        app: App,
    ) -> Result<Result<(Desk, Publish), Fault>, LookError> {
        let kept = self.kept().await?;
        if kept.is_none() {
            // What is prepared is kept sealed: without a key all of it would be for nothing.
            self.means.vault.pen(std::time::Duration::ZERO).await?;
        }
        let snapshot = match &kept {
            Some(kept) => kept.snapshot.clone(),
            None => match assets::prepare(self.means, &self.work, self.until).await? {
                Ok(assets) => Snapshot {
                    caption: self.work.post.caption.as_str().to_owned(),
                    options: self.work.post.options.clone(),
                    assets,
                },
                Err(fault) => return Ok(Err(fault)),
            },
        };
        let content = self.content(&snapshot).await?;
        let machine = kept.map_or_else(
            || platforms::start(connection.platform, &content),
            |kept| kept.machine,
        );
        let files = AssetFiles {
            files: Arc::clone(&self.means.files),
            keys: snapshot
                .assets
                .iter()
                .map(|asset| asset.object_key.clone())
                .collect(),
        };
        let account = account(&connection);
        let claimed = if self.work.post.stage.is_editable() {
            Vec::new()
        } else {
            self.means.books.claimed(&self.work).await?
        };
        let desk = Desk {
            connection,
            app,
            account,
            content,
            files,
            snapshot,
            claimed,
        };
        Ok(Ok((desk, machine)))
    }

    /// What was kept when the post was last put down.
    pub(super) async fn kept(&self) -> Result<Option<Progress>, LookError> {
        let Some(sealed) = &self.work.progress else {
            return Ok(None);
        };
        let kept = Progress::open(sealed, &self.means.vault, &self.work).await?;
        Ok(Some(kept))
    }

    /// The frozen post, with addresses under which the network can fetch its files.
    pub(super) async fn content(&self, snapshot: &Snapshot) -> Result<Content, LookError> {
        let until = self.now() + URL_LIFE;
        let mut assets = Vec::with_capacity(snapshot.assets.len());
        for asset in &snapshot.assets {
            assets.push(Asset {
                facts: asset.facts.clone(),
                url: self
                    .means
                    .files
                    .public_url(&asset.object_key, self.now(), until)
                    .await
                    .map_err(LookError::Library)?,
                alt_text: asset.alt_text.clone(),
            });
        }
        Ok(Content {
            caption: snapshot.caption.clone(),
            options: snapshot.options.clone(),
            assets,
        })
    }
}

pub(super) fn account(connection: &Connection) -> Account {
    Account {
        external_id: connection.external_id.clone(),
        username: connection.username.clone(),
        facts: connection.facts.clone(),
    }
}
