//! One invocation.

use std::{error::Error, time::Duration};

use serde_json::{Value, json};
use store::{
    Pool, StoreError,
    admin::{self, Restored},
};

use crate::{Order, Reporter, Request, RequestType};

/// A minute less than Lambda gives: what takes longer is told, rather than not answered.
const PATIENCE: Duration = Duration::from_mins(14);

type Failure = Box<dyn Error + Send + Sync>;

/// Does what the payload asks for, on the database that `open` opens, and tells what was done.
///
/// `CloudFormation` is answered where it asks to be, whatever happens; `log` names where more is told.
///
/// # Errors
/// When an operator's order failed, or `CloudFormation` could not be answered.
pub async fn handle(
    payload: Value,
    open: impl AsyncFnOnce() -> Result<Pool, Failure>,
    reporter: &Reporter,
    log: &str,
) -> Result<Value, Failure> {
    match Order::try_from(payload)? {
        Order::Halt => {
            admin::halt(&open().await?, true).await?;
            tracing::warn!("publishing is halted");
            Ok(json!({ "done": "halted" }))
        }
        Order::Migrate => {
            crate::migrate(&open().await?).await?;
            Ok(json!({ "done": "migrated" }))
        }
        Order::Resource(request) => {
            let outcome = fulfil(&request, open).await;
            let outcome =
                outcome.map_err(|reason| format!("{reason}; the log stream {log} tells more"));
            let failure = outcome.as_ref().err().map(String::as_str);
            reporter.report(&request, failure).await?;
            Ok(json!({ "done": "answered" }))
        }
        Order::Restored(from) => {
            let restored = admin::restored(&open().await?, from).await?;
            let Restored {
                unconfirmed,
                waiting,
            } = restored.ok_or("the backup would be from the future; nothing was done")?;
            tracing::warn!(
                unconfirmed,
                waiting,
                "publishing is halted after a restore; {unconfirmed} posts wait for their authors"
            );
            Ok(
                json!({ "done": "restored", "halted": true, "unconfirmed": unconfirmed, "waiting": waiting }),
            )
        }
        Order::Resume => {
            admin::halt(&open().await?, false).await?;
            tracing::warn!("publishing goes on");
            Ok(json!({ "done": "resumed" }))
        }
    }
}

/// Gives the reason of a failure, which whoever may see the stack may read.
async fn fulfil(
    request: &Request,
    open: impl AsyncFnOnce() -> Result<Pool, Failure>,
) -> Result<(), String> {
    if request.request_type == RequestType::Delete {
        return Ok(());
    }
    let work = async {
        let pool = open()
            .await
            .map_err(|error| told(&*error, error.to_string()))?;
        let migrated = crate::migrate(&pool).await;
        migrated.map_err(|error| told(&error, shown(&error)))
    };
    let ended = tokio::time::timeout(PATIENCE, work).await;
    ended.unwrap_or_else(|_| Err("the migrations took longer than 14 minutes".to_owned()))
}

fn told(error: &(dyn Error + 'static), reason: String) -> String {
    tracing::error!(error, "the schema could not be brought up to this build");
    reason
}

/// What failed, without what the database said of it: that may quote rows.
fn shown(error: &StoreError) -> String {
    match error.code() {
        Some(code) => format!("{error} with SQLSTATE {code}"),
        None => format!("{error}; the database may not have been reached"),
    }
}
