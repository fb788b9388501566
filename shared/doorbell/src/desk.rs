//! The room that one process has for rings, and who takes it up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::UserId;
use tokio::sync::Notify;

/// A quarter of the room is for others than the one who takes up the most.
const RESERVED: usize = 4;

/// An eighth of the room is room for several.
const SEVERAL: usize = 8;

/// Places for rings that are worked on. Nobody has all of them while others may need one.
#[derive(Debug)]
pub(crate) struct Desk {
    places: usize,
    /// The most that one owner takes up.
    share: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    places: usize,
    owners: HashMap<UserId, usize>,
}

/// How many rings may be taken now, and of whom none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) places: usize,
    pub(crate) but_of: Vec<UserId>,
}

/// A place that is taken up until this is dropped, whatever happened to the work.
#[derive(Debug)]
pub(crate) struct Place {
    desk: Arc<Desk>,
    owner: Option<UserId>,
}

impl Desk {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            places,
            share: (places - places / RESERVED).max(1),
            taken: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// Waits until there is room, and gives how much.
    pub(crate) async fn room(&self) -> Room {
        self.room_for(1).await
    }

    /// Waits until there is room for several.
    pub(crate) async fn room_for_several(&self) -> Room {
        self.room_for((self.places / SEVERAL).max(1)).await
    }

    async fn room_for(&self, places: usize) -> Room {
        loop {
            let room = self.look();
            if room.places >= places {
                return room;
            }
            self.freed().await;
        }
    }

    /// Nobody comes to more than their share by what is given here.
    fn look(&self) -> Room {
        let taken = self.lock();
        let (full, others): (Vec<_>, Vec<_>) = taken
            .owners
            .iter()
            .partition(|(_, places)| **places >= self.share);
        let most = others.iter().map(|(_, places)| **places).max().unwrap_or(0);
        Room {
            places: (self.places - taken.places).min(self.share - most),
            but_of: full.into_iter().map(|(owner, _)| *owner).collect(),
        }
    }

    /// Waits until a place is free that was not.
    pub(crate) async fn freed(&self) {
        self.freed.notified().await;
    }

    pub(crate) fn take(self: &Arc<Self>, owner: Option<UserId>) -> Place {
        let mut taken = self.lock();
        taken.places += 1;
        if let Some(owner) = owner {
            *taken.owners.entry(owner).or_default() += 1;
        }
        drop(taken);
        Place {
            desk: Arc::clone(self),
            owner,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.desk.lock();
        taken.places = taken.places.saturating_sub(1);
        if let Some(owner) = self.owner
            && let Some(places) = taken.owners.get_mut(&owner)
        {
            *places -= 1;
            if *places == 0 {
                taken.owners.remove(&owner);
            }
        }
        drop(taken);
        self.desk.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(desk: &Desk) -> (usize, Vec<UserId>) {
        let Room { places, but_of } = desk.look();
        (places, but_of)
    }

    #[test]
    fn nobody_has_all_places() {
        let desk = Arc::new(Desk::new(8));
        let (one, other) = (UserId::mint(), UserId::mint());
        assert_eq!(room(&desk), (6, vec![]));
        let mut of_one: Vec<_> = (0..5).map(|_| desk.take(Some(one))).collect();
        assert_eq!(room(&desk), (1, vec![]), "their share is six");
        of_one.push(desk.take(Some(one)));
        assert_eq!(room(&desk), (2, vec![one]));
        let of_other = [desk.take(Some(other)), desk.take(Some(other))];
        assert_eq!(room(&desk), (0, vec![one]));
        of_one.pop();
        assert_eq!(room(&desk), (1, vec![]));
        drop(of_other);
        drop(of_one);
        assert_eq!(room(&desk), (6, vec![]));
    }

    #[test]
    fn what_is_nobodys_has_the_room_that_is_left() {
        let desk = Arc::new(Desk::new(4));
        let places: Vec<_> = (0..4).map(|_| desk.take(None)).collect();
        assert_eq!(room(&desk), (0, vec![]));
        drop(places);
        assert_eq!(room(&desk), (3, vec![]));
    }

    #[test]
    fn one_place_is_anybodys() {
        let desk = Arc::new(Desk::new(1));
        assert_eq!(room(&desk), (1, vec![]));
        let one = UserId::mint();
        let place = desk.take(Some(one));
        assert_eq!(room(&desk).0, 0);
        drop(place);
        assert_eq!(room(&desk), (1, vec![]));
    }
}
