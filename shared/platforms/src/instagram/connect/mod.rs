//! From the callback to a grant, by either login; renewal; revocation.

mod facebook;
mod instagram;

use super::host;
use crate::{
    Action, App, AppContext, Callback, Credentials, Event, Fault, Grant, Machine, OneCall, Tokens,
};

pub(super) use instagram::{RENEWED_BEFORE, SCOPES, consent_page};

/// The login through a Facebook Page.
pub(super) const FACEBOOK: &str = "facebook";

/// Turns a code into the accounts that can be published to.
#[derive(Debug)]
pub enum Connect {
    /// Through a Facebook Page.
    Facebook(facebook::Connect),
    /// At Instagram itself.
    Instagram(instagram::Connect),
}

/// Starts to turn a callback into a grant.
pub fn connect(callback: Callback) -> Connect {
    if callback.login == host::OWN_LOGIN {
        Connect::Instagram(instagram::connect(callback))
    } else {
        Connect::Facebook(facebook::connect(callback))
    }
}

/// Renews the account's token.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    if host::is_of_own_login(&credentials.facts) {
        instagram::refresh(credentials)
    } else {
        facebook::refresh(credentials, app)
    }
}

/// Prolongs the person's token; that of Instagram's own login renews itself.
pub fn prolong(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    if host::is_of_own_login(&credentials.facts) {
        None
    } else {
        facebook::prolong(credentials, app)
    }
}

/// Withdraws the person's whole grant; Instagram's own login has no such call.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    if host::is_of_own_login(&credentials.facts) {
        None
    } else {
        facebook::revoke(credentials, app)
    }
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        match self {
            Self::Facebook(machine) => machine.next(cx),
            Self::Instagram(machine) => machine.next(cx),
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        match self {
            Self::Facebook(machine) => machine.apply(event, cx).map(Self::Facebook),
            Self::Instagram(machine) => machine.apply(event, cx).map(Self::Instagram),
        }
    }
}
