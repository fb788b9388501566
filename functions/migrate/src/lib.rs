//! Brings the schema up to the build that is being deployed, before new code takes traffic; and
//! halts publishing for operators, also after a restore, and lets it go on.

mod handle;
mod order;
mod report;

pub use handle::handle;
pub use order::{Order, OrderError, Request, RequestType};
pub use report::{ReportError, Reporter};
use store::{Pool, StoreError};

/// Runs the migrations that are not applied yet.
///
/// # Errors
/// When one fails; those before it stay, and the deploy stops.
pub async fn migrate(pool: &Pool) -> Result<(), StoreError> {
    store::migrate(pool).await?;
    tracing::info!("the schema is that of this build");
    Ok(())
}
