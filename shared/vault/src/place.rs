//! Where a secret rests.

use uuid::Uuid;

/// The one place a sealed secret may be opened at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The table of the row.
    pub table: &'static str,
    /// The row itself.
    pub row: Uuid,
    /// The user the row belongs to.
    pub user: Uuid,
    /// The network the secret is for.
    pub platform: &'static str,
    /// The column.
    pub field: &'static str,
}

impl Place {
    /// The place as additional authenticated data, under the version of the sealed format.
    ///
    /// Every part is preceded by its length, so that no two places share an encoding.
    pub(crate) fn authenticated(&self, version: u8) -> Vec<u8> {
        let parts: [&[u8]; 5] = [
            self.table.as_bytes(),
            self.row.as_bytes(),
            self.user.as_bytes(),
            self.platform.as_bytes(),
            self.field.as_bytes(),
        ];
        let mut encoded = vec![version];
        for part in parts {
            encoded.extend_from_slice(&(part.len() as u64).to_be_bytes());
            encoded.extend_from_slice(part);
        }
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_moved_from_one_part_to_the_next_make_another_place() {
        let place = Place {
            table: "grants",
            row: Uuid::from_u128(1),
            user: Uuid::from_u128(2),
            platform: "x",
            field: "ytoken",
        };
        let moved = Place {
            platform: "xy",
            field: "token",
            ..place
        };
        assert_ne!(place.authenticated(1), moved.authenticated(1));
    }

    #[test]
    fn the_version_is_part_of_what_is_authenticated() {
        let place = Place {
            table: "grants",
            row: Uuid::nil(),
            user: Uuid::nil(),
            platform: "x",
            field: "access_token",
        };
        assert_ne!(place.authenticated(1), place.authenticated(2));
    }
}
