//! Publishes a post by the rules of the real driver, on a clock that is moved and with a process
//! that can be killed.
//!
//! What a machine may rely on, and what each function below does:
//!
//! 1. Only the [`Row`] survives the death of a process. The machine is read from it before each
//!    step and written to it after each; what was in memory is gone ([`Driver::step`]).
//! 2. Before a `Once` call goes out, the row is marked as firing and `armed_at` is set; whoever
//!    finds a row firing never sends: the machine is told that the answer was lost ([`Driver::send`]).
//! 3. The lost answer of a `Repeatable` call is never told to the machine; the same call is sent
//!    again ([`Driver::come_of`]).
//! 4. A fault leaves the machine as it was. Depending on its kind the driver waits, renews the
//!    token, asks the person to connect again, or ends ([`Driver::stand_by`]).
//! 5. Nothing goes on for ever: neither steps, nor equal faults on end, nor virtual time.

use platforms::{
    Action, Candidate, Event, Fault, FaultKind, Machine as _, Publish, PublishContext, Receipt,
    Safety,
};
use time::{Duration, OffsetDateTime};

use super::{
    stage::{Connection, Stage, network_of},
    transcript::{Transcript, describe, state_name},
    wire::{self, Filling, Reply},
};

/// How long the driver waits where a fault says "again" but not when.
const PAUSE: Duration = Duration::seconds(30);
/// After so long a dead process's lease is over and another process takes the row.
const LEASE: Duration = Duration::seconds(90);
/// So many faults on end without a step forward, and the driver gives up.
const MAX_FAULTS: usize = 12;
/// More steps than any flow takes.
const MAX_STEPS: usize = 600;
/// Every post is settled within so much virtual time.
const MAX_TIME: Duration = Duration::hours(3);

/// What became of a post.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Live.
    Published(Receipt),
    /// Nothing is live, and the same again would be refused again.
    Failed(Fault),
    /// Sent, and nobody can tell what became of it.
    Unconfirmed(Vec<Candidate>),
    /// Nothing is live; a person or an operator must act first.
    Waiting(Fault),
    /// Neither settled nor waiting within the bounds: always a bug, or faults without end.
    Stuck(String),
}

/// One way from a post to its outcome.
#[derive(Debug, Clone)]
pub struct Run {
    /// What became of it.
    pub outcome: Outcome,
    /// What was said.
    pub transcript: Transcript,
    /// The machine's calls in the order they were due, whether or not they went out.
    pub calls: Vec<(&'static str, Safety)>,
    /// Whether a `Once` call was sent, or may have been.
    pub fired: bool,
}

impl Run {
    /// What came of a post that was published.
    ///
    /// # Panics
    /// When it was not, with what was said.
    pub fn receipt(&self) -> &Receipt {
        if let Outcome::Published(receipt) = &self.outcome {
            return receipt;
        }
        panic!("{:?}\n{}", self.outcome, self.transcript)
    }

    /// Why a post failed.
    ///
    /// # Panics
    /// When it did not, with what was said.
    pub fn failure(&self) -> &Fault {
        if let Outcome::Failed(fault) = &self.outcome {
            return fault;
        }
        panic!("{:?}\n{}", self.outcome, self.transcript)
    }
}

/// When a process dies, relative to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Before anything of the call was written down.
    BeforeMark,
    /// After the mark was written, before anything was sent.
    AfterMark,
    /// After the network did what it was asked, before the answer was written down.
    AfterSend,
}

/// What outlives a process.
struct Row {
    /// The machine, as it is stored.
    machine: String,
    /// Whether a `Once` call may be out.
    firing: bool,
    /// When the latest `Once` call was armed.
    armed_at: Option<OffsetDateTime>,
}

/// The death of a process.
struct Died;

/// Publishes one post.
pub struct Driver<'a> {
    stage: &'a Stage,
    connection: &'a mut Connection,
    content: &'a platforms::Content,
    files: Vec<Vec<u8>>,
    claimed: Vec<String>,
    row: Row,
    began_at: OffsetDateTime,
    transcript: Transcript,
    calls: Vec<(&'static str, Safety)>,
    fired: bool,
    faults_on_end: usize,
    token_is_new: bool,
    connected_again: bool,
    /// At which call (from 1) the process dies, and when.
    death: Option<(usize, Death)>,
    /// At which call (from 1) every access token of the network ends.
    tokens_end_at: Option<usize>,
}

impl<'a> Driver<'a> {
    /// A post whose publishing is about to begin.
    pub fn new(
        stage: &'a Stage,
        connection: &'a mut Connection,
        content: &'a platforms::Content,
    ) -> Self {
        let machine = platforms::start(connection.platform, content);
        let mut transcript = Transcript::new(stage.now());
        transcript.state(&machine);
        Self {
            stage,
            connection,
            content,
            files: stage.files_of(content),
            claimed: Vec::new(),
            row: Row {
                machine: stored(&machine),
                firing: false,
                armed_at: None,
            },
            began_at: stage.now(),
            transcript,
            calls: Vec::new(),
            fired: false,
            faults_on_end: 0,
            token_is_new: false,
            connected_again: false,
            death: None,
            tokens_end_at: None,
        }
    }

    /// The same, where these live posts are known to be other posts of ours.
    #[must_use]
    pub fn knowing(self, claimed: Vec<String>) -> Self {
        Self { claimed, ..self }
    }

    /// The same, whose process dies at the `call`th call.
    pub fn dying(self, call: usize, death: Death) -> Self {
        Self {
            death: Some((call, death)),
            ..self
        }
    }

    /// The same, where every access token ends just before the `call`th call.
    pub fn with_tokens_ending_at(self, call: usize) -> Self {
        Self {
            tokens_end_at: Some(call),
            ..self
        }
    }

    /// From the first step to the outcome, by as many processes as it takes.
    pub async fn run(mut self) -> Run {
        let outcome = loop {
            if let Ok(outcome) = self.pass().await {
                break outcome;
            }
            self.transcript.note("the process died; another takes over");
            self.stage.clock.advance(LEASE);
        };
        self.transcript.note(&match &outcome {
            Outcome::Published(receipt) => format!(
                "published: {} {}",
                receipt.external_id.as_deref().unwrap_or("without an id"),
                receipt.url.as_deref().unwrap_or("without an address")
            ),
            Outcome::Failed(fault) => format!("failed: {fault}"),
            Outcome::Unconfirmed(candidates) => {
                format!("unconfirmed, with {} candidates", candidates.len())
            }
            Outcome::Waiting(fault) => format!("waits for a person: {fault}"),
            Outcome::Stuck(why) => format!("stuck: {why}"),
        });
        Run {
            outcome,
            transcript: self.transcript,
            calls: self.calls,
            fired: self.fired,
        }
    }

    /// One process: step after step until the outcome or its death.
    async fn pass(&mut self) -> Result<Outcome, Died> {
        for _ in 0..MAX_STEPS {
            if self.stage.now() - self.began_at > MAX_TIME {
                return Ok(Outcome::Stuck(format!("not settled after {MAX_TIME}")));
            }
            if let Some(outcome) = self.step().await? {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Stuck(format!(
            "not settled after {MAX_STEPS} steps"
        )))
    }

    /// Reads the row, does what the machine asks for, writes the row.
    async fn step(&mut self) -> Result<Option<Outcome>, Died> {
        let machine = read(&self.row.machine);
        match machine.next(&self.context()) {
            Action::Done(receipt) => {
                for remark in machine.remarks() {
                    self.transcript.note(&format!("remark: {remark}"));
                }
                Ok(Some(Outcome::Published(receipt)))
            }
            Action::WaitUntil(then) => {
                // A machine that waits for no time at all would wait for ever on a standing clock.
                let least = self.stage.now() + Duration::seconds(1);
                let wait = then.max(least) - self.stage.now();
                self.transcript
                    .note(&format!("waits {} s", wait.as_seconds_f64()));
                self.stage.clock.advance(wait);
                Ok(None)
            }
            Action::Send(call) => {
                self.assert_asked_twice_says_the_same(&machine, &call);
                self.send(machine, call).await
            }
        }
    }

    /// Marks, sends, and hands on what came of it.
    async fn send(
        &mut self,
        machine: Publish,
        call: platforms::Call,
    ) -> Result<Option<Outcome>, Died> {
        let once = call.safety == Safety::Once;
        if once && self.row.firing {
            self.transcript
                .note("found firing: what became of it is unknown");
            return Ok(self.come_of(machine, call.safety, Reply::Lost).await);
        }
        self.calls.push((call.name, call.safety));
        if self.tokens_end_at == Some(self.calls.len()) {
            self.tokens_end_at = None;
            self.end_tokens().await;
        }
        self.die_if_due(Death::BeforeMark)?;
        if once {
            self.row.firing = true;
            self.row.armed_at = Some(self.stage.now());
            self.fired = true;
        }
        self.die_if_due(Death::AfterMark)?;
        let filling = Filling {
            app: self.stage.app(self.connection.platform),
            access: Some(&self.connection.credentials.tokens.access),
            files: &self.files,
        };
        self.stage.note(&call);
        let reply = wire::send(self.stage.simulator.router(), &call, &filling).await;
        self.stage.heard(&call, &reply);
        self.transcript.exchange(&call, &reply);
        self.die_if_due(Death::AfterSend)?;
        Ok(self.come_of(machine, call.safety, reply).await)
    }

    /// Steps forward by what came back, or stands by until it can.
    async fn come_of(&mut self, machine: Publish, safety: Safety, reply: Reply) -> Option<Outcome> {
        match self.apply(machine, safety, reply) {
            Ok(()) => None,
            Err(fault) => self.stand_by(fault).await,
        }
    }

    /// Tells the machine what came of its call and writes the row; a fault leaves the machine as it was.
    fn apply(&mut self, machine: Publish, safety: Safety, reply: Reply) -> Result<(), Fault> {
        let event = match (reply, safety) {
            (Reply::Answer(answer), _) => Event::Answer(answer),
            (Reply::Lost, Safety::Once | Safety::Optional | Safety::Resumable) => Event::Lost,
            (Reply::Lost, Safety::Repeatable) => {
                return Err(Fault::retry("answer_lost", "The network did not answer."));
            }
        };
        let lost = matches!(event, Event::Lost);
        let applied = machine.apply(event, &self.context());
        if safety == Safety::Once {
            // A fault for the answer says that it was refused before any effect: the same call may
            // go out again. After a lost answer no fault can say that.
            let is_open = |fault: &Fault| matches!(fault.kind, FaultKind::Unconfirmed { .. });
            if let Err(fault) = &applied
                && lost
                && !is_open(fault)
            {
                panic!("a lost commit leads to looking, never to {fault:?}");
            }
            self.row.firing = false;
        }
        let machine = applied?;
        self.row.machine = stored(&machine);
        self.faults_on_end = 0;
        self.token_is_new = false;
        self.transcript.state(&machine);
        Ok(())
    }

    /// What a fault asks for.
    async fn stand_by(&mut self, fault: Fault) -> Option<Outcome> {
        self.transcript.note(&format!("fault {}", fault.code));
        self.faults_on_end += 1;
        if self.faults_on_end > MAX_FAULTS {
            return Some(Outcome::Stuck(format!(
                "{MAX_FAULTS} faults on end: {fault}"
            )));
        }
        match fault.kind.clone() {
            FaultKind::Content => Some(Outcome::Failed(fault)),
            FaultKind::Operator => Some(Outcome::Waiting(fault)),
            FaultKind::Quota { until } => {
                let then = until.unwrap_or_else(|| self.stage.now() + PAUSE);
                self.stage.wait_until(then);
                None
            }
            FaultKind::Retry { after } => {
                self.stage.clock.advance(after.unwrap_or(PAUSE));
                None
            }
            FaultKind::Unauthorized => {
                if !self.token_is_new
                    && let Some(Ok(())) = self.stage.refresh(self.connection).await
                {
                    self.token_is_new = true;
                    self.transcript.note("renewed the token");
                    return None;
                }
                self.ask_to_connect_again(fault).await
            }
            FaultKind::Reconnect => self.ask_to_connect_again(fault).await,
            FaultKind::Unconfirmed { candidates } => Some(Outcome::Unconfirmed(candidates)),
        }
    }

    /// The post waits until the person has connected again; here that happens at once, but only once.
    async fn ask_to_connect_again(&mut self, fault: Fault) -> Option<Outcome> {
        if std::mem::replace(&mut self.connected_again, true) {
            return Some(Outcome::Waiting(fault));
        }
        if let Err(fault) = self.stage.reconnect(self.connection).await {
            return Some(Outcome::Waiting(fault));
        }
        self.transcript.note("the person connected again");
        None
    }

    fn context(&self) -> PublishContext<'_> {
        PublishContext {
            now: self.stage.now(),
            app: self.stage.app(self.connection.platform),
            account: &self.connection.account,
            content: self.content,
            armed_at: self.row.armed_at,
            claimed: &self.claimed,
        }
    }

    fn die_if_due(&mut self, moment: Death) -> Result<(), Died> {
        if self.death == Some((self.calls.len(), moment)) {
            self.death = None;
            return Err(Died);
        }
        Ok(())
    }

    async fn end_tokens(&self) {
        let network = network_of(self.stage.login(self.connection.platform));
        let request = http::Request::delete(format!("/_simulator/tokens/{network}"))
            .body(axum::body::Body::empty())
            .expect("a request");
        wire::exchange(self.stage.simulator.router(), request).await;
    }

    fn assert_asked_twice_says_the_same(&self, machine: &Publish, call: &platforms::Call) {
        let Action::Send(again) = machine.next(&self.context()) else {
            panic!("{}: asked twice, it no longer sends", state_name(machine));
        };
        assert_eq!(describe(call), describe(&again), "asked twice");
    }
}

fn stored(machine: &Publish) -> String {
    let text = serde_json::to_string(machine).expect("a machine can be stored");
    assert_eq!(&read(&text), machine, "a machine is read as it was stored");
    text
}

fn read(text: &str) -> Publish {
    serde_json::from_str(text).expect("a stored machine can be read")
}
