//! From the callback to a grant: every Page that the person may post to; renewal; revocation.

use serde_json::json;

use super::{fault::row, profile::SCOPES};
use crate::{
    Action, App, AppContext, Callback, Credentials, Event, Fault, Grant, GrantedAccount, Machine,
    OneCall, Tokens,
    meta::{self, Page, Step},
};

const FIELDS: &str = "id,name,username,access_token,tasks,picture{url}";

/// Turns a code into the Pages that can be posted to.
#[derive(Debug)]
pub struct Connect(Step);

/// Starts to turn a callback into a grant.
pub const fn connect(callback: Callback) -> Connect {
    Connect(Step::Exchange(callback))
}

/// Reads the Page's token anew with the person's.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    meta::page_token(credentials, &credentials.external_id, app, row)
}

/// Prolongs the person's token, which the Page's is read with.
pub fn prolong(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    meta::prolong(credentials, app, row)
}

/// Withdraws the person's whole grant.
pub fn revoke(credentials: &Credentials, app: &App) -> Option<OneCall<()>> {
    meta::revoke(credentials, app, row)
}

impl Machine for Connect {
    type Context<'a> = AppContext<'a>;
    type Output = Grant;

    fn next(&self, cx: &AppContext<'_>) -> Action<Grant> {
        self.0.next(cx.app, FIELDS, |found| Grant {
            subject: found.person.clone(),
            accounts: found
                .pages
                .iter()
                .filter_map(|page| account(page, found))
                .collect(),
        })
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let step = match event {
            Event::Answer(answer) => self.0.after(&answer, cx, row, SCOPES)?,
            Event::Lost => self.0.lost(),
        };
        if let Step::Done(found) = &step
            && !found.pages.iter().any(is_open)
        {
            return Err(Fault::content(
                "no_account",
                "There is no Page that you may post to; ask for a role on one, or allow one when you connect.",
            ));
        }
        Ok(Self(step))
    }
}

fn is_open(page: &Page) -> bool {
    page.may_be_posted_to() && page.access_token.is_some()
}

fn account(page: &Page, found: &meta::Consent) -> Option<GrantedAccount> {
    let token = page.access_token.clone().filter(|_| is_open(page))?;
    Some(GrantedAccount {
        external_id: page.id.clone(),
        username: page.username.clone(),
        display_name: page.name.clone(),
        avatar_url: page.picture_url(),
        facts: found.facts(json!({})),
        tokens: found.tokens(token),
    })
}
