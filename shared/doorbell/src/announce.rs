//! One at a time, for all who ask meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Work that one caller does for all: whoever asks while it is under way has it done once more.
#[derive(Debug, Default)]
pub(crate) struct Once {
    /// How often it was asked for since the one who does it last looked; 0 where nobody does.
    asked: AtomicUsize,
}

/// Lets others do it, should this one be dropped before it is over.
struct Given<'a>(&'a AtomicUsize);

impl Once {
    pub(crate) async fn run<F: Future<Output = ()>>(&self, work: impl Fn() -> F) {
        if self.asked.fetch_add(1, Ordering::AcqRel) > 0 {
            return;
        }
        let given = Given(&self.asked);
        let mut seen = 1;
        loop {
            work().await;
            match self
                .asked
                .compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => break,
                Err(asked) => seen = asked,
            }
        }
        std::mem::forget(given);
    }
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, pin::pin, task::Poll};

    use futures_util::poll;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn what_is_asked_for_meanwhile_is_done_once_more_for_all() {
        let (once, go_on, done) = (Once::default(), Semaphore::new(0), Cell::new(0));
        let work = || async {
            go_on.acquire().await.unwrap().forget();
            done.set(done.get() + 1);
        };
        let mut first = pin!(once.run(work));
        assert!(poll!(&mut first).is_pending());
        for _ in 0..5 {
            assert_eq!(poll!(pin!(once.run(work))), Poll::Ready(()));
        }
        go_on.add_permits(1);
        assert!(poll!(&mut first).is_pending());
        go_on.add_permits(9);
        first.await;
        assert_eq!(done.get(), 2);
        once.run(work).await;
        assert_eq!(done.get(), 3);
    }

    #[tokio::test]
    async fn one_who_is_dropped_keeps_nobody_from_it() {
        let (once, done) = (Once::default(), Cell::new(false));
        {
            let mut first = pin!(once.run(std::future::pending::<()>));
            assert!(poll!(&mut first).is_pending());
        }
        once.run(|| async { done.set(true) }).await;
        assert!(done.get());
    }
}
