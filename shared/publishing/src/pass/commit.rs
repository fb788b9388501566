//! The one call that makes a post visible: armed (see [`super::arm`]), sent once, settled.

use domain::{Stage, Standing};
use platforms::{Action, Answer, Call, Event, Fault, FaultKind, Machine as _, Publish, Safety};
use store::{
    StoreError,
    attempts::Outcome,
    work::{Live, Outcomes, Settled},
};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;
use vault::Pen;
use wire::SendError;

use super::{
    Desk, Flow, Heard, Pass,
    arm::{COMMIT, Ready, turn},
    told,
};
use crate::{
    backoff::{self, persistently},
    publisher::LookError,
};

/// How long after its arm was asked for a commit may still be sent.
const ARM_LIFE: std::time::Duration = std::time::Duration::from_secs(5);
/// How long after its arm a commit can have its effect at the latest, even where the database's clock jumped meanwhile.
const CERTAIN: Duration = Duration::minutes(10);

impl Pass<'_> {
    /// The call that makes the post visible: armed, then sent once.
    pub(super) async fn commit(
        &mut self,
        desk: &Desk,
        machine: Publish,
        call: &Call,
    ) -> Result<Flow, LookError> {
        if self.work.post.stage == Stage::Confirming && machine.is_partly_live() {
            // What is live stays live: nobody may edit or cancel the post in between.
            self.means.books.go_on(&self.work, call.name).await?;
        } else if self.work.post.stage == Stage::Confirming {
            if let Some(again) = self.too_soon_to_miss() {
                return self.look_again(desk, machine, again).await;
            }
            // Only proof of absence leads a machine back here; it is written down before anything else.
            if !self
                .means
                .books
                .rewind(&self.work, "the network showed that nothing was published")
                .await?
            {
                return Ok(Flow::Over);
            }
            self.work.post.stage = Stage::Prepared;
            self.work.post.accepted_at = None;
            if self.is_too_late() {
                return self.miss().await.map(|()| Flow::Over);
            }
        }
        self.ready(desk, &machine).await?;
        if self.now() < self.work.post.due_at {
            let before = self.means.books.before(&self.work).await?;
            let at = self.work.post.due_at + turn(before);
            return self
                .park(desk, &machine, at, None)
                .await
                .map(|()| Flow::Over);
        }
        let Some(ready) = self.armed(desk, &machine, call).await? else {
            return Ok(Flow::Over);
        };
        let Ready {
            token,
            version,
            pen,
            asked,
        } = ready;
        let sent = if asked.elapsed() > ARM_LIFE {
            Err(SendError::NotSent(
                "the arm was committed too late".to_owned(),
            ))
        } else {
            self.send(desk, call, token).await
        };
        self.heard_at = Some(Instant::now());
        // Not written down before what came of it is stored.
        self.jot_call(call, Heard::of(&sent, asked));
        let usage = self.usage(&sent);
        let came = self.came_to(desk, machine, version, sent, &pen).await;
        self.means.lines.move_on(self.work.post.connection_id);
        self.write_down_in_time().await;
        self.heed(&usage).await;
        came
    }

    /// A post that was armed and shown absent, and was hindered since until it is too late to send it again: a request can
    /// have its effect after it was looked for, so that it is asked for once more where the answer is certain.
    pub(super) async fn before_missed(
        &mut self,
        desk: &Desk,
        machine: Publish,
    ) -> Result<Flow, LookError> {
        let next = machine.next(&self.context(desk));
        let was_sent = matches!(next, Action::Send(call) if call.safety == Safety::Once);
        if was_sent
            && machine.tells_its_outcome()
            && let Ok(looking) = machine.apply(Event::Lost, &self.context(desk))
        {
            return self.keep_as(Stage::Confirming, desk, &looking).await;
        }
        self.miss().await.map(|()| Flow::Over)
    }

    /// When to look once more for what a network does not show, where it is too late to send it again: to be called
    /// missed is an end, and it may have its effect yet.
    fn too_soon_to_miss(&self) -> Option<OffsetDateTime> {
        let armed_at = self.work.post.armed_at.filter(|_| self.is_too_late())?;
        Some(armed_at + CERTAIN).filter(|again| *again > self.now())
    }

    /// Looks again for what was sent, at that time.
    async fn look_again(
        &mut self,
        desk: &Desk,
        machine: Publish,
        at: OffsetDateTime,
    ) -> Result<Flow, LookError> {
        match machine.apply(Event::Lost, &self.context(desk)) {
            Ok(looking) => self.park(desk, &looking, at, None).await,
            Err(fault) => self.end_with(&fault).await.map(drop),
        }
        .map(|()| Flow::Over)
    }

    /// What a commit came to is stored before anything else is done.
    async fn came_to(
        &mut self,
        desk: &Desk,
        machine: Publish,
        version: i32,
        sent: Result<Answer, SendError>,
        pen: &Pen,
    ) -> Result<Flow, LookError> {
        let answer = match sent {
            Ok(answer) => answer,
            Err(SendError::NotSent(reason)) => return self.not_sent(&machine, &reason).await,
            Err(SendError::Lost(reason)) => return self.lost(desk, machine, &reason, pen).await,
        };
        let accepted = answer.is_success();
        let seen = format!("status {}", answer.status);
        match machine
            .clone()
            .apply(Event::Answer(answer), &self.context(desk))
        {
            Ok(next) => {
                if accepted && self.settle_live(desk, &next, &seen).await {
                    return Ok(Flow::Over);
                }
                let outcome = if accepted {
                    Outcome::Accepted
                } else {
                    Outcome::Unknown
                };
                self.settle(desk, next, outcome, &seen, pen).await
            }
            Err(fault) => self.refused(desk, machine, fault, version).await,
        }
    }

    /// Notes that only the commit is left.
    async fn ready(&mut self, desk: &Desk, machine: &Publish) -> Result<(), LookError> {
        if matches!(self.work.post.stage, Stage::Confirming | Stage::Prepared) {
            return Ok(());
        }
        if self.work.post.stage == Stage::Scheduled {
            self.keep(desk, machine).await?;
        }
        self.keep_as(Stage::Prepared, desk, machine).await.map(drop)
    }

    /// A commit that never left: the same arm counts as used, and another one follows.
    async fn not_sent(&mut self, machine: &Publish, reason: &str) -> Result<Flow, LookError> {
        let fault = Fault::retry(
            "network_unreachable",
            "The network could not be reached; trying again.",
        )
        .seen(reason);
        let until = self.now() + backoff::after(self.work.tries + 1, self.work.post.id);
        self.outcome(machine, Outcome::NotSent, &fault, Some(until))
            .await
            .map(|_| Flow::Over)
    }

    /// A commit whose answer was lost: the machine looks.
    async fn lost(
        &mut self,
        desk: &Desk,
        machine: Publish,
        reason: &str,
        pen: &Pen,
    ) -> Result<Flow, LookError> {
        match machine.apply(Event::Lost, &self.context(desk)) {
            Ok(looking) => {
                self.settle(desk, looking, Outcome::Unknown, reason, pen)
                    .await
            }
            Err(fault) => self.end_with(&fault).await,
        }
    }

    /// A post found `firing`: whoever was armed may have sent.
    pub(super) async fn doubt(&mut self, desk: &Desk, machine: Publish) -> Result<Flow, LookError> {
        let pen = self.means.vault.pen(COMMIT).await?;
        self.lost(
            desk,
            machine,
            "the process that was armed left no answer",
            &pen,
        )
        .await
    }

    /// A commit that the network refused before any effect. That is stored first: what comes after may
    /// ask the network for new tokens, and may fail.
    async fn refused(
        &mut self,
        desk: &Desk,
        machine: Publish,
        fault: Fault,
        version: i32,
    ) -> Result<Flow, LookError> {
        match &fault.kind {
            FaultKind::Unconfirmed { .. } => return self.end_with(&fault).await,
            FaultKind::Content => {
                if !self.ended(Stage::Failed, &fault, &[]).await? {
                    // Somebody else took it for unknown meanwhile; that it was refused is known.
                    self.outcome(&machine, Outcome::Rejected, &fault, None)
                        .await?;
                }
                return Ok(Flow::Over);
            }
            FaultKind::Operator
            | FaultKind::Quota { .. }
            | FaultKind::Reconnect
            | FaultKind::Retry { .. }
            | FaultKind::Unauthorized => {}
        }
        let rejected = Outcome::Rejected;
        if !self.outcome(&machine, rejected, &fault, None).await? {
            return Ok(Flow::Over);
        }
        match self.pause(&fault, desk, version).await? {
            Some(pause) => self
                .park(desk, &machine, self.now() + pause, Some(&fault))
                .await
                .map(|()| Flow::Over),
            None => Ok(Flow::On(machine)),
        }
    }

    /// Where the answer told all that there is to know of the post, that is stored in one go; tells whether it was.
    async fn settle_live(&mut self, desk: &Desk, next: &Publish, evidence: &str) -> bool {
        let (Some(attempt), Action::Done(receipt)) = (self.attempt, next.next(&self.context(desk)))
        else {
            return false;
        };
        if receipt.standing == Standing::Scheduled {
            return false;
        }
        let live = Live {
            attempt,
            evidence,
            heard: self.heard(),
            external_id: receipt.external_id.as_deref(),
            external_url: receipt.url.as_deref(),
            standing: receipt.standing,
        };
        match self.means.books.settle_live(&self.work, &live).await {
            Ok(true) => {}
            Ok(false) => return false,
            // Whatever it is must not keep the outcome from being stored.
            Err(error) => {
                let id = self.work.post.id;
                tracing::warn!(post.id = %id, error = &error as &dyn std::error::Error, "what was made of {id} could not be stored with its outcome");
                return false;
            }
        }
        self.accepted();
        self.is_live().await;
        self.note_remarks(next).await;
        true
    }

    /// When the network answered.
    fn heard(&self) -> Instant {
        self.heard_at.unwrap_or_else(Instant::now)
    }

    fn accepted(&mut self) {
        let at = self.now() - self.heard().elapsed();
        self.work.post.accepted_at.get_or_insert(at);
    }

    /// Stores what a commit came to, with the machine that goes on from there.
    async fn settle(
        &mut self,
        desk: &Desk,
        next: Publish,
        outcome: Outcome,
        evidence: &str,
        pen: &Pen,
    ) -> Result<Flow, LookError> {
        let progress = self.sealed_with(pen, desk, &next)?;
        let outcomes = Outcomes {
            attempt: self.attempt,
            outcome,
            evidence: Some(evidence),
            heard: self.heard(),
            to: Stage::Confirming,
            progress: Some(&progress),
            error: None,
            until: None,
        };
        match self.store_outcome(&outcomes).await? {
            Settled::InTime => {}
            Settled::Late => return self.known_after_all().await.map(|()| Flow::Over),
            Settled::Gone => return Ok(Flow::Over),
        }
        self.work.post.stage = Stage::Confirming;
        self.work.progress = Some(progress);
        if outcome == Outcome::Accepted {
            self.accepted();
        }
        Ok(Flow::On(next))
    }

    /// What is known of a commit is known here alone, until it is stored.
    async fn store_outcome(&self, outcomes: &Outcomes<'_>) -> Result<Settled, StoreError> {
        let ask = || self.means.books.settle(&self.work, outcomes);
        persistently(self.work.post.id, ask).await
    }

    /// What came of the commit is known after others had given it up: it goes on from there.
    async fn known_after_all(&self) -> Result<(), LookError> {
        let id = self.work.post.id;
        tracing::warn!(post.id = %id, "what came of {id} is known after all");
        let doorbell = &self.means.doorbell;
        doorbell.try_ring(&self.work.post, self.now()).await;
        Ok(())
    }

    /// Stores that a commit had no effect; tells whether the post still was in doubt. A post of which a
    /// part is live stays where nobody edits it.
    async fn outcome(
        &mut self,
        machine: &Publish,
        outcome: Outcome,
        fault: &Fault,
        until: Option<OffsetDateTime>,
    ) -> Result<bool, LookError> {
        let error = told(fault);
        let to = if machine.is_partly_live() {
            Stage::Confirming
        } else {
            Stage::Prepared
        };
        let until = until.map(|until| self.before_the_end(to, until));
        let outcomes = Outcomes {
            attempt: self.attempt,
            outcome,
            evidence: fault.evidence.as_deref(),
            heard: self.heard(),
            to,
            // Whoever looked for it meanwhile has kept what looks; now it is to be sent.
            progress: self.armed_with.as_deref(),
            error: Some(&error),
            until,
        };
        match self.store_outcome(&outcomes).await? {
            Settled::InTime => {}
            Settled::Late => return self.known_after_all().await.map(|()| false),
            Settled::Gone => return Ok(false),
        }
        self.work.post.stage = to;
        self.work.tries += 1;
        if let Some(until) = until {
            self.means.doorbell.try_ring(&self.work.post, until).await;
        }
        Ok(true)
    }
}
