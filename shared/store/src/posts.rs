//! Posts, as their authors see and change them.

use domain::{Caption, ConnectionId, Counted, Move, Platform, Post, PostId, Stage, UserId};
use serde_json::Value;
use sqlx::PgExecutor;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{Link, StoreError};

/// A post that was accepted and is to be kept.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// Its id.
    pub id: PostId,
    /// Where it goes.
    pub connection_id: ConnectionId,
    /// The network of that connection.
    pub platform: Platform,
    /// Its words.
    pub caption: Caption,
    /// What it carries, as [`domain::PostMedia`] in order.
    pub media: Value,
    /// The network's own options.
    pub options: Value,
    /// The app's own id of it.
    pub client_post_id: Option<String>,
    /// The `Idempotency-Key` it came with.
    pub idempotency_key: Option<String>,
    /// What tells the same request from another one.
    pub fingerprint: Vec<u8>,
    /// When its author wants it out; `None` for now.
    pub scheduled_at: Option<OffsetDateTime>,
    /// When preparing may begin; never later than the due time.
    pub prepare_at: Option<OffsetDateTime>,
    /// How late it may go out at most.
    pub max_lateness: Duration,
}

/// What an author may change while nothing was sent.
#[derive(Debug, Clone)]
pub struct Change {
    /// The words.
    pub caption: Caption,
    /// What it carries.
    pub media: Value,
    /// The network's own options.
    pub options: Value,
    /// When its author wants it out; `None` for now.
    pub scheduled_at: Option<OffsetDateTime>,
    /// When preparing may begin.
    pub prepare_at: Option<OffsetDateTime>,
    /// How late it may go out at most; as before when absent.
    pub max_lateness: Option<Duration>,
}

/// What an attempt to change or cancel a post came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// It was changed.
    Done(Box<Post>),
    /// There is no such post of this user.
    Missing,
    /// It was changed by somebody else since `revision`.
    Stale,
    /// It is too late: this is where it stands.
    TooLate(Stage),
}

/// Which posts to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this network.
    pub platform: Option<Platform>,
    /// Only this status, as the app sees it.
    pub status: Option<String>,
    /// Only posts older than this one.
    pub before: Option<PostId>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) connection_id: Uuid,
    pub(crate) platform: String,
    pub(crate) caption: String,
    pub(crate) media: Value,
    pub(crate) options: Value,
    pub(crate) client_post_id: Option<String>,
    pub(crate) stage: String,
    pub(crate) scheduled_at: Option<OffsetDateTime>,
    pub(crate) due_at: OffsetDateTime,
    pub(crate) revision: i32,
    pub(crate) next_attempt_at: OffsetDateTime,
    pub(crate) armed_at: Option<OffsetDateTime>,
    pub(crate) accepted_at: Option<OffsetDateTime>,
    pub(crate) published_at: Option<OffsetDateTime>,
    pub(crate) external_id: Option<String>,
    pub(crate) external_url: Option<String>,
    pub(crate) standing: Option<String>,
    pub(crate) error: Option<Value>,
    pub(crate) candidates: Option<Value>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Post {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let broken = |column, reason: &dyn std::fmt::Display| {
            StoreError::row("posts", column, row.id, reason)
        };
        Ok(Self {
            platform: row
                .platform
                .parse()
                .map_err(|error| broken("platform", &error))?,
            stage: row.stage.parse().map_err(|error| broken("stage", &error))?,
            caption: row
                .caption
                .try_into()
                .map_err(|error| broken("caption", &error))?,
            media: serde_json::from_value(row.media).map_err(|error| broken("media", &error))?,
            error: row
                .error
                .map(serde_json::from_value)
                .transpose()
                .map_err(|error| broken("error", &error))?,
            id: row.id.into(),
            user_id: row.user_id.into(),
            connection_id: row.connection_id.into(),
            options: row.options,
            client_post_id: row.client_post_id,
            scheduled_at: row.scheduled_at,
            due_at: row.due_at,
            revision: row.revision,
            next_attempt_at: row.next_attempt_at,
            armed_at: row.armed_at,
            accepted_at: row.accepted_at,
            published_at: row.published_at,
            external_id: row.external_id,
            external_url: row.external_url,
            standing: row
                .standing
                .map(|standing| standing.parse())
                .transpose()
                .map_err(|error| broken("standing", &error))?,
            candidates: row.candidates,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Keeps an accepted post.
///
/// # Errors
/// [`StoreError::Conflict`] with `posts_client_post_id_key` or `posts_idempotency_key_key` when a
/// post of that name is kept already; see [`twin`].
pub async fn add(
    db: impl PgExecutor<'_>,
    user: UserId,
    post: &NewPost,
) -> Result<Post, StoreError> {
    sqlx::query_as!(
        Row,
        "INSERT INTO posts (id, user_id, connection_id, platform, caption, media, options,
             client_post_id, idempotency_key, fingerprint, scheduled_at, due_at, next_attempt_at, max_lateness)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($11, app_now()),
                 coalesce($12, app_now()), make_interval(secs => $13))
         RETURNING id, user_id, connection_id, platform, caption, media, options, client_post_id,
             stage, scheduled_at, due_at, revision, next_attempt_at, armed_at, accepted_at,
             published_at, external_id, external_url, standing, error, candidates, created_at, updated_at",
        post.id.uuid(),
        user.uuid(),
        post.connection_id.uuid(),
        post.platform.as_str(),
        post.caption.as_str(),
        post.media,
        post.options,
        post.client_post_id,
        post.idempotency_key,
        post.fingerprint,
        post.scheduled_at,
        post.prepare_at,
        post.max_lateness.as_seconds_f64()
    )
    .fetch_one(db)
    .await?
    .try_into()
}

/// The post that was kept under the same name, with its fingerprint.
pub async fn twin(
    db: impl PgExecutor<'_>,
    user: UserId,
    client_post_id: Option<&str>,
    idempotency_key: Option<&str>,
) -> Result<Option<(PostId, Vec<u8>)>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, fingerprint FROM posts
         WHERE user_id = $1 AND (client_post_id = $2 OR idempotency_key = $3) ORDER BY id LIMIT 1",
        user.uuid(),
        client_post_id,
        idempotency_key
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id.into(), row.fingerprint)))
}

/// One post.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: PostId,
) -> Result<Option<Post>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT id, user_id, connection_id, platform, caption, media, options, client_post_id,
                stage, scheduled_at, due_at, revision, next_attempt_at, armed_at, accepted_at,
                published_at, external_id, external_url, standing, error, candidates, created_at, updated_at
         FROM posts WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(db)
    .await?
    .map(Post::try_from)
    .transpose()
}

/// A user's posts, newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    user: UserId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Post>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT id, user_id, connection_id, platform, caption, media, options, client_post_id,
                stage, scheduled_at, due_at, revision, next_attempt_at, armed_at, accepted_at,
                published_at, external_id, external_url, standing, error, candidates, created_at, updated_at
         FROM posts
         WHERE user_id = $1 AND ($2::text IS NULL OR platform = $2)
           AND ($3::text IS NULL OR status = $3) AND ($4::uuid IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5",
        user.uuid(),
        filter.platform.map(Platform::as_str),
        filter.status,
        filter.before.map(PostId::uuid),
        limit
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(Post::try_from)
    .collect()
}

/// Changes a post that was not armed; with `revision`, only that revision of it.
pub async fn edit(
    db: &mut Link,
    user: UserId,
    id: PostId,
    revision: Option<i32>,
    change: &Change,
) -> Result<Changed, StoreError> {
    let changed = sqlx::query_as!(
        Row,
        "UPDATE posts SET caption = $4, media = $5, options = $6, scheduled_at = $7,
             due_at = coalesce($7, app_now()), next_attempt_at = coalesce($8, app_now()),
             max_lateness = coalesce(make_interval(secs => $9), max_lateness), stage = 'scheduled', revision = revision + 1,
             progress = NULL, handle = NULL, error = NULL, tries = 0, crash_count = 0,
             fence = fence + 1, lease_until = NULL, updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND ($3::int IS NULL OR revision = $3)
           AND stage IN ('scheduled', 'preparing', 'prepared')
         RETURNING id, user_id, connection_id, platform, caption, media, options, client_post_id,
             stage, scheduled_at, due_at, revision, next_attempt_at, armed_at, accepted_at,
             published_at, external_id, external_url, standing, error, candidates, created_at, updated_at",
        user.uuid(),
        id.uuid(),
        revision,
        change.caption.as_str(),
        change.media,
        change.options,
        change.scheduled_at,
        change.prepare_at,
        change.max_lateness.map(Duration::as_seconds_f64)
    )
    .fetch_optional(&mut *db)
    .await?;
    match changed {
        Some(row) => Ok(Changed::Done(Box::new(row.try_into()?))),
        None => why_not(db, user, id, Move::Edit).await,
    }
}

/// Cancels a post that was not armed; one that is canceled already stays so.
pub async fn cancel(db: &mut Link, user: UserId, id: PostId) -> Result<Changed, StoreError> {
    let changed = sqlx::query_as!(
        Row,
        "UPDATE posts SET stage = 'canceled', revision = revision + 1, progress = NULL,
             fence = fence + 1, lease_until = NULL, updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND stage IN ('scheduled', 'preparing', 'prepared')
         RETURNING id, user_id, connection_id, platform, caption, media, options, client_post_id,
             stage, scheduled_at, due_at, revision, next_attempt_at, armed_at, accepted_at,
             published_at, external_id, external_url, standing, error, candidates, created_at, updated_at",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(&mut *db)
    .await?;
    match changed {
        Some(row) => Ok(Changed::Done(Box::new(row.try_into()?))),
        None => match find(&mut *db, user, id).await? {
            Some(post) if post.stage == Stage::Canceled => Ok(Changed::Done(Box::new(post))),
            Some(_) | None => why_not(db, user, id, Move::Cancel).await,
        },
    }
}

/// What its author says of a post whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It is not live and shall not be.
    Dismiss,
    /// It is live.
    Published {
        /// The network's id of it, if the author knows.
        external_id: Option<String>,
        /// Where a person can look at it.
        external_url: Option<String>,
    },
    /// It is not live and shall be sent anew.
    Retry,
}

/// Settles a post whose outcome is unknown, by its author's word.
///
/// # Errors
/// [`StoreError::Conflict`] with `posts_one_claim` when another post has that id at the network.
pub async fn resolve(
    db: &mut Link,
    user: UserId,
    id: PostId,
    resolution: &Resolution,
) -> Result<Changed, StoreError> {
    let (stage, external_id, external_url) = match resolution {
        Resolution::Dismiss => (Stage::Dismissed, None, None),
        Resolution::Published {
            external_id,
            external_url,
        } => (Stage::Published, external_id.clone(), external_url.clone()),
        Resolution::Retry => (Stage::Scheduled, None, None),
    };
    let changed = sqlx::query_as!(
        Row,
        "WITH proof AS (
             UPDATE attempts SET outcome = CASE $3 WHEN 'published' THEN 'accepted' ELSE 'absent' END,
                 evidence = 'the author''s word', ended_at = app_now()
             WHERE post_id = $2 AND user_id = $1 AND (outcome IS NULL OR outcome = 'unknown')
         )
         UPDATE posts SET stage = $3, external_id = coalesce($4, external_id),
             external_url = coalesce($5, external_url), candidates = NULL, progress = NULL,
             handle = CASE $3 WHEN 'scheduled' THEN NULL ELSE handle END,
             error = CASE $3 WHEN 'dismissed' THEN error ELSE NULL END,
             published_at = CASE $3 WHEN 'published' THEN app_now() END,
             due_at = CASE $3 WHEN 'scheduled' THEN app_now() ELSE due_at END,
             next_attempt_at = app_now(), tries = 0, crash_count = 0,
             revision = revision + 1, updated_at = app_now()
         WHERE user_id = $1 AND id = $2 AND stage = 'needs_attention'
         RETURNING id, user_id, connection_id, platform, caption, media, options, client_post_id,
             stage, scheduled_at, due_at, revision, next_attempt_at, armed_at, accepted_at,
             published_at, external_id, external_url, standing, error, candidates, created_at, updated_at",
        user.uuid(),
        id.uuid(),
        stage.as_str(),
        external_id,
        external_url
    )
    .fetch_optional(&mut *db)
    .await?;
    match changed {
        Some(row) => Ok(Changed::Done(Box::new(row.try_into()?))),
        None => why_not(db, user, id, Move::Retry).await,
    }
}

async fn why_not(
    db: &mut Link,
    user: UserId,
    id: PostId,
    step: Move,
) -> Result<Changed, StoreError> {
    Ok(match find(db, user, id).await? {
        None => Changed::Missing,
        Some(post) if step == Move::Edit && post.stage.is_editable() => Changed::Stale,
        Some(post) => Changed::TooLate(post.stage),
    })
}

/// When the posts of a connection that count went or go out between two times, other than `except`. What never
/// goes out does not count.
pub async fn times(
    db: impl PgExecutor<'_>,
    user: UserId,
    connection: ConnectionId,
    (from, until): (OffsetDateTime, OffsetDateTime),
    counted: Counted,
    except: Option<PostId>,
) -> Result<Vec<OffsetDateTime>, StoreError> {
    let (option, with) = counted.parts();
    let (option, value) = option.unzip();
    Ok(sqlx::query_scalar!(
        "SELECT due_at FROM posts
         WHERE user_id = $1 AND connection_id = $2 AND due_at > $3 AND due_at < $4
           AND ($5::text IS NULL OR (options ->> $5 IS NOT DISTINCT FROM $6) = $7)
           AND ($8::uuid IS NULL OR id <> $8)
           AND stage NOT IN ('canceled', 'dismissed', 'failed', 'missed')
         ORDER BY due_at LIMIT 2000",
        user.uuid(),
        connection.uuid(),
        from,
        until,
        option,
        value,
        with,
        except.map(PostId::uuid)
    )
    .fetch_all(db)
    .await?)
}

/// How many posts of a connection went or go out from a time on and before another, beside `except`. What never
/// goes out does not count.
pub async fn count(
    db: impl PgExecutor<'_>,
    user: UserId,
    connection: ConnectionId,
    (from, until): (OffsetDateTime, OffsetDateTime),
    except: Option<PostId>,
) -> Result<usize, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM posts
           WHERE user_id = $1 AND connection_id = $2 AND due_at >= $3 AND due_at < $4
             AND ($5::uuid IS NULL OR id <> $5)
             AND stage NOT IN ('canceled', 'dismissed', 'failed', 'missed')"#,
        user.uuid(),
        connection.uuid(),
        from,
        until,
        except.map(PostId::uuid)
    )
    .fetch_one(db)
    .await?;
    Ok(count.try_into().unwrap_or(usize::MAX))
}

/// How many posts of all accounts of a network went or go out from a time on and before another, beside `except`.
/// What never goes out does not count.
pub async fn count_of_network(
    db: impl PgExecutor<'_>,
    platform: Platform,
    (from, until): (OffsetDateTime, OffsetDateTime),
    except: Option<PostId>,
) -> Result<usize, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM posts
           WHERE platform = $1 AND due_at >= $2 AND due_at < $3 AND ($4::uuid IS NULL OR id <> $4)
             AND stage NOT IN ('canceled', 'dismissed', 'failed', 'missed')"#,
        platform.as_str(),
        from,
        until,
        except.map(PostId::uuid)
    )
    .fetch_one(db)
    .await?;
    Ok(count.try_into().unwrap_or(usize::MAX))
}

/// Lets nobody else count what goes by this name until the transaction is over.
pub async fn count_alone(db: impl PgExecutor<'_>, name: &str) -> Result<(), StoreError> {
    sqlx::query_scalar!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text",
        name
    )
    .fetch_one(db)
    .await?;
    Ok(())
}
