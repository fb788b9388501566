//! Videos: registered, and asked after.

use axum::{
    body::Bytes,
    extract::{Path, State as Shared},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    Media, Outcome, STORE, UPLOAD_LIFE,
    rates::Category,
    wire::{answer, enter, invalid, ok, refusal},
};
use crate::World;

pub(super) async fn register(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let scopes = ["pins:read", "pins:write"];
    match enter(&world, &headers, &scopes, Category::Write) {
        Ok(caller) => caller.left.on(registered(&world, caller.account, &body)),
        Err(refusal) => refusal,
    }
}

fn registered(world: &World, account: String, body: &[u8]) -> Result<Response, Response> {
    let order: Value = serde_json::from_slice(body).unwrap_or_default();
    if order["media_type"] != "video" {
        let why = "{'media_type': ...} (is not one of ['video'])";
        return Err(invalid(world, why));
    }
    let media_id = (5_200_000_000_000_000_000 + world.number()).to_string();
    let day = {
        let format = time::macros::format_description!("[year][month][day]");
        world.now().format(format).unwrap_or_default()
    };
    // The order is the store's own, not the alphabet's.
    let parameters: Vec<(String, String)> = [
        ("x-amz-date", format!("{day}T000000Z")),
        ("x-amz-signature", world.secret("")),
        ("x-amz-security-token", world.secret("IQoJ")),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        (
            "key",
            format!("uploads/11/aa/22/3:video:{account}:{media_id}"),
        ),
        ("policy", world.secret("eyJ")),
        (
            "x-amz-credential",
            format!("ASIA{}/{day}/us-east-1/s3/aws4_request", world.number()),
        ),
        ("Content-Type", "multipart/form-data".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let object = in_order(&parameters);
    let media = Media {
        account,
        parameters,
        ends_at: world.now() + UPLOAD_LIFE,
        outcome: None,
    };
    world
        .states()
        .pinterest()
        .media
        .insert(media_id.clone(), media);
    let body = format!(
        "{{\"media_id\":\"{media_id}\",\"media_type\":\"video\",\"upload_url\":\"https://{STORE}/\",\"upload_parameters\":{object}}}"
    );
    let mut response = answer(world, StatusCode::CREATED, Value::Null);
    *response.body_mut() = axum::body::Body::from(body);
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    Ok(response)
}

/// An object whose fields stand in this order.
fn in_order(pairs: &[(String, String)]) -> String {
    let fields: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}:{}", json!(name), json!(value)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

pub(super) async fn status(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match enter(&world, &headers, &["pins:read"], Category::Read) {
        Ok(caller) => caller.left.on(asked(&world, &caller.account, &id)),
        Err(refusal) => refusal,
    }
}

fn asked(world: &World, account: &str, id: &str) -> Result<Response, Response> {
    let media = world.states().pinterest().media.get(id).cloned();
    let Some(media) = media.filter(|media| media.account == account) else {
        return Err(refusal(world, 404, 404, "Media not found."));
    };
    let mut body = json!({"media_id": id, "media_type": "video"});
    body["status"] = json!(match media.outcome {
        None => "registered",
        Some(Outcome::Failed(code)) => {
            body["failure_code"] = json!(code);
            "failed"
        }
        Some(Outcome::Ready { at, .. }) if world.now() < at => "processing",
        Some(Outcome::Ready { .. }) => "succeeded",
    });
    Ok(ok(world, body))
}
