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
        match function {
            "publisher" | "sweeper" => Self {
                size: 14 * MEGABYTE,
                start: Duration::from_millis(15),
                resident: 25 * MEGABYTE,
            },
            _ => Self {
                size: 8 * MEGABYTE,
                start: Duration::from_millis(10),
                resident: 25 * MEGABYTE,
            },
        }
    }
}
