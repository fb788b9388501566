//! Pins: made, listed, shown, removed.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use super::{NETWORK, boards, said::{Said, caller}};
use crate::{Account, LiveMedia, LivePost, World};

const TO_PIN: [&str; 4] = ["boards:read", "boards:write", "pins:read", "pins:write"];

/// A Pin.
#[derive(Debug, Clone)]
pub(super) struct Pin {
    id: String,
    owner: String,
    board: String,
    section: Option<String>,
    title: Option<String>,
    description: Option<String>,
    link: Option<String>,
    alt_text: Option<String>,
    media_type: &'static str,
    created_at: OffsetDateTime,
    listed_at: OffsetDateTime,
}

impl Pin {
    pub(super) fn foreign(id: &str, owner: &str, board: &str, description: &str, at: OffsetDateTime) -> Self {
        Self {
            id: id.to_owned(),
            owner: owner.to_owned(),
            board: board.to_owned(),
            section: None,
            title: None,
            description: Some(description.to_owned()),
            link: None,
            alt_text: None,
            media_type: "image",
            created_at: at,
            listed_at: at,
        }
    }

    fn json(&self) -> Value {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        json!({
            "id": self.id, "created_at": self.created_at.format(format).unwrap_or_default(), "link": self.link,
            "title": self.title, "description": self.description, "dominant_color": "#6E7874", "alt_text": self.alt_text,
            "board_id": self.board, "board_section_id": self.section, "is_owner": true, "is_standard": true,
            "creative_type": "REGULAR", "parent_pin_id": null, "has_been_promoted": false,
            "media": { "media_type": self.media_type }, "pin_metrics": null
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPin {
    board_id: String,
    board_section_id: Option<String>,
    title: Option<String>,
    description: Option<String>,
    link: Option<String>,
    alt_text: Option<String>,
    media_source: Source,
}

#[derive(Deserialize)]
#[serde(tag = "source_type", rename_all = "snake_case")]
enum Source {
    ImageUrl {
        url: String,
    },
    VideoId {
        media_id: String,
        cover_image_url: Option<String>,
        cover_image_content_type: Option<String>,
        cover_image_key_frame_time: Option<u32>,
    },
}

pub(super) async fn create(State(world): State<World>, headers: HeaderMap, body: Bytes) -> Result<Said, Said> {
    let account = caller(&world, &headers, &TO_PIN)?;
    let new: NewPin = serde_json::from_slice(&body).map_err(|error| Said::invalid(&error.to_string()))?;
    if world.states().pinterest().on_trial {
        return Err(Said::refused(
            403,
            29,
            "Apps with Trial access may not create Pins in production https://api.pinterest.com - use API Sandbox https://api-sandbox.pinterest.com instead.",
        ));
    }
    let board = boards::own(&account, &new.board_id)?;
    if let Some(section) = &new.board_section_id
        && !board.sections.contains(&section.as_str())
    {
        return Err(Said::refused(404, 2031, "Board section not found."));
    }
    for (name, text, most) in [
        ("title", &new.title, 100),
        ("description", &new.description, 800),
        ("alt_text", &new.alt_text, 500),
        ("link", &new.link, 2048),
    ] {
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            return Err(Said::invalid(&format!("{name} is longer than {most}")));
        }
    }
    let (media, media_type) = source(&world, &account, &new.media_source).await?;
    let now = world.now();
    let id = world.number().to_string();
    let listed_at = now + world.states().pinterest().listing_delay;
    let pin = Pin {
        id: id.clone(),
        owner: account.id.clone(),
        board: new.board_id,
        section: new.board_section_id,
        title: new.title,
        description: new.description,
        link: new.link,
        alt_text: new.alt_text,
        media_type,
        created_at: now,
        listed_at,
    };
    world.publish(LivePost {
        network: NETWORK.to_owned(),
        account_id: account.id,
        account_name: account.name,
        post_id: id.clone(),
        kind: "pin".to_owned(),
        text: pin.description.clone().unwrap_or_default(),
        media: vec![media],
        created_at: now,
        url: format!("https://www.pinterest.com/pin/{id}/"),
        details: json!({ "boardId": pin.board, "sectionId": pin.section, "title": pin.title, "link": pin.link, "altText": pin.alt_text }),
    });
    let said = pin.json();
    world.states().pinterest().pins.push(pin);
    Ok(Said::new(StatusCode::CREATED, said))
}

async fn source(world: &World, account: &Account, source: &Source) -> Result<(LiveMedia, &'static str), Said> {
    match source {
        Source::ImageUrl { url } => {
            let unreachable = || Said::refused(400, 235, "Unable to reach the URL. Please check the URL and try again.");
            if !url.starts_with("https://") {
                return Err(Said::invalid("Whoops! Looks like this is an invalid URL"));
            }
            let pulled = world.pull(url).await.map_err(|_| unreachable())?;
            if !matches!(pulled.status, 200 | 206) {
                return Err(unreachable());
            }
            let kind = match pulled.bytes.get(..4) {
                Some([0xff, 0xd8, 0xff, _]) => "image/jpeg",
                Some([0x89, b'P', b'N', b'G']) => "image/png",
                _ => return Err(Said::invalid("the file is neither JPEG nor PNG")),
            };
            Ok((world.keep(kind, pulled.bytes), "image"))
        }
        Source::VideoId { media_id, cover_image_url, cover_image_content_type, cover_image_key_frame_time } => {
            let now = world.now();
            let video = world.states().pinterest().videos.get(media_id).cloned();
            let video = video.filter(|video| video.owner == account.id).ok_or_else(|| Said::invalid("unknown media_id"))?;
            if video.status(now) != "succeeded" {
                return Err(Said::invalid(&format!("media {media_id} is {}", video.status(now))));
            }
            if cover_image_url.is_none() && cover_image_content_type.is_none() && cover_image_key_frame_time.is_none() {
                return Err(Said::invalid("one of cover_image_url, cover_image_content_type is required"));
            }
            video.file.map(|file| (file, "video")).ok_or_else(|| Said::invalid("the video did not arrive"))
        }
    }
}

pub(super) async fn of_board(
    State(world): State<World>,
    headers: HeaderMap,
    Path(board): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["boards:read", "pins:read"])?;
    boards::own(&account, &board)?;
    page(&world, &query, |pin| pin.board == board)
}

pub(super) async fn of_section(
    State(world): State<World>,
    headers: HeaderMap,
    Path((board, section)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["boards:read", "pins:read"])?;
    boards::own(&account, &board)?;
    page(&world, &query, |pin| pin.section.as_deref() == Some(section.as_str()))
}

pub(super) async fn list(
    State(world): State<World>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["boards:read", "pins:read"])?;
    page(&world, &query, |pin| pin.owner == account.id)
}

fn page(world: &World, query: &BTreeMap<String, String>, fits: impl Fn(&Pin) -> bool) -> Result<Said, Said> {
    let size: usize = query.get("page_size").map_or(Ok(25), |text| text.parse()).unwrap_or(0);
    if !(1..=250).contains(&size) {
        return Err(Said::invalid("page_size must be 1 to 250"));
    }
    let now = world.now();
    let state = world.states().pinterest();
    let mut listed: Vec<&Pin> = state.pins.iter().filter(|pin| pin.listed_at <= now && fits(pin)).collect();
    listed.sort_by_key(|pin| std::cmp::Reverse(pin.created_at));
    let start: usize = query.get("bookmark").and_then(|text| text.parse().ok()).unwrap_or(0);
    let bookmark = (start + size < listed.len()).then(|| (start + size).to_string());
    let items: Vec<Value> = listed.iter().skip(start).take(size).map(|pin| pin.json()).collect();
    Ok(Said::good(json!({ "items": items, "bookmark": bookmark })))
}

pub(super) async fn show(State(world): State<World>, headers: HeaderMap, Path(id): Path<String>) -> Result<Said, Said> {
    let account = caller(&world, &headers, &["boards:read", "pins:read"])?;
    let state = world.states().pinterest();
    let pin = state.pins.iter().find(|pin| pin.id == id && pin.owner == account.id);
    pin.map(|pin| Said::good(pin.json())).ok_or_else(|| Said::refused(404, 50, "Pin not found."))
}

pub(super) async fn remove(State(world): State<World>, headers: HeaderMap, Path(id): Path<String>) -> Result<Response, Said> {
    let account = caller(&world, &headers, &["boards:read", "boards:write", "pins:read", "pins:write"])?;
    let mut state = world.states().pinterest();
    let before = state.pins.len();
    state.pins.retain(|pin| pin.id != id || pin.owner != account.id);
    if state.pins.len() == before {
        return Err(Said::refused(404, 50, "Pin not found."));
    }
    drop(state);
    world.take_down(NETWORK, &id);
    Ok(StatusCode::NO_CONTENT.into_response())
}
