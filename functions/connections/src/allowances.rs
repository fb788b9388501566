//! `GET /api/connections/:id/allowances`.

use axum::extract::State;
use domain::ConnectionId;
use platforms::{Allowance, Terms, UsageOf, Window};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    budgets::{self, Holder},
    connections::{self, Connection},
    posts,
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;
use web::{Caller, Json, Path, Problem, ProblemBody, Query};

use crate::Env;

/// Of which time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    at: Option<String>,
}

/// How much an account may post.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Allowances {
    /// Kind by kind; empty where the network tells no numbers.
    allowances: Vec<AllowanceView>,
}

/// How many posts of a kind fit into a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Allowance)]
pub(crate) struct AllowanceView {
    /// What the posts are called.
    #[schema(example = "uploads")]
    name: &'static str,
    /// `account`, or `app` when all accounts of the network share it.
    shared_by: &'static str,
    /// How many there may be.
    limit: usize,
    /// How many went out or are planned.
    planned: usize,
    /// From when they are counted.
    #[serde(with = "time::serde::rfc3339")]
    from: OffsetDateTime,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    /// Until when the network refuses more, where it said so.
    #[serde(with = "time::serde::rfc3339::option")]
    refused_until: Option<OffsetDateTime>,
}

/// How many posts an account may make, and how many of them are planned: in the network's own day, or in the 24
/// hours before `at`. A post beyond it is refused when it is asked for.
#[utoipa::path(
    get, operation_id = "listAllowances", path = "/api/connections/{connectionId}/allowances", tag = "connections",
    params(
        ("connectionId" = String, Path),
        ("at" = Option<String>, Query, description = "Of which day; now when absent. As `2026-12-01T09:30:00Z`.")
    ),
    responses(
        (status = 200, body = Allowances),
        (status = 404, description = "No such account.", body = ProblemBody),
        (status = 422, description = "The time cannot be read.", body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn allowances(
    State(env): State<Env>,
    caller: Caller,
    Path(id): Path<String>,
    Query(when): Query<When>,
) -> Result<Json<Allowances>, Problem> {
    let id: ConnectionId = id.parse().map_err(|_| Problem::not_found())?;
    let connection = connections::find(&env.web.pool, caller.user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let at = match when.at {
        None => env.web.clock.now(),
        Some(text) => OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| {
            Problem::field(
                "at",
                "invalid_time",
                "is no time",
                "Write it as 2026-12-01T09:30:00Z.",
            )
        })?,
    };
    let Some(app) = env.apps.of_account(connection.platform, &connection.facts) else {
        return Ok(Json(Allowances {
            allowances: Vec::new(),
        }));
    };
    let terms = Terms {
        facts: &connection.facts,
        scopes: &connection.scopes,
        settings: &app.settings,
    };
    let mut views = Vec::new();
    for allowance in platforms::allowances(connection.platform, &terms) {
        views.push(view(&env, &connection, allowance, at).await?);
    }
    Ok(Json(Allowances { allowances: views }))
}

async fn view(
    env: &Env,
    connection: &Connection,
    allowance: Allowance,
    at: OffsetDateTime,
) -> Result<AllowanceView, StoreError> {
    let (pool, platform) = (&env.web.pool, connection.platform);
    let (shared_by, holder) = match allowance.of {
        UsageOf::Account => ("account", Holder::Account(connection.id)),
        UsageOf::App => ("app", Holder::App(platform)),
        UsageOf::Uploads => ("app", Holder::Uploads(platform)),
    };
    let (from, until, planned) = match allowance.window {
        Window::Day(day_of) => {
            let day = day_of(at);
            let between = (day.start, day.end);
            let planned = match allowance.of {
                UsageOf::Account => {
                    let (user, id) = (connection.user_id, connection.id);
                    posts::count(pool, user, id, between, None).await?
                }
                UsageOf::App | UsageOf::Uploads => {
                    posts::count_of_network(pool, platform, between, None).await?
                }
            };
            (day.start, day.end, planned)
        }
        Window::Moving(length) => {
            let between = (at - length, at + Duration::MICROSECOND);
            let (user, id) = (connection.user_id, connection.id);
            let times = posts::times(pool, user, id, between, allowance.counted, None).await?;
            (at - length, at, times.len())
        }
    };
    Ok(AllowanceView {
        name: allowance.name,
        shared_by,
        limit: allowance.posts,
        planned,
        from,
        until,
        refused_until: budgets::free_at(pool, holder).await?,
    })
}
