//! Somebody who polls queues where Lambda would.

use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message},
};
use futures_util::{StreamExt as _, future::join_all, stream};
use tokio_util::sync::CancellationToken;

use crate::Reply;

/// How many messages Lambda gives to a function at once.
const BATCH: i32 = 10;

/// Queues, and whoever takes messages from them.
#[derive(Debug, Clone)]
pub struct Queues {
    /// How they are reached.
    pub client: Client,
    /// Their addresses.
    pub urls: Vec<String>,
    address: String,
}

impl Queues {
    /// Those at these addresses, of the stand-in that listens at `address`.
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

    /// What another process is told, so that it finds them.
    pub fn directions(&self) -> String {
        let mut words = vec![self.address.clone()];
        words.extend(self.urls.iter().cloned());
        words.join(" ")
    }

    /// Calls `handle` for every message until `stop`, as Lambda does with `at_once` copies of a function for each
    /// queue: it gives them batches, and what failed of a batch comes again; the rest is deleted.
    pub async fn poll<F, H>(&self, at_once: usize, stop: CancellationToken, handle: H)
    where
        H: Fn(String) -> F + Send + Sync,
        F: Future<Output = Reply> + Send,
    {
        let copies = self
            .urls
            .iter()
            .flat_map(|url| std::iter::repeat_n(url, at_once));
        join_all(copies.map(|url| self.work(url, &stop, &handle))).await;
    }

    /// What one copy of the function does.
    async fn work<F, H>(&self, url: &str, stop: &CancellationToken, handle: &H)
    where
        H: Fn(String) -> F + Send + Sync,
        F: Future<Output = Reply> + Send,
    {
        while !stop.is_cancelled() {
            let batch = tokio::select! {
                () = stop.cancelled() => return,
                batch = self.receive(url) => batch,
            };
            let at_once = batch.len().max(1);
            let done = stream::iter(batch)
                .map(|message| async move {
                    let reply = handle(message.body.unwrap_or_default()).await;
                    (reply == Reply::Done).then_some(message.receipt_handle?)
                })
                .buffer_unordered(at_once)
                .filter_map(std::future::ready)
                .collect()
                .await;
            self.delete(url, done).await;
        }
    }

    async fn receive(&self, url: &str) -> Vec<Message> {
        let received = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(BATCH)
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
