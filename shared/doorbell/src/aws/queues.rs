//! Messages on SQS.

use aws_sdk_sqs::Client;
use aws_types::SdkConfig;
use time::Duration;

use crate::{RingError, Subject};

#[derive(Debug)]
pub(crate) struct Queues {
    client: Client,
    later: String,
    at_once: String,
    deliveries: String,
}

impl Queues {
    pub(crate) fn new(
        config: &SdkConfig,
        later: String,
        at_once: String,
        deliveries: String,
    ) -> Self {
        Self {
            client: Client::new(config),
            later,
            at_once,
            deliveries,
        }
    }

    /// Sends a message that comes `ahead` from now, to the second and not before.
    pub(crate) async fn send(&self, subject: &Subject, ahead: Duration) -> Result<(), RingError> {
        let seconds = whole_seconds(ahead);
        let queue = if subject.is_delivery() {
            &self.deliveries
        } else if seconds > 0 {
            &self.later
        } else {
            &self.at_once
        };
        self.client
            .send_message()
            .queue_url(queue)
            .message_body(subject.to_string())
            // What makes a standard queue a fair one: a user's crowd does not hold up others' messages.
            .set_message_group_id(subject.owner().map(|owner| owner.to_string()))
            .delay_seconds(seconds)
            .send()
            .await
            .map(drop)
            .map_err(RingError::new)
    }
}

/// Up to a second late rather than early: an early message would only be sent again.
fn whole_seconds(ahead: Duration) -> i32 {
    let started = i64::from(ahead.subsec_nanoseconds() > 0);
    let seconds = ahead.whole_seconds() + started;
    i32::try_from(seconds.max(0)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_never_held_back_too_shortly() {
        for (milliseconds, seconds) in [
            (-5_000, 0),
            (-1, 0),
            (0, 0),
            (1, 1),
            (1_000, 1),
            (1_001, 2),
            (899_999, 900),
            (900_000, 900),
        ] {
            let ahead = Duration::milliseconds(milliseconds);
            assert_eq!(whole_seconds(ahead), seconds, "{milliseconds} ms");
        }
    }
}
