//! The sweeper: each minute it rings again for whatever is overdue, looks after tokens, and deletes
//! what has outlived its retention. It never publishes.

use publishing::{Publisher, Swept};
use store::StoreError;

/// Sweeps once, and says what was done.
///
/// # Errors
/// When the database fails; the next minute tries again.
pub async fn sweep(publisher: &Publisher) -> Result<Swept, StoreError> {
    let swept = publisher.sweep().await?;
    tracing::info!(
        posts = swept.posts,
        connections = swept.connections,
        tokens = swept.tokens,
        files = swept.files,
        rows = swept.rows,
        unconfirmed = swept.unconfirmed,
        "swept"
    );
    Ok(swept)
}
