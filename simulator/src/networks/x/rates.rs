//! How often an account, and our app as a whole, may call what.

use http::{HeaderName, HeaderValue};
use time::{Duration, OffsetDateTime};

use super::State;

/// How long a window of an account's calls lasts.
const WINDOW: Duration = Duration::minutes(15);
/// What the windows of our app are kept under.
const APP: &str = "app";
/// What the windows of an account's posts of a day are kept under.
const DAY: &str = "posts of a day";

/// A limit of one kind of call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) name: &'static str,
    /// Per account and window.
    pub(super) calls: u32,
    /// Of our app, over all accounts, in 24 hours.
    pub(super) a_day: Option<u32>,
}

/// What was done since a window began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    ends_at: OffsetDateTime,
    calls: u32,
}

/// What may still be done.
#[derive(Debug)]
pub(super) struct Left {
    counts: Vec<Count>,
    /// Whether this very call is one too many.
    pub(super) is_over: bool,
}

#[derive(Debug)]
struct Count {
    name: &'static str,
    limit: u32,
    remaining: u32,
    reset: i64,
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
        let mut left = Left {
            counts: Vec::new(),
            is_over: false,
        };
        if self.counts_nothing {
            return left;
        }
        let own = (account, limit.name, WINDOW, "x-rate-limit");
        self.count_one(own, limit.calls, now, &mut left);
        if let Some(a_day) = self.app_day.or(limit.a_day) {
            let ours = (APP, limit.name, Duration::DAY, "x-app-limit-24hour");
            self.count_one(ours, a_day, now, &mut left);
        }
        if let Some(a_day) = self.account_day.filter(|_| limit.name == "create_post") {
            let own = (account, DAY, Duration::DAY, "x-user-limit-24hour");
            self.count_one(own, a_day, now, &mut left);
        }
        left
    }

    fn count_one(
        &mut self,
        (whose, what, lasts, header): (&str, &'static str, Duration, &'static str),
        limit: u32,
        now: OffsetDateTime,
        left: &mut Left,
    ) {
        let fresh = Window {
            ends_at: now + lasts,
            calls: 0,
        };
        let window = self.rates.entry((whose.to_owned(), what)).or_insert(fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        left.is_over |= window.calls >= limit;
        window.calls = window.calls.saturating_add(1);
        left.counts.push(Count {
            name: header,
            limit,
            remaining: limit.saturating_sub(window.calls),
            reset: window.ends_at.unix_timestamp() + 1,
        });
    }
}

impl Left {
    /// The headers that tell it.
    pub(super) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.counts.iter().flat_map(|count| {
            [
                ("limit", HeaderValue::from(count.limit)),
                ("remaining", HeaderValue::from(count.remaining)),
                ("reset", HeaderValue::from(count.reset)),
            ]
            .into_iter()
            .filter_map(|(what, value)| {
                let name = format!("{}-{what}", count.name);
                Some((HeaderName::try_from(name).ok()?, value))
            })
        })
    }
}
