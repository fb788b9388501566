//! Polls queues and calls a handler, as Lambda does with a function that answers with the messages
//! that failed: those come again, the others are deleted.

use std::future::Future;

use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message},
};
use doorbell::Reply;
use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Clone)]
pub struct Queues {
    pub client: Client,
    pub urls: Vec<String>,
    address: String,
}

impl Queues {
    pub async fn new(address: &str, urls: Vec<String>) -> Self {
        Self {
            client: Client::new(&cloud::testing::config(address).await),
            urls,
            address: address.to_owned(),
        }
    }

    /// As [`directions`](Self::directions) tell.
    pub async fn at(directions: &str) -> Self {
        let mut words = directions.split(' ').map(str::to_owned);
        let address = words.next().expect("an address");
        Self::new(&address, words.collect()).await
    }

    pub fn directions(&self) -> String {
        let mut words = vec![self.address.clone()];
        words.extend(self.urls.iter().cloned());
        words.join(" ")
    }

    pub async fn poll<F, H>(&self, stop: CancellationToken, handle: H)
    where
        H: Fn(String) -> F + Send + Sync,
        F: Future<Output = Reply> + Send,
    {
        let handle = &handle;
        let polls = self.urls.iter().map(|url| {
            let stop = &stop;
            async move {
                while !stop.is_cancelled() {
                    let batch = tokio::select! {
                        () = stop.cancelled() => return,
                        batch = self.receive(url) => batch,
                    };
                    let done = stream::iter(batch)
                        .map(|message| async move {
                            let reply = handle(message.body.unwrap_or_default()).await;
                            (reply == Reply::Done).then_some(message.receipt_handle?)
                        })
                        .buffer_unordered(10)
                        .filter_map(std::future::ready)
                        .collect()
                        .await;
                    self.delete(url, done).await;
                }
            }
        });
        futures_util::future::join_all(polls).await;
    }

    async fn receive(&self, url: &str) -> Vec<Message> {
        let received = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .send()
            .await;
        received.expect("a queue").messages.unwrap_or_default()
    }

    /// What took longer than it was hidden for comes again, as on AWS.
    async fn delete(&self, url: &str, done: Vec<String>) {
        if done.is_empty() {
            return;
        }
        let entries = done.iter().enumerate().map(|(number, handle)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(handle)
                .build()
                .expect("both fields")
        });
        self.client
            .delete_message_batch()
            .queue_url(url)
            .set_entries(Some(entries.collect()))
            .send()
            .await
            .expect("a queue");
    }
}
