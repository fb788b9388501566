//! What is no secret of our registrations at the networks, for functions that may not read the secrets.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::PgExecutor;

use crate::StoreError;

/// Facts of a registration, by name.
pub type Settings = BTreeMap<String, String>;

/// Keeps what is known of each registration, by its login's `variables`.
pub async fn tell(db: impl PgExecutor<'_>, known: &[(&str, &Settings)]) -> Result<(), StoreError> {
    let logins: Vec<String> = known.iter().map(|(login, _)| (*login).to_owned()).collect();
    let settings: Vec<Value> = known.iter().map(|(_, settings)| json!(settings)).collect();
    sqlx::query!(
        "WITH gone AS (DELETE FROM registrations WHERE login <> ALL($1))
         INSERT INTO registrations AS old (login, settings)
         SELECT * FROM unnest($1::text[], $2::jsonb[])
         ON CONFLICT (login) DO UPDATE SET settings = excluded.settings, updated_at = app_now()
         WHERE old.settings <> excluded.settings",
        &logins,
        &settings
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What is known of the registration for a login; empty before it was told.
pub async fn settings(db: impl PgExecutor<'_>, login: &str) -> Result<Settings, StoreError> {
    let settings =
        sqlx::query_scalar!("SELECT settings FROM registrations WHERE login = $1", login)
            .fetch_optional(db)
            .await?;
    settings.map_or_else(
        || Ok(Settings::new()),
        |settings| {
            serde_json::from_value(settings)
                .map_err(|error| StoreError::row("registrations", "settings", login, &error))
        },
    )
}
