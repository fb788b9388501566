//! Conversations about accounts: connect, refresh, revoke.

use http::Method;
use platforms::{Action, AppContext, Auth, Call, Event, Fault, Machine, Safety};
use time::Duration;

use crate::{Authority, NoFiles, SendError, Wire};

/// More calls than any network needs to connect a person with hundreds of Pages.
const CALLS: usize = 60;
/// How often a call that certainly never left is tried again at once.
const TRIES: usize = 2;
/// How many waits of a conversation are cut short.
const WAITS: usize = 3;
/// The longest wait that is: nobody can be kept waiting, so the network is asked again at once, and
/// a network that takes a moment to know its own token mostly knows it by then.
const BRIEF: Duration = Duration::seconds(5);

impl Wire {
    /// Drives a conversation about an account to its end, at once: nobody waits here for anything.
    ///
    /// What only reads is asked once more where its answer was lost or the network broke down. All
    /// else is not sent again: it may have used up a code or a refresh token. What is nice to have is
    /// done without.
    ///
    /// # Errors
    /// The fault that ended it.
    pub async fn converse<M>(&self, mut machine: M, cx: &AppContext<'_>) -> Result<M::Output, Fault>
    where
        M: for<'a> Machine<Context<'a> = AppContext<'a>>,
    {
        let authority = Authority {
            access_token: None,
            app_secret: Some(cx.app.client_secret.clone()),
        };
        let mut cx = *cx;
        let (mut unsent, mut waits, mut asked_again) = (0, 0, false);
        for _ in 0..CALLS {
            let call = match machine.next(&cx) {
                Action::Done(output) => return Ok(output),
                Action::Send(call) => call,
                Action::WaitUntil(then) if waits < WAITS && then - cx.now <= BRIEF => {
                    waits += 1;
                    cx.now = then.max(cx.now);
                    continue;
                }
                Action::WaitUntil(_) => return Err(busy()),
            };
            let may_ask_again = only_reads(&call) && !asked_again;
            machine = match self.send(&call, &authority, &NoFiles).await {
                Ok(answer) if answer.is_server_error() && may_ask_again => {
                    asked_again = true;
                    machine
                }
                Ok(answer) => {
                    asked_again = false;
                    machine.apply(Event::Answer(answer), &cx)?
                }
                Err(SendError::Lost(_)) if may_ask_again => {
                    asked_again = true;
                    machine
                }
                Err(SendError::NotSent(_)) if unsent < TRIES => {
                    unsent += 1;
                    machine
                }
                Err(_) if call.safety == Safety::Optional => machine.apply(Event::Lost, &cx)?,
                Err(error) => return Err(unreachable(&error)),
            };
        }
        Err(busy())
    }
}

/// Machines call every call about an account repeatable, an exchange too, and some networks
/// exchange by GET; but none exchanges a code with a token that it has given for it already.
fn only_reads(call: &Call) -> bool {
    let has_token = match call.auth {
        Auth::Bearer
        | Auth::BearerOf(_)
        | Auth::BearerOfWithProof(_)
        | Auth::BearerWithProof
        | Auth::OauthScheme => true,
        Auth::Basic(..) | Auth::None => false,
    };
    has_token && call.method == Method::GET
}

fn busy() -> Fault {
    Fault::retry(
        "network_busy",
        "The network did not finish in time; try again in a moment.",
    )
}

fn unreachable(error: &SendError) -> Fault {
    Fault::retry(
        "network_unreachable",
        "The network could not be reached; try again in a moment.",
    )
    .seen(error.to_string())
}
