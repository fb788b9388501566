//! What a ring is about.

use std::fmt;

use domain::{ConnectionId, ErrandId, PostId};

/// The row to look at. A message carries its id and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    id: String,
    revision: i32,
}

impl Subject {
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
        }
    }
}

impl From<ErrandId> for Subject {
    fn from(id: ErrandId) -> Self {
        Self {
            id: id.to_string(),
            revision: 0,
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
        }
    }
}
