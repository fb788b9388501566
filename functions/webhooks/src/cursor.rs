//! Places in a user's feed, as the app keeps them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::UserId;
use sha2::{Digest as _, Sha256};

/// How much of the check is kept, in bytes.
const CHECK: usize = 8;

/// The cursor that stands behind the event at `place` in the feed of `user`.
pub(crate) fn write(user: UserId, place: i64) -> String {
    let mut bytes = place.to_be_bytes().to_vec();
    bytes.extend(check(user, place));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a cursor stands for; `None` where it is none of this user's.
pub(crate) fn read(user: UserId, cursor: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (place, rest) = bytes.split_first_chunk()?;
    let place = i64::from_be_bytes(*place);
    (place >= 0 && rest == check(user, place)).then_some(place)
}

/// Tells a cursor from those of other users and from what is none. It guards nothing: whoever made one up would
/// be shown their own feed.
fn check(user: UserId, place: i64) -> [u8; CHECK] {
    let digest = Sha256::new()
        .chain_update(b"cursor of a feed\0")
        .chain_update(user.uuid())
        .chain_update(place.to_be_bytes())
        .finalize();
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_for_its_own_user_alone() {
        let (user, other) = (UserId::mint(), UserId::mint());
        for place in [0, 1, 20, i64::MAX] {
            let cursor = write(user, place);
            assert_eq!(write(user, place), cursor);
            assert_eq!(read(user, &cursor), Some(place));
            assert_eq!(read(other, &cursor), None);
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let user = UserId::mint();
        let cursor = write(user, 7);
        for wrong in [
            "",
            "0",
            "7",
            "latest",
            &cursor[1..],
            &cursor[..cursor.len() - 1],
            &format!("{cursor}A"),
            &format!("{cursor}="),
            &write(user, -1),
        ] {
            assert_eq!(read(user, wrong), None, "{wrong}");
        }
        for at in 0..cursor.len() {
            let mut letters = cursor.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            let spoilt = String::from_utf8(letters).unwrap();
            assert_eq!(read(user, &spoilt), None, "{spoilt}");
        }
    }
}
