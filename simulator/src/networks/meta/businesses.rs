//! Businesses of the simulated person, and the Pages that are reached through them alone.

use serde_json::{Value, json};

use super::{
    Asked, Said,
    pages::{self, Instagram, Page},
};
use crate::Grant;

/// What a person must have granted to be shown any of it.
const SCOPE: &str = "business_management";

/// A business.
struct Business {
    id: &'static str,
    name: &'static str,
    /// The Pages that it owns.
    owned: &'static [&'static str],
    /// The Pages of others that it works for.
    clients: &'static [&'static str],
}

const BUSINESSES: [Business; 3] = [
    Business {
        id: "204482915678301",
        name: "Sample Holding",
        owned: &["104482915678301", "104482915678305"],
        clients: &["104482915678306"],
    },
    Business {
        id: "204482915678302",
        name: "Sample Agency",
        owned: &[],
        clients: &["104482915678306", "104482915678307"],
    },
    Business {
        id: "204482915678303",
        name: "Sample Shell",
        owned: &[],
        clients: &[],
    },
];

/// Pages that no consent page offers.
pub(super) const PAGES: [Page; 3] = [
    Page {
        id: "104482915678305",
        name: "Sample Harbour",
        username: "sampleharbour",
        tasks: &["ANALYZE", "CREATE_CONTENT"],
        instagram: Some(Instagram {
            id: "17841405822304925",
            username: "sample_harbour",
            name: "Sample Harbour",
        }),
    },
    Page {
        id: "104482915678306",
        name: "Sample Market",
        username: "samplemarket",
        tasks: &["PROFILE_PLUS_CREATE_CONTENT"],
        instagram: Some(Instagram {
            id: "17841405822304926",
            username: "sample_market",
            name: "Sample Market",
        }),
    },
    Page {
        id: "104482915678307",
        name: "Sample Museum",
        username: "samplemuseum",
        tasks: &["ANALYZE"],
        instagram: None,
    },
];

/// Whether a grant reaches the Page through a business, whatever the person chose.
pub(super) fn reaches(page: &Page, grant: &Grant) -> bool {
    let holds = |pages: &[&str]| pages.contains(&page.id);
    let is_held = |it: &Business| holds(it.owned) || holds(it.clients);
    grant.scopes.iter().any(|scope| scope == SCOPE) && BUSINESSES.iter().any(is_held)
}

pub(super) async fn list(mut asked: Asked) -> Result<Said, Said> {
    check(&mut asked)?;
    let shown: Vec<Value> = BUSINESSES
        .iter()
        .map(|it| json!({ "id": it.id, "name": it.name }))
        .collect();
    asked.listed(&shown, 25).map(Said::good)
}

/// The Pages that a business owns, each with its token.
pub(super) async fn owned(asked: Asked) -> Result<Said, Said> {
    pages_of(asked, |business| business.owned, true)
}

/// The Pages of its clients, whose tokens are not told in a list.
pub(super) async fn clients(asked: Asked) -> Result<Said, Said> {
    pages_of(asked, |business| business.clients, false)
}

fn pages_of(
    mut asked: Asked,
    which: fn(&Business) -> &'static [&'static str],
    tells_tokens: bool,
) -> Result<Said, Said> {
    check(&mut asked)?;
    let business = BUSINESSES.iter().find(|it| it.id == asked.id());
    let business = business.ok_or_else(|| Said::invisible(asked.id()))?;
    let held = which(business).iter().filter_map(|id| pages::find(id));
    let shown: Vec<Value> = held
        .map(|page| {
            let mut shown = pages::shown(page, &asked);
            if let Some(fields) = shown.as_object_mut().filter(|_| !tells_tokens) {
                fields.remove("access_token");
            }
            shown
        })
        .collect();
    asked.listed(&shown, 25).map(Said::good)
}

fn check(asked: &mut Asked) -> Result<(), Said> {
    asked.only(&["fields", "limit", "after"])?;
    asked.needs(&[SCOPE])?;
    if asked.page().is_some() {
        return Err(Said::invalid("A person's token is needed"));
    }
    asked.shorten();
    Ok(())
}
