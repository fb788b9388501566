//! Waiting: for the network, for a limit, for a person.

use domain::Stage;
use platforms::{Fault, FaultKind, Publish};
use store::{StoreError, work::Save};
use time::{Duration, OffsetDateTime};
use vault::VaultError;

use super::{Desk, Flow, Pass, told};
use crate::{
    backoff,
    progress::ProgressError,
    publisher::LookError,
    tokens::{self, Access},
};

/// How long to wait for what a person has to mend.
pub(super) const PERSON: Duration = Duration::minutes(5);
/// How long to wait for a limit whose end the network does not tell.
const QUOTA: Duration = Duration::minutes(15);
/// After so many tries a network that refuses even fresh tokens is believed, and the account's owner is asked:
/// networks end tokens at any time, and take a moment to know new ones.
const REFUSALS: i32 = 4;
/// How long to wait while another post of the account is being sent.
pub(super) const BUSY: Duration = Duration::seconds(1);
/// How long after an arm its outcome stays unknown at most before a person is asked.
const DOUBT: Duration = Duration::hours(24);
/// How long to wait for a key service that does not answer.
const KEYS: Duration = Duration::seconds(30);

impl Pass<'_> {
    /// A fault met by a call that may be sent twice.
    pub(super) async fn hindered(
        &mut self,
        desk: &Desk,
        machine: Publish,
        fault: Fault,
        version: i32,
    ) -> Result<Flow, LookError> {
        match self.pause(&fault, desk, version).await? {
            Some(pause) => {
                self.work.tries += 1;
                self.park(desk, &machine, self.now() + pause, Some(&fault))
                    .await
                    .map(|()| Flow::Over)
            }
            None if matches!(fault.kind, FaultKind::Unauthorized) => Ok(Flow::On(machine)),
            None => self.end_with(&fault).await,
        }
    }

    /// How long a fault makes the post wait. `None`: not at all; it is over, or (after a refused
    /// token was renewed) it can go on at once.
    pub(super) async fn pause(
        &mut self,
        fault: &Fault,
        desk: &Desk,
        version: i32,
    ) -> Result<Option<Duration>, LookError> {
        let grown = backoff::after(self.work.tries + 1, self.work.post.id);
        Ok(match &fault.kind {
            FaultKind::Content | FaultKind::Unconfirmed { .. } => None,
            FaultKind::Operator => Some(PERSON),
            FaultKind::Quota { until } => {
                Some(until.map_or(QUOTA, |until| (until - self.now()).max(BUSY)))
            }
            FaultKind::Reconnect => {
                self.need_reconnect(desk, version, &fault.message).await?;
                Some(PERSON)
            }
            FaultKind::Retry { after } => Some(after.unwrap_or_default().max(grown)),
            FaultKind::Unauthorized if self.refreshed && self.work.tries < REFUSALS => Some(grown),
            FaultKind::Unauthorized if self.refreshed => {
                self.need_reconnect(desk, version, &fault.message).await?;
                Some(PERSON)
            }
            FaultKind::Unauthorized => {
                self.refreshed = true;
                match tokens::access(self.means, &desk.connection, Some(version), self.now())
                    .await?
                {
                    Access::Token(..) => None,
                    Access::Wait(pause) => Some(pause),
                    Access::Reconnect(_) | Access::Wiped => Some(PERSON),
                }
            }
        })
    }

    async fn need_reconnect(
        &self,
        desk: &Desk,
        version: i32,
        reason: &str,
    ) -> Result<(), LookError> {
        let (user, id) = (desk.connection.user_id, desk.connection.id);
        self.means
            .books
            .need_reconnect(user, id, version, reason)
            .await?;
        Ok(())
    }

    /// Keeps the machine and gives the lease back until `at`.
    pub(super) async fn park(
        &mut self,
        desk: &Desk,
        machine: &Publish,
        at: OffsetDateTime,
        fault: Option<&Fault>,
    ) -> Result<(), LookError> {
        let to = self.under_way();
        let progress = self.sealed(desk, machine).await?;
        self.put_down(to, Some(&progress), at, fault).await
    }

    /// Gives the lease back until the fault may be out of the way, with nothing new to keep.
    pub(super) async fn wait_for(
        &mut self,
        fault: &Fault,
        pause: Duration,
    ) -> Result<(), LookError> {
        self.work.tries += 1;
        let at = self.now() + pause;
        self.put_down(self.work.post.stage, None, at, Some(fault))
            .await
    }

    /// A look that ended because its time was over, or because something that it leans on is away.
    /// Nothing is wrong with the post, so it waits, and the look does not count as a crash. A post found
    /// or left `firing` stays so: the next look confirms it. Where even this cannot be stored, the
    /// lease runs out by itself.
    pub(super) async fn cut_short(&mut self, error: LookError) -> Result<(), LookError> {
        if matches!(error, LookError::OutOfTime) {
            tracing::warn!(post.id = %self.work.post.id, "{} is left to another look", self.work.post.id);
            let at = self.now() + BUSY;
            return self.put_down(self.work.post.stage, None, at, None).await;
        }
        let Some((fault, pause)) = self.away(&error) else {
            return Err(error);
        };
        tracing::error!(post.id = %self.work.post.id, error = &error as &dyn std::error::Error, "{} waits: {}", self.work.post.id, fault.code);
        self.wait_for(&fault, pause).await
    }

    /// What is away, as its author reads it, and how long to wait for it; `None` where waiting mends nothing.
    fn away(&self, error: &LookError) -> Option<(Fault, Duration)> {
        let grown = backoff::after(self.work.tries + 1, self.work.post.id);
        match error {
            LookError::Library(_) => Some((
                Fault::operator(
                    "files_unavailable",
                    "The files of the post are not available on our side; trying again.",
                ),
                grown,
            )),
            LookError::Store(StoreError::Database(_) | StoreError::Shared(_)) => Some((
                Fault::operator(
                    "database_unavailable",
                    "Something failed on our side; trying again.",
                ),
                grown,
            )),
            LookError::Progress(ProgressError::Vault(error)) | LookError::Vault(error) => Some((
                Fault::operator(
                    "keys_unavailable",
                    "The keys to the account's access are not available; trying again.",
                ),
                pause_for_keys(error)?,
            )),
            LookError::OutOfTime
            | LookError::Progress(ProgressError::Decode(_) | ProgressError::Encode(_))
            | LookError::Store(
                StoreError::Conflict(_) | StoreError::Migrate(_) | StoreError::Row { .. },
            ) => None,
        }
    }

    pub(super) async fn put_down(
        &mut self,
        to: Stage,
        progress: Option<&[u8]>,
        at: OffsetDateTime,
        fault: Option<&Fault>,
    ) -> Result<(), LookError> {
        if self.is_doubt_over() {
            return self.leave_to_author(fault).await;
        }
        let at = self.before_the_end(to, at);
        let error = fault.map(told);
        let save = Save {
            from: self.work.post.stage,
            to,
            progress,
            handle: None,
            error: error.as_ref(),
            tries: self.work.tries,
            until: Some(at),
        };
        if self.save(&save).await? {
            if let Some(fault) = fault {
                self.note("wait", "hindered", Some(&fault.to_string()))
                    .await;
            }
            self.means.doorbell.try_ring(&self.work.post, at).await;
        }
        Ok(())
    }

    /// A post that waits, unsent, beyond its grace is looked at when the grace ends, to be called missed.
    pub(super) fn before_the_end(&self, waits_as: Stage, at: OffsetDateTime) -> OffsetDateTime {
        let end = self.work.post.due_at + self.work.max_lateness + Duration::seconds(1);
        if waits_as.is_editable() && self.now() < end {
            at.min(end)
        } else {
            at
        }
    }

    fn is_doubt_over(&self) -> bool {
        matches!(self.work.post.stage, Stage::Confirming | Stage::Firing)
            && self
                .work
                .post
                .armed_at
                .is_some_and(|armed| self.now() - armed > DOUBT)
    }
}

/// How long to wait for keys; `None` when waiting gives none.
const fn pause_for_keys(error: &VaultError) -> Option<Duration> {
    match error {
        VaultError::Chance | VaultError::KeyServiceDown(_) | VaultError::Shelf(_) => Some(KEYS),
        VaultError::KeyServiceRefuses(_) | VaultError::WrongWrappingKey(_) => Some(PERSON),
        VaultError::Refused | VaultError::UnknownKey(_) => None,
    }
}
