//! Whom a person can log in as, and what an account tells of itself.

use serde_json::json;

use super::NETWORK;
use crate::{
    Account,
    networks::meta::{Asked, Said},
};

const FIELDS: [&str; 6] = [
    "account_type",
    "id",
    "name",
    "profile_picture_url",
    "user_id",
    "username",
];

/// An account of Instagram.
#[derive(Debug)]
pub(super) struct Holder {
    /// Its id at Instagram, to which posts are addressed.
    pub(super) id: &'static str,
    /// Its id as our app knows it.
    pub(super) scoped_id: u64,
    username: &'static str,
    name: &'static str,
    kind: &'static str,
}

/// The accounts that also stand behind Pages, and one that is not professional.
const HOLDERS: [Holder; 4] = [
    Holder {
        id: "17841405822304914",
        scoped_id: 26_104_482_915_678_301,
        username: "sample_studio",
        name: "Sample Studio",
        kind: "BUSINESS",
    },
    Holder {
        id: "17841405822304915",
        scoped_id: 26_104_482_915_678_303,
        username: "sample_archive",
        name: "Sample Archive",
        kind: "Business",
    },
    Holder {
        id: "17841405822304916",
        scoped_id: 26_104_482_915_678_304,
        username: "sample_garden",
        name: "Sample Garden",
        kind: "Media_Creator",
    },
    Holder {
        id: "17841405822304917",
        scoped_id: 26_104_482_915_678_305,
        username: "sample_walker",
        name: "Sample Walker",
        kind: "PERSONAL",
    },
];

/// The account of that id.
pub(super) fn find(id: &str) -> Option<&'static Holder> {
    HOLDERS.iter().find(|holder| holder.id == id)
}

/// What the consent page lets choose from.
pub(super) fn choices() -> Vec<Account> {
    HOLDERS
        .iter()
        .map(|holder| Account {
            id: holder.id.to_owned(),
            username: holder.username.to_owned(),
            name: holder.name.to_owned(),
        })
        .collect()
}

/// Whose token it is.
pub(super) async fn me(asked: Asked) -> Result<Said, Said> {
    asked.only(&["fields"])?;
    asked.needs(&["instagram_business_basic"])?;
    let unknown = asked
        .field("fields")
        .split(',')
        .find(|name| !name.is_empty() && !FIELDS.contains(name));
    if let Some(name) = unknown {
        return Err(Said::invalid(&format!(
            "Tried accessing nonexisting field ({name}) on node type (IGUser)"
        )));
    }
    let chosen = asked.grant.accounts.first();
    let Some(holder) = chosen.and_then(|id| find(id)) else {
        return Err(Said::invisible(NETWORK));
    };
    let shown = asked.chosen(&json!({
        "id": holder.scoped_id.to_string(), "user_id": holder.id, "username": holder.username,
        "name": holder.name, "account_type": holder.kind,
        "profile_picture_url": format!("https://scontent.cdninstagram.com/{}.jpg", holder.id),
    }));
    let is_wrapped = asked.world.states().instagram_login().wraps_me;
    Ok(Said::good(if is_wrapped {
        json!({ "data": [shown] })
    } else {
        shown
    }))
}
