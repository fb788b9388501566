//! The Pages that a member may post for: listed by role, then asked for their names.

use secrecy::SecretString;

use crate::{
    Answer, App, AppContext, Auth, Call, Fault,
    linkedin::{
        fault,
        profile::{PAGE_URN, api, versioned_for},
        wire::{Organization, Roles},
    },
};

/// The roles that may post for a Page.
const ROLES: [&str; 3] = [
    "ADMINISTRATOR",
    "CONTENT_ADMIN",
    "DIRECT_SPONSORED_CONTENT_POSTER",
];
/// How many roles are listed at a time.
const COUNT: usize = 100;
/// More lists of one role than anybody's Pages fill.
const MAX_LISTS: usize = 5;
/// So many Pages are asked for their names; a consent must come to its end while a person waits.
const MAX_NAMED: usize = 30;

/// A Page that the member may post for.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) urn: String,
    pub(super) name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) roles: Vec<&'static str>,
}

/// How far the search for Pages is.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    pub(super) pages: Vec<Page>,
    /// How many roles were listed to their end.
    listed: usize,
    /// How many lists of the next role were read.
    lists: usize,
    /// How many entries of the next role were read.
    start: usize,
    /// How many Pages were asked for their names.
    asked: usize,
}

impl Search {
    /// The next call; `None` when every Page is known.
    pub(super) fn next(&self, app: &App, access: &SecretString) -> Option<Call> {
        let auth = || Auth::BearerOf(access.clone());
        if let Some(role) = ROLES.get(self.listed) {
            let mut url = api(app, "/rest/organizationAcls");
            url.query_pairs_mut()
                .append_pair("q", "roleAssignee")
                .append_pair("role", role)
                .append_pair("state", "APPROVED")
                .append_pair("start", &self.start.to_string())
                .append_pair("count", &COUNT.to_string());
            return Some(versioned_for(app, Call::get("list_pages", url), auth()));
        }
        let page = self
            .pages
            .get(self.asked)
            .filter(|_| self.asked < MAX_NAMED)?;
        let id = page.urn.strip_prefix(PAGE_URN).unwrap_or_default();
        let url = api(app, &format!("/rest/organizations/{id}"));
        Some(versioned_for(app, Call::get("read_page", url), auth()).optional())
    }

    /// Whether every Page is known, if perhaps without its name.
    pub(super) const fn has_listed_all(&self) -> bool {
        self.listed >= ROLES.len()
    }

    /// The search after an answer.
    ///
    /// # Errors
    /// When the Pages cannot be listed; that one cannot be named is no fault.
    pub(super) fn after(mut self, answer: &Answer, cx: &AppContext<'_>) -> Result<Self, Fault> {
        let Some(role) = ROLES.get(self.listed) else {
            return Ok(self.named(answer));
        };
        // A token that may not list Pages is one for the member alone.
        if answer.status == 403 {
            self.listed = ROLES.len();
            return Ok(self);
        }
        if !answer.is_success() {
            return Err(fault::read(answer, cx.now));
        }
        let roles: Roles = answer.parse("organizationAcls")?;
        self.start += roles.elements.len();
        self.lists += 1;
        let is_last = match roles.paging.total {
            Some(total) => roles.elements.is_empty() || self.start >= total,
            None => roles.elements.len() < COUNT,
        } || self.lists >= MAX_LISTS;
        for held in roles.elements {
            let urn = held.organization.or(held.organization_target);
            if let Some(urn) =
                urn.filter(|urn| is_page(urn) && matches!(held.state.as_str(), "APPROVED" | ""))
            {
                self.add(urn, role);
            }
        }
        if is_last {
            self.listed += 1;
            self.lists = 0;
            self.start = 0;
        }
        Ok(self)
    }

    /// The search after a call whose answer was lost: the Page stays without its name.
    pub(super) fn lost(mut self) -> Self {
        if self.has_listed_all() {
            self.asked += 1;
        }
        self
    }

    fn add(&mut self, urn: String, role: &'static str) {
        match self.pages.iter_mut().find(|page| page.urn == urn) {
            Some(page) if !page.roles.contains(&role) => page.roles.push(role),
            Some(_) => {}
            None => self.pages.push(Page {
                urn,
                name: None,
                username: None,
                roles: vec![role],
            }),
        }
    }

    fn named(mut self, answer: &Answer) -> Self {
        let told: Option<Organization> = answer.json().filter(|_| answer.is_success());
        if let (Some(page), Some(told)) = (self.pages.get_mut(self.asked), told) {
            page.name = told.localized_name.filter(|name| !name.is_empty());
            page.username = told.vanity_name.filter(|name| !name.is_empty());
        }
        self.asked += 1;
        self
    }
}

/// Whether a URN is that of a Page, by the number that its path is made of.
fn is_page(urn: &str) -> bool {
    urn.strip_prefix(PAGE_URN)
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}
