//! What goes wrong at the networks: drawn before, so that the same seed orders the same.

use fastrand::Rng;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, Simulator};
use time::Duration;

/// How many calls a post takes at most, about.
const CALLS: usize = 12;
/// How many of all calls go wrong.
const OF_ALL: f64 = 0.03;
/// How many of the calls that make a post visible go wrong beside that.
const OF_COMMITS: f64 = 0.06;
/// The longest that an answer is held back, in milliseconds: far less than a publisher waits for one.
const SLOWEST: u64 = 1_500;
/// Where too many calls without a word on when to come again mean that the day is over, which ends a run.
const OF_A_DAY: [&str; 2] = ["api.linkedin.com", "www.googleapis.com"];

/// The calls that make posts visible.
const COMMITS: [(&str, &str); 10] = [
    ("graph.facebook.com", "POST /{version}/{id}/feed"),
    ("graph.facebook.com", "POST /{version}/{id}/photos"),
    ("graph-video.facebook.com", "POST /{version}/{id}/videos"),
    ("graph.facebook.com", "POST /{version}/{id}/media_publish"),
    ("api.linkedin.com", "POST /rest/posts"),
    ("api.pinterest.com", "POST /v5/pins"),
    ("open.tiktokapis.com", "POST /v2/post/publish/content/init/"),
    ("open-upload.tiktokapis.com", "PUT /video/"),
    ("api.x.com", "POST /2/tweets"),
    ("www.googleapis.com", "PUT /upload/youtube/v3/videos"),
];

/// Orders what goes wrong while so many posts go out; gives how many calls will.
pub(crate) fn order(networks: &Simulator, chance: &mut Rng, posts: usize) -> usize {
    let mut orders = Vec::new();
    for nth in draws(chance, posts * CALLS, OF_ALL) {
        orders.push(FaultScript::any(fault(chance, OF_A_DAY[0])).nth(nth));
    }
    for (host, route) in COMMITS {
        for nth in draws(chance, posts / 2, OF_COMMITS) {
            orders.push(FaultScript::first(host, route, fault(chance, host)).nth(nth));
        }
    }
    let count = orders.len();
    for order in orders {
        networks.script(order);
    }
    for network in simulator::networks::NAMES {
        let lag = Duration::seconds(chance.i64(0..40));
        networks.world().set_listing_lag(network, lag);
    }
    count
}

/// Which of so many calls, from 1, each of them as likely.
fn draws(chance: &mut Rng, calls: usize, odds: f64) -> Vec<u32> {
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    (1..=calls).filter(|_| chance.f64() < odds).collect()
}

/// What goes wrong with a call to a host.
fn fault(chance: &mut Rng, host: &str) -> Fault {
    let answer = |status, headers: &[(&str, &str)]| Fault::Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: Value::Null,
    };
    match chance.u8(..20) {
        0..5 => Fault::LoseAnswer,
        5..8 => Fault::LoseRequest,
        8..11 => Fault::Delay {
            milliseconds: chance.u64(50..SLOWEST),
        },
        11..13 => Fault::Truncate,
        13 | 14 => answer(500, &[]),
        15 | 16 => Fault::AnswerAfterEffect {
            status: 500,
            body: json!({"message": "try again later"}),
        },
        17 => answer(503, &[("retry-after", "5")]),
        18 if !OF_A_DAY.contains(&host) => answer(429, &[]),
        _ => answer(429, &[("retry-after", "10")]),
    }
}
