//! People who use the app.

use domain::UserId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::StoreError;

/// A person who uses the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address, in lower case.
    pub email: String,
    /// Whether they may do what operators do.
    pub is_admin: bool,
    /// When they signed up.
    pub created_at: OffsetDateTime,
}

/// Adds a user.
///
/// # Errors
/// [`StoreError::Conflict`] with `users_email_key` when the address is taken.
pub async fn add(
    db: impl PgExecutor<'_>,
    id: UserId,
    email: &str,
    password_hash: &str,
) -> Result<User, StoreError> {
    let created_at = sqlx::query_scalar!(
        "INSERT INTO users (id, email, password_hash) VALUES ($1, $2, $3) RETURNING created_at",
        id.uuid(),
        email,
        password_hash
    )
    .fetch_one(db)
    .await?;
    Ok(User {
        id,
        email: email.to_owned(),
        is_admin: false,
        created_at,
    })
}

/// The user of that address, with the hash of their password.
pub async fn find_by_email(
    db: impl PgExecutor<'_>,
    email: &str,
) -> Result<Option<(User, String)>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, email, role, created_at, password_hash FROM users WHERE email = $1",
        email
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let user = User {
            id: row.id.into(),
            email: row.email,
            is_admin: row.role == "admin",
            created_at: row.created_at,
        };
        (user, row.password_hash)
    }))
}

/// The user of that id.
pub async fn find(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<User>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, email, role, created_at FROM users WHERE id = $1",
        user.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| User {
        id: row.id.into(),
        email: row.email,
        is_admin: row.role == "admin",
        created_at: row.created_at,
    }))
}
