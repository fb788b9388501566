//! One statement for all who ask at the same time.
//!
//! Whoever asks while nobody else does is served at once. Those who ask while a statement is on its way, or in the
//! moment after it, are served together by the next one, so that what a crowd costs grows with the rows and not with
//! the round trips. A row that somebody else holds keeps nobody but its own asker waiting.
//!
//! Such statements hide from the planner how many they are for, `unnest((SELECT $1))`: it would take fewer for cheaper
//! and plan each anew. And they go to each post by its key, in a `LATERAL`: where more is asked of a row than its key,
//! the planner may go through all that are due.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::sleep};
use uuid::Uuid;

use crate::{Pool, StoreError};

/// How many are served by one statement at most.
const MOST: usize = 100;

/// What can be asked for by many at once.
pub(crate) trait Ask: Clone + fmt::Debug + Send + Sync + 'static {
    /// What it comes to.
    type Came: fmt::Debug + Send + 'static;

    /// How long the next statement waits after the one before it, so that more go together.
    const LINGER: Duration = Duration::from_millis(3);

    /// The post that this changes: no two of them go into one statement.
    fn changes(&self) -> Option<Uuid>;

    /// Asks for all of them, in one statement; gives one answer for each, in their order.
    ///
    /// # Errors
    /// That of the statement, which did nothing then, or of which nobody knows what it did.
    fn all(
        pool: &Pool,
        asks: &[Self],
    ) -> impl Future<Output = Result<Vec<Told<Self::Came>>, StoreError>> + Send;
}

/// An answer to one of many.
#[derive(Debug)]
pub(crate) enum Told<T> {
    /// What it came to.
    Came(Result<T, StoreError>),
    /// Nothing yet: somebody else holds the row.
    Held,
}

impl<T> Told<T> {
    /// What it came to, unless somebody else holds the row.
    pub(crate) fn unless(held: bool, came: T) -> Self {
        if held {
            Self::Held
        } else {
            Self::Came(Ok(came))
        }
    }
}

/// The answers for these rows, in their order.
pub(crate) fn in_order<T>(
    rows: &[Uuid],
    told: impl Iterator<Item = (Uuid, Told<T>)>,
) -> Vec<Told<T>> {
    let mut told: HashMap<_, _> = told.collect();
    rows.iter().filter_map(|row| told.remove(row)).collect()
}

/// Those who ask for the same kind of thing. Copies ask together.
#[derive(Debug, Clone)]
pub(crate) struct Flights<A: Ask> {
    pool: Pool,
    gate: Arc<Mutex<Gate<A>>>,
}

#[derive(Debug)]
struct Gate<A: Ask> {
    waiting: Vec<(A, Seat<A>)>,
    is_under_way: bool,
}

/// Who is to be told; without an answer they ask by themselves.
type Seat<A> = oneshot::Sender<Told<<A as Ask>::Came>>;

impl<A: Ask> Flights<A> {
    pub(crate) fn new(pool: Pool) -> Self {
        let gate = Gate {
            waiting: Vec::new(),
            is_under_way: false,
        };
        Self {
            pool,
            gate: Arc::new(Mutex::new(gate)),
        }
    }

    /// Asks, together with whoever asks meanwhile.
    pub(crate) async fn ask(&self, ask: A) -> Result<A::Came, StoreError> {
        match self.board(ask.clone()).await {
            Ok(Told::Came(came)) => came,
            Ok(Told::Held) => {
                self.until_free(&ask).await?;
                self.alone(&ask).await
            }
            Err(_) => self.alone(&ask).await,
        }
    }

    fn board(&self, ask: A) -> oneshot::Receiver<Told<A::Came>> {
        let (seat, told) = oneshot::channel();
        let mut gate = self.lock();
        gate.waiting.push((ask, seat));
        if !gate.is_under_way {
            gate.is_under_way = true;
            let departures = Departures {
                flights: self.clone(),
                is_over: false,
            };
            tokio::spawn(departures.run());
        }
        told
    }

    async fn alone(&self, ask: &A) -> Result<A::Came, StoreError> {
        loop {
            match A::all(&self.pool, std::slice::from_ref(ask)).await?.pop() {
                Some(Told::Came(came)) => return came,
                Some(Told::Held) | None => self.until_free(ask).await?,
            }
        }
    }

    /// Waits until nobody holds the row.
    async fn until_free(&self, ask: &A) -> Result<(), StoreError> {
        sqlx::query!(
            "SELECT id FROM posts WHERE id = $1 FOR NO KEY UPDATE",
            ask.changes()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(())
    }

    /// Those who are next; nobody ends the departures.
    fn next(&self) -> Option<(Vec<A>, Vec<Seat<A>>)> {
        let mut gate = self.lock();
        let mut changed = HashSet::new();
        let (mut next, mut stay) = (Vec::new(), Vec::new());
        for (ask, seat) in std::mem::take(&mut gate.waiting) {
            if seat.is_closed() {
                continue;
            }
            if next.len() < MOST && ask.changes().is_none_or(|row| changed.insert(row)) {
                next.push((ask, seat));
            } else {
                stay.push((ask, seat));
            }
        }
        gate.waiting = stay;
        gate.is_under_way = !next.is_empty();
        (!next.is_empty()).then(|| next.into_iter().unzip())
    }

    fn lock(&self) -> MutexGuard<'_, Gate<A>> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One statement after another, until nobody waits. Whoever was not told when this ends asks alone.
struct Departures<A: Ask> {
    flights: Flights<A>,
    is_over: bool,
}

impl<A: Ask> Departures<A> {
    async fn run(mut self) {
        while let Some((asks, seats)) = self.flights.next() {
            tell(A::all(&self.flights.pool, &asks).await, seats);
            linger(A::LINGER).await;
        }
        self.is_over = true;
    }
}

impl<A: Ask> Drop for Departures<A> {
    fn drop(&mut self) {
        if !self.is_over {
            let mut gate = self.flights.lock();
            gate.is_under_way = false;
            gate.waiting.clear();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "some milliseconds, and less than another statement costs"
)]
async fn linger(time: Duration) {
    sleep(time).await;
}

fn tell<T>(came: Result<Vec<Told<T>>, StoreError>, seats: Vec<oneshot::Sender<Told<T>>>) {
    // Whoever no longer listens needs nothing.
    let say = |seat: oneshot::Sender<_>, told| drop(seat.send(told));
    match came {
        Ok(came) => {
            for (told, seat) in came.into_iter().zip(seats) {
                say(seat, told);
            }
        }
        // All was undone. Whom it was for shows when each asks alone.
        Err(error) if error.is_refusal() => {}
        Err(error) => {
            let error = Arc::new(error);
            for seat in seats {
                say(
                    seat,
                    Told::Came(Err(StoreError::Shared(Arc::clone(&error)))),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, future::join_all};
    use sqlx::PgPool;

    use super::*;

    /// A number, which remembers with how many it was asked for.
    #[derive(Debug, Clone)]
    struct Number {
        is: usize,
        changes: Option<Uuid>,
        breaks_many: bool,
        asked: Arc<Mutex<Vec<usize>>>,
    }

    impl Ask for Number {
        type Came = usize;

        fn changes(&self) -> Option<Uuid> {
            self.changes
        }

        async fn all(_pool: &Pool, asks: &[Self]) -> Result<Vec<Told<usize>>, StoreError> {
            asks[0].asked.lock().unwrap().push(asks.len());
            assert!(
                asks.len() == 1 || !asks[0].breaks_many,
                "this breaks on purpose"
            );
            Ok(asks.iter().map(|ask| Told::Came(Ok(ask.is))).collect())
        }
    }

    impl Number {
        fn new(is: usize) -> Self {
            Self {
                is,
                changes: None,
                breaks_many: false,
                asked: Arc::default(),
            }
        }
    }

    fn flights() -> Flights<Number> {
        let nowhere = PgPool::connect_lazy("postgres://127.0.0.1:1/nowhere");
        Flights::new(Pool::from(nowhere.unwrap()))
    }

    #[tokio::test]
    async fn those_who_ask_at_once_are_served_at_once_up_to_a_hundred() {
        let (flights, number) = (flights(), Number::new(0));
        let asks = (0..250).map(|is| {
            flights.ask(Number {
                is,
                ..number.clone()
            })
        });
        let came = join_all(asks).await;
        let came: Vec<_> = came.into_iter().map(Result::unwrap).collect();
        assert_eq!(came, (0..250).collect::<Vec<_>>());
        assert_eq!(*number.asked.lock().unwrap(), [100, 100, 50]);
    }

    #[tokio::test]
    async fn what_changes_the_same_post_goes_one_after_the_other() {
        let (flights, mut number) = (flights(), Number::new(7));
        number.changes = Some(Uuid::from_u128(1));
        join_all((0..3).map(|_| flights.ask(number.clone()))).await;
        assert_eq!(*number.asked.lock().unwrap(), [1, 1, 1]);
    }

    #[tokio::test]
    async fn who_no_longer_asks_is_left_out() {
        let (flights, number) = (flights(), Number::new(7));
        assert!(flights.ask(number.clone()).now_or_never().is_none());
        assert_eq!(flights.ask(number.clone()).await.unwrap(), 7);
        assert_eq!(*number.asked.lock().unwrap(), [1]);
    }

    #[tokio::test]
    async fn who_was_left_without_an_answer_asks_alone() {
        let (flights, mut number) = (flights(), Number::new(7));
        number.breaks_many = true;
        for _ in 0..2 {
            for came in join_all((0..3).map(|_| flights.ask(number.clone()))).await {
                assert_eq!(came.unwrap(), 7);
            }
        }
        assert_eq!(*number.asked.lock().unwrap(), [3, 1, 1, 1, 3, 1, 1, 1]);
    }
}
