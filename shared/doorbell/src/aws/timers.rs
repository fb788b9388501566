//! One-shot schedules in EventBridge Scheduler.

use aws_sdk_scheduler::{
    Client,
    error::SdkError,
    operation::{
        create_schedule::CreateScheduleError, delete_schedule::DeleteScheduleError,
        update_schedule::UpdateScheduleError,
    },
    types::{
        ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode,
        RetryPolicy, Target,
    },
};
use aws_types::SdkConfig;
use time::{OffsetDateTime, UtcOffset, format_description::StaticFormatDescription};

use crate::{RingError, Subject, Timers};

const UTC: &str = "UTC";
/// A schedule that could not send goes on trying for an hour; the sweeper has rung long before.
const TRIED_FOR_SECONDS: i32 = 3_600;
const TRIES: i32 = 185;

/// The schedules that stand, at most one for each revision of a row.
#[derive(Debug)]
pub(crate) struct Standing {
    client: Client,
    timers: Timers,
}

impl Standing {
    pub(crate) fn new(config: &SdkConfig, timers: Timers) -> Self {
        Self {
            client: Client::new(config),
            timers,
        }
    }

    /// Makes the schedule of a row fire at `at`, whether it stands already or not.
    pub(crate) async fn set(&self, subject: &Subject, at: OffsetDateTime) -> Result<(), RingError> {
        if self.created(subject, at).await? {
            return Ok(());
        }
        if self.updated(subject, at).await? {
            return Ok(());
        }
        // It fired or was removed between the two calls.
        self.created(subject, at).await.map(drop)
    }

    /// Removes the schedule of a row, if one stands.
    pub(crate) async fn remove(&self, subject: &Subject) -> Result<(), RingError> {
        let removed = self
            .client
            .delete_schedule()
            .group_name(&self.timers.group)
            .name(name(subject))
            .send()
            .await;
        match removed {
            Ok(_) => Ok(()),
            Err(error) if is(&error, DeleteScheduleError::is_resource_not_found_exception) => {
                Ok(())
            }
            Err(error) => Err(RingError::new(error)),
        }
    }

    /// Creates it; `false` when one of that name stands.
    async fn created(&self, subject: &Subject, at: OffsetDateTime) -> Result<bool, RingError> {
        let created = self
            .client
            .create_schedule()
            .group_name(&self.timers.group)
            .name(name(subject))
            .client_token(token(subject, at))
            .schedule_expression(expression(at))
            .schedule_expression_timezone(UTC)
            .flexible_time_window(exact()?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target(subject)?)
            .send()
            .await;
        match created {
            Ok(_) => Ok(true),
            Err(error) if is(&error, CreateScheduleError::is_conflict_exception) => Ok(false),
            Err(error) => Err(RingError::new(error)),
        }
    }

    /// Moves it; `false` when none of that name stands. An update replaces every field, so all are said.
    async fn updated(&self, subject: &Subject, at: OffsetDateTime) -> Result<bool, RingError> {
        let updated = self
            .client
            .update_schedule()
            .group_name(&self.timers.group)
            .name(name(subject))
            .client_token(token(subject, at))
            .schedule_expression(expression(at))
            .schedule_expression_timezone(UTC)
            .flexible_time_window(exact()?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target(subject)?)
            .send()
            .await;
        match updated {
            Ok(_) => Ok(true),
            Err(error) if is(&error, UpdateScheduleError::is_resource_not_found_exception) => {
                Ok(false)
            }
            Err(error) => Err(RingError::new(error)),
        }
    }

    fn target(&self, subject: &Subject) -> Result<Target, RingError> {
        let retry = RetryPolicy::builder()
            .maximum_event_age_in_seconds(TRIED_FOR_SECONDS)
            .maximum_retry_attempts(TRIES)
            .build();
        let dead = DeadLetterConfig::builder()
            .arn(&self.timers.dead_letter_arn)
            .build();
        Target::builder()
            .arn(&self.timers.queue_arn)
            .role_arn(&self.timers.role_arn)
            .input(subject.to_string())
            .retry_policy(retry)
            .dead_letter_config(dead)
            .build()
            .map_err(RingError::new)
    }
}

fn exact() -> Result<FlexibleTimeWindow, RingError> {
    FlexibleTimeWindow::builder()
        .mode(FlexibleTimeWindowMode::Off)
        .build()
        .map_err(RingError::new)
}

fn is<E, R>(error: &SdkError<E, R>, kind: impl FnOnce(&E) -> bool) -> bool {
    error.as_service_error().is_some_and(kind)
}

/// `[0-9a-zA-Z-_.]{1,64}` is what Scheduler takes: an id has 36 characters, a revision ten at most.
fn name(subject: &Subject) -> String {
    format!("{subject}-{}", subject.revision())
}

/// The same for the same order, so that one sent twice is one order. `[a-zA-Z0-9-_]{1,64}`.
fn token(subject: &Subject, at: OffsetDateTime) -> String {
    format!("{}-{}", name(subject), at.unix_timestamp())
}

/// A fraction of a second or a zone in it would be refused.
fn expression(at: OffsetDateTime) -> String {
    const FORMAT: StaticFormatDescription =
        time::macros::format_description!("at([year]-[month]-[day]T[hour]:[minute]:[second])");
    at.to_offset(UtcOffset::UTC)
        .format(FORMAT)
        .expect("every part of the format is one that a time has")
}

#[cfg(test)]
mod tests {
    use domain::PostId;
    use time::macros::datetime;

    use super::*;

    fn allowed(text: &str) -> bool {
        (1..=64).contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    }

    #[test]
    fn the_expression_is_utc_to_the_second_without_a_zone() {
        let at = datetime!(2026-11-23 15:05:00.987654 +1);
        assert_eq!(expression(at), "at(2026-11-23T14:05:00)");
    }

    #[test]
    fn names_and_tokens_are_what_scheduler_takes_at_every_revision() {
        let late = datetime!(9999-12-31 23:59:59 UTC);
        for revision in [0, 1, i32::MAX] {
            let subject = Subject::from((PostId::mint(), revision));
            assert!(allowed(&name(&subject)), "{}", name(&subject));
            assert!(allowed(&token(&subject, late)), "{}", token(&subject, late));
        }
    }

    #[test]
    fn an_order_sent_twice_has_one_token_and_another_order_another() {
        let subject = Subject::from((PostId::mint(), 3));
        let at = datetime!(2026-11-23 14:05:00 UTC);
        assert_eq!(token(&subject, at), token(&subject.clone(), at));
        let later = at + time::Duration::SECOND;
        assert_ne!(token(&subject, at), token(&subject, later));
        assert_ne!(name(&subject), name(&subject.before_the_edit()));
    }
}
