//! Asking an account for something: the publisher does it, since this function cannot open tokens.

use std::time::Duration;

use domain::{ConnectionHealth, ConnectionId, UserId};
use doorbell::Subject;
use http::StatusCode;
use platforms::Errand;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use store::{
    StoreError,
    connections::{self, Connection},
    errands::{self, Asked, Outcome},
};
use tokio::time::{Instant, timeout_at};
use web::Problem;

use crate::Env;

/// For how long an answer is good: a form that is shown twice asks the network once.
const FRESH: time::Duration = time::Duration::seconds(10);
/// How long a caller is kept waiting for the publisher and the network.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look whether the answer has come.
const LOOK: Duration = Duration::from_millis(100);

/// Why there is no answer, as the publisher writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    code: String,
    message: String,
    again_in_seconds: Option<i64>,
}

/// A connection of the caller's that can be asked for something.
pub(crate) async fn askable(env: &Env, user: UserId, id: &str) -> Result<Connection, Problem> {
    let id: ConnectionId = id.parse().map_err(|_| Problem::not_found())?;
    let connection = connections::find(&env.web.pool, user, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if connection.health == ConnectionHealth::Active {
        return Ok(connection);
    }
    Err(reconnect(format!(
        "{} can no longer be reached through this connection; connect the account again.",
        connection.display_name
    )))
}

/// Asks, and waits for the answer.
pub(crate) async fn run<T: DeserializeOwned>(
    env: &Env,
    connection: &Connection,
    errand: &Errand,
) -> Result<T, Problem> {
    let pool = &env.web.pool;
    let user = connection.user_id;
    let mut tx = pool.begin().await.map_err(StoreError::from)?;
    let asked = errands::ask(&mut tx, user, connection.id, &json!(errand), FRESH).await?;
    let now = store::now(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let id = match asked {
        Asked::Already(id) => id,
        Asked::Anew(id) => {
            let subject = Subject::from(id).of(user);
            env.doorbell.try_ring(subject, now).await;
            id
        }
    };
    let until = Instant::now() + PATIENCE;
    let answered = timeout_at(until, async {
        loop {
            match errands::outcome(pool, user, id).await? {
                Some(Outcome::Open) => pause().await,
                Some(Outcome::Done(answer)) => {
                    return serde_json::from_value(answer)
                        .map_err(|error| Problem::internal(&error));
                }
                Some(Outcome::Failed(error)) => return Err(refused(error)),
                None => return Err(Problem::not_found()),
            }
        }
    });
    answered.await.unwrap_or_else(|_| {
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "network_slow",
            format!(
                "{} has not answered yet; ask again in a moment.",
                connection.platform.display_name()
            ),
        )
        .retry_after(time::Duration::seconds(2)))
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "somebody waits before a form; the publisher answers in the time of one call"
)]
async fn pause() {
    tokio::time::sleep(LOOK).await;
}

fn refused(error: serde_json::Value) -> Problem {
    let refusal: Refusal = match serde_json::from_value(error) {
        Ok(refusal) => refusal,
        Err(error) => return Problem::internal(&error),
    };
    if refusal.code == "reconnect_needed" {
        return reconnect(refusal.message);
    }
    match refusal.again_in_seconds {
        Some(seconds) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            &refusal.code,
            refusal.message,
        )
        .retry_after(time::Duration::seconds(seconds)),
        None => Problem::new(StatusCode::BAD_GATEWAY, &refusal.code, refusal.message),
    }
}

fn reconnect(why: String) -> Problem {
    Problem::new(StatusCode::CONFLICT, "reconnect_needed", why)
}
