//! What Facebook's refusals mean (error tables of the Graph API and the Video API, read 2026-11;
//! subcodes without a known parent as they were observed).

use crate::meta::{PERMISSION_MISSING, Problem, Row, access_row};

/// The row of a refusal. Subcodes of videos sometimes arrive as the code, so both places are read.
pub(super) fn row(problem: &Problem) -> Option<Row> {
    if problem.code == 100
        && problem
            .message
            .contains("No permission to publish the video")
    {
        return Some(PERMISSION_MISSING);
    }
    detail(problem.error_subcode)
        .or_else(|| detail(problem.code))
        .or_else(|| general(problem.code))
        .or_else(|| access_row(problem.code, problem.error_subcode))
}

/// Whether an upload is over and only a new one can help.
pub(super) const fn ends_upload(problem: &Problem) -> bool {
    is_broken_upload(problem.error_subcode) || is_broken_upload(problem.code)
}

/// How often an upload may begin that ends so.
pub(super) const fn tries(problem: &Problem) -> u8 {
    // Sources disagree whether these are Facebook's fault or the file's.
    let is_doubtful = matches!(problem.error_subcode, 1_363_047 | 1_609_010)
        || matches!(problem.code, 1_363_047 | 1_609_010);
    if is_doubtful { 2 } else { 3 }
}

/// Whether the upload goes on elsewhere in the file, as `error_data` says.
pub(super) const fn is_misplaced(problem: &Problem) -> bool {
    problem.error_subcode == 1_363_037 || problem.code == 1_363_037
}

/// Whether Facebook says that the same was posted before.
pub(super) const fn is_duplicate(problem: &Problem) -> bool {
    problem.code == 506 || problem.error_subcode == 1_366_051 || problem.code == 1_366_051
}

const fn is_broken_upload(number: i64) -> bool {
    matches!(
        number,
        1_363_019
            | 1_363_021
            | 1_363_030
            | 1_363_033
            | 1_363_041
            | 1_363_045
            | 1_363_047
            | 1_609_010
            | 6_000
    )
}

const LIMITED: Row = Row::Content(
    "page_limited",
    "Facebook limits posting by this Page for now; look at the Page, then post again later.",
);

/// Rows that the number alone decides.
const fn detail(number: i64) -> Option<Row> {
    Some(match number {
        1_346_003 | 1_390_008 | 1_404_112 => LIMITED,
        1_363_005 | 1_363_042 => PERMISSION_MISSING,
        1_363_022 => Row::Content(
            "video_too_small",
            "The video is smaller than 1 KB; use another file.",
        ),
        1_363_023 => Row::Content(
            "video_too_large",
            "The video is larger than Facebook takes (2 GB); use a smaller file.",
        ),
        1_363_024 | 1_363_031 | 1_363_032 => Row::Content(
            "video_unreadable",
            "Facebook could not read the video; export it as MP4 with H.264 and AAC.",
        ),
        1_363_025 => Row::Content(
            "video_too_short",
            "The video is shorter than a second; use a longer one.",
        ),
        1_363_026 => Row::Content(
            "video_too_long",
            "The video is longer than Facebook takes (40 minutes); shorten it.",
        ),
        1_363_040 | 1_363_127 | 1_363_128 | 1_363_129 => Row::Content(
            "video_shape",
            "Facebook does not take the video's proportions, resolution, length or frame rate; export it anew.",
        ),
        1_366_046 => Row::Content(
            "photo_refused",
            "Facebook does not take the picture; use a JPEG or PNG of less than 4 MB.",
        ),
        1_366_051 => Row::Unknown,
        1_404_078 => Row::Content(
            "page_authorization_needed",
            "Facebook asks for the Page's publishing authorization; complete it on Facebook, then post again.",
        ),
        1_404_102 => Row::Content(
            "community_standards",
            "Facebook refused the post for its community standards; change it.",
        ),
        1_500 | 1_609_005 => Row::Content(
            "link_unreadable",
            "Facebook could not read the link; check that it opens for everybody.",
        ),
        1_609_008 => Row::Content(
            "link_to_facebook",
            "Facebook takes no links to itself; remove the link.",
        ),
        2_069_019 => IMAGE_REFUSED,
        4_854_002 => Row::Content(
            "identity_check",
            "Facebook asks the Page's people to confirm who they are; open the Facebook app, then post again.",
        ),
        number if is_broken_upload(number) => Row::Retry(
            "upload_broken",
            "The upload to Facebook broke off; trying again.",
        ),
        _ => return None,
    })
}

const IMAGE_REFUSED: Row = Row::Content(
    "image_refused",
    "Facebook could not read the picture; use another file.",
);

/// Rows that the code decides.
const fn general(code: i64) -> Option<Row> {
    Some(match code {
        3 => Row::Operator(
            "capability_missing",
            "Our app lacks a capability at Meta; the operator has to add it.",
        ),
        4 | 17 | 32 | 341 | 613 | 80_001 => Row::Quota(
            "rate_limited",
            "Facebook asks us to wait; the post goes out as soon as Facebook allows.",
        ),
        12 => Row::Operator(
            "call_refused",
            "Facebook no longer takes how the post was sent; this is our fault.",
        ),
        324 => IMAGE_REFUSED,
        368 => LIMITED,
        // It can mean that the post went out before.
        506 => Row::Unknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;
    use time::{OffsetDateTime, macros::datetime};

    use super::*;
    use crate::{Answer, FaultKind, meta};

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn answer(code: i64, subcode: i64, message: &str) -> Answer {
        let body = json!({"error": {
            "message": message, "type": "OAuthException", "code": code,
            "error_subcode": subcode, "fbtrace_id": "trace"
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
            (3, 0, "capability_missing"),
            (4, 0, "rate_limited"),
            (17, 0, "rate_limited"),
            (32, 0, "rate_limited"),
            (341, 0, "rate_limited"),
            (613, 1996, "rate_limited"),
            (80_001, 0, "rate_limited"),
            (10, 0, "permission_missing"),
            (200, 0, "permission_missing"),
            (299, 0, "permission_missing"),
            (12, 0, "call_refused"),
            (100, 0, "post_refused"),
            (100, 33, "account_not_visible"),
            (803, 0, "account_not_visible"),
            (1_609_005, 0, "link_unreadable"),
            (1_500, 0, "link_unreadable"),
            (100, 1_609_005, "link_unreadable"),
            (102, 0, "token_refused"),
            (190, 0, "token_refused"),
            (190, 463, "token_refused"),
            (190, 467, "token_refused"),
            (190, 458, "access_withdrawn"),
            (190, 459, "account_checkpoint"),
            (190, 460, "session_ended"),
            (190, 464, "account_unconfirmed"),
            (190, 492, "role_lost"),
            (324, 0, "image_refused"),
            (100, 2_069_019, "image_refused"),
            (200, 1_609_008, "link_to_facebook"),
            (368, 7, "page_limited"),
            (1, 1_390_008, "page_limited"),
            (1, 1_404_112, "page_limited"),
            (1, 1_346_003, "page_limited"),
            (100, 1_366_046, "photo_refused"),
            (1, 1_404_078, "page_authorization_needed"),
            (1, 1_404_102, "community_standards"),
            (1, 4_854_002, "identity_check"),
            (100, 1_363_022, "video_too_small"),
            (100, 1_363_023, "video_too_large"),
            (100, 1_363_024, "video_unreadable"),
            (100, 1_363_031, "video_unreadable"),
            (1_363_032, 0, "video_unreadable"),
            (100, 1_363_025, "video_too_short"),
            (100, 1_363_026, "video_too_long"),
            (100, 1_363_040, "video_shape"),
            (100, 1_363_127, "video_shape"),
            (100, 1_363_128, "video_shape"),
            (100, 1_363_129, "video_shape"),
            (100, 1_363_042, "permission_missing"),
            (100, 1_363_005, "permission_missing"),
        ] {
            let fault = meta::refused(&answer(code, subcode, "Words"), row, NOW);
            assert_eq!(
                fault.map(|fault| fault.code).as_deref(),
                Some(expected),
                "{code}/{subcode}"
            );
        }
        let forbidden = answer(100, 0, "No permission to publish the video");
        let fault = meta::refused(&forbidden, row, NOW).unwrap();
        assert_eq!(fault.kind, FaultKind::Reconnect);
    }

    #[test]
    fn what_may_have_gone_out_is_no_refusal() {
        for (code, subcode) in [(1, 0), (2, 0), (506, 0), (1, 1_366_051), (77, 0)] {
            let answer = answer(code, subcode, "Words");
            assert_eq!(meta::refused(&answer, row, NOW), None, "{code}/{subcode}");
        }
    }

    #[test]
    fn a_broken_upload_begins_anew() {
        for number in [
            1_363_019, 1_363_021, 1_363_030, 1_363_033, 1_363_041, 1_363_045, 1_363_047, 1_609_010,
            6_000,
        ] {
            for (code, subcode) in [(100, number), (number, 0)] {
                let problem = meta::problem(&answer(code, subcode, "Words")).unwrap();
                assert!(ends_upload(&problem), "{code}/{subcode}");
            }
        }
    }
}
