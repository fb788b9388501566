//! What a network allows: it tells how much of it is used up, and we stop before it refuses.

use domain::Stage;
use platforms::{Answer, Event, Fault, Machine as _, Publish, Safety, Usage, UsageOf};
use store::budgets::Holder;
use time::{Duration, OffsetDateTime};
use wire::SendError;

use super::{Desk, Flow, Pass};
use crate::{backoff, publisher::LookError};

/// From this share on, in percent, nothing is sent until some of it is free again.
const STOP: u8 = 95;
/// From this share on what has time waits with its preparation.
const SLOW: u8 = 80;
/// How long to stop where the network does not say; shares are of the last hour.
const PAUSE: Duration = Duration::minutes(5);
/// How long before its time a post is prepared, however scarce calls are.
const IN_TIME: Duration = Duration::minutes(4);

impl Pass<'_> {
    /// What an answer tells; of use for networks that tell anything.
    pub(super) fn usage(&self, sent: &Result<Answer, SendError>) -> Vec<Usage> {
        match sent {
            Ok(answer) => platforms::usage(self.work.post.platform, answer, self.now()),
            Err(_) => Vec::new(),
        }
    }

    /// Notes what an answer told, where it changes what may be sent. That it cannot be noted must not undo
    /// what was done.
    pub(super) async fn heed(&mut self, told: &[Usage]) {
        for usage in told {
            let hold = match usage.free_in {
                Some(wait) => wait,
                None if usage.percent >= STOP => PAUSE,
                None => Duration::ZERO,
            };
            if usage.percent < SLOW && hold.is_zero() && self.work.used_percent < SLOW {
                continue;
            }
            let holder = match usage.of {
                UsageOf::Account => Holder::Account(self.work.post.connection_id),
                UsageOf::App => Holder::App(self.work.post.platform),
                UsageOf::Uploads => Holder::Uploads(self.work.post.platform),
            };
            // Only who begins an upload is refused, and is told so.
            let holds_all = usage.of != UsageOf::Uploads;
            if hold.is_positive() && holds_all {
                let until = self.now() + hold;
                self.work.held_until = Some(self.work.held_until.unwrap_or(until).max(until));
                tracing::warn!(platform = %self.work.post.platform, connection.id = %self.work.post.connection_id, percent = usage.percent, hold_ms = i64::try_from(hold.whole_milliseconds()).unwrap_or(i64::MAX), "calls to {} are used up", self.work.post.platform);
            }
            let noted = self
                .means
                .books
                .tell_budget(holder, usage.percent, hold)
                .await;
            if let Err(error) = noted {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a budget could not be noted"
                );
            }
        }
    }

    /// Until when nothing may be sent.
    pub(super) fn held(&self) -> Option<OffsetDateTime> {
        self.work.held_until.filter(|until| *until > self.now())
    }

    /// When a post whose preparation can wait is looked at again, while calls are scarce.
    pub(super) fn may_wait(&self) -> Option<OffsetDateTime> {
        let is_scarce = self.work.used_percent >= SLOW;
        let is_untouched = self.work.post.stage == Stage::Scheduled;
        let again = self.now() + Duration::MINUTE + backoff::after(5, self.work.post.id);
        (is_scarce && is_untouched && again < self.work.post.due_at - IN_TIME).then_some(again)
    }

    /// A call that may not be sent now: the post waits, or goes on without what is only nice to have.
    pub(super) async fn withheld(
        &mut self,
        desk: &Desk,
        machine: Publish,
        safety: Safety,
        until: OffsetDateTime,
    ) -> Result<Flow, LookError> {
        if safety == Safety::Optional
            && let Ok(next) = machine.clone().apply(Event::Lost, &self.context(desk))
        {
            return self.keep(desk, &next).await;
        }
        let fault = Fault::quota(
            Some(until),
            "rate_limited",
            format!(
                "{} asks us to wait; the post goes out as soon as it may.",
                self.work.post.platform.display_name()
            ),
        );
        self.park(desk, &machine, until, Some(&fault))
            .await
            .map(|()| Flow::Over)
    }
}
