//! Replacing the data key by hand.

use publishing::Publisher;
use store::{Pool, sealed};

use crate::Failure;

/// More rows than are worth counting one by one.
const MANY: i64 = 10_000;

/// Replaces the current data key, and sweeps until nothing lies under older ones; tells how far it is.
///
/// It may be stopped anywhere and run again: what lies under an older key opens until it is sealed anew,
/// and the sweep of each minute goes on where this one stopped.
///
/// # Errors
/// When the key service or the database fails, and when something stays under an older key.
pub async fn rotate(publisher: &Publisher, pool: &Pool, say: impl Fn(&str)) -> Result<(), Failure> {
    let id = publisher.rotate_keys().await?;
    say(&format!("{id} is the current data key"));
    let mut resealed = 0;
    loop {
        let swept = publisher.sweep().await?;
        if swept.resealed == 0 {
            break;
        }
        resealed += swept.resealed;
        say(&format!("{resealed} rows sealed anew"));
    }
    match left(pool).await? {
        0 => {
            say("nothing lies under older keys; they are deleted in a day");
            Ok(())
        }
        left => Err(format!(
            "rows that still lie under older keys: {left}; they were changed just now, do not open, or the key \
             service went away: run this again, and look for `does not open` in the log of the next sweep"
        )
        .into()),
    }
}

/// How many rows lie under keys that are not current.
async fn left(pool: &Pool) -> Result<usize, Failure> {
    let tokens = sealed::old_tokens(pool, &[], MANY).await?;
    let progress = sealed::old_progress(pool, &[], MANY).await?;
    Ok(tokens.len() + progress.len())
}
