//! The publisher and the sweeper, rung by a doorbell that needs no Lambda.

use std::time::Duration;

use doorbell::Receiver;
use publishing::Publisher;
use tokio_util::sync::CancellationToken;

const MINUTE: Duration = Duration::from_mins(1);

/// Works until `stop`: answers rings and sweeps each minute. What is under way is finished.
pub async fn work(publisher: Publisher, receiver: Receiver, stop: CancellationToken) {
    let sweeping = tokio::spawn(sweep(publisher.clone(), stop.clone()));
    let answer = move |subject: String| {
        let publisher = publisher.clone();
        async move { publisher.answer(&subject).await }
    };
    receiver.run(stop, answer).await;
    if let Err(error) = sweeping.await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the sweeper broke down"
        );
    }
}

async fn sweep(publisher: Publisher, stop: CancellationToken) {
    let mut minutes = tokio::time::interval(MINUTE);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = minutes.tick() => {}
        }
        if let Err(error) = sweeper::sweep(&publisher).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a sweep failed");
        }
    }
}
