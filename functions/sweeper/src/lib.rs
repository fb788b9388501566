//! The sweeper: each minute it rings again for whatever is overdue, looks after tokens and keys, and deletes
//! what has outlived its retention. It never publishes. An operator may order it to replace the data key.

use publishing::{Publisher, RotateError, Swept};
use serde::Deserialize;
use serde_json::Value;
use store::StoreError;

/// Why the sweeper did not do all it was called for.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// It was ordered to do what it does not know, so that nothing is done by mistake.
    #[error("the order is none that the sweeper knows; it knows {{\"rotateKeys\": true}}")]
    Order(#[source] serde_json::Error),
    /// The data key could not be replaced.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an operator may order. The timer that calls each minute sends an event of its own shape, which orders nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Order {
    rotate_keys: bool,
}

/// Does what is ordered, then sweeps.
///
/// # Errors
/// [`SweepError`]; what a sweep did not do the next minute does.
pub async fn handle(publisher: &Publisher, event: &Value) -> Result<(), SweepError> {
    if order(event)?.rotate_keys {
        publisher.rotate_keys().await?;
    }
    sweep(publisher).await?;
    Ok(())
}

/// Sweeps once, and says what was done; then looks after tokens, for which networks are waited for.
///
/// # Errors
/// When the database fails; the next minute tries again.
pub async fn sweep(publisher: &Publisher) -> Result<Swept, StoreError> {
    let swept = publisher.sweep().await;
    if let Ok(swept) = &swept {
        tell(swept);
    }
    let tokens = publisher.renew_tokens().await?;
    let feeds = publisher.look_after_feeds().await?;
    tracing::info!(tokens, feeds, "looked after tokens and feeds");
    swept
}

fn tell(swept: &Swept) {
    tracing::info!(
        posts = swept.posts,
        connections = swept.connections,
        errands = swept.errands,
        deliveries = swept.deliveries,
        resealed = swept.resealed,
        retired = swept.retired,
        files = swept.files,
        rows = swept.rows,
        warned = swept.warned,
        unconfirmed = swept.unconfirmed,
        "swept"
    );
}

/// An event without `rotateKeys` is the timer's.
fn order(event: &Value) -> Result<Order, SweepError> {
    if event.get("rotateKeys").is_none() {
        return Ok(Order::default());
    }
    Order::deserialize(event).map_err(SweepError::Order)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_an_order_replaces_the_data_key() {
        assert!(order(&json!({ "rotateKeys": true })).unwrap().rotate_keys);
        for event in [
            json!({ "rotateKeys": false }),
            json!({}),
            json!(null),
            json!({ "version": "0", "source": "aws.scheduler", "detail": {} }),
        ] {
            assert!(!order(&event).unwrap().rotate_keys, "{event}");
        }
    }

    #[test]
    fn an_order_that_is_misspelt_is_refused() {
        for event in [
            json!({ "rotateKeys": "yes" }),
            json!({ "rotateKeys": true, "dryRun": true }),
        ] {
            assert!(order(&event).is_err(), "{event}");
        }
    }
}
