//! `GET /api/admin/punctuality`.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::punctuality::{self, Punctuality};
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};
use web::{Admin, Json, Problem, ProblemBody, Query};

use crate::Env;

/// The longest window: thirty days.
const HOURS: i64 = 720;

/// Which posts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PunctualityQuery {
    /// Those that were due in the last so many hours, 1 to 720; default 24.
    hours: Option<i64>,
}

/// How late scheduled posts were accepted by their networks. What is posted at once cannot be late, and what was not
/// accepted is not counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PunctualityReport {
    /// Posts that were due after this.
    #[serde(with = "time::serde::rfc3339")]
    from: OffsetDateTime,
    /// And not after this.
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
    /// Of all networks together.
    all: Lateness,
    /// Of each network that has any.
    networks: Vec<NetworkLateness>,
}

/// How late posts were accepted after their due time; `null` where there are none.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lateness {
    /// How many posts.
    count: i64,
    /// Half of them were so many milliseconds late, or less.
    p50_ms: Option<i64>,
    /// 95 of a hundred.
    p95_ms: Option<i64>,
    /// 99 of a hundred.
    p99_ms: Option<i64>,
}

/// How late the posts of one network were.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkLateness {
    /// The network.
    platform: String,
    /// How late.
    #[serde(flatten)]
    lateness: Lateness,
}

/// Tells how late scheduled posts went out.
#[utoipa::path(
    get, operation_id = "readPunctuality", path = "/api/admin/punctuality", tag = "ops", params(PunctualityQuery),
    responses(
        (status = 200, body = PunctualityReport),
        (status = 403, description = "Only operators may.", body = ProblemBody),
        (status = 422, body = ProblemBody)
    ),
    security(("bearer" = []))
)]
pub(crate) async fn punctuality(
    State(env): State<Env>,
    _operator: Admin,
    Query(query): Query<PunctualityQuery>,
) -> Result<Json<PunctualityReport>, Problem> {
    let hours = query.hours.unwrap_or(24);
    if !(1..=HOURS).contains(&hours) {
        return Err(Problem::field(
            "hours",
            "out_of_range",
            format!("is {hours}; 1 to {HOURS} are taken"),
            "Leave it out for 24.",
        ));
    }
    let until = store::now(&env.web.pool).await?;
    let from = until - Duration::hours(hours);
    let mut all = Lateness::default();
    let mut networks = Vec::new();
    for told in punctuality::punctuality(&env.web.pool, from, until).await? {
        match told.platform {
            None => all = told.into(),
            Some(platform) => networks.push(NetworkLateness {
                platform: platform.to_string(),
                lateness: told.into(),
            }),
        }
    }
    Ok(Json(PunctualityReport {
        from,
        until,
        all,
        networks,
    }))
}

impl From<Punctuality> for Lateness {
    fn from(told: Punctuality) -> Self {
        let [half, most, nearly_all] = told.late_ms.map_or([None; 3], |late| late.map(Some));
        Self {
            count: told.count,
            p50_ms: half,
            p95_ms: most,
            p99_ms: nearly_all,
        }
    }
}
