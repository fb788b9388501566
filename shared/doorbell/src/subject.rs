//! What a ring is about.

use std::fmt;

use domain::{ConnectionId, DeliveryId, ErrandId, PostId};

/// The row to look at. A message carries its id and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    id: String,
    revision: i32,
    is_delivery: bool,
}

impl Subject {
    /// Whether it is a delivery to a user's own server, which may be slow: posts do not queue behind it.
    pub(crate) const fn is_delivery(&self) -> bool {
        self.is_delivery
    }

    /// Which edit of the row; it tells the timers of a row apart and is 0 where none will stand.
    pub const fn revision(&self) -> i32 {
        self.revision
    }

    /// The same row before its last edit.
    #[must_use]
    pub fn before_the_edit(&self) -> Self {
        Self {
            id: self.id.clone(),
            revision: self.revision - 1,
            is_delivery: self.is_delivery,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

impl From<ConnectionId> for Subject {
    fn from(id: ConnectionId) -> Self {
        Self {
            id: id.to_string(),
            revision: 0,
            is_delivery: false,
        }
    }
}

impl From<DeliveryId> for Subject {
    fn from(id: DeliveryId) -> Self {
        Self {
            id: id.to_string(),
            revision: 0,
            is_delivery: true,
        }
    }
}

impl From<ErrandId> for Subject {
    fn from(id: ErrandId) -> Self {
        Self {
            id: id.to_string(),
            revision: 0,
            is_delivery: false,
        }
    }
}

impl From<PostId> for Subject {
    fn from(id: PostId) -> Self {
        (id, 0).into()
    }
}

impl From<(PostId, i32)> for Subject {
    fn from((id, revision): (PostId, i32)) -> Self {
        Self {
            id: id.to_string(),
            revision,
            is_delivery: false,
        }
    }
}
