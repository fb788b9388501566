//! How often an account may call what.

use http::HeaderValue;
use time::{Duration, OffsetDateTime};

use super::State;

/// How long a window lasts.
const WINDOW: Duration = Duration::minutes(15);

/// A limit per account and window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) name: &'static str,
    pub(super) calls: u32,
}

/// What an account did since a window began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    ends_at: OffsetDateTime,
    calls: u32,
}

/// What an account may still do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    limit: u32,
    remaining: u32,
    reset: i64,
    /// Whether this very call is one too many.
    pub(super) is_over: bool,
}

impl Window {
    pub(super) fn used_up(now: OffsetDateTime) -> Self {
        Self {
            ends_at: now + WINDOW,
            calls: u32::MAX,
        }
    }
}

impl State {
    /// Counts a call.
    pub(super) fn count(&mut self, account: &str, limit: Limit, now: OffsetDateTime) -> Left {
        let window = self
            .rates
            .entry((account.to_owned(), limit.name))
            .or_insert(Window {
                ends_at: now + WINDOW,
                calls: 0,
            });
        if window.ends_at <= now {
            *window = Window {
                ends_at: now + WINDOW,
                calls: 0,
            };
        }
        let is_over = window.calls >= limit.calls;
        window.calls = window.calls.saturating_add(1);
        Left {
            limit: limit.calls,
            remaining: limit.calls.saturating_sub(window.calls),
            reset: window.ends_at.unix_timestamp() + 1,
            is_over,
        }
    }
}

impl Left {
    /// The headers that tell it.
    pub(super) fn headers(self) -> [(&'static str, HeaderValue); 3] {
        [
            ("x-rate-limit-limit", HeaderValue::from(self.limit)),
            ("x-rate-limit-remaining", HeaderValue::from(self.remaining)),
            ("x-rate-limit-reset", HeaderValue::from(self.reset)),
        ]
    }
}
