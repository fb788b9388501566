//! What a network lets an account do: a post that could not go out at its time is refused when it is asked for.

use domain::{PostId, UserId, Violation};
use platforms::{Allowance, Terms, UsageOf, Window};
use serde_json::Value;
use store::{
    Link,
    budgets::{self, Holder},
    connections::Connection,
    posts, registrations,
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use web::Problem;

use crate::{accept::one, view::Warning};

/// How far ahead of a time that is taken a free one is looked for.
const SEARCH: Duration = Duration::days(30);
/// So long a network may ask for rest, and a post still goes out when it was meant to: as soon as it may.
const REST: Duration = Duration::minutes(5);

/// A post that somebody wants to go out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// Whose it is.
    pub(crate) user: UserId,
    /// Where it goes.
    pub(crate) connection: &'a Connection,
    /// The network's own options.
    pub(crate) options: &'a Value,
    /// When.
    pub(crate) at: OffsetDateTime,
    /// The post that is changed, if it stands already.
    pub(crate) edited: Option<Edited<'a>>,
}

/// A post that stands, and is to be changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edited<'a> {
    /// Which.
    pub(crate) id: PostId,
    /// Its options as they were.
    pub(crate) options: &'a Value,
    /// Whether it is to go out at another time.
    pub(crate) is_moved: bool,
}

impl Wish<'_> {
    /// Whether the post was promised this when it was accepted: other words need no more room, and what became of the
    /// room meanwhile is no matter of theirs.
    fn is_promised(&self, allowance: &Allowance) -> bool {
        self.edited
            .is_some_and(|post| !post.is_moved && allowance.counted.counts(post.options))
    }

    fn edited_id(&self) -> Option<PostId> {
        self.edited.map(|post| post.id)
    }
}

/// As [`hold`], in the transaction that keeps the post: nobody else is promised the same meanwhile.
pub(crate) async fn reserve(db: &mut Link, wish: &Wish<'_>) -> Result<(), Problem> {
    for allowance in allowances(db, wish).await? {
        posts::count_alone(&mut *db, &shared_by(wish, allowance)).await?;
        fits(db, wish, allowance).await?;
    }
    Ok(())
}

/// Refuses what the account may not do, and what its time has no room for.
pub(crate) async fn hold(db: &mut Link, wish: &Wish<'_>) -> Result<(), Problem> {
    for allowance in allowances(db, wish).await? {
        fits(db, wish, allowance).await?;
    }
    Ok(())
}

/// What may keep an accepted post from going out: an access that ends before its time. It is accepted all the
/// same, because connecting the account again in time mends it.
pub(crate) fn warnings(connection: &Connection, at: OffsetDateTime) -> Vec<Warning> {
    let end = platforms::ends_for_good(
        connection.platform,
        &connection.facts,
        connection.access_expires_at,
        connection.refresh_expires_at,
    );
    let warning = end.filter(|end| *end <= at).map(|end| Warning {
        code: "access_ends_before".to_owned(),
        message: format!(
            "The access to {} at {} ends at {}, before the post goes out; connect the account again before then, or it waits.",
            connection.display_name,
            connection.platform.display_name(),
            written(end)
        ),
    });
    warning.into_iter().collect()
}

/// The allowances that the post counts for, and was not promised yet.
async fn allowances(db: &mut Link, wish: &Wish<'_>) -> Result<Vec<Allowance>, Problem> {
    let connection = wish.connection;
    let login = platforms::profile(connection.platform).login_of(&connection.facts);
    let settings = registrations::settings(&mut *db, login.variables).await?;
    let terms = Terms {
        facts: &connection.facts,
        scopes: &connection.scopes,
        settings: &settings,
    };
    let broken = platforms::not_allowed(connection.platform, wish.options, &terms, wish.at);
    if let Some(broken) = broken {
        return Err(one(broken));
    }
    let mut allowances = platforms::allowances(connection.platform, &terms);
    allowances
        .retain(|allowance| allowance.counted.counts(wish.options) && !wish.is_promised(allowance));
    Ok(allowances)
}

/// What goes by this name is counted by one at a time.
fn shared_by(wish: &Wish<'_>, allowance: Allowance) -> String {
    let (platform, name) = (wish.connection.platform, allowance.name);
    match allowance.of {
        UsageOf::Account => format!("{} {name}", wish.connection.id),
        UsageOf::App | UsageOf::Uploads => format!("{platform} {name}"),
    }
}

async fn fits(db: &mut Link, wish: &Wish<'_>, allowance: Allowance) -> Result<(), Problem> {
    let free = match allowance.window {
        Window::Day(day) => free_day(db, wish, allowance, day).await?,
        Window::Moving(length) => free_time(db, wish, allowance, length).await?,
    };
    match free {
        Room::Here => Ok(()),
        Room::AfterRest(until) => Err(resting(wish, allowance, until)),
        Room::From(free) => Err(full(wish, allowance, free)),
    }
}

/// Where there is room for one more.
enum Room {
    /// At the time that is wanted.
    Here,
    /// When the network takes something again, as it told.
    AfterRest(OffsetDateTime),
    /// From this time on, if it is known.
    From(Option<OffsetDateTime>),
}

/// Room in a time that moves along: what one account planned.
async fn free_time(
    db: &mut Link,
    wish: &Wish<'_>,
    allowance: Allowance,
    length: Duration,
) -> Result<Room, Problem> {
    let taken = posts::times(
        db,
        wish.user,
        wish.connection.id,
        (wish.at - length, wish.at + SEARCH),
        allowance.counted,
        wish.edited_id(),
    )
    .await?;
    if is_free(&taken, wish.at, allowance.posts, length) {
        return Ok(Room::Here);
    }
    Ok(Room::From(next_free(
        &taken,
        wish.at,
        allowance.posts,
        length,
    )))
}

/// Room in the days of a calendar: what those who share the allowance planned, and what the network said of today.
async fn free_day(
    db: &mut Link,
    wish: &Wish<'_>,
    allowance: Allowance,
    day_of: fn(OffsetDateTime) -> std::ops::Range<OffsetDateTime>,
) -> Result<Room, Problem> {
    let platform = wish.connection.platform;
    let holder = match allowance.of {
        UsageOf::Account => Holder::Account(wish.connection.id),
        UsageOf::App => Holder::App(platform),
        UsageOf::Uploads => Holder::Uploads(platform),
    };
    let refused_until = budgets::free_at(&mut *db, holder).await?;
    let refused_until = refused_until.filter(|until| *until > wish.at + REST);
    let mut at = refused_until.unwrap_or(wish.at);
    while at < wish.at + SEARCH {
        let day = day_of(at);
        let (between, edited) = ((day.start, day.end), wish.edited_id());
        let taken = match allowance.of {
            UsageOf::Account => {
                let (user, id) = (wish.user, wish.connection.id);
                posts::count(&mut *db, user, id, between, edited).await?
            }
            UsageOf::App | UsageOf::Uploads => {
                posts::count_of_network(&mut *db, platform, between, edited).await?
            }
        };
        if taken < allowance.posts {
            return Ok(match refused_until {
                _ if at == wish.at => Room::Here,
                Some(until) if at == until => Room::AfterRest(until),
                Some(_) | None => Room::From(Some(at)),
            });
        }
        at = day.end;
    }
    Ok(Room::From(None))
}

/// Why a post cannot go out while the network rests.
fn resting(wish: &Wish<'_>, allowance: Allowance, until: OffsetDateTime) -> Problem {
    let network = wish.connection.platform.display_name();
    let whose = match allowance.of {
        UsageOf::Account => "this account",
        UsageOf::App | UsageOf::Uploads => "this app",
    };
    limited(
        format!(
            "comes too early: {network} takes no more {} of {whose} for now",
            allowance.name
        ),
        format!("Schedule it for {} or later.", written(until)),
    )
}

/// Why a post has no room.
fn full(wish: &Wish<'_>, allowance: Allowance, free: Option<OffsetDateTime>) -> Problem {
    let network = wish.connection.platform.display_name();
    let Allowance { name, posts, .. } = allowance;
    let sharers = match allowance.of {
        UsageOf::Account => "this account",
        UsageOf::App | UsageOf::Uploads => "all accounts of this app together",
    };
    let detail = match allowance.window {
        Window::Day(_) => format!(
            "falls on a day that has no room for more: {network} grants {sharers} {posts} {name} a day"
        ),
        Window::Moving(length) => format!(
            "falls into {} hours for which {posts} {name} are planned already; {network} takes no more of this account",
            length.whole_hours()
        ),
    };
    let remedy = free.map_or_else(
        || "Cancel another one first.".to_owned(),
        |free| {
            format!(
                "Schedule it for {} or later, or cancel another one first.",
                written(free)
            )
        },
    );
    limited(detail, remedy)
}

fn limited(detail: String, remedy: String) -> Problem {
    one(Violation::new(
        "scheduledAtISO",
        "daily_limit",
        detail,
        remedy,
    ))
}

fn written(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// Whether one more post at `wanted` leaves every stretch of the window's length with no more posts than allowed.
fn is_free(
    taken: &[OffsetDateTime],
    wanted: OffsetDateTime,
    posts: usize,
    window: Duration,
) -> bool {
    let mut times = taken.to_vec();
    times.insert(times.partition_point(|at| *at <= wanted), wanted);
    times
        .windows(posts + 1)
        .all(|stretch| match (stretch.first(), stretch.last()) {
            (Some(first), Some(last)) => {
                !(*first..=*last).contains(&wanted) || *last - *first >= window
            }
            (None, _) | (_, None) => true,
        })
}

/// The first free time after `wanted`: one becomes free only when another post is a window old.
fn next_free(
    taken: &[OffsetDateTime],
    wanted: OffsetDateTime,
    posts: usize,
    window: Duration,
) -> Option<OffsetDateTime> {
    taken
        .iter()
        .map(|at| *at + window)
        .filter(|free| *free > wanted)
        .find(|free| is_free(taken, *free, posts, window))
        // Whole seconds are read more easily, and are no earlier.
        .map(|free| {
            free.replace_nanosecond(0)
                .map_or(free, |whole| whole + Duration::SECOND)
        })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    fn at(hours: &[i64]) -> Vec<OffsetDateTime> {
        hours
            .iter()
            .map(|hours| NOON + Duration::hours(*hours))
            .collect()
    }

    #[test]
    fn a_day_is_any_stretch_of_24_hours() {
        assert!(is_free(&[], NOON, 3, Duration::DAY));
        assert!(is_free(&at(&[-10, 10]), NOON, 3, Duration::DAY));
        assert!(!is_free(&at(&[-2, -1, 1]), NOON, 3, Duration::DAY));
        assert!(!is_free(&at(&[1, 2, 3]), NOON, 3, Duration::DAY));
        assert!(is_free(&at(&[-24, -1, 1]), NOON, 3, Duration::DAY));
        assert!(
            is_free(&at(&[-13, -12, 12]), NOON, 3, Duration::DAY),
            "{:?}",
            at(&[-13, -12, 12])
        );
        // What is full without it stays none of its business.
        assert!(is_free(&at(&[-40, -39, -38, -37]), NOON, 3, Duration::DAY));
    }

    #[test]
    fn the_next_free_time_is_a_window_after_the_post_that_makes_room() {
        let taken = at(&[-3, -2, -1]);
        let free = next_free(&taken, NOON, 3, Duration::DAY).unwrap();
        assert!(is_free(&taken, free, 3, Duration::DAY));
        assert_eq!(free, NOON + Duration::hours(21) + Duration::SECOND);
        assert!(next_free(&[], NOON, 3, Duration::DAY).is_none());
    }
}
