//! What Meta's headers tell of the calls that are left (Graph API, rate limits, read 2026-11). They appear only after
//! enough calls.

use std::collections::BTreeMap;

use serde::Deserialize;
use time::Duration;

use crate::{Answer, Usage, UsageOf};

/// Shares of an hour's allowance, in percent; each of them can be the one that runs out.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Shares {
    call_count: f64,
    total_time: f64,
    total_cputime: f64,
    /// In minutes; absent for the app.
    estimated_time_to_regain_access: f64,
}

impl Shares {
    fn usage(self, of: UsageOf) -> Usage {
        let shares = [self.call_count, self.total_time, self.total_cputime];
        let percent = shares.into_iter().fold(0.0, f64::max).clamp(0.0, 100.0);
        Usage {
            of,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it lies between 0 and 100"
            )]
            percent: percent as u8,
            free_in: regained(self.estimated_time_to_regain_access),
        }
    }
}

/// What an answer tells: of the app as a whole, and of the account that was called for.
pub(crate) fn usage(answer: &Answer) -> Vec<Usage> {
    let app = read::<Shares>(answer, "x-app-usage").map(|shares| shares.usage(UsageOf::App));
    app.into_iter().chain(account(answer)).collect()
}

/// When the account's calls are taken again, where the answer says so.
pub(super) fn free_in(answer: &Answer) -> Option<Duration> {
    account(answer)?.free_in
}

/// The worst of what is told of the account: some of its calls can be used up while others are left.
fn account(answer: &Answer) -> Option<Usage> {
    let told: BTreeMap<String, Vec<Shares>> = read(answer, "x-business-use-case-usage")?;
    told.into_values()
        .flatten()
        .map(|shares| shares.usage(UsageOf::Account))
        .max_by_key(|usage| (usage.free_in, usage.percent))
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer, header: &str) -> Option<T> {
    serde_json::from_str(answer.header(header)?).ok()
}

/// More than a day is not believed.
fn regained(minutes: f64) -> Option<Duration> {
    (1.0..=24.0 * 60.0)
        .contains(&minutes)
        .then(|| Duration::seconds_f64(minutes * 60.0))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn told(headers: &[(&'static str, &str)]) -> Vec<Usage> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        usage(&Answer {
            status: 200,
            headers: map,
            body: Vec::new(),
        })
    }

    #[test]
    fn the_highest_share_counts_and_the_account_that_is_shut_out() {
        let app = r#"{"call_count":28,"total_time":81.4,"total_cputime":25}"#;
        let account = r#"{"17841":[{"type":"instagram","call_count":97,"total_cputime":23,"total_time":23,"estimated_time_to_regain_access":0},
            {"type":"pages","call_count":12,"estimated_time_to_regain_access":19}]}"#
            .replace('\n', "");
        assert_eq!(
            told(&[
                ("x-app-usage", app),
                ("x-business-use-case-usage", &account)
            ]),
            [
                Usage {
                    of: UsageOf::App,
                    percent: 81,
                    free_in: None
                },
                Usage {
                    of: UsageOf::Account,
                    percent: 12,
                    free_in: Some(Duration::minutes(19))
                }
            ]
        );
    }

    #[test]
    fn what_is_not_told_or_makes_no_sense_is_nothing() {
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[("x-app-usage", "soon")]), []);
        let absurd = told(&[(
            "x-business-use-case-usage",
            r#"{"1":[{"call_count":-4,"estimated_time_to_regain_access":100000}]}"#,
        )]);
        assert_eq!(
            absurd,
            [Usage {
                of: UsageOf::Account,
                percent: 0,
                free_in: None
            }]
        );
    }
}
