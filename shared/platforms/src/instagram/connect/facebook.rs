//! From the callback to a grant: every professional account behind a Page; renewal; revocation.

use serde_json::json;

use super::super::{fault::row, profile::SCOPES};
use crate::{
    Action, App, AppContext, Callback, Credentials, Event, Fault, Grant, GrantedAccount, Machine,
    OneCall, Tokens,
    meta::{self, Consent, Page, Step},
};

const FIELDS: &str =
    "id,name,access_token,tasks,instagram_business_account{id,username,name,profile_picture_url}";

/// Turns a code into the accounts that can be published to.
#[derive(Debug)]
pub struct Connect(Step);

/// Starts to turn a callback into a grant.
pub const fn connect(callback: Callback) -> Connect {
    Connect(Step::Exchange(callback))
}

/// Reads the token of the account's Page anew with the person's.
pub fn refresh(credentials: &Credentials, app: &App) -> Option<OneCall<Tokens>> {
    let page = credentials.facts["pageId"].as_str()?;
    meta::page_token(credentials, page, app, row)
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
            accounts: accounts(found),
        })
    }

    fn apply(self, event: Event, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let step = match event {
            Event::Answer(answer) => self.0.after(&answer, cx, row, SCOPES)?,
            Event::Lost => self.0.lost(),
        };
        if let Step::Done(found) = &step
            && accounts(found).is_empty()
        {
            return Err(Fault::content(
                "no_account",
                "There is no professional Instagram account behind a Page that you may post to; make the account a professional one, link it to a Page, and allow both when you connect.",
            ));
        }
        Ok(Self(step))
    }
}

fn accounts(found: &Consent) -> Vec<GrantedAccount> {
    found
        .pages
        .iter()
        .filter_map(|page| account(page, found))
        .collect()
}

fn account(page: &Page, found: &Consent) -> Option<GrantedAccount> {
    let token = page
        .access_token
        .clone()
        .filter(|_| page.may_be_posted_to())?;
    let account = page.instagram_business_account.clone()?;
    let display_name = account
        .name
        .filter(|name| !name.is_empty())
        .or_else(|| account.username.clone())
        .unwrap_or_else(|| page.name.clone());
    Some(GrantedAccount {
        external_id: account.id,
        username: account.username,
        display_name,
        avatar_url: account.profile_picture_url,
        facts: found.facts(json!({ "pageId": page.id })),
        tokens: found.tokens(token),
    })
}
