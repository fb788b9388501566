//! What Instagram's refusals mean (table of error codes, read 2026-11, and what was observed).

use crate::{
    Answer, Fault,
    meta::{PERMISSION_MISSING, Problem, Row, access_row},
};

/// The row of a refusal.
pub(super) fn row(problem: &Problem) -> Option<Row> {
    if problem.message.contains("not an Instagram Business") {
        return Some(Row::Content(
            "account_not_professional",
            "The Instagram account is not a professional one; change its type on Instagram, then connect it again.",
        ));
    }
    detail(problem.error_subcode)
        .or_else(|| general(problem.code))
        .or_else(|| access_row(problem.code, problem.error_subcode))
}

/// The number of a container that expired.
pub(super) const EXPIRED: i64 = 2_207_020;

/// How often a new container may mend a refusal; `None` where none can.
pub(super) fn renewals(problem: &Problem) -> Option<u8> {
    renewals_by_number(problem.error_subcode).or(match problem.code {
        -2 | 24 | 9_004 => Some(3),
        _ => None,
    })
}

/// The same for a carousel, whose children may be gone.
pub(super) fn renewals_of_carousel(problem: &Problem) -> Option<u8> {
    renewals(problem).or((problem.error_subcode == 2_207_028).then_some(1))
}

/// The same for the number in a container's status; what is not known is tried once more.
pub(super) fn renewals_of(number: Option<i64>) -> u8 {
    let Some(number) = number else { return 1 };
    match renewals_by_number(number) {
        Some(most) => most,
        None if number == 2_207_001 => 3,
        None if detail(number).is_some() => 0,
        None => 1,
    }
}

const fn renewals_by_number(number: i64) -> Option<u8> {
    Some(match number {
        2_207_006 => 1,
        2_207_076 | 2_207_077 | 2_207_082 => 2,
        2_207_003 | 2_207_008 | EXPIRED | 2_207_032 | 2_207_052 | 2_207_053 => 3,
        _ => return None,
    })
}

/// Whether Instagram could not fetch the file.
pub(super) fn is_unfetched(problem: &Problem) -> bool {
    row(problem) == Some(UNREACHABLE) || is_number_of_unfetched(problem.error_subcode)
}

/// The same for the number in a container's status; some are of the work on the file, too.
pub(super) fn is_number_of_unfetched(number: i64) -> bool {
    matches!(number, 2_207_076 | 2_207_077 | 2_207_082) || detail(number) == Some(UNREACHABLE)
}

/// The fault when new containers have mended nothing.
pub(super) fn beyond_renewal(number: Option<i64>) -> Fault {
    match number.and_then(detail) {
        Some(Row::Content(code, sentence)) => Fault::content(code, sentence),
        Some(Row::Operator(code, sentence)) => Fault::operator(code, sentence),
        _ if number == Some(2_207_006) => Fault::reconnect(
            "upload_not_visible",
            "Instagram does not show the upload to us; connect the account again.",
        ),
        _ => Fault::content(
            "file_refused",
            "Instagram could not load or read the file; export it anew, then post again.",
        ),
    }
}

/// Whether nothing is known of a refusal, not even that it passes by itself.
pub(super) fn is_unlisted(problem: &Problem, answer: &Answer) -> bool {
    row(problem).is_none() && !problem.is_transient && !answer.is_server_error()
}

/// Whether publishing was refused for the container's sake.
pub(super) fn is_about_container(problem: &Problem) -> bool {
    is_not_ready(problem) || problem.is_invisible() || renewals(problem).is_some()
}

/// Whether a carousel was refused for the sake of its children.
pub(super) const fn is_about_children(problem: &Problem) -> bool {
    problem.code == 24 || matches!(problem.error_subcode, EXPIRED | 2_207_028)
}

/// Whether the container is not ready yet, for which it was not published.
pub(super) const fn is_not_ready(problem: &Problem) -> bool {
    problem.code == 9_007 || problem.error_subcode == 2_207_027
}

/// Whether Instagram does not know the container, or not yet.
pub(super) const fn may_appear(problem: &Problem) -> bool {
    problem.code == 24 && problem.error_subcode != 2_207_006
}

/// Whether a refusal says nothing of what the container is like.
pub(super) const fn is_passing(problem: &Problem) -> bool {
    matches!(problem.code, -2 | -1 | 9_004) && problem.error_subcode != EXPIRED
}

/// Whether Instagram does not know the container.
pub(super) const fn is_unknown_container(problem: &Problem) -> bool {
    matches!(problem.error_subcode, 2_207_006 | 2_207_008 | EXPIRED)
}

/// Whether Instagram suspects spam; it has said so of posts that went live.
pub(super) const fn is_blocked(problem: &Problem) -> bool {
    problem.error_subcode == 2_207_051
}

const ACCOUNT_LIMITED: Row = Row::Content(
    "account_limited",
    "Instagram limits the account for now; open Instagram, follow what it asks, then post again.",
);
const INTERNAL: Row = Row::Operator(
    "call_refused",
    "Instagram does not take how the post was sent; this is our fault.",
);
const UNREACHABLE: Row = Row::Retry(
    "file_unreachable",
    "Instagram could not load the file; trying again.",
);
const IMAGE_FORMAT: Row = Row::Content(
    "image_format",
    "Instagram does not take the picture's format; use JPEG.",
);
const CONTAINER_LOST: Row =
    Row::Retry("container_lost", "Instagram lost the upload; trying again.");
const VIDEO_FORMAT: Row = Row::Content(
    "video_format",
    "Instagram does not take the video's format; export it as MP4 with H.264 and AAC.",
);
const IMAGE_TOO_LARGE: Row = Row::Content(
    "image_too_large",
    "The picture is larger than Instagram takes (8 MB); use a smaller one.",
);
const ASPECT_RATIO: Row = Row::Content(
    "aspect_ratio",
    "The picture's proportions are outside 4:5 to 1.91:1; crop it.",
);
const CAPTION_TOO_LONG: Row = Row::Content(
    "caption_too_long",
    "The caption is longer than Instagram takes; shorten it.",
);

/// Rows that the subcode alone decides.
const fn detail(subcode: i64) -> Option<Row> {
    Some(match subcode {
        2_207_001 | 2_207_027 | 2_207_051 => Row::Unknown,
        2_207_003 | 2_207_052 => UNREACHABLE,
        2_207_004 => IMAGE_TOO_LARGE,
        2_207_005 | 2_207_083 => IMAGE_FORMAT,
        2_207_006 | 2_207_008 | EXPIRED | 2_207_032 | 2_207_053 => CONTAINER_LOST,
        2_207_009 => ASPECT_RATIO,
        2_207_010 => CAPTION_TOO_LONG,
        2_207_023 | 2_207_028 | 2_207_035..=2_207_037 => INTERNAL,
        2_207_026 => VIDEO_FORMAT,
        2_207_040 => Row::Content(
            "too_many_mentions",
            "The caption mentions more than 20 accounts; remove some.",
        ),
        2_207_042 => Row::Quota(
            "daily_limit",
            "The account's posts of the last 24 hours are used up; the post goes out when Instagram allows.",
        ),
        2_207_050 => Row::Content(
            "account_restricted",
            "Instagram has restricted the account; open Instagram and solve the notice there, then post again.",
        ),
        2_207_057 => Row::Content(
            "thumb_offset_outside",
            "The chosen cover frame lies outside the video; choose another.",
        ),
        2_207_076 | 2_207_077 | 2_207_082 => Row::Content(
            "video_unreadable",
            "Instagram could not process the video; export it as MP4 with H.264 and AAC.",
        ),
        2_207_081 => Row::Content(
            "trial_reels_missing",
            "The account has no trial reels; publish a usual reel.",
        ),
        _ => return None,
    })
}

/// Rows that the code decides.
const fn general(code: i64) -> Option<Row> {
    Some(match code {
        // A broken service has refused nothing.
        -1 => Row::Unknown,
        -2 | 9_004 => UNREACHABLE,
        3 => PERMISSION_MISSING,
        4 | 17 | 32 | 613 | 80_002 => Row::Quota(
            "rate_limited",
            "Instagram asks us to wait; the post goes out as soon as Instagram allows.",
        ),
        24 => CONTAINER_LOST,
        25 | 368 => ACCOUNT_LIMITED,
        352 => VIDEO_FORMAT,
        36_000 => IMAGE_TOO_LARGE,
        36_001 => IMAGE_FORMAT,
        36_003 => ASPECT_RATIO,
        36_004 => CAPTION_TOO_LONG,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;
    use time::{OffsetDateTime, macros::datetime};

    use super::*;
    use crate::{Answer, meta};

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn answer(code: i64, subcode: i64, message: &str) -> Answer {
        let body = json!({"error": {
            "message": message, "type": "OAuthException", "code": code,
            "error_subcode": subcode.to_string(), "fbtrace_id": "trace"
        }});
        Answer {
            status: 400,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
        }
    }

    #[test]
    fn every_listed_refusal_has_its_fault() {
        for (code, subcode, expected) in [
            (-2, 2_207_003, "file_unreachable"),
            (-2, 2_207_020, "container_lost"),
            (-1, 2_207_032, "container_lost"),
            (-1, 2_207_053, "container_lost"),
            (1, 2_207_057, "thumb_offset_outside"),
            (4, 0, "rate_limited"),
            (17, 0, "rate_limited"),
            (32, 0, "rate_limited"),
            (613, 0, "rate_limited"),
            (80_002, 0, "rate_limited"),
            (9, 2_207_042, "daily_limit"),
            (3, 0, "permission_missing"),
            (10, 0, "permission_missing"),
            (200, 0, "permission_missing"),
            (299, 0, "permission_missing"),
            (24, 2_207_006, "container_lost"),
            (24, 2_207_008, "container_lost"),
            (25, 2_207_050, "account_restricted"),
            (100, 2_207_023, "call_refused"),
            (100, 2_207_028, "call_refused"),
            (100, 2_207_040, "too_many_mentions"),
            (100, 2_207_035, "call_refused"),
            (100, 2_207_037, "call_refused"),
            (100, 2_207_081, "trial_reels_missing"),
            (100, 33, "account_not_visible"),
            (100, 0, "post_refused"),
            (102, 0, "token_refused"),
            (190, 0, "token_refused"),
            (190, 458, "access_withdrawn"),
            (190, 459, "account_checkpoint"),
            (190, 460, "session_ended"),
            (190, 463, "token_refused"),
            (190, 464, "account_unconfirmed"),
            (190, 467, "token_refused"),
            (352, 2_207_026, "video_format"),
            (368, 0, "account_limited"),
            (9_004, 2_207_052, "file_unreachable"),
            (36_000, 2_207_004, "image_too_large"),
            (36_001, 2_207_005, "image_format"),
            (1, 2_207_083, "image_format"),
            (36_003, 2_207_009, "aspect_ratio"),
            (36_004, 2_207_010, "caption_too_long"),
            (2_500, 0, "token_refused"),
        ] {
            let fault = meta::refused(&answer(code, subcode, "Words"), row, NOW);
            assert_eq!(
                fault.map(|fault| fault.code).as_deref(),
                Some(expected),
                "{code}/{subcode}"
            );
        }
        let personal = answer(100, 0, "The user is not an Instagram Business");
        let fault = meta::refused(&personal, row, NOW).unwrap();
        assert_eq!(fault.code, "account_not_professional");
    }

    #[test]
    fn what_may_have_gone_out_is_no_refusal() {
        for (code, subcode) in [
            (-1, 2_207_001),
            (1, 0),
            (2, 0),
            (4, 2_207_051),
            (9_007, 2_207_027),
            (77, 0),
        ] {
            let answer = answer(code, subcode, "Words");
            assert_eq!(meta::refused(&answer, row, NOW), None, "{code}/{subcode}");
        }
    }
}
