//! Who waits in this process for another post of the same account that is being sent.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::ConnectionId;
use tokio::{
    sync::{Notify, futures::OwnedNotified},
    time::timeout,
};

/// The lines before accounts. A post that nobody calls looks by itself: the one before it may be sent by
/// another process.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<HashMap<ConnectionId, Line>>>);

#[derive(Debug, Default)]
struct Line {
    posts: usize,
    call: Arc<Notify>,
}

/// A place in a line, from before it was known that it is needed, so that no call is missed.
pub(super) struct InLine<'a> {
    lines: &'a Lines,
    account: ConnectionId,
    call: Arc<Notify>,
}

impl Lines {
    pub(super) fn join(&self, account: ConnectionId) -> InLine<'_> {
        let mut lines = self.lock();
        let line = lines.entry(account).or_default();
        line.posts += 1;
        let call = Arc::clone(&line.call);
        InLine {
            lines: self,
            account,
            call,
        }
    }

    /// Calls who waits for this account: what was sent has come to its end.
    pub(super) fn move_on(&self, account: ConnectionId) {
        if let Some(line) = self.lock().get(&account) {
            line.call.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InLine<'_> {
    /// What ends with the next call; from now on none is missed.
    pub(super) fn listen(&self) -> OwnedNotified {
        Arc::clone(&self.call).notified_owned()
    }

    /// Waits for a call, but not for longer than this.
    pub(super) async fn wait(call: OwnedNotified, most: Duration) {
        // Whether it was called does not matter: it asks either way.
        timeout(most, call).await.unwrap_or_default();
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let mut lines = self.lines.lock();
        if let Some(line) = lines.get_mut(&self.account) {
            line.posts -= 1;
            if line.posts == 0 {
                lines.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const MOST: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_called_even_before_it_waits_and_by_its_own_line_alone() {
        let lines = Lines::default();
        let (account, other) = (ConnectionId::mint(), ConnectionId::mint());
        let begun = Instant::now();
        {
            let (mine, theirs) = (lines.join(account), lines.join(other));
            let (called, uncalled) = (mine.listen(), theirs.listen());
            lines.move_on(account);
            InLine::wait(called, MOST).await;
            assert_eq!(begun.elapsed(), Duration::ZERO);
            InLine::wait(uncalled, MOST).await;
            assert_eq!(begun.elapsed(), MOST);
        }
        assert!(lines.lock().is_empty());
    }
}
