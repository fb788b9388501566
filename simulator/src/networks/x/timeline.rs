//! What an account posted, listed.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::HeaderMap;
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{NETWORK, caller::for_caller, posts::Post, rates::Limit, said::Said};
use crate::World;

const TIMELINE: Limit = Limit {
    name: "timeline",
    calls: 900,
    a_day: None,
};
const READ: &[&str] = &["tweet.read", "users.read"];
const TIMELINE_PARAMETERS: [&str; 6] = [
    "end_time",
    "exclude",
    "max_results",
    "since_id",
    "start_time",
    "tweet.fields",
];

/// Lists what an account posted, newest first.
pub(super) async fn timeline(
    State(world): State<World>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    for_caller(&world, &headers, TIMELINE, READ, |_| {
        list(&world, &id, &query)
    })
}

fn list(world: &World, account: &str, query: &BTreeMap<String, String>) -> Result<Said, Said> {
    if let Some(unknown) = query
        .keys()
        .find(|key| !TIMELINE_PARAMETERS.contains(&key.as_str()))
    {
        return Err(Said::invalid(&format!(
            "The query parameter [{unknown}] is not one of {TIMELINE_PARAMETERS:?}"
        )));
    }
    let number = |name: &str| {
        query
            .get(name)
            .map(|value| {
                value
                    .parse::<u64>()
                    .map_err(|_| Said::invalid(&format!("{name} is no number")))
            })
            .transpose()
    };
    let time = |name: &str| {
        query
            .get(name)
            .map(|value| {
                OffsetDateTime::parse(value, &Rfc3339)
                    .map_err(|_| Said::invalid(&format!("{name} is no time")))
            })
            .transpose()
    };
    let most = number("max_results")?.unwrap_or(10);
    if !(5..=100).contains(&most) {
        return Err(Said::invalid("max_results must be between 5 and 100"));
    }
    let (since, start, end) = (number("since_id")?, time("start_time")?, time("end_time")?);
    let excludes_replies = query
        .get("exclude")
        .is_some_and(|kinds| kinds.split(',').any(|kind| kind == "replies"));
    let fields: Vec<&str> = query
        .get("tweet.fields")
        .map(|fields| fields.split(',').collect())
        .unwrap_or_default();
    let listed_until = world.listed_until(NETWORK);
    let state = world.states().x();
    let mut found: Vec<&Post> = state
        .posts
        .iter()
        .rev()
        .filter(|post| post.account == account)
        .filter(|post| post.created_at <= listed_until)
        .filter(|post| start.is_none_or(|start| post.created_at >= start))
        .filter(|post| end.is_none_or(|end| post.created_at < end))
        .filter(|post| since.is_none_or(|since| post.id.parse::<u64>().is_ok_and(|id| id > since)))
        .filter(|post| !(excludes_replies && post.reply_to.is_some()))
        .collect();
    found.sort_by_key(|post| std::cmp::Reverse(post.created_at));
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let mut answer = json!({ "meta": { "result_count": found.len() } });
    if let (Some(newest), Some(oldest)) = (found.first(), found.last()) {
        answer["meta"]["newest_id"] = json!(newest.id);
        answer["meta"]["oldest_id"] = json!(oldest.id);
        answer["data"] = found.iter().map(|post| post.told(&fields)).collect();
    }
    Ok(Said::good(answer))
}
