//! The consent page, tokens, permissions, and what a person lets us see.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    Asked, Letter, Said, VERSIONS,
    asked::{Plain, living},
    pages::{self, PAGES, PERSON},
};
use crate::{Account, AuthorizeVisit, Grant, World, networks::instagram_login, oauth::Token};

const CODE_LIFE: Duration = Duration::minutes(10);
const SHORT_LIFE: Duration = Duration::hours(1);
const LONG_LIFE: Duration = Duration::seconds(5_183_944);
/// How long after a login the person's data may be read.
const DATA_ACCESS: Duration = Duration::days(90);
const NETWORKS: [&str; 2] = ["facebook", "instagram"];
const SCOPES: [&str; 10] = [
    "business_management",
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "pages_manage_engagement",
    "pages_manage_metadata",
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_show_list",
    "public_profile",
];

type Fields = BTreeMap<String, String>;

pub(super) async fn dialog(
    State(world): State<World>,
    Path(version): Path<String>,
    Query(query): Query<Fields>,
) -> Response {
    match visit(&world, &version, &query) {
        Ok(visit) => world.ask_for_consent(visit).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn visit(world: &World, version: &str, query: &Fields) -> Result<AuthorizeVisit, Said> {
    let one = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    if !VERSIONS.contains(&version) {
        return Err(Said::refused(2635, 0, "This version has ended."));
    }
    let client_id = one("client_id");
    let known = NETWORKS.into_iter().find_map(|network| {
        let app = world.oauth().app(network, client_id)?;
        Some((network, app))
    });
    let Some((network, app)) = known else {
        return Err(Said::refused(101, 0, "Invalid App ID"));
    };
    if !app
        .redirect_uris
        .iter()
        .any(|uri| uri == one("redirect_uri"))
    {
        return Err(Said::refused(
            191,
            0,
            "URL blocked: the redirect URI is not among the app's valid OAuth redirect URIs.",
        ));
    }
    if !matches!(one("response_type"), "" | "code") {
        return Err(Said::invalid("Invalid response_type"));
    }
    if !matches!(one("auth_type"), "" | "rerequest") {
        return Err(Said::invalid("Invalid auth_type"));
    }
    let scopes: Vec<String> = one("scope")
        .split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    if let Some(unknown) = scopes
        .iter()
        .find(|scope| !SCOPES.contains(&scope.as_str()))
    {
        return Err(Said::invalid(&format!("Invalid Scopes: {unknown}")));
    }
    let denied = [
        ("error", "access_denied"),
        ("error_code", "200"),
        ("error_reason", "user_denied"),
        ("error_description", "Permissions error"),
    ];
    Ok(AuthorizeVisit {
        network: network.to_owned(),
        client_id: app.client_id,
        redirect_uri: one("redirect_uri").to_owned(),
        state: query.get("state").cloned(),
        scopes,
        challenge: None,
        approved_parameters: vec![("#".to_owned(), "_=_".to_owned())],
        denied_parameters: denied
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        accounts: accounts_of(network),
        several: true,
        code_life: CODE_LIFE,
        notes: BTreeMap::new(),
    })
}

/// What the person chooses among: Pages, or the Instagram accounts behind them.
fn accounts_of(network: &str) -> Vec<Account> {
    let account = |id: &str, username: &str, name: &str| Account {
        id: id.to_owned(),
        username: username.to_owned(),
        name: name.to_owned(),
    };
    if network == "facebook" {
        return PAGES
            .iter()
            .map(|page| account(page.id, page.username, page.name))
            .collect();
    }
    PAGES
        .iter()
        .filter_map(|page| page.instagram.as_ref())
        .map(|it| account(it.id, it.username, it.name))
        .collect()
}

/// A code for a token of an hour, or such a token for one of sixty days.
pub(super) async fn token(plain: Plain) -> Result<Said, Said> {
    let world = plain.world;
    let one = |name: &str| {
        plain
            .fields
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    };
    let (id, secret) = (one("client_id"), one("client_secret"));
    let network = NETWORKS
        .into_iter()
        .find(|network| world.oauth().knows(network, id, secret));
    let Some(network) = network else {
        return Err(Said::refused(
            101,
            0,
            "Error validating client secret or application.",
        ));
    };
    match one("grant_type") {
        "" | "authorization_code" => {
            let redeemed =
                world
                    .oauth()
                    .redeem(one("code"), id, one("redirect_uri"), None, world.now());
            let grant = redeemed.map_err(|_| {
                Said::invalid("This authorization code has expired, has been used, or the redirect_uri is not the one of the dialog.")
            })?;
            Ok(give(&world, &grant, "user", SHORT_LIFE))
        }
        "fb_exchange_token" => {
            let text = one("fb_exchange_token");
            let token = living(&world, text)?;
            let is_the_persons = matches!(token.kind, "user" | "refresh");
            if token.grant.network != network || token.grant.client_id != id || !is_the_persons {
                return Err(Said::refused(190, 0, "Invalid OAuth access token."));
            }
            // The long-lived token is what Page tokens are read with when they end.
            Ok(give(&world, &token.grant, "refresh", LONG_LIFE))
        }
        _ => Err(Said::invalid("Invalid grant_type")),
    }
}

fn give(world: &World, grant: &Grant, kind: &'static str, life: Duration) -> Said {
    let text = world.secret("EAAG");
    let now = world.now();
    let token = Token {
        kind,
        grant: grant.clone(),
        account: PERSON.to_owned(),
        ends_at: Some(now + life),
        issued_at: now,
        dead: false,
    };
    world.oauth().give_token(&text, token);
    Said::good(json!({
        "access_token": text, "token_type": "bearer", "expires_in": life.whole_seconds()
    }))
}

pub(super) async fn me(asked: Asked) -> Result<Said, Said> {
    asked.only(&["fields"])?;
    let shown = asked.page().and_then(pages::find).map_or_else(
        || json!({ "id": PERSON, "name": "The Studio's Account" }),
        |page| json!({ "id": page.id, "name": page.name }),
    );
    Ok(Said::good(asked.chosen(&shown)))
}

pub(super) async fn permissions(asked: Asked) -> Result<Said, Said> {
    let data: Vec<Value> = asked
        .grant
        .scopes
        .iter()
        .map(|scope| {
            let is_granted = asked.needs(&[scope]).is_ok();
            json!({ "permission": scope, "status": if is_granted { "granted" } else { "declined" } })
        })
        .collect();
    Ok(Said::good(json!({ "data": data })))
}

pub(super) async fn accounts(mut asked: Asked) -> Result<Said, Said> {
    asked.only(&["fields", "limit", "after"])?;
    asked.needs(&["pages_show_list"])?;
    if asked.page().is_some() {
        return Err(Said::invalid("(accounts) is no field of a Page"));
    }
    asked.shorten();
    let shown: Vec<Value> = PAGES
        .iter()
        .filter(|page| pages::is_chosen(page, &asked.grant))
        .map(|page| pages::shown(page, &asked))
        .collect();
    asked.listed(&shown, 25).map(Said::good)
}

/// What a token is good for, told to the app that it was given to.
pub(super) async fn debug(plain: Plain) -> Result<Said, Said> {
    let (world, input) = (&plain.world, plain.fields.get("input_token"));
    let Some(input) = input else {
        return Err(Said::invalid("Missing input_token"));
    };
    let known = world.oauth().token(input).cloned();
    let is_of_login = |token: &Token| token.grant.network == instagram_login::NETWORK;
    if known.as_ref().is_some_and(is_of_login) {
        return Err(instagram_login::unexplained());
    }
    let caller = plain.bearer.as_deref().unwrap_or_default();
    let Some((network, client_id)) = app_of(world, caller) else {
        return Err(Said::refused(190, 0, "Invalid OAuth access token."));
    };
    let Some(token) = known else {
        let error = json!({ "code": 190, "message": "Invalid OAuth access token." });
        return Ok(Said::good(
            json!({ "data": { "is_valid": false, "scopes": [], "error": error } }),
        ));
    };
    if token.grant.client_id != client_id || token.grant.network != network {
        return Err(Said::invalid(
            "The App_id in the input_token did not match the Viewing App",
        ));
    }
    Ok(Said::good(json!({ "data": told(world, input, &token) })))
}

fn told(world: &World, text: &str, token: &Token) -> Value {
    let declined = world.states().facebook().declined();
    let scopes: Vec<&String> = token
        .grant
        .scopes
        .iter()
        .filter(|scope| !declined.contains(scope))
        .collect();
    let granular: Vec<Value> = scopes
        .iter()
        .map(|scope| json!({ "scope": scope, "target_ids": token.grant.accounts }))
        .collect();
    let is_page = token.kind == "page";
    let mut told = json!({
        "app_id": token.grant.client_id, "application": "Picscripter",
        "type": if is_page { "PAGE" } else { "USER" },
        "is_valid": true, "issued_at": token.issued_at.unix_timestamp(),
        "expires_at": token.ends_at.map_or(0, OffsetDateTime::unix_timestamp),
        "data_access_expires_at": (token.issued_at + DATA_ACCESS).unix_timestamp(),
        "scopes": scopes, "granular_scopes": granular, "user_id": PERSON,
    });
    if is_page {
        told["profile_id"] = token.account.as_str().into();
    }
    if let Err(refusal) = living(world, text) {
        let error = refusal.error();
        told["is_valid"] = false.into();
        told["error"] = json!({
            "code": error["code"], "subcode": error["error_subcode"], "message": error["message"],
        });
    }
    told
}

/// The app that asks: by its id and secret, or by a living token that it was given.
fn app_of(world: &World, caller: &str) -> Option<(String, String)> {
    if let Some((id, secret)) = caller.split_once('|') {
        let network = NETWORKS
            .into_iter()
            .find(|network| world.oauth().knows(network, id, secret))?;
        return Some((network.to_owned(), id.to_owned()));
    }
    let token = living(world, caller).ok()?;
    Some((token.grant.network, token.grant.client_id))
}

/// Withdraws the person's grant with all tokens that came of it.
pub(super) async fn revoke(asked: Asked) -> Result<Said, Said> {
    asked.only(&["permission"])?;
    if asked.page().is_some() || !matches!(asked.id(), "me" | PERSON) {
        return Err(Said::invisible(asked.id()));
    }
    let scope = asked.field("permission");
    if scope.is_empty() {
        let grant = asked.grant.id;
        asked.world.states().facebook().withdraw(grant);
        asked
            .world
            .oauth()
            .kill_where(|token| token.grant.id == grant);
        let app = asked
            .world
            .oauth()
            .app(&asked.grant.network, &asked.grant.client_id);
        if let Some(app) = app {
            let letter = Letter::withdrawal(&app.client_secret, asked.world.now());
            asked.world.states().meta().tell(letter);
        }
    } else {
        asked.world.states().facebook().decline(scope);
    }
    Ok(Said::good(json!({ "success": true })))
}
