//! Pins that are there: listed, read, changed, deleted.

use axum::{
    body::Bytes,
    extract::{Path, Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::{
    super::{
        Pin, boards,
        rates::Category,
        wire::{enter, forbidden, invalid, ok, page, refusal, with_id},
    },
    TO_PIN, texts,
};
use crate::World;

/// What reading Pins takes.
const TO_READ: [&str; 2] = ["boards:read", "pins:read"];
/// What may be changed of a Pin.
const CHANGEABLE: [&str; 6] = [
    "board_id",
    "board_section_id",
    "title",
    "description",
    "alt_text",
    "link",
];

pub(in super::super) async fn list(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let caller = match enter(&world, &headers, &TO_READ, Category::Read) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let listed = listed(&world, &pairs, |pin| pin.account == caller.account);
    caller.left.on(listed)
}

pub(in super::super) async fn of_board(
    Shared(world): Shared<World>,
    Path(board): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let caller = match enter(&world, &headers, &TO_READ, Category::Read) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let listed = boards::find(&world, &caller.account, &board)
        .and_then(|board| listed(&world, &pairs, |pin| pin.board == board.id));
    caller.left.on(listed)
}

pub(in super::super) async fn of_section(
    Shared(world): Shared<World>,
    Path((board, section)): Path<(String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let caller = match enter(&world, &headers, &TO_READ, Category::Read) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let listed = boards::find(&world, &caller.account, &board).and_then(|board| {
        if !board.sections.iter().any(|(id, _)| *id == section) {
            return Err(refusal(&world, 404, 2031, "Board section not found."));
        }
        listed(&world, &pairs, |pin| {
            pin.board == board.id && pin.section.as_ref() == Some(&section)
        })
    });
    caller.left.on(listed)
}

/// Newest first, without those that the lists do not show yet.
fn listed(
    world: &World,
    pairs: &[(String, String)],
    fits: impl Fn(&Pin) -> bool,
) -> Result<Response, Response> {
    let listed_until = world.listed_until("pinterest");
    let items: Vec<Value> = {
        let state = world.states().pinterest();
        state
            .pins
            .iter()
            .rev()
            .filter(|pin| pin.created_at <= listed_until)
            .filter(|pin| fits(pin))
            .map(|pin| pin.body.clone())
            .collect()
    };
    page(world, items, pairs).map(|part| ok(world, part))
}

pub(in super::super) async fn read(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match enter(&world, &headers, &TO_READ, Category::Read) {
        Ok(caller) => caller
            .left
            .on(found(&world, &id).map(|pin| ok(&world, pin.body))),
        Err(refusal) => refusal,
    }
}

fn found(world: &World, id: &str) -> Result<Pin, Response> {
    let pin = {
        let state = world.states().pinterest();
        state.pins.iter().find(|pin| pin.id == id).cloned()
    };
    pin.ok_or_else(|| refusal(world, 404, 50, "Pin not found."))
}

fn own(world: &World, account: &str, id: &str) -> Result<Pin, Response> {
    let pin = found(world, id)?;
    if pin.account == account {
        return Ok(pin);
    }
    Err(forbidden(world))
}

pub(in super::super) async fn change(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match enter(&world, &headers, &TO_PIN, Category::Write) {
        Ok(caller) => caller.left.on(changed(&world, &caller.account, &id, &body)),
        Err(refusal) => refusal,
    }
}

fn changed(world: &World, account: &str, id: &str, body: &[u8]) -> Result<Response, Response> {
    let mut pin = own(world, account, id)?;
    let Ok(order @ Value::Object(_)) = serde_json::from_slice(body) else {
        return Err(invalid(world, "the body is no JSON"));
    };
    texts(world, &order, &CHANGEABLE)?;
    for (name, value) in order.as_object().into_iter().flatten() {
        pin.body[name] = value.clone();
    }
    let board = pin.body["board_id"].as_str().unwrap_or_default();
    pin.board = boards::find(world, account, board)?.id;
    pin.section = pin.body["board_section_id"].as_str().map(str::to_owned);
    let shown = pin.body.clone();
    let posts = world.ledger();
    let mut posts = posts.posts().iter();
    if let Some(post) = posts.find(|post| post.network == "pinterest" && post.post_id == id) {
        let mut post = post.clone();
        let text = shown["description"].as_str().unwrap_or_default();
        text.clone_into(&mut post.text);
        world.take_down("pinterest", id);
        world.publish(post);
    }
    let mut state = world.states().pinterest();
    state.pins.retain(|pin| pin.id != id);
    state.pins.push(pin);
    drop(state);
    Ok(ok(world, shown))
}

pub(in super::super) async fn delete(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let caller = match enter(&world, &headers, &TO_PIN, Category::Write) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let deleted = own(&world, &caller.account, &id).map(|_| {
        world.states().pinterest().pins.retain(|pin| pin.id != id);
        world.take_down("pinterest", &id);
        with_id(&world, StatusCode::NO_CONTENT.into_response())
    });
    caller.left.on(deleted)
}
