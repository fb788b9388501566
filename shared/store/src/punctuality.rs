//! How late scheduled posts went out.

use domain::Platform;
use sqlx::PgExecutor;
use time::OffsetDateTime;

use crate::StoreError;

/// How late the scheduled posts of one network, or of all, were accepted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Punctuality {
    /// The network; all of them when absent.
    pub platform: Option<Platform>,
    /// How many posts that are.
    pub count: i64,
    /// What half, 95 and 99 of a hundred of them were late at most, in milliseconds; absent where there are none.
    pub late_ms: Option<[i64; 3]>,
}

/// How late those scheduled posts were that were due after `from` and not after `until` and that their network
/// accepted: all together first, then by network, those that have any.
pub async fn punctuality(
    db: impl PgExecutor<'_>,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<Punctuality>, StoreError> {
    let platforms = Platform::ALL.map(|platform| platform.as_str().to_owned());
    let rows = sqlx::query!(
        r#"SELECT platform AS "platform?", count(*) AS "count!",
               percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY late_ms) AS "late_ms: Vec<i64>"
           FROM (
               -- All networks are named so that the index by network and time serves.
               SELECT platform, greatest(0, extract(epoch FROM accepted_at - due_at) * 1000)::bigint AS late_ms
               FROM posts
               WHERE platform = ANY($1) AND due_at > $2 AND due_at <= $3
                 AND scheduled_at IS NOT NULL AND accepted_at IS NOT NULL
           ) AS accepted
           GROUP BY GROUPING SETS ((), (platform))
           ORDER BY platform NULLS FIRST"#,
        &platforms[..],
        from,
        until
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let platform = row.platform.map(|name| {
                name.parse()
                    .map_err(|error| StoreError::row("posts", "platform", "any", error))
            });
            Ok(Punctuality {
                platform: platform.transpose()?,
                count: row.count,
                late_ms: row.late_ms.and_then(|late| late.try_into().ok()),
            })
        })
        .collect()
}
