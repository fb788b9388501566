//! What Google lets our project do in a day, which all accounts share.
//!
//! Since 2026-06-01 uploads have a bucket of their own (100 of them a day), and everything else shares
//! another (10,000 units). Both begin anew at midnight in California. A full bucket of uploads says
//! nothing about the other: what became of videos that are up can still be asked.

use std::ops::Range;

use time::OffsetDateTime;

use super::{fault, pacific::day_of};
use crate::{Answer, App, Fault, FaultKind, Usage, UsageOf};

/// How many uploads a day a project has that asked for no more.
const UPLOADS_PER_DAY: usize = 100;

/// What Google counts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Units, of which every call but the start of an upload costs some.
    Units,
    /// Starts of uploads: the call `start_session`.
    Uploads,
}

/// How many uploads our project may start in a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploads {
    /// How many, over all accounts.
    pub count: usize,
    /// From when until when; the end is not included.
    pub day: Range<OffsetDateTime>,
}

/// How many uploads our project may start in the day that `at` falls into.
pub fn allowance(app: &App, at: OffsetDateTime) -> Uploads {
    let granted = app.settings.get("uploads_per_day");
    Uploads {
        count: granted
            .and_then(|count| count.trim().parse().ok())
            .unwrap_or(UPLOADS_PER_DAY),
        day: day_of(at),
    }
}

/// Which bucket a refusal says to be empty, and until when; `None` for all other answers.
pub fn usage(answer: &Answer, now: OffsetDateTime) -> Option<(Bucket, Usage)> {
    let Fault { kind, code, .. } = fault::refused(answer, now)?;
    let FaultKind::Quota { until } = kind else {
        return None;
    };
    let bucket = match code.as_str() {
        "daily_quota" => Bucket::Units,
        "daily_uploads" => Bucket::Uploads,
        _ => return None,
    };
    let usage = Usage {
        of: UsageOf::App,
        percent: 100,
        free_in: until.map(|until| until - now),
    };
    Some((bucket, usage))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::{Duration, macros::datetime};

    use super::*;

    fn app(uploads: Option<&str>) -> App {
        let setting = |count: &str| ("uploads_per_day".to_owned(), count.to_owned());
        App {
            client_id: String::new(),
            client_secret: "secret".into(),
            redirect_uri: "https://app.example/".parse().unwrap(),
            version: String::new(),
            webhook_secret: None,
            webhook_verify_token: None,
            settings: uploads.map(setting).into_iter().collect(),
        }
    }

    #[test]
    fn a_hundred_uploads_a_day_unless_google_granted_more() {
        let at = datetime!(2026-07-01 12:00 UTC);
        let day = datetime!(2026-07-01 07:00 UTC)..datetime!(2026-07-02 07:00 UTC);
        for (setting, count) in [(None, 100), (Some("2500"), 2_500), (Some("many"), 100)] {
            let granted = allowance(&app(setting), at);
            assert_eq!((granted.count, granted.day), (count, day.clone()));
        }
    }

    fn told(status: u16, reason: &str, message: &str) -> Option<(Bucket, Usage)> {
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
    fn each_bucket_is_told_empty_until_midnight_in_california() {
        let uploads = "limit 'Video Uploads per day' of service";
        for (status, reason, message, bucket) in [
            (429, "rateLimitExceeded", uploads, Bucket::Uploads),
            (403, "quotaExceeded", "No", Bucket::Units),
            (403, "dailyLimitExceeded", "No", Bucket::Units),
        ] {
            let usage = Usage {
                of: UsageOf::App,
                percent: 100,
                free_in: Some(Duration::hours(1)),
            };
            assert_eq!(told(status, reason, message), Some((bucket, usage)));
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
