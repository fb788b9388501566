//! The publisher on Lambda: a batch of SQS messages, each the id of a row to look at.
//!
//! A message that fails is returned by itself, so that it never blocks its neighbours; one that
//! can never be understood is logged and dropped.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use doorbell::Reply;
use futures_util::{StreamExt as _, stream};
use publishing::Publisher;

/// How many messages of a batch are worked on at once.
const AT_ONCE: usize = 10;

/// Answers every message of a batch; gives those that are to come again.
pub async fn handle(publisher: &Publisher, event: SqsEvent) -> SqsBatchResponse {
    let failures = stream::iter(event.records)
        .map(|message| async move {
            let id = message.message_id.unwrap_or_default();
            let Some(subject) = message.body.filter(|body| !body.trim().is_empty()) else {
                tracing::error!(message.id = id, "a message without a body was dropped");
                return None;
            };
            match publisher.answer(subject.trim()).await {
                Reply::Done => None,
                Reply::Again => Some(id),
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
