//! Pages (organizations), and who may do what for them.

use axum::{
    Json,
    extract::{Path, Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{
    State,
    gateway::{self, Caller},
    wire::{refusal, value},
};
use crate::World;

/// The roles that may post.
const POSTERS: [&str; 3] = [
    "ADMINISTRATOR",
    "CONTENT_ADMIN",
    "DIRECT_SPONSORED_CONTENT_POSTER",
];
/// The role of those that may not post videos (reported, 2025) or documents (documents interface, 2026-08).
const MAY_NOT_ALL: &str = "CONTENT_ADMIN";
/// Either is needed to list roles.
const LISTING: [&str; 2] = ["rw_organization_admin", "r_organization_admin"];

/// A role of a member on a Page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The member.
    pub member: String,
    /// The number of the Page.
    pub page: String,
    /// `ADMINISTRATOR`, `CONTENT_ADMIN`, `DIRECT_SPONSORED_CONTENT_POSTER`, `ANALYST` …
    pub role: &'static str,
    /// `APPROVED`, `REQUESTED`, `REJECTED` or `REVOKED`.
    pub state: &'static str,
}

struct Page {
    id: &'static str,
    vanity: &'static str,
    name: &'static str,
}

const PAGES: [Page; 4] = [
    Page {
        id: "2414183",
        vanity: "sample-studio-co",
        name: "Sample Studio & Co",
    },
    Page {
        id: "5590506",
        vanity: "sample-gallery",
        name: "Sample Gallery",
    },
    Page {
        id: "7700011",
        vanity: "sample-archive",
        name: "Sample Archive",
    },
    Page {
        id: "8800022",
        vanity: "sample-guild",
        name: "Sample Guild",
    },
];

/// The studio leads one Page, fills another, only watches a third and waits to be let in at a fourth.
pub(super) fn roles() -> Vec<Role> {
    [
        ("2414183", "ADMINISTRATOR", "APPROVED"),
        ("5590506", "CONTENT_ADMIN", "APPROVED"),
        ("7700011", "ANALYST", "APPROVED"),
        ("8800022", "ADMINISTRATOR", "REQUESTED"),
    ]
    .into_iter()
    .map(|(page, role, state)| Role {
        member: "8sTd1oQx2z".to_owned(),
        page: page.to_owned(),
        role,
        state,
    })
    .collect()
}

/// The number in the URN of a Page.
pub(super) fn number(urn: &str) -> Option<&str> {
    urn.strip_prefix("urn:li:organization:")
}

/// What a Page is called.
pub(super) fn name(id: &str) -> String {
    let page = PAGES.iter().find(|page| page.id == id);
    page.map_or_else(|| format!("Sample Page {id}"), |page| page.name.to_owned())
}

/// Whether the caller has a role on the Page, and if it is to be one that may post, perhaps videos and documents too.
pub(super) fn has_role(state: &State, caller: &Caller, page: &str, needed: Need) -> bool {
    state.roles.iter().any(|held| {
        let fits = match needed {
            Need::Any => true,
            Need::Post => POSTERS.contains(&held.role),
            Need::PostAnything => POSTERS.contains(&held.role) && held.role != MAY_NOT_ALL,
        };
        held.member == caller.token.account && held.page == page && held.state == "APPROVED" && fits
    })
}

/// What a role must be good for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    Any,
    Post,
    PostAnything,
}

/// Whether the caller may write in the name of this URN.
pub(super) fn may_write_for(state: &State, caller: &Caller, urn: &str, needed: Need) -> bool {
    match number(urn) {
        Some(page) => caller.may("w_organization_social") && has_role(state, caller, page, needed),
        None => urn == caller.urn() && caller.may("w_member_social"),
    }
}

pub(super) async fn list_roles(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if !LISTING.iter().any(|scope| caller.may(scope)) {
        return caller.denied("organizationAcls.FINDER-roleAssignee");
    }
    if value(&pairs, "q") != "roleAssignee" {
        return refusal(400, None, "ILLEGAL_ARGUMENT", "Unknown finder");
    }
    let wanted = |name: &str, it: &str| ["", it].contains(&value(&pairs, name));
    let number = |name: &str, usual: usize| value(&pairs, name).parse().unwrap_or(usual);
    let (start, count) = (number("start", 0), number("count", 10));
    let state = world.states().linkedin();
    let held: Vec<&Role> = state
        .roles
        .iter()
        .filter(|held| held.member == caller.token.account)
        .filter(|held| wanted("role", held.role) && wanted("state", held.state))
        .collect();
    let field = if state.names_targets {
        "organizationTarget"
    } else {
        "organization"
    };
    let elements: Vec<Value> = held
        .iter()
        .skip(start)
        .take(count)
        .map(|held| {
            json!({
                field: format!("urn:li:organization:{}", held.page),
                "role": held.role,
                "roleAssignee": caller.urn(),
                "state": held.state,
            })
        })
        .collect();
    let paging = json!({"start": start, "count": count, "total": held.len()});
    Json(json!({"elements": elements, "paging": paging})).into_response()
}

pub(super) async fn read(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let caller = match gateway::enter(&world, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let state = world.states().linkedin();
    if !LISTING.iter().any(|scope| caller.may(scope)) || !has_role(&state, &caller, &id, Need::Any)
    {
        return caller.denied("organizations.GET");
    }
    let number: u64 = id.parse().unwrap_or_default();
    let vanity = PAGES.iter().find(|page| page.id == id);
    let vanity = vanity.map_or_else(|| format!("sample-page-{id}"), |it| it.vanity.to_owned());
    Json(json!({"id": number, "localizedName": name(&id), "vanityName": vanity})).into_response()
}
