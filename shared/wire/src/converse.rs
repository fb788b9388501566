//! Conversations about accounts: connect, refresh, revoke.

use platforms::{Action, AppContext, Event, Fault, Machine};

use crate::{Authority, NoFiles, SendError, Wire};

/// More calls than any network needs to connect a person with hundreds of Pages.
const CALLS: usize = 60;
/// How often a call that certainly never left is tried again at once.
const TRIES: usize = 2;

impl Wire {
    /// Drives a conversation about an account to its end, at once: nobody waits here for anything.
    ///
    /// A call whose answer was lost is not sent again: it may have used up a code or a refresh token.
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
        let mut tries = 0;
        for _ in 0..CALLS {
            let call = match machine.next(cx) {
                Action::Done(output) => return Ok(output),
                Action::Send(call) => call,
                Action::WaitUntil(_) => return Err(busy()),
            };
            machine = match self.send(&call, &authority, &NoFiles).await {
                Ok(answer) => machine.apply(Event::Answer(answer), cx)?,
                Err(SendError::NotSent(_)) if tries < TRIES => {
                    tries += 1;
                    machine
                }
                Err(error) => return Err(unreachable(&error)),
            };
        }
        Err(busy())
    }
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
