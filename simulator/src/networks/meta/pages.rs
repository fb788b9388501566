//! The Pages of the simulated person, some with an Instagram account behind them.

use serde_json::{Value, json};

use super::{Asked, Said, businesses};
use crate::{Grant, World, oauth::Token};

/// The person, as our app knows them.
pub(super) const PERSON: &str = "122093847562019384";

/// A Page.
#[derive(Debug)]
pub(in crate::networks) struct Page {
    pub(in crate::networks) id: &'static str,
    pub(in crate::networks) name: &'static str,
    pub(in crate::networks) username: &'static str,
    pub(super) tasks: &'static [&'static str],
    pub(in crate::networks) instagram: Option<Instagram>,
}

/// A professional Instagram account.
#[derive(Debug)]
pub(in crate::networks) struct Instagram {
    pub(in crate::networks) id: &'static str,
    pub(in crate::networks) username: &'static str,
    pub(in crate::networks) name: &'static str,
}

pub(super) const PAGES: [Page; 4] = [
    Page {
        id: "104482915678301",
        name: "Sample Studio",
        username: "samplestudio",
        tasks: &[
            "ADVERTISE",
            "ANALYZE",
            "CREATE_CONTENT",
            "MESSAGING",
            "MODERATE",
            "MANAGE",
        ],
        instagram: Some(Instagram {
            id: "17841405822304914",
            username: "sample_studio",
            name: "Sample Studio",
        }),
    },
    Page {
        id: "104482915678302",
        name: "Sample Kitchen",
        username: "samplekitchen",
        tasks: &["PROFILE_PLUS_CREATE_CONTENT"],
        instagram: None,
    },
    Page {
        id: "104482915678303",
        name: "Sample Archive",
        username: "samplearchive",
        tasks: &["ANALYZE"],
        instagram: Some(Instagram {
            id: "17841405822304915",
            username: "sample_archive",
            name: "Sample Archive",
        }),
    },
    Page {
        id: "104482915678304",
        name: "Sample Garden",
        username: "samplegarden",
        tasks: &["ANALYZE", "CREATE_CONTENT"],
        instagram: Some(Instagram {
            id: "17841405822304916",
            username: "sample_garden",
            name: "Sample Garden",
        }),
    },
];

/// A Page by its id.
pub(in crate::networks) fn find(id: &str) -> Option<&'static Page> {
    all().find(|page| page.id == id)
}

/// The Page before an Instagram account.
pub(in crate::networks) fn of_instagram(id: &str) -> Option<&'static Page> {
    all().find(|page| {
        page.instagram
            .as_ref()
            .is_some_and(|account| account.id == id)
    })
}

fn all() -> impl Iterator<Item = &'static Page> {
    PAGES.iter().chain(&businesses::PAGES)
}

/// Whether a grant reaches the Page: the person chose it, or a business holds it.
pub(in crate::networks) fn is_granted(page: &Page, grant: &Grant) -> bool {
    is_chosen(page, grant) || businesses::reaches(page, grant)
}

/// Whether the person chose the Page, by itself or by the Instagram account behind it.
pub(super) fn is_chosen(page: &Page, grant: &Grant) -> bool {
    let is_chosen = |id: &str| grant.accounts.iter().any(|chosen| chosen == id);
    is_chosen(page.id)
        || page
            .instagram
            .as_ref()
            .is_some_and(|account| is_chosen(account.id))
}

/// A Page as the person's token sees it, with a new token of its own.
pub(super) fn shown(page: &Page, asked: &Asked) -> Value {
    let mut shown = json!({
        "id": page.id, "name": page.name, "username": page.username, "tasks": page.tasks,
        "access_token": token(page, &asked.grant, &asked.world),
        "picture": { "data": { "url": format!("https://scontent.xx.fbcdn.net/{}.jpg", page.id) } },
    });
    let account = page
        .instagram
        .as_ref()
        .filter(|_| asked.needs(&["instagram_basic"]).is_ok());
    if let Some(account) = account {
        shown["instagram_business_account"] = json!({
            "id": account.id, "username": account.username, "name": account.name,
            "profile_picture_url": format!("https://scontent.cdninstagram.com/{}.jpg", account.id),
        });
    }
    shown
}

/// The object of that id, if it is a Page.
pub(super) fn object(asked: &Asked) -> Option<Result<Value, Said>> {
    let page = find(asked.id())?;
    Some(if is_granted(page, &asked.grant) {
        Ok(shown(page, asked))
    } else {
        Err(Said::invisible(page.id))
    })
}

/// A Page's token has no end; it dies with the person's grant.
fn token(page: &Page, grant: &Grant, world: &World) -> String {
    let text = world.secret("EAAGpage");
    let token = Token {
        kind: "page",
        grant: grant.clone(),
        account: page.id.to_owned(),
        ends_at: None,
        issued_at: world.now(),
        dead: false,
    };
    world.oauth().give_token(&text, token);
    text
}

impl Page {
    /// Whether the person's tasks on the Page allow posts.
    pub(in crate::networks) fn may_be_posted_to(&self) -> bool {
        self.tasks.iter().any(|task| {
            matches!(
                *task,
                "CREATE_CONTENT" | "MANAGE" | "PROFILE_PLUS_CREATE_CONTENT"
            )
        })
    }
}
