//! What Google lets our project do in a day, which all accounts share.
//!
//! Since 2026-06-01 uploads have a bucket of their own (100 of them a day), and everything else shares
//! another (10,000 units). Both begin anew at midnight in California. A full bucket of uploads says
//! nothing about the other: what became of videos that are up can still be asked.

use time::OffsetDateTime;

use super::fault;
use crate::{Answer, Fault, FaultKind, Usage, UsageOf};

/// What a refusal tells of the quota that is used up, and until when; nothing of all other answers.
pub fn usage(answer: &Answer, now: OffsetDateTime) -> Option<Usage> {
    let Fault { kind, code, .. } = fault::refused(answer, now)?;
    let FaultKind::Quota { until } = kind else {
        return None;
    };
    let of = match code.as_str() {
        "daily_quota" => UsageOf::App,
        "daily_uploads" => UsageOf::Uploads,
        _ => return None,
    };
    Some(Usage {
        of,
        percent: 100,
        free_in: until.map(|until| until - now),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::{Duration, macros::datetime};

    use super::*;

    fn told(status: u16, reason: &str, message: &str) -> Option<Usage> {
        let error = json!({"reason": reason});
        let body = json!({"error": {"message": message, "errors": [error]}});
        let answer = |body: &Value| Answer {
            status,
            headers: http::HeaderMap::new(),
            body: body.to_string().into_bytes(),
        };
        usage(&answer(&body), datetime!(2026-07-01 06:00 UTC))
    }

    #[test]
    fn each_quota_is_told_used_up_until_midnight_in_california() {
        let uploads = "limit 'Video Uploads per day' of service";
        for (status, reason, message, of) in [
            (429, "rateLimitExceeded", uploads, UsageOf::Uploads),
            (403, "quotaExceeded", "No", UsageOf::App),
            (403, "dailyLimitExceeded", "No", UsageOf::App),
        ] {
            let usage = Usage {
                of,
                percent: 100,
                free_in: Some(Duration::hours(1)),
            };
            assert_eq!(told(status, reason, message), Some(usage));
        }
        for (status, reason) in [
            (429, "rateLimitExceeded"),
            (400, "uploadLimitExceeded"),
            (429, "uploadRateLimitExceeded"),
            (503, "quotaExceeded"),
            (200, "quotaExceeded"),
        ] {
            assert_eq!(told(status, reason, "No"), None, "{status} {reason}");
        }
    }
}
