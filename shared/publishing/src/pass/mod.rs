//! One look at one post.
//!
//! The rules, in the order in which they are met below:
//! a lease keeps two publishers from doing the same work, and nothing else; whoever finds a post
//! `firing` never fires, it confirms; before the one call that makes a post visible an arm is
//! committed, and only the process whose arm committed sends, once, within five seconds; what came of
//! it is stored before anything else; an unknown outcome leads to looking, never back to sending.

mod allowance;
mod arm;
mod commit;
mod ends;
mod lines;
mod open;
mod waits;

use domain::{AttemptId, ConnectionHealth, LookId, Move, PostError, PostId, Stage};
use doorbell::Subject;
use platforms::{
    Account, Action, Answer, App, Call, Content, Event, Fault, Machine as _, Publish,
    PublishContext, Safety,
};
use secrecy::SecretString;
use store::{
    StoreError,
    connections::Connection,
    job_log::Step,
    work::{Save, Work},
};
use time::{Duration, OffsetDateTime};
use tokio::time::{Instant, timeout_at};
use vault::Pen;
use wire::{Authority, SendError};

pub use self::lines::Lines;
use self::waits::{BUSY, PERSON};
use crate::{
    assets::AssetFiles,
    backoff::persistently,
    progress::{Progress, Snapshot},
    publisher::{LookError, Means},
    tokens::{self, Access},
};

/// How long one look may hold a post: the longest run of the function, and a minute.
const LEASE: Duration = Duration::minutes(6);
/// The longest that one turn of a machine takes: new tokens, a call, and what is stored of both.
const TURN: std::time::Duration = std::time::Duration::from_secs(130);
/// Leases in a row without an orderly end after which a post is given up.
const CRASHES: i32 = 3;
/// How many steps are written down together at most, where the look goes on.
const STEPS: usize = 16;
/// How old the first of them may be when another one is noted.
const UNWRITTEN: Duration = Duration::seconds(2);

/// Does what comes next for a post, and is over by `until`.
///
/// What would not be done by then is not begun. Where something lasts longer than it may, the look is
/// dropped where it stands, as if its process had died there, but the post is put down at once.
pub(crate) async fn look(means: &Means, id: PostId, until: Instant) -> Result<(), LookError> {
    let work = match lease(means, id).await {
        Ok(Some(work)) => work,
        Ok(None) => return not_now(means, id).await,
        Err(error @ StoreError::Row { .. }) => return unreadable(means, id, error).await,
        Err(error) => return Err(error.into()),
    };
    let mut pass = Pass::new(means, work, until);
    let ran = timeout_at(until, Box::pin(pass.run())).await;
    let ended = match ran.unwrap_or(Err(LookError::OutOfTime)) {
        Err(error) => pass.cut_short(error).await,
        Ok(()) => Ok(()),
    };
    pass.write_down().await;
    ended
}

/// Takes the lease. Where the answer is lost nobody knows whether it was taken, and nobody else may work on the post until
/// it ends: it is asked for again under the name of the same look.
async fn lease(means: &Means, id: PostId) -> Result<Option<Work>, StoreError> {
    let look = LookId::mint();
    persistently(id, || means.books.lease(id, look, LEASE)).await
}

/// A post whose row this build cannot read. Another build may, so its lease runs out as that of a crash
/// would; after some of those a person is asked.
async fn unreadable(means: &Means, id: PostId, error: StoreError) -> Result<(), LookError> {
    let fault = Fault::operator(
        "post_unreadable",
        "The post is kept in a shape that cannot be read. Our operators have been told.",
    );
    if means.books.set_aside(id, CRASHES, &told(&fault)).await? {
        tracing::error!(post.id = %id, error = &error as &dyn std::error::Error, "ended {id}, which cannot be read");
        return Ok(());
    }
    Err(error.into())
}

/// A post that could not be leased: final or gone needs nothing, an early ring is rung again for the
/// right moment, and one that another publisher works on is rung again for the end of its lease.
async fn not_now(means: &Means, id: PostId) -> Result<(), LookError> {
    if let Some(seen) = means.books.glance(id).await?
        && !seen.stage.is_final()
    {
        let free = seen
            .lease_until
            .filter(|until| *until > seen.now)
            .unwrap_or(seen.next_attempt_at);
        means
            .doorbell
            .try_ring(
                Subject::from((id, seen.revision)).of(seen.user_id),
                free.max(seen.next_attempt_at),
            )
            .await;
    }
    Ok(())
}

struct Pass<'a> {
    means: &'a Means,
    work: Work,
    started: Instant,
    until: Instant,
    refreshed: bool,
    /// The arm that was committed last.
    attempt: Option<AttemptId>,
    /// What it was committed with.
    armed_with: Option<Vec<u8>>,
    /// When what came of its call came in.
    heard_at: Option<Instant>,
    /// What is yet to be written down.
    steps: Vec<(OffsetDateTime, Step)>,
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
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, from one step to the next"
)]
enum Flow {
    /// With this machine.
    On(Publish),
    /// It is over, and its end is stored.
    Over,
}

/// What is written down of a call.
struct Heard {
    outcome: &'static str,
    answered: Option<(u16, i32)>,
    detail: Option<String>,
}

impl Heard {
    fn of(sent: &Result<Answer, SendError>, begun: Instant) -> Self {
        let milliseconds = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        match sent {
            Ok(answer) => Self {
                outcome: "answered",
                answered: Some((answer.status, milliseconds)),
                detail: None,
            },
            Err(error) => Self {
                outcome: "lost",
                answered: None,
                detail: Some(error.to_string()),
            },
        }
    }
}

impl<'a> Pass<'a> {
    fn new(means: &'a Means, work: Work, until: Instant) -> Self {
        Self {
            means,
            work,
            started: Instant::now(),
            until,
            refreshed: false,
            attempt: None,
            armed_with: None,
            heard_at: None,
            steps: Vec::new(),
        }
    }

    async fn run(&mut self) -> Result<(), LookError> {
        if self.work.crash_count > CRASHES {
            return self.give_up().await;
        }
        let unsent = self.work.post.stage.is_editable();
        let is_over = unsent && self.is_too_late();
        if is_over && self.work.post.armed_at.is_none() {
            return self.miss().await;
        }
        let connection = self
            .means
            .books
            .connection(self.work.post.connection_id)
            .await?;
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
            if is_over {
                return self.miss().await;
            }
            let reason = connection.health_reason.clone().unwrap_or_default();
            return self
                .wait_for(&Fault::reconnect("reconnect_needed", reason), PERSON)
                .await;
        }
        let Some(app) = self
            .means
            .apps
            .of_account(connection.platform, &connection.facts)
            .cloned()
        else {
            if is_over {
                return self.miss().await;
            }
            let missing = Fault::operator(
                "network_not_configured",
                "Publishing to this network is not set up here.",
            );
            return self.wait_for(&missing, PERSON).await;
        };
        if let Some(again) = self.may_wait() {
            return self.put_down(Stage::Scheduled, None, again, None).await;
        }
        let (desk, machine) = match self.open(connection, app).await? {
            Ok(opened) => opened,
            Err(_) if is_over => return self.miss().await,
            Err(fault) => return self.stopped(&fault).await,
        };
        let flow = if self.work.post.stage == Stage::Firing {
            self.doubt(&desk, machine).await?
        } else if is_over {
            self.before_missed(&desk, machine).await?
        } else {
            Flow::On(machine)
        };
        let Flow::On(mut machine) = flow else {
            return Ok(());
        };
        loop {
            if self.left() < TURN {
                return self.park(&desk, &machine, self.now() + BUSY, None).await;
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
            Action::Done(receipt) => {
                self.published(&receipt).await?;
                self.note_remarks(&machine).await;
                Ok(Flow::Over)
            }
            Action::WaitUntil(at) => self
                .park(desk, &machine, at, None)
                .await
                .map(|()| Flow::Over),
            Action::Send(call) => {
                if let Some(until) = self.held() {
                    return self.withheld(desk, machine, call.safety, until).await;
                }
                self.reach_files(desk, &call).await?;
                match call.safety {
                    Safety::Once => self.commit(desk, machine, &call).await,
                    Safety::Optional | Safety::Repeatable | Safety::Resumable => {
                        self.repeatable(desk, machine, &call).await
                    }
                }
            }
        }
    }

    /// That our own files are away must not end as a call that the network did not understand.
    async fn reach_files(&self, desk: &Desk, call: &Call) -> Result<(), LookError> {
        for key in call
            .body
            .assets()
            .filter_map(|asset| desk.files.keys.get(asset))
        {
            let reached = self.means.files.reach(key).await;
            reached.map_err(LookError::Library)?;
        }
        Ok(())
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
        let begun = Instant::now();
        let sent = self.send(desk, call, token).await;
        self.jot_call(call, Heard::of(&sent, begun));
        self.write_down_in_time().await;
        let usage = self.usage(&sent);
        self.heed(&usage).await;
        let event = match sent {
            Ok(answer) => Event::Answer(answer),
            Err(_) if call.safety == Safety::Optional => Event::Lost,
            Err(error) => {
                let fault = Fault::retry(
                    "network_unreachable",
                    "The network could not be reached; trying again.",
                )
                .seen(error.to_string());
                let machine = match call.safety {
                    Safety::Resumable => machine.apply(Event::Lost, &self.context(desk)),
                    Safety::Once | Safety::Optional | Safety::Repeatable => Ok(machine),
                };
                return match machine {
                    Ok(machine) => self.hindered(desk, machine, fault, version).await,
                    Err(fault) => self.end_with(&fault).await,
                };
            }
        };
        match machine.clone().apply(event, &self.context(desk)) {
            Ok(next) => {
                self.work.tries = 0;
                if self.is_over(desk, &next) {
                    return Ok(Flow::On(next));
                }
                self.keep(desk, &next).await
            }
            Err(fault) => self.hindered(desk, machine, fault, version).await,
        }
    }

    /// Whether all that is left is to store that the post is live, which needs no machine.
    fn is_over(&self, desk: &Desk, machine: &Publish) -> bool {
        self.work.post.stage == Stage::Confirming
            && matches!(machine.next(&self.context(desk)), Action::Done(_))
    }

    /// Keeps the machine, and with it every handle it was given, before the next call goes out.
    async fn keep(&mut self, desk: &Desk, machine: &Publish) -> Result<Flow, LookError> {
        self.keep_as(self.under_way(), desk, machine).await
    }

    /// The same, at this stage.
    async fn keep_as(
        &mut self,
        to: Stage,
        desk: &Desk,
        machine: &Publish,
    ) -> Result<Flow, LookError> {
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
        if !self.save(&save).await? {
            return Ok(Flow::Over);
        }
        self.work.post.stage = to;
        self.work.progress = Some(progress);
        Ok(Flow::On(machine.clone()))
    }

    /// Saves a step; tells whether the lease was still ours.
    async fn save(&self, save: &Save<'_>) -> Result<bool, StoreError> {
        let ask = || self.means.books.save(&self.work, save);
        persistently(self.work.post.id, ask).await
    }

    /// The access token; `None` when there is none now and the post was parked.
    async fn token(
        &mut self,
        desk: &Desk,
        machine: &Publish,
    ) -> Result<Option<(SecretString, i32)>, LookError> {
        let (fault, pause) =
            match tokens::access(self.means, &desk.connection, None, self.now()).await? {
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

    /// Sends a call.
    async fn send(
        &self,
        desk: &Desk,
        call: &Call,
        token: SecretString,
    ) -> Result<Answer, SendError> {
        let authority = Authority {
            access_token: Some(token),
            app_secret: Some(desk.app.client_secret.clone()),
        };
        self.means.wire.send(call, &authority, &desk.files).await
    }

    /// Notes a call, to be written down later.
    fn jot_call(&mut self, call: &Call, heard: Heard) {
        let Heard {
            outcome,
            answered,
            detail,
        } = heard;
        self.jot(call.name, outcome, answered, detail.as_deref());
    }

    /// Notes what the author of a published post should know beside.
    async fn note_remarks(&mut self, machine: &Publish) {
        for remark in machine.remarks() {
            self.note("remark", "told", Some(remark)).await;
        }
    }

    /// Notes a step, and writes down what waits for it when it is time.
    async fn note(&mut self, step: &str, outcome: &str, detail: Option<&str>) {
        self.jot(step, outcome, None, detail);
        self.write_down_in_time().await;
    }

    /// Notes a step, to be written down later.
    fn jot(
        &mut self,
        step: &str,
        outcome: &str,
        answered: Option<(u16, i32)>,
        detail: Option<&str>,
    ) {
        let step = Step {
            step: step.to_owned(),
            outcome: outcome.to_owned(),
            http_status: answered.map(|(status, _)| i32::from(status)),
            duration_ms: answered.map(|(_, milliseconds)| milliseconds),
            detail: detail.map(str::to_owned),
        };
        self.steps.push((self.now(), step));
    }

    /// Writes the steps down when they are many, or old.
    async fn write_down_in_time(&mut self) {
        let now = self.now();
        let is_due = |(at, _): &(OffsetDateTime, Step)| now - *at > UNWRITTEN;
        if self.steps.len() >= STEPS || self.steps.first().is_some_and(is_due) {
            self.write_down().await;
        }
    }

    /// Writes the steps down. What cannot be written down must not undo what was done.
    async fn write_down(&mut self) {
        if self.steps.is_empty() {
            return;
        }
        let (user, id) = (self.work.post.user_id, self.work.post.id);
        if let Err(error) = self.means.books.note(user, id, &self.steps).await {
            tracing::warn!(post.id = %id, error = &error as &dyn std::error::Error, "steps could not be written down");
        }
        self.steps.clear();
    }

    async fn sealed(&self, desk: &Desk, machine: &Publish) -> Result<Vec<u8>, LookError> {
        let progress = progress(desk, machine);
        Ok(progress.seal(&self.means.vault, &self.work).await?)
    }

    /// As [`Pass::sealed`], without asking anybody for a key.
    fn sealed_with(&self, pen: &Pen, desk: &Desk, machine: &Publish) -> Result<Vec<u8>, LookError> {
        Ok(progress(desk, machine).seal_with(pen, &self.work)?)
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

    /// The database's time: what it said at the lease, and what has passed since by our own watch. A watch that ran
    /// for longer than the lease tells nothing of the database's clock, which may have been set back meanwhile.
    fn now(&self) -> OffsetDateTime {
        self.work.now + LEASE.min(self.started.elapsed().try_into().unwrap_or(LEASE))
    }

    /// Whether the time after its time, in which it may still go out, is over.
    fn is_too_late(&self) -> bool {
        self.now() > self.work.post.due_at + self.work.max_lateness
    }

    /// How much time there is until this look has to be over.
    fn left(&self) -> std::time::Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The stage of a post that is being worked on.
    fn under_way(&self) -> Stage {
        let stage = self.work.post.stage;
        if stage == Stage::Scheduled {
            stage.after(Move::Prepare).unwrap_or(Stage::Preparing)
        } else {
            stage
        }
    }
}

fn progress(desk: &Desk, machine: &Publish) -> Progress {
    Progress {
        snapshot: desk.snapshot.clone(),
        machine: machine.clone(),
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
