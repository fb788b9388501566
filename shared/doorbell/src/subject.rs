//! What a ring is about.

use std::fmt;

use domain::{ConnectionId, DeliveryId, ErrandId, Post, PostId, UserId};

/// The row to look at. A message carries its id and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    id: String,
    revision: i32,
    owner: Option<UserId>,
    is_delivery: bool,
}

impl Subject {
    fn row(id: impl fmt::Display) -> Self {
        Self {
            id: id.to_string(),
            revision: 0,
            owner: None,
            is_delivery: false,
        }
    }

    /// The same row, known to be `owner`'s: a crowd of rings of one user yields to those of others.
    #[must_use]
    pub const fn of(mut self, owner: UserId) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Whose row it is, where that was told.
    pub const fn owner(&self) -> Option<UserId> {
        self.owner
    }

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
            revision: self.revision - 1,
            ..self.clone()
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
        Self::row(id)
    }
}

impl From<DeliveryId> for Subject {
    fn from(id: DeliveryId) -> Self {
        Self {
            is_delivery: true,
            ..Self::row(id)
        }
    }
}

impl From<ErrandId> for Subject {
    fn from(id: ErrandId) -> Self {
        Self::row(id)
    }
}

impl From<PostId> for Subject {
    fn from(id: PostId) -> Self {
        Self::row(id)
    }
}

impl From<(PostId, i32)> for Subject {
    fn from((id, revision): (PostId, i32)) -> Self {
        Self {
            revision,
            ..Self::row(id)
        }
    }
}

impl From<&Post> for Subject {
    fn from(post: &Post) -> Self {
        Self::from((post.id, post.revision)).of(post.user_id)
    }
}
