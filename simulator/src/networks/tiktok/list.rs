//! The public videos of an account, newest first.

use axum::{
    body::Bytes,
    extract::{Query, State as Shared},
    response::Response,
};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{
    rules::{admitted, parsed},
    wire::{ok, refusal, value},
};
use crate::{LivePost, World};

/// The most of a page.
const PAGE: u64 = 20;
/// Longer titles are cut (video object, read 2026-11-28).
const TITLE: usize = 150;

pub(super) async fn list(
    Shared(world): Shared<World>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
    body: Bytes,
) -> Response {
    let admitted = admitted(&world, &headers, &["video.list"], ("video_list", 600));
    let (caller, asked) =
        match admitted.and_then(|(caller, _)| Ok((caller, parsed(&world, &headers, &body)?))) {
            Ok(admitted) => admitted,
            Err(refusal) => return *refusal,
        };
    let count = asked["max_count"].as_u64().unwrap_or(10);
    let fields: Vec<&str> = value(&pairs, "fields").split(',').collect();
    let is_known = |field: &&str| matches!(*field, "id" | "create_time" | "title" | "share_url");
    if !(1..=PAGE).contains(&count) || !fields.iter().all(is_known) {
        return refusal(
            &world,
            400,
            "invalid_params",
            "fields or max_count is invalid",
        );
    }
    let before = asked["cursor"].as_i64().unwrap_or(i64::MAX);
    let listed_until = world.listed_until("tiktok");
    let ledger = world.ledger();
    let mut posts: Vec<(i64, &LivePost)> = ledger
        .posts()
        .iter()
        .filter(|post| post.network == "tiktok" && post.account_id == caller.account)
        .filter(|post| post.kind != "draft" && post.created_at <= listed_until)
        .filter(|post| post.details["privacy_level"] == "PUBLIC_TO_EVERYONE")
        .map(|post| (post.created_at.unix_timestamp() * 1_000, post))
        .filter(|(at, _)| *at < before)
        .collect();
    posts.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let count = usize::try_from(count).unwrap_or(0);
    let has_more = posts.len() > count;
    posts.truncate(count);
    let cursor = posts.last().map_or(0, |(at, _)| *at);
    let videos: Vec<Value> = posts.iter().map(|(_, post)| video(post, &fields)).collect();
    ok(
        &world,
        &json!({"videos": videos, "cursor": cursor, "has_more": has_more}),
    )
}

fn video(post: &LivePost, fields: &[&str]) -> Value {
    let title = post.details["title"]
        .as_str()
        .filter(|title| !title.is_empty())
        .unwrap_or(&post.text);
    let shown = |field: &str| match field {
        "id" => json!(post.post_id),
        "create_time" => json!(post.created_at.unix_timestamp()),
        "title" => json!(title.chars().take(TITLE).collect::<String>()),
        _ => json!(post.url),
    };
    let told: Map<String, Value> = fields
        .iter()
        .map(|field| ((*field).to_owned(), shown(field)))
        .collect();
    told.into()
}
