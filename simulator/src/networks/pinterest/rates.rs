//! How often a person, or our app on trial, may call.

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use time::{Duration, OffsetDateTime};

use super::State;

/// What the calls of our app on trial are counted under.
const APP: &str = "app";

/// What a call counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Read,
    Write,
}

/// What may still be called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    limit: usize,
    remaining: usize,
    reset: i64,
    lasts: i64,
    /// Whether this very call is one too many.
    pub(super) is_over: bool,
    is_told: bool,
}

impl State {
    /// Counts a call: with standard access by person and minute, on trial by day over all of them.
    pub(super) fn count(&mut self, account: &str, category: Category, now: OffsetDateTime) -> Left {
        let (whose, lasts, limits) = if self.is_on_trial {
            (APP, Duration::DAY, self.calls_a_day)
        } else {
            (account, Duration::MINUTE, self.calls_a_minute)
        };
        let (limit, name) = match category {
            Category::Read => (limits.0, "org_read"),
            Category::Write => (limits.1, "org_write"),
        };
        let calls = self.calls.entry((whose.to_owned(), name)).or_default();
        while calls.front().is_some_and(|first| now - *first >= lasts) {
            calls.pop_front();
        }
        let is_over = calls.len() >= limit;
        if !is_over {
            calls.push_back(now);
        }
        let reset = calls.front().map_or(lasts, |first| *first + lasts - now);
        Left {
            limit,
            remaining: limit - calls.len().min(limit),
            reset: reset.whole_seconds().max(1),
            lasts: lasts.whole_seconds(),
            is_over,
            is_told: !self.hides_rates,
        }
    }
}

impl Left {
    /// The answer, with the headers that tell it.
    pub(super) fn on(self, answer: Result<Response, Response>) -> Response {
        let mut response = answer.unwrap_or_else(|refusal| refusal);
        if !self.is_told {
            return response;
        }
        let Self {
            limit,
            remaining,
            reset,
            lasts,
            ..
        } = self;
        for (name, value) in [
            ("x-ratelimit-limit", format!("{limit}, {limit};w={lasts}")),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset", reset.to_string()),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                let headers = response.headers_mut();
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
