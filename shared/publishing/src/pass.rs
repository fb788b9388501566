//! One look at one post.
//!
//! The rules, in the order in which they are met below:
//! a lease keeps two publishers from doing the same work, and nothing else; whoever finds a post
//! `firing` never fires, it confirms; before the one call that makes a post visible an arm is
//! committed, and only the process whose arm committed sends, once, within five seconds; what came of
//! it is stored before anything else; an unknown outcome leads to looking, never back to sending.

use std::time::Instant;

use domain::{AttemptId, ConnectionHealth, Move, PostError, PostId, Stage};
use platforms::{
    Account, Action, Answer, App, Asset, Call, Content, Event, Fault, FaultKind, Machine as _,
    Publish, PublishContext, Receipt, Safety,
};
use secrecy::SecretString;
use store::{
    attempts::{self, Outcome},
    connections::{self, Connection},
    job_log,
    work::{self, Armed, Outcomes, Save, Work},
};
use time::{Duration, OffsetDateTime};
use wire::{Authority, SendError};

use crate::{
    Publisher,
    assets::{self, AssetFiles},
    backoff,
    progress::{Progress, Snapshot},
    publisher::{LookError, Parts},
    tokens::{self, Access},
};

/// How long one look may hold a post: the longest run of the function, and a minute.
const LEASE: Duration = Duration::minutes(6);
/// When a look that still has calls to make hands over to the next one.
const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_secs(240);
/// How long after its arm was asked for a commit may still be sent.
const ARM_LIFE: std::time::Duration = std::time::Duration::from_secs(5);
/// Leases in a row without an orderly end after which a post is given up.
const CRASHES: i32 = 3;
/// How long to wait for what a person has to mend.
const PERSON: Duration = Duration::minutes(5);
/// How long to wait for a limit whose end the network does not tell.
const QUOTA: Duration = Duration::minutes(15);
/// How long to wait while another post of the account is being sent.
const BUSY: Duration = Duration::seconds(1);
/// How long after an arm its outcome stays unknown at most before a person is asked.
const DOUBT: Duration = Duration::hours(24);
/// How long the addresses under which networks fetch files work.
const URL_LIFE: Duration = Duration::hours(6);

/// Does what comes next for a post.
pub(crate) async fn look(publisher: &Publisher, id: PostId) -> Result<(), LookError> {
    let parts = &publisher.0;
    match work::lease(&parts.pool, id, LEASE).await? {
        Some(work) => Pass::new(parts, work).run().await,
        None => not_now(parts, id).await,
    }
}

/// A post that could not be leased: final or gone needs nothing, an early ring is rung again for the
/// right moment, and one that another publisher works on is rung again for the end of its lease.
async fn not_now(parts: &Parts, id: PostId) -> Result<(), LookError> {
    if let Some(seen) = work::glance(&parts.pool, id).await?
        && !seen.stage.is_final()
    {
        let free = seen
            .lease_until
            .filter(|until| *until > seen.now)
            .unwrap_or(seen.next_attempt_at);
        parts
            .doorbell
            .try_ring(&id.to_string(), free.max(seen.next_attempt_at))
            .await;
    }
    Ok(())
}

struct Pass<'a> {
    parts: &'a Parts,
    work: Work,
    started: Instant,
    refreshed: bool,
}

/// What everything after the first checks is done with.
struct Desk {
    connection: Connection,
    app: App,
    account: Account,
    content: Content,
    files: AssetFiles,
    snapshot: Snapshot,
    claimed: Vec<String>,
}

/// Whether a pass goes on.
enum Flow {
    /// With this machine.
    On(Publish),
    /// It is over, and its end is stored.
    Over,
}

impl<'a> Pass<'a> {
    fn new(parts: &'a Parts, work: Work) -> Self {
        Self {
            parts,
            work,
            started: Instant::now(),
            refreshed: false,
        }
    }

    async fn run(mut self) -> Result<(), LookError> {
        if self.work.crash_count > CRASHES {
            return self.give_up().await;
        }
        let unsent = self.work.post.stage.is_editable();
        if unsent && self.now() > self.work.post.due_at + self.work.max_lateness {
            return self.miss().await;
        }
        let connection =
            connections::by_message(&self.parts.pool, self.work.post.connection_id).await?;
        let Some(connection) = connection.filter(|it| !is_gone(it)) else {
            let gone = Fault::content("account_disconnected", "The account was disconnected.");
            let to = if unsent {
                Stage::Failed
            } else {
                Stage::NeedsAttention
            };
            return self.end(to, &gone, &[]).await;
        };
        if connection.health == ConnectionHealth::NeedsReconnect {
            let reason = connection.health_reason.clone().unwrap_or_default();
            return self
                .wait_for(&Fault::reconnect("reconnect_needed", reason), PERSON)
                .await;
        }
        let Some(app) = self.parts.apps.find(connection.platform).cloned() else {
            let missing = Fault::operator(
                "network_not_configured",
                "Publishing to this network is not set up here.",
            );
            return self.wait_for(&missing, PERSON).await;
        };
        let (desk, machine) = match self.open(connection, app).await? {
            Ok(opened) => opened,
            Err(fault) => return self.stopped(&fault).await,
        };
        let mut machine = if self.work.post.stage == Stage::Firing {
            match self.doubt(&desk, machine).await? {
                Flow::On(machine) => machine,
                Flow::Over => return Ok(()),
            }
        } else {
            machine
        };
        loop {
            if self.started.elapsed() > LONG_ENOUGH {
                return self.park(&desk, &machine, self.now(), None).await;
            }
            match self.step(&desk, machine).await? {
                Flow::On(next) => machine = next,
                Flow::Over => return Ok(()),
            }
        }
    }

    /// One turn of the machine.
    async fn step(&mut self, desk: &Desk, machine: Publish) -> Result<Flow, LookError> {
        match machine.next(&self.context(desk)) {
            Action::Done(receipt) => self.published(&receipt).await.map(|()| Flow::Over),
            Action::WaitUntil(at) => self
                .park(desk, &machine, at, None)
                .await
                .map(|()| Flow::Over),
            Action::Send(call) => match call.safety {
                Safety::Once => self.commit(desk, machine, &call).await,
                Safety::Optional | Safety::Repeatable => {
                    self.repeatable(desk, machine, &call).await
                }
            },
        }
    }

    /// A call that may be sent twice.
    async fn repeatable(
        &mut self,
        desk: &Desk,
        machine: Publish,
        call: &Call,
    ) -> Result<Flow, LookError> {
        let Some((token, version)) = self.token(desk, &machine).await? else {
            return Ok(Flow::Over);
        };
        let sent = self.send(desk, call, token).await?;
        let event = match sent {
            Ok(answer) => Event::Answer(answer),
            Err(_) if call.safety == Safety::Optional => Event::Lost,
            Err(error) => {
                let fault = Fault::retry(
                    "network_unreachable",
                    "The network could not be reached; trying again.",
                )
                .seen(error.to_string());
                return self.hindered(desk, machine, fault, version).await;
            }
        };
        match machine.clone().apply(event, &self.context(desk)) {
            Ok(next) => {
                self.work.tries = 0;
                self.keep(desk, &next).await
            }
            Err(fault) => self.hindered(desk, machine, fault, version).await,
        }
    }

    /// The call that makes the post visible: armed, then sent once.
    async fn commit(
        &mut self,
        desk: &Desk,
        machine: Publish,
        call: &Call,
    ) -> Result<Flow, LookError> {
        if self.work.post.stage == Stage::Confirming {
            // Only proof of absence leads a machine back here; it is written down before anything else.
            if !work::rewind(
                &self.parts.pool,
                &self.work,
                "the network showed that nothing was published",
            )
            .await?
            {
                return Ok(Flow::Over);
            }
            self.work.post.stage = Stage::Prepared;
        }
        self.ready(desk, &machine).await?;
        if self.now() < self.work.post.due_at {
            return self
                .park(desk, &machine, self.work.post.due_at, None)
                .await
                .map(|()| Flow::Over);
        }
        let Some((token, version)) = self.token(desk, &machine).await? else {
            return Ok(Flow::Over);
        };
        let asked = Instant::now();
        if !self.arm(desk, &machine, call).await? {
            return Ok(Flow::Over);
        }
        let sent = if asked.elapsed() > ARM_LIFE {
            Err(SendError::NotSent(
                "the arm was committed too late".to_owned(),
            ))
        } else {
            self.send(desk, call, token).await?
        };
        let answer = match sent {
            Ok(answer) => answer,
            Err(SendError::NotSent(reason)) => return self.not_sent(&reason).await,
            Err(SendError::Lost(reason)) => return self.lost(desk, machine, &reason).await,
        };
        let accepted = answer.is_success();
        let seen = format!("status {}", answer.status);
        match machine
            .clone()
            .apply(Event::Answer(answer), &self.context(desk))
        {
            Ok(next) => {
                let outcome = if accepted {
                    Outcome::Accepted
                } else {
                    Outcome::Unknown
                };
                self.settle(desk, next, outcome, &seen).await
            }
            Err(fault) => self.refused(desk, machine, fault, version).await,
        }
    }

    /// Commits the arm; tells whether this process, and no other, may send now.
    async fn arm(
        &mut self,
        desk: &Desk,
        machine: &Publish,
        call: &Call,
    ) -> Result<bool, LookError> {
        let attempt = AttemptId::mint();
        let sealed = self.sealed(desk, machine).await?;
        let armed = match work::arm(&self.parts.pool, &self.work, attempt, call.name, &sealed).await
        {
            Ok(armed) => armed,
            // The commit's own answer was lost. The arm's id tells whether it took; where even that
            // cannot be asked nothing is sent.
            Err(error) => {
                if !attempts::exists(&self.parts.pool, attempt).await? {
                    return Err(error.into());
                }
                Armed::Done(self.now())
            }
        };
        match armed {
            Armed::Done(at) => {
                self.work.post.stage = Stage::Firing;
                self.work.post.armed_at = Some(at);
                self.note("arm", "done", None, None).await?;
                Ok(true)
            }
            Armed::Busy => self
                .park(desk, machine, self.now() + BUSY, None)
                .await
                .map(|()| false),
            Armed::Halted => {
                let halted =
                    Fault::operator("publishing_halted", "Publishing is halted by the operator.");
                self.park(desk, machine, self.now() + PERSON, Some(&halted))
                    .await
                    .map(|()| false)
            }
            Armed::Gone => Ok(false),
        }
    }

    /// A commit that never left: the same arm counts as used, and another one follows.
    async fn not_sent(&mut self, reason: &str) -> Result<Flow, LookError> {
        let fault = Fault::retry(
            "network_unreachable",
            "The network could not be reached; trying again.",
        )
        .seen(reason);
        let until = self.now() + backoff::after(self.work.tries + 1, self.work.post.id);
        self.outcome(Outcome::NotSent, Stage::Prepared, Some(&fault), Some(until))
            .await
    }

    /// A commit whose answer was lost: the machine looks.
    async fn lost(
        &mut self,
        desk: &Desk,
        machine: Publish,
        reason: &str,
    ) -> Result<Flow, LookError> {
        match machine.apply(Event::Lost, &self.context(desk)) {
            Ok(looking) => self.settle(desk, looking, Outcome::Unknown, reason).await,
            Err(fault) => self.end_with(&fault).await,
        }
    }

    /// A post found `firing`: whoever was armed may have sent.
    async fn doubt(&mut self, desk: &Desk, machine: Publish) -> Result<Flow, LookError> {
        self.lost(desk, machine, "the process that was armed left no answer")
            .await
    }

    /// A commit that the network refused before any effect.
    async fn refused(
        &mut self,
        desk: &Desk,
        machine: Publish,
        fault: Fault,
        version: i32,
    ) -> Result<Flow, LookError> {
        let until = match self.pause(&fault, desk, version).await? {
            Some(pause) => Some(self.now() + pause),
            None if matches!(fault.kind, FaultKind::Unauthorized) => None,
            None => return self.end_with(&fault).await,
        };
        let until = until.map(|until| self.before_the_end(until));
        match self
            .outcome(Outcome::Rejected, Stage::Prepared, Some(&fault), until)
            .await?
        {
            Flow::On(_) | Flow::Over if until.is_some() => Ok(Flow::Over),
            Flow::On(_) | Flow::Over => Ok(Flow::On(machine)),
        }
    }

    /// A fault met by a call that may be sent twice.
    async fn hindered(
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
    async fn pause(
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
            FaultKind::Unauthorized if self.refreshed => {
                self.need_reconnect(desk, version, &fault.message).await?;
                Some(PERSON)
            }
            FaultKind::Unauthorized => {
                self.refreshed = true;
                match tokens::access(self.parts, &desk.connection, Some(version), self.now())
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
        store::tokens::need_reconnect(&self.parts.pool, user, id, version, reason).await?;
        Ok(())
    }

    /// The access token; `None` when there is none now and the post was parked.
    async fn token(
        &mut self,
        desk: &Desk,
        machine: &Publish,
    ) -> Result<Option<(SecretString, i32)>, LookError> {
        let (fault, pause) =
            match tokens::access(self.parts, &desk.connection, None, self.now()).await? {
                Access::Token(token, version) => return Ok(Some((token, version))),
                Access::Reconnect(reason) => {
                    (Some(Fault::reconnect("reconnect_needed", reason)), PERSON)
                }
                Access::Wait(pause) => (None, pause),
                Access::Wiped => (None, BUSY),
            };
        self.park(desk, machine, self.now() + pause, fault.as_ref())
            .await
            .map(|()| None)
    }

    /// Sends a call and writes the step down.
    async fn send(
        &self,
        desk: &Desk,
        call: &Call,
        token: SecretString,
    ) -> Result<Result<Answer, SendError>, LookError> {
        let authority = Authority {
            access_token: Some(token),
            app_secret: Some(desk.app.client_secret.clone()),
        };
        let begun = Instant::now();
        let sent = self.parts.wire.send(call, &authority, &desk.files).await;
        let milliseconds = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        // A step that cannot be written down must not undo what the network did.
        let noted = match &sent {
            Ok(answer) => {
                self.note(
                    call.name,
                    "answered",
                    Some((answer.status, milliseconds)),
                    None,
                )
                .await
            }
            Err(error) => {
                self.note(call.name, "lost", None, Some(&error.to_string()))
                    .await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(post.id = %self.work.post.id, error = &error as &dyn std::error::Error, "a step could not be written down");
        }
        Ok(sent)
    }

    /// Stores what a commit came to, with the machine that goes on from there.
    async fn settle(
        &mut self,
        desk: &Desk,
        next: Publish,
        outcome: Outcome,
        evidence: &str,
    ) -> Result<Flow, LookError> {
        let progress = self.sealed(desk, &next).await?;
        let outcomes = Outcomes {
            outcome,
            evidence: Some(evidence),
            to: Stage::Confirming,
            progress: Some(&progress),
            error: None,
            until: None,
        };
        if !work::settle(&self.parts.pool, &self.work, &outcomes).await? {
            return Ok(Flow::Over);
        }
        self.work.post.stage = Stage::Confirming;
        Ok(Flow::On(next))
    }

    async fn outcome(
        &mut self,
        outcome: Outcome,
        to: Stage,
        fault: Option<&Fault>,
        until: Option<OffsetDateTime>,
    ) -> Result<Flow, LookError> {
        let error = fault.map(told);
        let outcomes = Outcomes {
            outcome,
            evidence: fault.and_then(|fault| fault.evidence.as_deref()),
            to,
            progress: None,
            error: error.as_ref(),
            until,
        };
        if work::settle(&self.parts.pool, &self.work, &outcomes).await? {
            self.work.post.stage = to;
            self.work.tries += 1;
            if let Some(until) = until {
                self.parts
                    .doorbell
                    .try_ring(&self.work.post.id.to_string(), until)
                    .await;
            }
        }
        Ok(Flow::Over)
    }

    /// Keeps the machine, and with it every handle it was given, before the next call goes out.
    async fn keep(&mut self, desk: &Desk, machine: &Publish) -> Result<Flow, LookError> {
        let to = self.under_way();
        let progress = self.sealed(desk, machine).await?;
        let handle = machine.handle();
        let save = Save {
            from: self.work.post.stage,
            to,
            progress: Some(&progress),
            handle: handle.as_deref(),
            error: None,
            tries: self.work.tries,
            until: None,
        };
        if !work::save(&self.parts.pool, &self.work, &save).await? {
            return Ok(Flow::Over);
        }
        self.work.post.stage = to;
        Ok(Flow::On(machine.clone()))
    }

    /// Notes that only the commit is left.
    async fn ready(&mut self, desk: &Desk, machine: &Publish) -> Result<(), LookError> {
        if self.work.post.stage == Stage::Prepared {
            return Ok(());
        }
        if self.work.post.stage == Stage::Scheduled {
            self.keep(desk, machine).await?;
        }
        let progress = self.sealed(desk, machine).await?;
        let save = Save {
            from: self.work.post.stage,
            to: Stage::Prepared,
            progress: Some(&progress),
            handle: None,
            error: None,
            tries: self.work.tries,
            until: None,
        };
        if work::save(&self.parts.pool, &self.work, &save).await? {
            self.work.post.stage = Stage::Prepared;
        }
        Ok(())
    }

    /// Keeps the machine and gives the lease back until `at`.
    async fn park(
        &mut self,
        desk: &Desk,
        machine: &Publish,
        at: OffsetDateTime,
        fault: Option<&Fault>,
    ) -> Result<(), LookError> {
        if self.is_doubt_over() {
            return self
                .end(Stage::NeedsAttention, &Fault::unconfirmed(Vec::new()), &[])
                .await;
        }
        let to = self.under_way();
        let progress = self.sealed(desk, machine).await?;
        self.put_down(to, Some(&progress), at, fault).await
    }

    /// Gives the lease back until the fault may be out of the way, with nothing new to keep.
    async fn wait_for(&mut self, fault: &Fault, pause: Duration) -> Result<(), LookError> {
        if self.is_doubt_over() {
            return self
                .end(Stage::NeedsAttention, &Fault::unconfirmed(Vec::new()), &[])
                .await;
        }
        self.work.tries += 1;
        let at = self.now() + pause;
        self.put_down(self.work.post.stage, None, at, Some(fault))
            .await
    }

    async fn put_down(
        &mut self,
        to: Stage,
        progress: Option<&[u8]>,
        at: OffsetDateTime,
        fault: Option<&Fault>,
    ) -> Result<(), LookError> {
        let at = self.before_the_end(at);
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
        if work::save(&self.parts.pool, &self.work, &save).await? {
            if let Some(fault) = fault {
                self.note("wait", "hindered", None, Some(&fault.to_string()))
                    .await?;
            }
            self.parts
                .doorbell
                .try_ring(&self.work.post.id.to_string(), at)
                .await;
        }
        Ok(())
    }

    /// Opens what was kept, or freezes the post and starts its machine. The inner error is a fault
    /// of the post's files.
    async fn open(
        &mut self,
        connection: Connection,
        app: App,
    ) -> Result<Result<(Desk, Publish), Fault>, LookError> {
        let kept = match self.work.progress.take() {
            Some(sealed) => Some(Progress::open(&sealed, &self.parts.vault, &self.work).await?),
            None => None,
        };
        let snapshot = match &kept {
            Some(kept) => kept.snapshot.clone(),
            None => match assets::prepare(self.parts, &self.work).await? {
                Ok(assets) => Snapshot {
                    caption: self.work.post.caption.as_str().to_owned(),
                    options: self.work.post.options.clone(),
                    assets,
                },
                Err(fault) => return Ok(Err(fault)),
            },
        };
        let until = self.now() + URL_LIFE;
        let mut content_assets = Vec::with_capacity(snapshot.assets.len());
        for asset in &snapshot.assets {
            content_assets.push(Asset {
                facts: asset.facts.clone(),
                url: self
                    .parts
                    .library
                    .public_url(&asset.object_key, until)
                    .map_err(LookError::Library)?,
                alt_text: asset.alt_text.clone(),
            });
        }
        let content = Content {
            caption: snapshot.caption.clone(),
            options: snapshot.options.clone(),
            assets: content_assets,
        };
        let machine = kept.map_or_else(
            || platforms::start(connection.platform, &content),
            |kept| kept.machine,
        );
        let files = AssetFiles {
            library: self.parts.library.clone(),
            keys: snapshot
                .assets
                .iter()
                .map(|asset| asset.object_key.clone())
                .collect(),
        };
        let account = Account {
            external_id: connection.external_id.clone(),
            username: connection.username.clone(),
            facts: connection.facts.clone(),
        };
        let claimed = if self.work.post.stage.is_editable() {
            Vec::new()
        } else {
            work::claimed(&self.parts.pool, &self.work).await?
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

    /// A fault met before there was a machine.
    async fn stopped(&mut self, fault: &Fault) -> Result<(), LookError> {
        if matches!(fault.kind, FaultKind::Content) {
            return self.end(Stage::Failed, fault, &[]).await;
        }
        let pause = backoff::after(self.work.tries + 1, self.work.post.id);
        self.wait_for(fault, pause).await
    }

    async fn published(&self, receipt: &Receipt) -> Result<(), LookError> {
        let id = self.work.post.id;
        let told = work::published(
            &self.parts.pool,
            id,
            receipt.external_id.as_deref(),
            receipt.url.as_deref(),
        )
        .await;
        match told {
            Ok(_) => {
                self.note("publish", "done", None, None).await?;
                tracing::info!(post.id = %id, platform = %self.work.post.platform, "published {id}");
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

    async fn end_with(&self, fault: &Fault) -> Result<Flow, LookError> {
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

    async fn end(
        &self,
        to: Stage,
        fault: &Fault,
        candidates: &[platforms::Candidate],
    ) -> Result<(), LookError> {
        let candidates = (!candidates.is_empty()).then(|| serde_json::json!(candidates));
        let mut connection = self
            .parts
            .pool
            .acquire()
            .await
            .map_err(store::StoreError::from)?;
        let ended = work::end(
            &mut connection,
            &self.work,
            to,
            &told(fault),
            candidates.as_ref(),
        )
        .await?;
        drop(connection);
        if ended {
            self.note("end", to.as_str(), None, Some(&fault.to_string()))
                .await?;
            tracing::warn!(post.id = %self.work.post.id, platform = %self.work.post.platform, stage = %to, code = fault.code, evidence = fault.evidence, "ended {}", self.work.post.id);
        }
        Ok(())
    }

    /// Its time and the grace after it are over, and nothing was sent.
    async fn miss(&self) -> Result<(), LookError> {
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

    /// It broke its publishers again and again.
    async fn give_up(&self) -> Result<(), LookError> {
        if self.work.post.armed_at.is_none() {
            let fault = Fault::content(
                "publisher_crashed",
                "Publishing broke down several times; nothing was sent. Our operators have been told.",
            );
            return self.end(Stage::Failed, &fault, &[]).await;
        }
        self.end(Stage::NeedsAttention, &Fault::unconfirmed(Vec::new()), &[])
            .await
    }

    async fn note(
        &self,
        step: &str,
        outcome: &str,
        answered: Option<(u16, i32)>,
        detail: Option<&str>,
    ) -> Result<(), LookError> {
        let step = job_log::Step {
            step: step.to_owned(),
            outcome: outcome.to_owned(),
            http_status: answered.map(|(status, _)| i32::from(status)),
            duration_ms: answered.map(|(_, milliseconds)| milliseconds),
            detail: detail.map(str::to_owned),
        };
        job_log::note(
            &self.parts.pool,
            self.work.post.user_id,
            self.work.post.id,
            &step,
        )
        .await?;
        Ok(())
    }

    async fn sealed(&self, desk: &Desk, machine: &Publish) -> Result<Vec<u8>, LookError> {
        let progress = Progress {
            snapshot: desk.snapshot.clone(),
            machine: machine.clone(),
        };
        Ok(progress.seal(&self.parts.vault, &self.work).await?)
    }

    fn context<'d>(&self, desk: &'d Desk) -> PublishContext<'d> {
        PublishContext {
            now: self.now(),
            app: &desk.app,
            account: &desk.account,
            content: &desk.content,
            armed_at: self.work.post.armed_at,
            claimed: &desk.claimed,
        }
    }

    /// The database's time: what it said at the lease, and what has passed since by our own watch.
    fn now(&self) -> OffsetDateTime {
        self.work.now + self.started.elapsed()
    }

    /// The stage of a post that is being worked on.
    fn under_way(&self) -> Stage {
        match self.work.post.stage {
            Stage::Scheduled => self
                .work
                .post
                .stage
                .after(Move::Prepare)
                .unwrap_or(Stage::Preparing),
            other => other,
        }
    }

    /// A post that waits beyond its grace is looked at when the grace ends, to be called missed.
    fn before_the_end(&self, at: OffsetDateTime) -> OffsetDateTime {
        if self.work.post.stage.is_editable() {
            let end = self.work.post.due_at + self.work.max_lateness + Duration::seconds(1);
            return at.min(end.max(self.now()));
        }
        at
    }

    fn is_doubt_over(&self) -> bool {
        self.work.post.stage == Stage::Confirming
            && self
                .work
                .post
                .armed_at
                .is_some_and(|armed| self.now() - armed > DOUBT)
    }
}

fn is_gone(connection: &Connection) -> bool {
    matches!(
        connection.health,
        ConnectionHealth::Disconnected | ConnectionHealth::Disconnecting
    )
}

fn told(fault: &Fault) -> PostError {
    PostError {
        code: fault.code.clone(),
        message: fault.message.clone(),
        evidence: fault.evidence.clone(),
    }
}
