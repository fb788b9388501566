//! Login Kit: the consent page, tokens, who it is.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::Duration;

use super::{
    accounts::{creator, creators},
    letters::News,
    wire::{bare_refusal, caller, flat_refusal, form, ok, value},
};
use crate::{AuthorizeVisit, Grant, World, oauth::Token};

/// The note of a visit that holds its challenge.
const CHALLENGE: &str = "challenge";
const SCOPES: [&str; 5] = [
    "user.info.basic",
    "user.info.profile",
    "video.publish",
    "video.upload",
    "video.list",
];

pub(super) async fn authorize(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let page = |error: &str| {
        (
            StatusCode::BAD_REQUEST,
            format!("Something went wrong: {error}"),
        )
            .into_response()
    };
    let Some(app) = world.oauth().app("tiktok", value(&pairs, "client_key")) else {
        return page("client_key");
    };
    let redirect_uri = value(&pairs, "redirect_uri");
    if !app.redirect_uris.iter().any(|known| known == redirect_uri) {
        return page("redirect_uri");
    }
    if value(&pairs, "response_type") != "code" {
        return page("response_type");
    }
    let asked = value(&pairs, "scope");
    if asked.is_empty() || asked.split(',').any(|scope| !SCOPES.contains(&scope)) {
        return page("scope");
    }
    if !matches!(value(&pairs, "disable_auto_auth"), "" | "0" | "1") {
        return page("disable_auto_auth");
    }
    let (scopes, is_desktop): (Vec<String>, bool) = {
        let state = world.states().tiktok();
        let granted = asked
            .split(',')
            .filter(|scope| !state.denied_scopes.contains(*scope))
            .map(str::to_owned)
            .collect();
        (granted, state.is_desktop)
    };
    let challenge = value(&pairs, "code_challenge");
    if is_desktop && !(is_hex(challenge) && value(&pairs, "code_challenge_method") == "S256") {
        return page("code_challenge");
    }
    // Compared here, not in the book of codes: that one knows base64url alone.
    let notes = is_desktop.then(|| (CHALLENGE.to_owned(), challenge.to_owned()));
    let state = value(&pairs, "state");
    world
        .ask_for_consent(AuthorizeVisit {
            network: "tiktok".to_owned(),
            client_id: app.client_id,
            redirect_uri: redirect_uri.to_owned(),
            state: (!state.is_empty()).then(|| state.to_owned()),
            approved_parameters: vec![("scopes".to_owned(), scopes.join(","))],
            scopes,
            challenge: None,
            denied_parameters: vec![
                ("error".to_owned(), "access_denied".to_owned()),
                ("error_description".to_owned(), "User denied".to_owned()),
            ],
            accounts: creators().into_iter().map(|known| known.account).collect(),
            several: false,
            code_life: Duration::minutes(10),
            notes: notes.into_iter().collect::<BTreeMap<_, _>>(),
        })
        .into_response()
}

/// Whether a text is a SHA-256 in lower-case hexadecimal, as desktop apps send it.
fn is_hex(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) async fn token(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(pairs) = form(&headers, &body) else {
        return flat_refusal(
            &world,
            "invalid_request",
            "Only `application/x-www-form-urlencoded` is supported as Content-Type.",
        );
    };
    if let Some(refusal) = stranger(&world, &pairs) {
        return refusal;
    }
    match value(&pairs, "grant_type") {
        "authorization_code" => exchange(&world, &pairs),
        "refresh_token" => refresh(&world, &pairs),
        _ => flat_refusal(
            &world,
            "unsupported_grant_type",
            "The authorization grant type is not supported.",
        ),
    }
}

fn stranger(world: &World, pairs: &[(String, String)]) -> Option<Response> {
    let knows = world.oauth().knows(
        "tiktok",
        value(pairs, "client_key"),
        value(pairs, "client_secret"),
    );
    (!knows).then(|| {
        flat_refusal(
            world,
            "invalid_client",
            "Client key or secret is incorrect.",
        )
    })
}

fn exchange(world: &World, pairs: &[(String, String)]) -> Response {
    let redeemed = world.oauth().redeem(
        value(pairs, "code"),
        value(pairs, "client_key"),
        value(pairs, "redirect_uri"),
        None,
        world.now(),
    );
    match redeemed {
        Ok(grant) if is_verified(&grant, value(pairs, "code_verifier")) => {
            Json(give(world, &grant)).into_response()
        }
        Ok(_) => flat_refusal(world, "invalid_grant", "Code verifier is invalid."),
        Err(crate::oauth::CodeError::NotYours) => flat_refusal(
            world,
            "invalid_request",
            "Redirect_uri is not matched with the uri when requesting code.",
        ),
        Err(_) => flat_refusal(world, "invalid_grant", "Authorization code is expired."),
    }
}

fn is_verified(grant: &Grant, verifier: &str) -> bool {
    grant
        .notes
        .get(CHALLENGE)
        .is_none_or(|challenge| *challenge == hex::encode(Sha256::digest(verifier)))
}

fn refresh(world: &World, pairs: &[(String, String)]) -> Response {
    let old = value(pairs, "refresh_token");
    let known = world
        .oauth()
        .live_token(old, world.now())
        .filter(|known| known.grant.network == "tiktok" && known.kind == "refresh")
        .filter(|known| known.grant.client_id == value(pairs, "client_key"))
        .cloned();
    let Some(known) = known else {
        return flat_refusal(
            world,
            "invalid_grant",
            "Refresh token is invalid or expired.",
        );
    };
    world.oauth().kill(old);
    Json(give(world, &known.grant)).into_response()
}

fn give(world: &World, grant: &Grant) -> Value {
    let now = world.now();
    let (access_life, refresh_life) = world.states().tiktok().lives;
    let account = grant.accounts.first().cloned().unwrap_or_default();
    let (access, refresh) = (world.secret("act."), world.secret("rft."));
    let token = |kind, life| Token {
        kind,
        grant: grant.clone(),
        account: account.clone(),
        ends_at: Some(now + life),
        issued_at: now,
        dead: false,
    };
    world
        .oauth()
        .give_token(&access, token("access", access_life));
    world
        .oauth()
        .give_token(&refresh, token("refresh", refresh_life));
    json!({
        "access_token": access,
        "expires_in": access_life.whole_seconds(),
        "open_id": account,
        "refresh_expires_in": refresh_life.whole_seconds(),
        "refresh_token": refresh,
        "scope": grant.scopes.join(","),
        "token_type": "Bearer",
    })
}

pub(super) async fn revoke(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(pairs) = form(&headers, &body) else {
        return flat_refusal(
            &world,
            "invalid_request",
            "Only `application/x-www-form-urlencoded` is supported as Content-Type.",
        );
    };
    if let Some(refusal) = stranger(&world, &pairs) {
        return refusal;
    }
    let grant = world
        .oauth()
        .live_token(value(&pairs, "token"), world.now())
        .filter(|known| known.grant.network == "tiktok" && known.kind == "access")
        .map(|known| (known.grant.id, known.account.clone()));
    let Some((grant, account)) = grant else {
        return flat_refusal(&world, "invalid_grant", "Access token is invalid.");
    };
    world.oauth().kill_where(|token| token.grant.id == grant);
    world.states().tiktok().mail.write(News {
        event: "authorization.removed",
        app: value(&pairs, "client_key").to_owned(),
        account,
        at: world.now(),
        content: json!({"reason": 5}),
    });
    StatusCode::OK.into_response()
}

pub(super) async fn user(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let caller = match caller(&world, &headers, &["user.info.basic"]) {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let Some(known) = creator(&caller.account) else {
        return bare_refusal(&world, 401, "access_token_invalid", "The user is gone.");
    };
    let mut user = serde_json::Map::new();
    for field in value(&pairs, "fields").split(',') {
        let (scope, told) = match field {
            "open_id" => ("user.info.basic", json!(known.account.id)),
            "union_id" => ("user.info.basic", json!(format!("u{}", known.account.id))),
            "avatar_url" => (
                "user.info.basic",
                json!(format!(
                    "https://p16-sign.tiktokcdn.com/{}.jpeg",
                    known.account.username
                )),
            ),
            "display_name" => ("user.info.basic", json!(known.account.name)),
            "username" => ("user.info.profile", json!(known.account.username)),
            _ => {
                return bare_refusal(
                    &world,
                    400,
                    "invalid_params",
                    "Fields are invalid: is a required parameter.",
                );
            }
        };
        if !caller.scopes.iter().any(|granted| granted == scope) {
            return bare_refusal(
                &world,
                401,
                "scope_not_authorized",
                "The user did not authorize the scope required for completing this request.",
            );
        }
        user.insert(field.to_owned(), told);
    }
    ok(&world, &json!({"user": user}))
}
