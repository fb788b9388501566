//! Processes that die, as far as futures can.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

/// Lets a future run for so many polls and then drops it where it stands; tells whether it came to
/// its end before.
pub async fn survives(future: impl Future, polls: usize) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
