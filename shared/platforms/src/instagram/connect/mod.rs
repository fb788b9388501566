//! From the callback to a grant, by either login; renewal; revocation.

mod facebook;
mod instagram;

use super::{host, promise::POSTS_A_DAY, wire::Limit};
use crate::{
    Action, Answer, App, AppContext, Call, Callback, Credentials, Event, Fault, Grant,
    GrantedAccount, Machine, OneCall, Tokens, meta::Listed,
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
    /// Connected; how many posts a day holds is to be asked, account after account.
    Allowance {
        /// The accounts.
        grant: Grant,
        /// Which of them is asked for.
        at: usize,
    },
}

/// For so many accounts the posts of a day are asked; more would keep the person waiting.
const ASKED: usize = 10;

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
            Self::Allowance { grant, at } => match grant.accounts.get(*at) {
                Some(account) if *at < ASKED => Action::Send(ask_allowance(account, cx.app)),
                Some(_) | None => Action::Done(grant.clone()),
            },
        }
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let next = match self {
            Self::Facebook(machine) => machine.apply(event, cx).map(Self::Facebook)?,
            Self::Instagram(machine) => machine.apply(event, cx).map(Self::Instagram)?,
            Self::Allowance { mut grant, at } => {
                if let (Some(account), Event::Answer(answer)) = (grant.accounts.get_mut(at), event)
                    && let Some(posts) = posts_a_day(&answer)
                {
                    account.facts[POSTS_A_DAY] = posts.into();
                }
                return Ok(Self::Allowance { grant, at: at + 1 });
            }
        };
        Ok(match next.next(cx) {
            Action::Done(grant) => Self::Allowance { grant, at: 0 },
            Action::Send(_) | Action::WaitUntil(_) => next,
        })
    }
}

/// Asks how many posts a day holds; whoever gets no answer is promised the usual number.
fn ask_allowance(account: &GrantedAccount, app: &App) -> Call {
    let path = [&*account.external_id, "content_publishing_limit"];
    let auth = host::auth_of(&account.facts, app, account.tokens.access.clone());
    let mut url = host::address(&account.facts, app, &path);
    url.query_pairs_mut().append_pair("fields", "config");
    Call::get("read_allowance", url).auth(auth).optional()
}

fn posts_a_day(answer: &Answer) -> Option<i64> {
    let listed: Listed<Limit> = answer.json().filter(|_| answer.is_success())?;
    let limit = listed.data.into_iter().next()?;
    limit
        .config
        .map(|config| config.quota_total)
        .filter(|posts| *posts > 0)
}
