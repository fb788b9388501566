//! The arm of a commit: from when it is committed one process may send, once.

use domain::{AttemptId, Stage};
use platforms::{Call, Fault, Publish};
use secrecy::SecretString;
use store::work::Armed;
use time::Duration;
use tokio::time::Instant;
use vault::Pen;

use super::{
    Desk, Pass,
    lines::InLine,
    waits::{BUSY, PERSON},
};
use crate::publisher::LookError;

/// The longest that passes from before an arm until its outcome is sealed: the arm's life, the call's, and some.
pub(super) const COMMIT: std::time::Duration = std::time::Duration::from_secs(90);
/// How long a post waits for each that stands before it; about as long as a network takes to take one.
const TURN: Duration = Duration::milliseconds(80);
/// Beyond so many nobody can tell when its turn comes, and it asks again.
const LONGEST_LINE: i64 = 250;
/// How long a post waits before which so many stand.
pub(super) fn turn(before: i64) -> Duration {
    TURN * i32::try_from(before.min(LONGEST_LINE)).unwrap_or(0)
}

/// Who has waited for its turn asks again after this part of that time: a line that stands still costs little.
const PART: i32 = 8;
/// How long a post that is late by so much waits before which so many stand.
fn next_turn(before: i64, late: Duration) -> Duration {
    turn(before.max(1)).max((late / PART).min(turn(LONGEST_LINE)))
}

/// How long a post waits, again and again, to be called by the one before it, until it is put down.
const AGAIN: [std::time::Duration; 4] = [
    std::time::Duration::from_millis(30),
    std::time::Duration::from_millis(40),
    std::time::Duration::from_millis(50),
    std::time::Duration::from_millis(60),
];

/// What a commit is sent with, once it is armed.
pub(super) struct Ready {
    pub(super) token: SecretString,
    pub(super) version: i32,
    pub(super) pen: Pen,
    /// When the arm was asked for.
    pub(super) asked: Instant,
}

impl Pass<'_> {
    /// Commits the arm; `None` where nothing is to be sent now, and the post was put down.
    ///
    /// One that comes a little early, while the one before it is being sent, asks again in a moment: to put it down and
    /// to take it up again costs more.
    pub(super) async fn armed(
        &mut self,
        desk: &Desk,
        machine: &Publish,
        call: &Call,
    ) -> Result<Option<Ready>, LookError> {
        let mut again = AGAIN.into_iter();
        let line = self.means.lines.join(self.work.post.connection_id);
        loop {
            let Some((token, version)) = self.token(desk, machine).await? else {
                return Ok(None);
            };
            if self.left() < COMMIT {
                let at = self.now() + BUSY;
                return self.park(desk, machine, at, None).await.map(|()| None);
            }
            // Taken before the arm: what the commit comes to must be stored even if no key is to be had after it.
            let pen = self.means.vault.pen(COMMIT).await?;
            let called = line.listen();
            let asked = Instant::now();
            match self.arm(desk, machine, call, &pen).await? {
                Armed::Done(_) => {
                    self.jot("arm", "done", None, None);
                    return Ok(Some(Ready {
                        token,
                        version,
                        pen,
                        asked,
                    }));
                }
                Armed::Busy { before } => {
                    if before == 1
                        && let Some(pause) = again.next()
                    {
                        InLine::wait(called, pause).await;
                        continue;
                    }
                    let now = self.now();
                    let at = now + next_turn(before, now - self.work.post.due_at);
                    return self.park(desk, machine, at, None).await.map(|()| None);
                }
                Armed::Halted => {
                    let halted = Fault::operator(
                        "publishing_halted",
                        "Publishing is halted by the operator.",
                    );
                    let at = self.now() + PERSON;
                    let parked = self.park(desk, machine, at, Some(&halted)).await;
                    return parked.map(|()| None);
                }
                Armed::Gone => return Ok(None),
            }
        }
    }

    /// Asks for the arm. Where it is done this process, and no other, may send.
    async fn arm(
        &mut self,
        desk: &Desk,
        machine: &Publish,
        call: &Call,
        pen: &Pen,
    ) -> Result<Armed, LookError> {
        let attempt = AttemptId::mint();
        let sealed = self.sealed_with(pen, desk, machine)?;
        let armed = match self
            .means
            .books
            .arm(&self.work, attempt, call.name, &sealed)
            .await
        {
            Ok(armed) => armed,
            // The commit's own answer was lost. The arm's id tells whether it took; where even that
            // cannot be asked nothing is sent.
            Err(error) => {
                if !self.means.books.is_armed(attempt).await? {
                    return Err(error.into());
                }
                Armed::Done(self.now())
            }
        };
        if let Armed::Done(at) = armed {
            self.work.post.stage = Stage::Firing;
            self.work.post.armed_at = Some(at);
            self.attempt = Some(attempt);
            self.armed_with = Some(sealed);
        }
        Ok(armed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_that_stands_before_takes_a_turn_and_nobody_waits_for_long_unasked() {
        assert_eq!(turn(0), Duration::ZERO);
        assert_eq!(turn(4), Duration::milliseconds(320));
        assert_eq!(turn(10_000), Duration::seconds(20));
    }

    #[test]
    fn who_has_waited_for_long_asks_less_often() {
        let soon = Duration::milliseconds(400);
        assert_eq!(next_turn(0, soon), Duration::milliseconds(80));
        assert_eq!(next_turn(3, soon), Duration::milliseconds(240));
        assert_eq!(next_turn(3, Duration::seconds(16)), Duration::seconds(2));
        assert_eq!(next_turn(3, Duration::HOUR), Duration::seconds(20));
    }
}
