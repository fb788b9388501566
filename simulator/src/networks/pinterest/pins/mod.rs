//! Pins: made here.

mod shown;
mod source;

use axum::{body::Bytes, extract::State as Shared, response::Response};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use self::source::Shown;
use super::{
    Pin,
    boards::{self, Board, is_id},
    pinners,
    rates::Category,
    wire::{answer, enter, invalid, refusal, written},
};
use crate::{LivePost, World};

pub(super) use shown::{change, delete, list, of_board, of_section, read};

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
    let is_sandbox = uri.path().starts_with("/api-sandbox.");
    match enter(&world, &headers, &TO_PIN, Category::Write) {
        Ok(caller) => {
            let made = made(&world, &caller.account, &body, is_sandbox).await;
            caller.left.on(made)
        }
        Err(refusal) => refusal,
    }
}

async fn made(
    world: &World,
    account: &str,
    body: &[u8],
    is_sandbox: bool,
) -> Result<Response, Response> {
    if world.states().pinterest().is_on_trial && !is_sandbox {
        return Err(refusal(
            world,
            403,
            29,
            "Apps with Trial access may not create Pins in production https://api.pinterest.com - use API Sandbox https://api-sandbox.pinterest.com instead.",
        ));
    }
    let Ok(order) = serde_json::from_slice::<Value>(body) else {
        return Err(invalid(world, "the body is no JSON"));
    };
    let board = check(world, account, &order)?;
    let shown = source::take(world, account, &order["media_source"]).await?;
    let pin = publish(world, account, &board, &order, shown, is_sandbox);
    Ok(answer(world, StatusCode::CREATED, pin))
}

fn check(world: &World, account: &str, order: &Value) -> Result<Board, Response> {
    texts(world, order, &FIELDS)?;
    let board_id = order["board_id"].as_str().unwrap_or_default();
    let board = boards::find(world, account, board_id)?;
    if let Some(section) = order["board_section_id"].as_str() {
        if !is_id(section) {
            let why = format!("{{...}} ('{section}' does not match '^\\d+$')");
            return Err(invalid(world, &why));
        }
        if !board.sections.iter().any(|(id, _)| id == section) {
            return Err(refusal(world, 404, 2031, "Board section not found."));
        }
    }
    Ok(board)
}

/// Checks which fields there are, and the texts among them.
fn texts(world: &World, order: &Value, fields: &[&str]) -> Result<(), Response> {
    let refuse = |why: &str| Err(invalid(world, why));
    let unknown = order
        .as_object()
        .and_then(|given| given.keys().find(|key| !fields.contains(&key.as_str())));
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
    let color = &order["dominant_color"];
    let is_color = |text: &str| {
        text.strip_prefix('#').is_some_and(|digits| {
            digits.len() == 6 && digits.bytes().all(|it| it.is_ascii_hexdigit())
        })
    };
    if !color.is_null() && !color.as_str().is_some_and(is_color) {
        return refuse("{'dominant_color': ...} (is no color)");
    }
    if let Some(link) = order["link"].as_str()
        && url::Url::parse(link).map_or(true, |url| !matches!(url.scheme(), "http" | "https"))
    {
        return Err(refusal(world, 400, 1, "Whoops! That's an invalid URL."));
    }
    Ok(())
}

fn publish(
    world: &World,
    account: &str,
    board: &Board,
    order: &Value,
    shown: Shown,
    is_sandbox: bool,
) -> Value {
    let id = (813_000_000_000_000_000 + world.number()).to_string();
    let now = world.now();
    let owner = pinners()
        .into_iter()
        .find(|known| known.account.id == account)
        .map(|known| known.account);
    let username = owner.map_or_else(String::new, |owner| owner.username);
    let (kind, creative_type) = match shown.media_type {
        "multiple_images" => ("carousel", "CAROUSEL"),
        "video" => ("video", "VIDEO"),
        one => (one, "REGULAR"),
    };
    let body = json!({
        "id": id,
        "created_at": written(now),
        "link": order["link"],
        "title": order["title"],
        "description": order["description"],
        "dominant_color": order["dominant_color"].as_str().unwrap_or("#6E7874"),
        "alt_text": order["alt_text"],
        "board_id": board.id,
        "board_section_id": order["board_section_id"],
        "board_owner": {"username": username},
        "is_owner": true,
        "is_standard": true,
        "creative_type": creative_type,
        "parent_pin_id": null,
        "has_been_promoted": false,
        "media": media(&shown, &order["media_source"]),
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
        media: shown.files,
        created_at: now,
        details: json!({
            "board": board.name,
            "boardId": board.id,
            "boardSectionId": order["board_section_id"],
            "title": order["title"],
            "link": order["link"],
            "altText": order["alt_text"],
            "dominantColor": order["dominant_color"],
            "cover": shown.cover,
            "isSandbox": is_sandbox,
        }),
    });
    body
}

/// Keeps a Pin of another app that is like this one; gives its id.
pub(in super::super) fn copy(world: &World, like: &str, number: u64, text: &str) -> String {
    let mut state = world.states().pinterest();
    let id = (813_000_000_000_000_000 + number).to_string();
    let like = state.pins.iter().find(|pin| pin.id == like).cloned();
    if let Some(mut pin) = like {
        pin.id.clone_from(&id);
        pin.created_at = world.now();
        pin.body["id"] = id.as_str().into();
        pin.body["description"] = text.into();
        pin.body["created_at"] = written(pin.created_at).into();
        state.pins.push(pin);
    }
    id
}

/// What a Pin tells of what it shows; of a new video neither how long nor how large it is.
fn media(shown: &Shown, source: &Value) -> Value {
    match shown.media_type {
        "multiple_images" => {
            let items = source["items"].as_array().into_iter().flatten();
            let told = items.map(|item| {
                json!({
                    "item_type": "image",
                    "title": item["title"],
                    "description": item["description"],
                    "link": item["link"],
                    "images": images(),
                })
            });
            json!({"media_type": "multiple_images", "items": told.collect::<Vec<_>>()})
        }
        "video" => json!({
            "media_type": "video",
            "cover_image_url": "https://i.pinimg.com/originals/cover.jpg",
            "duration": null,
            "height": null,
            "width": null,
            "video_url": null,
            "images": images(),
        }),
        one => json!({"media_type": one, "images": images()}),
    }
}

fn images() -> Value {
    let of = |name: &str, width: u32, height: u32| json!({"width": width, "height": height, "url": format!("https://i.pinimg.com/{name}/pin.jpg")});
    json!({
        "150x150": of("150x150", 150, 150),
        "400x300": of("400x300", 400, 300),
        "600x": of("600x", 600, 900),
        "1200x": of("1200x", 1200, 1800),
    })
}
