//! The publisher on Lambda: a batch of SQS messages, each the id of a row to look at.
//!
//! A message that fails is returned by itself, so that it never blocks its neighbours; one that
//! can never be understood is logged and dropped. Whatever lasts too long ends before the function is killed,
//! which would take the neighbours along.

use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use doorbell::Reply;
use futures_util::{StreamExt as _, stream};
use publishing::Publisher;
use tokio::time::{Instant, timeout_at};

/// How many messages of a batch are worked on at once.
const AT_ONCE: usize = 10;
/// How long before the function is killed looks have to be over.
const LAST_LOOK: Duration = Duration::from_secs(20);
/// How long before that a look is dropped which could not even be put down.
const LAST_WORD: Duration = Duration::from_secs(10);
/// How long the function may run, should the clock be so wrong that its end has passed already.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Answers every message of a batch before `deadline`; gives those that are to come again.
pub async fn handle(publisher: &Publisher, event: SqsEvent, deadline: Instant) -> SqsBatchResponse {
    let before = |time| deadline.checked_sub(time).unwrap_or(deadline);
    let (until, last) = (before(LAST_LOOK), before(LAST_WORD));
    let failures = stream::iter(event.records)
        .map(|message| async move {
            let id = message.message_id.unwrap_or_default();
            let Some(subject) = message.body.filter(|body| !body.trim().is_empty()) else {
                tracing::error!(message.id = id, "a message without a body was dropped");
                return None;
            };
            match timeout_at(last, publisher.answer_by(subject.trim(), until)).await {
                Ok(Reply::Done) => None,
                Ok(Reply::Again) => Some(id),
                Err(_) => {
                    tracing::error!(message.id = id, "a look was dropped where it stood");
                    Some(id)
                }
            }
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|failed| async move { failed })
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    response
}

/// A time of day that Lambda told, on the clock that never jumps.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda tells the end of a run by the time of day"
)]
pub fn on_our_watch(deadline: SystemTime) -> Instant {
    let left = deadline.duration_since(SystemTime::now());
    Instant::now() + left.unwrap_or(TIMEOUT)
}
