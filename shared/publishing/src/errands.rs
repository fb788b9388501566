//! Running errands: what the app asks an account for, done where tokens may be opened.

use domain::{ConnectionHealth, ErrandId};
use platforms::{AppContext, Credentials, Errand, Fault, FaultKind, Receipt};
use serde_json::{Value, json};
use store::{
    connections::{self, Connection},
    errands::{self, Run},
    work,
};
use time::Duration;

use crate::{
    Publisher,
    publisher::LookError,
    tokens::{self, Access},
};

/// How long one run may take; another may begin after it.
const LEASE: Duration = Duration::minutes(2);
/// Runs after which an errand is given up: by then nobody waits for it.
const TRIES: i32 = 5;
/// How soon, and how often, a network is asked again for what it still keeps back, or could not tell; later, hourly.
const SOON: (Duration, i32) = (Duration::minutes(10), 6);
/// Runs after which what nobody ever waited for is given up: a week.
const FOLLOW_UPS: i32 = SOON.1 + 7 * 24;

/// What a run came to.
enum Came {
    /// The network's answer.
    Answer(Value),
    /// There is none; asking again is for whoever waits for it.
    Refused(Fault),
    /// Another run that much later may have one.
    Later(Duration),
}

impl Publisher {
    /// Runs an errand whose time has come.
    pub(crate) async fn look_at_errand(&self, id: ErrandId) -> Result<(), LookError> {
        let pool = &self.parts.pool;
        let Some(run) = errands::take(pool, id, LEASE).await? else {
            return Ok(());
        };
        let errand = serde_json::from_value(run.wish.clone());
        let came = match &errand {
            Ok(errand) => self.run(&run, errand).await?.asked_again(errand, run.tries),
            Err(_) => Came::Refused(Fault::operator(
                "errand_unreadable",
                "What was asked cannot be read.",
            )),
        };
        match came {
            Came::Answer(answer) => {
                self.heed(errand.ok(), &answer).await?;
                errands::end(pool, id, Ok(&answer)).await?;
            }
            Came::Refused(fault) => {
                tracing::warn!(errand.id = %id, connection.id = %run.connection_id, code = fault.code, evidence = fault.evidence, "{id} came to nothing");
                errands::end(pool, id, Err(&told(&fault))).await?;
            }
            Came::Later(pause) => {
                let at = run.now + pause;
                errands::put_down(pool, id, at).await?;
                self.parts.doorbell.try_ring(id, at).await;
            }
        }
        Ok(())
    }

    async fn run(&self, run: &Run, errand: &Errand) -> Result<Came, LookError> {
        let parts = &self.parts;
        if run.tries > 1 && !errand.is_repeatable() {
            return Ok(Came::Refused(Fault::operator(
                "outcome_unknown",
                "It broke off while the network was asked; look at the account before you ask again.",
            )));
        }
        if run.tries > most(errand) {
            return Ok(Came::Refused(Fault::retry(
                "interrupted",
                "It broke off each time the network was asked; ask again.",
            )));
        }
        let connection = connections::by_message(&parts.pool, run.connection_id).await?;
        let Some(connection) =
            connection.filter(|connection| connection.health == ConnectionHealth::Active)
        else {
            return Ok(Came::Refused(reconnect(
                "The account can no longer be reached; connect it again.",
            )));
        };
        let Some(app) = parts
            .apps
            .of_account(connection.platform, &connection.facts)
        else {
            return Ok(Came::Refused(Fault::operator(
                "network_not_configured",
                "This network is not set up here.",
            )));
        };
        let mut refused = None;
        loop {
            let version = match tokens::access(&self.means, &connection, refused, run.now).await? {
                Access::Token(_, version) => version,
                Access::Reconnect(reason) => return Ok(Came::Refused(reconnect(&reason))),
                Access::Wait(pause) => return Ok(Came::Later(pause)),
                Access::Wiped => {
                    return Ok(Came::Refused(reconnect("The account was disconnected.")));
                }
            };
            let Some(credentials) = tokens::credentials(&self.means, &connection).await? else {
                return Ok(Came::Refused(reconnect("The account was disconnected.")));
            };
            let cx = AppContext { now: run.now, app };
            match self.ask(&connection, errand, &credentials, &cx).await {
                Ok(answer) => return Ok(Came::Answer(answer)),
                Err(fault) => match fault.kind {
                    FaultKind::Unauthorized if refused.is_none() => refused = Some(version),
                    FaultKind::Reconnect | FaultKind::Unauthorized => {
                        let (user, id) = (connection.user_id, connection.id);
                        store::tokens::need_reconnect(
                            &parts.pool,
                            user,
                            id,
                            version,
                            &fault.message,
                        )
                        .await?;
                        return Ok(Came::Refused(reconnect(&fault.message)));
                    }
                    FaultKind::Content
                    | FaultKind::Operator
                    | FaultKind::Quota { .. }
                    | FaultKind::Retry { .. }
                    | FaultKind::Unconfirmed { .. } => return Ok(Came::Refused(fault)),
                },
            }
        }
    }

    /// Does what follows from an answer, beside telling it.
    async fn heed(&self, errand: Option<Errand>, answer: &Value) -> Result<(), LookError> {
        let Some(Errand::FollowUp { post, .. }) = errand else {
            return Ok(());
        };
        let Ok(Some(receipt)) = serde_json::from_value::<Option<Receipt>>(answer.clone()) else {
            return Ok(());
        };
        let (id, url) = (receipt.external_id.as_deref(), receipt.url.as_deref());
        if work::shown(&self.parts.pool, post, id, url).await? {
            tracing::info!(post.id = %post, "{post} can be seen now");
        }
        Ok(())
    }

    async fn ask(
        &self,
        connection: &Connection,
        errand: &Errand,
        credentials: &Credentials,
        cx: &AppContext<'_>,
    ) -> Result<Value, Fault> {
        let asked = platforms::errand(connection.platform, errand, credentials, cx.app);
        let Some(asked) = asked else {
            return Err(Fault::content(
                "not_at_this_network",
                "This network has nothing of the kind.",
            ));
        };
        self.parts.wire.converse(asked, cx).await
    }
}

impl Came {
    /// What a follow-up comes to is found out by nothing else: it is asked again for what the network keeps back, and
    /// whatever was in the way but the post itself.
    fn asked_again(self, errand: &Errand, tries: i32) -> Self {
        let &Errand::FollowUp { on, .. } = errand else {
            return self;
        };
        let is_final = match &self {
            Self::Answer(answer) => !(on && answer.is_null()),
            Self::Refused(fault) => fault.kind == FaultKind::Content,
            Self::Later(_) => return self,
        };
        if is_final || tries >= FOLLOW_UPS {
            return self;
        }
        let (soon, times) = SOON;
        Self::Later(if tries < times { soon } else { Duration::HOUR })
    }
}

/// Runs after which an errand is given up.
const fn most(errand: &Errand) -> i32 {
    match errand {
        Errand::BoardSections { .. }
        | Errand::Boards
        | Errand::CreateBoard { .. }
        | Errand::CreatorInfo => TRIES,
        Errand::FollowUp { .. } => FOLLOW_UPS,
    }
}

fn reconnect(why: &str) -> Fault {
    Fault::reconnect("reconnect_needed", why)
}

/// A fault as the app's function reads it: whether asking again may help, and when.
fn told(fault: &Fault) -> Value {
    let again_in = match fault.kind {
        FaultKind::Retry { after } => Some(after.unwrap_or(Duration::seconds(2)).whole_seconds()),
        FaultKind::Quota { .. } => Some(60),
        FaultKind::Content
        | FaultKind::Operator
        | FaultKind::Reconnect
        | FaultKind::Unauthorized
        | FaultKind::Unconfirmed { .. } => None,
    };
    json!({"code": fault.code, "message": fault.message, "againInSeconds": again_in})
}
