//! The consent page: which account, approve or deny.

use axum::{
    extract::{Form, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::StatusCode;
use url::Url;

use crate::{AuthorizeVisit, Grant, World};

/// The page. Its form posts `visit`, `decision` (`approve` or `deny`) and one or more `account`.
pub(crate) fn page(id: &str, visit: &AuthorizeVisit, base_url: &str) -> String {
    let kind = if visit.several { "checkbox" } else { "radio" };
    let accounts: Vec<String> = visit
        .accounts
        .iter()
        .enumerate()
        .map(|(place, account)| {
            let chosen = if place == 0 { " checked" } else { "" };
            format!(
                "<label><input type=\"{kind}\" name=\"account\" value=\"{}\"{chosen}> <b>{}</b> <span>@{}</span></label>",
                escape(&account.id),
                escape(&account.name),
                escape(&account.username)
            )
        })
        .collect();
    let scopes: Vec<String> = visit
        .scopes
        .iter()
        .map(|scope| format!("<li>{}</li>", escape(scope)))
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Connect {network}</title><style>{STYLE}</style><main><p class=\"tag\">Simulated {network}</p>\
         <h1>Picscripter wants to publish for you</h1><form method=\"post\" action=\"{base_url}/_simulator/consent\">\
         <input type=\"hidden\" name=\"visit\" value=\"{id}\"><fieldset><legend>Account</legend>{accounts}</fieldset>\
         <p>It asks for:</p><ul>{scopes}</ul><div class=\"buttons\">\
         <button name=\"decision\" value=\"deny\">Deny</button>\
         <button class=\"go\" name=\"decision\" value=\"approve\">Approve</button></div></form></main></html>",
        network = escape(&visit.network),
        accounts = accounts.concat(),
        scopes = scopes.concat(),
    )
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#eef1f5;color:#1c2430;margin:0}\
main{max-width:26rem;margin:8vh auto;background:#fff;border-radius:14px;padding:2rem;box-shadow:0 10px 40px #1c243022}\
h1{font-size:1.35rem;margin:.2rem 0 1.2rem}.tag{color:#5a6b80;margin:0;text-transform:capitalize}\
fieldset{border:1px solid #d5dce5;border-radius:10px;padding:.6rem 1rem}label{display:block;padding:.35rem 0}\
label span,li{color:#5a6b80}ul{font:13px/1.7 ui-monospace,monospace;padding-left:1.2rem;overflow-wrap:anywhere}\
.buttons{display:flex;gap:.8rem;justify-content:flex-end}button{font:inherit;padding:.55rem 1.3rem;border-radius:9px;\
border:1px solid #c4cedb;background:#fff;cursor:pointer}.go{background:#1f6feb;border-color:#1f6feb;color:#fff}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Takes the person's decision and sends the browser back.
pub(crate) async fn decide(
    State(world): State<World>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let one = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let (id, decision) = (one("visit"), one("decision"));
    let accounts: Vec<&String> = pairs
        .iter()
        .filter(|(key, _)| key == "account")
        .map(|(_, value)| value)
        .collect();
    let known = world.oauth().visit(&id).cloned();
    let Some(visit) = known else {
        return (
            StatusCode::BAD_REQUEST,
            "This consent page is no longer open.",
        )
            .into_response();
    };
    let Ok(mut back) = Url::parse(&visit.redirect_uri) else {
        return (StatusCode::BAD_REQUEST, "The way back is no address.").into_response();
    };
    let parameters = if decision == "approve" {
        let chosen: Vec<String> = visit
            .accounts
            .iter()
            .map(|account| account.id.clone())
            .filter(|id| accounts.contains(&id))
            .collect();
        if chosen.is_empty() || (chosen.len() > 1 && !visit.several) {
            return (StatusCode::BAD_REQUEST, "Choose an account.").into_response();
        }
        let code = world.secret("code-");
        let grant = Grant {
            id: world.number(),
            network: visit.network.clone(),
            client_id: visit.client_id.clone(),
            accounts: chosen,
            scopes: visit.scopes.clone(),
            notes: visit.notes.clone(),
        };
        world
            .oauth()
            .give_code(code.clone(), grant, &visit, world.now());
        let mut parameters = vec![("code".to_owned(), code)];
        parameters.extend(visit.approved_parameters.clone());
        parameters
    } else {
        visit.denied_parameters.clone()
    };
    world.oauth().finish(&id);
    for (key, value) in parameters
        .iter()
        .chain(&visit.state.map(|state| ("state".to_owned(), state)))
    {
        if key == "#" {
            back.set_fragment(Some(value));
        } else {
            back.query_pairs_mut().append_pair(key, value);
        }
    }
    Redirect::to(back.as_str()).into_response()
}
