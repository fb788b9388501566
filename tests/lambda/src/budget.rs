//! How large and how slow a function may be.

use std::time::Duration;

const MEGABYTE: u64 = 1_000_000;

/// The newest C library that the runtime `provided.al2023` has.
pub const GLIBC: (u32, u32) = (2, 34);

/// How large and how slow a function may be.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Of the stripped file, in bytes.
    pub size: u64,
    /// From the start to the first request for an event, in the median.
    pub start: Duration,
    /// What it holds of the machine's memory after its first answer, in bytes.
    pub resident: u64,
}

impl Budget {
    /// That of a function: what publishes carries every client, and what answers the app is waited for.
    pub fn of(function: &str) -> Self {
        let (megabytes, milliseconds) = match function {
            // The dictionaries that passwords are held against, and the expressions that read them; the clients of
            // keys, queues, timers and networks.
            "auth" | "connections" | "webhooks" => (10, 10),
            // The client of S3, and the decoders of pictures.
            "posts" => (12, 10),
            "publisher" | "sweeper" => (14, 15),
            _ => (8, 10),
        };
        Self {
            size: megabytes * MEGABYTE,
            start: Duration::from_millis(milliseconds),
            resident: 25 * MEGABYTE,
        }
    }
}
