//! Pins: made, listed, read, deleted.

use axum::{
    body::Bytes,
    extract::{Path, Query, State as Shared},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::{
    Outcome, Pin,
    boards::{self, Board},
    pinners,
    wire::{Category, answer, enter, invalid, ok, page, refusal, with_id, written},
};
use crate::{LiveMedia, LivePost, World};

/// What a Pin needs, all of it.
const TO_PIN: [&str; 4] = ["boards:read", "boards:write", "pins:read", "pins:write"];
const FIELDS: [&str; 10] = [
    "board_id",
    "board_section_id",
    "title",
    "description",
    "alt_text",
    "link",
    "dominant_color",
    "parent_pin_id",
    "sponsor_id",
    "media_source",
];
const LENGTHS: [(&str, usize); 4] = [
    ("title", 100),
    ("description", 800),
    ("alt_text", 500),
    ("link", 2048),
];

pub(super) async fn create(
    Shared(world): Shared<World>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let account = match enter(&world, &headers, &TO_PIN, Category::Write) {
        Ok(account) => account,
        Err(refusal) => return refusal,
    };
    let is_sandbox = uri.path().starts_with("/api-sandbox.");
    if world.states().pinterest().is_on_trial && !is_sandbox {
        return refusal(
            &world,
            403,
            29,
            "Apps with Trial access may not create Pins in production https://api.pinterest.com - use API Sandbox https://api-sandbox.pinterest.com instead.",
        );
    }
    let Ok(order) = serde_json::from_slice::<Value>(&body) else {
        return invalid(&world, "the body is no JSON");
    };
    let board = match check(&world, &account, &order) {
        Ok(board) => board,
        Err(refusal) => return refusal,
    };
    match media_of(&world, &account, &order["media_source"]).await {
        Ok((kind, file)) => {
            let pin = publish(&world, &account, &board, &order, (kind, file), is_sandbox);
            answer(&world, StatusCode::CREATED, pin)
        }
        Err(refusal) => refusal,
    }
}

fn check(world: &World, account: &str, order: &Value) -> Result<Board, Response> {
    let refuse = |why: &str| Err(invalid(world, why));
    let unknown = order
        .as_object()
        .and_then(|fields| fields.keys().find(|key| !FIELDS.contains(&key.as_str())));
    if let Some(field) = unknown {
        return refuse(&format!("{{...}} ('{field}' was unexpected)"));
    }
    for (field, most) in LENGTHS {
        let given = &order[field];
        let fits = given
            .as_str()
            .is_some_and(|text| text.chars().count() <= most);
        if !given.is_null() && !fits {
            return refuse(&format!("{{'{field}': ...}} ({field} is too long)"));
        }
    }
    if let Some(link) = order["link"].as_str()
        && url::Url::parse(link).map_or(true, |url| !matches!(url.scheme(), "http" | "https"))
    {
        return Err(refusal(world, 400, 1, "Whoops! That's an invalid URL."));
    }
    let board_id = order["board_id"].as_str().unwrap_or_default();
    let board = boards::find(world, account, board_id)?;
    if let Some(section) = order["board_section_id"].as_str()
        && !board.sections.iter().any(|(id, _)| id == section)
    {
        return Err(refusal(world, 404, 2031, "Board section not found."));
    }
    Ok(board)
}

/// The kind of a Pin and its file.
async fn media_of(
    world: &World,
    account: &str,
    source: &Value,
) -> Result<(&'static str, LiveMedia), Response> {
    let refuse = |why: &str| Err(invalid(world, why));
    match source["source_type"].as_str() {
        Some("image_url") => {
            let Some(url) = source["url"].as_str() else {
                return refuse("{'media_source': ...} ('url' is a required property)");
            };
            fetch(world, url).await.map(|file| ("image", file))
        }
        Some("video_id") => {
            let has_cover = source["cover_image_url"].is_string()
                || source["cover_image_content_type"].is_string()
                    && source["cover_image_data"].is_string()
                || source["cover_image_key_frame_time"].is_u64();
            if !has_cover {
                return refuse(
                    "{'media_source': ...} ('cover_image_url' or 'cover_image_content_type' is a required property)",
                );
            }
            let id = source["media_id"].as_str().unwrap_or_default();
            let state = world.states().pinterest();
            let media = state
                .media
                .get(id)
                .filter(|media| media.account == account)
                .cloned();
            drop(state);
            match media.map(|media| media.outcome) {
                Some(Some(Outcome::Ready { file, at })) if world.now() >= at => Ok(("video", file)),
                Some(Some(Outcome::Failed(_) | Outcome::Ready { .. }) | None) => {
                    refuse("{'media_source': ...} (the media is not ready)")
                }
                None => Err(refusal(world, 404, 404, "Media not found.")),
            }
        }
        _ => refuse("{'media_source': ...} (source_type is not one that this interface serves)"),
    }
}

async fn fetch(world: &World, url: &str) -> Result<LiveMedia, Response> {
    let unreachable = || {
        Err(refusal(
            world,
            400,
            1,
            "Unable to reach the URL. Please check that the image is reachable.",
        ))
    };
    let Ok(pulled) = world.pull(url).await else {
        return unreachable();
    };
    if !matches!(pulled.status, 200 | 206) {
        return unreachable();
    }
    let is_picture = matches!(
        imagesize::image_type(&pulled.bytes),
        Ok(imagesize::ImageType::Jpeg | imagesize::ImageType::Png)
    );
    if !is_picture {
        return Err(invalid(
            world,
            "{'media_source': ...} (the image is neither JPEG nor PNG)",
        ));
    }
    Ok(world.keep(&pulled.content_type, pulled.bytes))
}

fn publish(
    world: &World,
    account: &str,
    board: &Board,
    order: &Value,
    (kind, file): (&str, LiveMedia),
    is_sandbox: bool,
) -> Value {
    let id = (813_000_000_000_000_000 + world.number()).to_string();
    let now = world.now();
    let owner = pinners()
        .into_iter()
        .find(|known| known.account.id == account)
        .map(|known| known.account);
    let username = owner.map_or_else(String::new, |owner| owner.username);
    let body = json!({
        "id": id,
        "created_at": written(now),
        "link": order["link"],
        "title": order["title"],
        "description": order["description"],
        "dominant_color": "#6E7874",
        "alt_text": order["alt_text"],
        "board_id": board.id,
        "board_section_id": order["board_section_id"],
        "board_owner": {"username": username},
        "is_owner": true,
        "is_standard": true,
        "creative_type": if kind == "video" { "VIDEO" } else { "REGULAR" },
        "parent_pin_id": null,
        "has_been_promoted": false,
        "media": {"media_type": kind},
        "pin_metrics": null,
    });
    world.states().pinterest().pins.push(Pin {
        id: id.clone(),
        account: account.to_owned(),
        board: board.id.clone(),
        section: order["board_section_id"].as_str().map(str::to_owned),
        created_at: now,
        body: body.clone(),
    });
    world.publish(LivePost {
        network: "pinterest".to_owned(),
        account_id: account.to_owned(),
        account_name: username,
        url: format!("https://www.pinterest.com/pin/{id}/"),
        post_id: id,
        kind: kind.to_owned(),
        text: order["description"].as_str().unwrap_or_default().to_owned(),
        media: vec![file],
        created_at: now,
        details: json!({
            "board": board.name,
            "boardId": board.id,
            "boardSectionId": order["board_section_id"],
            "title": order["title"],
            "link": order["link"],
            "altText": order["alt_text"],
            "coverImageKeyFrameTime": order["media_source"]["cover_image_key_frame_time"],
            "isSandbox": is_sandbox,
        }),
    });
    body
}

pub(super) async fn list(
    Shared(world): Shared<World>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let account = match enter(
        &world,
        &headers,
        &["boards:read", "pins:read"],
        Category::Read,
    ) {
        Ok(account) => account,
        Err(refusal) => return refusal,
    };
    listed(&world, &pairs, |pin| pin.account == account)
}

pub(super) async fn of_board(
    Shared(world): Shared<World>,
    Path(board): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let found = enter(
        &world,
        &headers,
        &["boards:read", "pins:read"],
        Category::Read,
    )
    .and_then(|account| boards::find(&world, &account, &board));
    match found {
        Ok(board) => listed(&world, &pairs, |pin| pin.board == board.id),
        Err(refusal) => refusal,
    }
}

pub(super) async fn of_section(
    Shared(world): Shared<World>,
    Path((board, section)): Path<(String, String)>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let found = enter(
        &world,
        &headers,
        &["boards:read", "pins:read"],
        Category::Read,
    )
    .and_then(|account| boards::find(&world, &account, &board));
    match found {
        Ok(board) if board.sections.iter().any(|(id, _)| *id == section) => {
            listed(&world, &pairs, |pin| {
                pin.board == board.id && pin.section.as_ref() == Some(&section)
            })
        }
        Ok(_) => refusal(&world, 404, 2031, "Board section not found."),
        Err(refusal) => refusal,
    }
}

/// Newest first, without those that the lists do not show yet.
fn listed(world: &World, pairs: &[(String, String)], fits: impl Fn(&Pin) -> bool) -> Response {
    let now = world.now();
    let items: Vec<Value> = {
        let state = world.states().pinterest();
        state
            .pins
            .iter()
            .rev()
            .filter(|pin| now >= pin.created_at + state.listing_delay)
            .filter(|pin| fits(pin))
            .map(|pin| pin.body.clone())
            .collect()
    };
    match page(world, items, pairs) {
        Ok(part) => ok(world, part),
        Err(refusal) => refusal,
    }
}

pub(super) async fn read(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = enter(
        &world,
        &headers,
        &["boards:read", "pins:read"],
        Category::Read,
    ) {
        return refusal;
    }
    let found = world
        .states()
        .pinterest()
        .pins
        .iter()
        .find(|pin| pin.id == id)
        .map(|pin| pin.body.clone());
    match found {
        Some(body) => ok(&world, body),
        None => refusal(&world, 404, 50, "Pin not found."),
    }
}

pub(super) async fn delete(
    Shared(world): Shared<World>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let account = match enter(&world, &headers, &TO_PIN, Category::Write) {
        Ok(account) => account,
        Err(refusal) => return refusal,
    };
    let found = world
        .states()
        .pinterest()
        .pins
        .iter()
        .find(|pin| pin.id == id)
        .map(|pin| pin.account.clone());
    match found {
        None => refusal(&world, 404, 50, "Pin not found."),
        Some(owner) if owner != account => refusal(
            &world,
            403,
            29,
            "You are not permitted to access that resource.",
        ),
        Some(_) => {
            world.states().pinterest().pins.retain(|pin| pin.id != id);
            world.take_down("pinterest", &id);
            with_id(&world, StatusCode::NO_CONTENT.into_response())
        }
    }
}
