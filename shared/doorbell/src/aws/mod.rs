//! The engine of the cloud.
//!
//! SQS holds a message back for up to fifteen minutes, to the second. What is further ahead gets a
//! one-shot schedule in EventBridge Scheduler, which is exact to the minute only: it is aimed early,
//! and whoever hears the early message rings again, now within the reach of SQS.

mod queues;
mod timers;

use aws_types::SdkConfig;
use queues::Queues;
use store::Pool;
use time::{Duration, OffsetDateTime};
use timers::Standing;

use crate::{RingError, Subject};

/// Where to ring in the cloud.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// The address of the queue of rings that are due later.
    pub queue_url: String,
    /// The address of the queue of rings that are due at once; a crowd of scheduled posts never holds
    /// them up.
    pub immediate_queue_url: String,
    /// The address of the queue of rings for deliveries to users' own servers; slow ones hold nothing else up.
    pub delivery_queue_url: String,
    /// Who rings far ahead has them; without, a message walks: it comes early and is rung again.
    pub timers: Option<Timers>,
    /// How far ahead a message can wait.
    pub reach: Reach,
}

/// What one-shot schedules are made of.
#[derive(Debug, Clone)]
pub struct Timers {
    /// The group they are in.
    pub group: String,
    /// The queue that they send to.
    pub queue_arn: String,
    /// The role that may send to it.
    pub role_arn: String,
    /// Where a message goes that could not be sent to the queue.
    pub dead_letter_arn: String,
}

/// How far ahead a message can wait.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// The longest time for which the queue holds a message back; 900 s at most.
    pub delay: Duration,
    /// How long before its time a schedule fires: longer than the minute by which it may be late.
    pub lead: Duration,
}

impl Default for Reach {
    /// Fifteen minutes, which SQS allows; two minutes.
    fn default() -> Self {
        Self {
            delay: Duration::minutes(15),
            lead: Duration::minutes(2),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Aws {
    queues: Queues,
    standing: Option<Standing>,
    reach: Reach,
    pool: Pool,
}

impl Aws {
    pub(crate) fn new(settings: AwsSettings, config: &SdkConfig, pool: Pool) -> Self {
        Self {
            queues: Queues::new(
                config,
                settings.queue_url,
                settings.immediate_queue_url,
                settings.delivery_queue_url,
            ),
            standing: settings.timers.map(|timers| Standing::new(config, timers)),
            reach: settings.reach,
            pool,
        }
    }

    pub(crate) const fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) async fn ring(
        &self,
        subject: &Subject,
        at: OffsetDateTime,
    ) -> Result<(), RingError> {
        let now = store::now(&self.pool).await.map_err(RingError::new)?;
        let ahead = at - now;
        match &self.standing {
            // Of deliveries that are further ahead the sweeper knows: minutes do not matter there.
            Some(standing) if ahead > self.reach.delay && !subject.is_delivery() => {
                standing.set(subject, at - self.reach.lead).await
            }
            Some(_) | None => self.queues.send(subject, ahead.min(self.reach.delay)).await,
        }
    }

    /// Removes the schedule; a message that SQS holds back stays and finds nothing to do.
    pub(crate) async fn silence(&self, subject: &Subject) -> Result<(), RingError> {
        match &self.standing {
            Some(standing) => standing.remove(subject).await,
            None => Ok(()),
        }
    }
}
