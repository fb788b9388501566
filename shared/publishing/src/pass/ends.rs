//! The ends of a post.

use domain::{Stage, Standing};
use doorbell::Subject;
use platforms::{Errand, Fault, FaultKind, Receipt};
use time::Duration;

use super::{Flow, Pass, open::account, told};
use crate::{backoff, publisher::LookError};

impl Pass<'_> {
    pub(super) async fn published(&mut self, receipt: &Receipt) -> Result<(), LookError> {
        let id = self.work.post.id;
        self.plan_follow_up(receipt).await?;
        let told = self
            .means
            .books
            .published(
                id,
                receipt.external_id.as_deref(),
                receipt.url.as_deref(),
                receipt.standing,
            )
            .await;
        match told {
            Ok(_) => {
                self.is_live().await;
                Ok(())
            }
            // The network's id belongs to another post of ours, so this is no evidence of this one.
            Err(error) if error.is_conflict("posts_one_claim") => {
                self.end(Stage::NeedsAttention, &Fault::unconfirmed(Vec::new()), &[])
                    .await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells that the post is known to be live.
    pub(super) async fn is_live(&mut self) {
        self.note("publish", "done", None).await;
        let post = &self.work.post;
        let after = post.accepted_at.unwrap_or_else(|| self.now()) - post.due_at;
        let milliseconds = i64::try_from(after.whole_milliseconds().max(0)).unwrap_or(i64::MAX);
        // Only what was planned can be late; what is posted now takes the time that it takes.
        let is_planned = post.scheduled_at.is_some();
        let late_ms = is_planned.then_some(milliseconds);
        let took_ms = (!is_planned).then_some(milliseconds);
        tracing::info!(post.id = %post.id, platform = %post.platform, late_ms, took_ms, "published {}", post.id);
    }

    /// What the network keeps until a time is looked for after it. Planned before the post is called published,
    /// so that it cannot be forgotten; to look twice does no harm.
    async fn plan_follow_up(&self, receipt: &Receipt) -> Result<(), LookError> {
        let post = &self.work.post;
        let at = platforms::shown_at(post.platform, &post.options);
        let (Standing::Scheduled, Some(handle), Some(at)) =
            (receipt.standing, receipt.external_id.clone(), at)
        else {
            return Ok(());
        };
        let wish = serde_json::json!(Errand::FollowUp {
            post: post.id,
            handle,
            on: true,
        });
        let (user, connection, at) = (post.user_id, post.connection_id, at + Duration::MINUTE);
        let errand = self.means.books.plan(user, connection, &wish, at).await?;
        let errand = Subject::from(errand).of(user);
        self.means.doorbell.try_ring(errand, at).await;
        Ok(())
    }

    /// A fault met before there was a machine.
    pub(super) async fn stopped(&mut self, fault: &Fault) -> Result<(), LookError> {
        if matches!(fault.kind, FaultKind::Content) {
            return self.end(Stage::Failed, fault, &[]).await;
        }
        let pause = backoff::after(self.work.tries + 1, self.work.post.id);
        self.wait_for(fault, pause).await
    }

    pub(super) async fn end_with(&mut self, fault: &Fault) -> Result<Flow, LookError> {
        match &fault.kind {
            FaultKind::Unconfirmed { candidates } => {
                self.end(Stage::NeedsAttention, fault, candidates).await?;
            }
            FaultKind::Content
            | FaultKind::Operator
            | FaultKind::Quota { .. }
            | FaultKind::Reconnect
            | FaultKind::Retry { .. }
            | FaultKind::Unauthorized => self.end(Stage::Failed, fault, &[]).await?,
        }
        Ok(Flow::Over)
    }

    pub(super) async fn end(
        &mut self,
        to: Stage,
        fault: &Fault,
        candidates: &[platforms::Candidate],
    ) -> Result<(), LookError> {
        self.ended(to, fault, candidates).await.map(drop)
    }

    /// Ends the post; tells whether it was still ours to end.
    pub(super) async fn ended(
        &mut self,
        to: Stage,
        fault: &Fault,
        candidates: &[platforms::Candidate],
    ) -> Result<bool, LookError> {
        let candidates = (!candidates.is_empty()).then(|| serde_json::json!(candidates));
        let ended = self
            .means
            .books
            .end(&self.work, to, &told(fault), candidates.as_ref())
            .await?;
        if ended {
            self.note("end", to.as_str(), Some(&fault.to_string()))
                .await;
            tracing::warn!(post.id = %self.work.post.id, platform = %self.work.post.platform, stage = %to, code = fault.code, evidence = fault.evidence, "ended {}", self.work.post.id);
        }
        Ok(ended)
    }

    /// Its time and the grace after it are over, and nothing was sent.
    pub(super) async fn miss(&mut self) -> Result<(), LookError> {
        let last = self
            .work
            .post
            .error
            .as_ref()
            .map(|error| error.message.as_str())
            .unwrap_or_default();
        let message = format!(
            "The post could not be sent within {} minutes of its time. {last}",
            self.work.max_lateness.whole_minutes()
        );
        self.end(
            Stage::Missed,
            &Fault::content("missed", message.trim_end()),
            &[],
        )
        .await
    }

    /// Nobody waits any longer to learn what became of it, or to go on. What is known of it is told; `fault` is what
    /// keeps it waiting.
    pub(super) async fn leave_to_author(&mut self, fault: Option<&Fault>) -> Result<(), LookError> {
        let mut told = Fault::unconfirmed(Vec::new());
        if self.work.post.stage == Stage::Confirming && self.work.post.accepted_at.is_some() {
            "The network accepted the post, but could not be asked for a day whether it is live. Look at the account, then resolve the post as published, retry or dismiss."
                .clone_into(&mut told.message);
        }
        let reason = fault.map_or("It had to wait for too long.", |fault| &fault.message);
        let why = (self.work.post.stage == Stage::Confirming).then_some(reason);
        match self.as_far_as_known(&told, why).await {
            Ok(Some(known)) => told = known,
            Ok(None) => {}
            // It has to end all the same.
            Err(error) => {
                tracing::error!(post.id = %self.work.post.id, error = &error as &dyn std::error::Error, "what is known of {} could not be read", self.work.post.id);
            }
        }
        self.end_with(&told).await.map(drop)
    }

    async fn as_far_as_known(
        &self,
        unknown: &Fault,
        why: Option<&str>,
    ) -> Result<Option<Fault>, LookError> {
        let id = self.work.post.connection_id;
        let (Some(kept), Some(connection)) =
            (self.kept().await?, self.means.books.connection(id).await?)
        else {
            return Ok(None);
        };
        let content = self.content(&kept.snapshot).await?;
        let account = account(&connection);
        let known = kept
            .machine
            .given_up(&content, &account, unknown.clone(), why);
        Ok(Some(known))
    }

    /// It broke its publishers again and again. Where it was not armed, or is proven absent, it is not live; what else
    /// is known of it is told.
    pub(super) async fn give_up(&mut self) -> Result<(), LookError> {
        const CODE: &str = "publisher_crashed";
        if self.work.post.stage.is_editable() {
            let fault = Fault::content(
                CODE,
                "Publishing broke down several times; nothing is live. Our operators have been told.",
            );
            return self.end(Stage::Failed, &fault, &[]).await;
        }
        let mut fault = Fault::unconfirmed(Vec::new());
        if self.work.post.accepted_at.is_some() {
            CODE.clone_into(&mut fault.code);
            "The network accepted the post, but publishing broke down several times before it was known to be live. Look at the account, then resolve the post as published, retry or dismiss."
                .clone_into(&mut fault.message);
        }
        self.end(Stage::NeedsAttention, &fault, &[]).await
    }
}
