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

    /// What can be done about a refusal.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Class {
        /// The person changes the post, or acts on Facebook first.
        Content,
        /// It may have gone out.
        Maybe,
        /// The upload goes on elsewhere in the file.
        Misplaced,
        /// Nothing but our app can be the reason.
        Operator,
        /// The person connects again.
        Reconnect,
        /// A new upload may work; so many in all.
        Retry(u8),
        /// The token is renewed once; after that the person connects again.
        Token,
        /// It waits.
        Wait,
    }

    use Class::{Content, Maybe, Misplaced, Operator, Reconnect, Retry, Token, Wait};

    /// Every row of Facebook's tables, in their order; a subcode of 0 is none.
    const ROWS: [(i64, i64, Class, &str); 69] = [
        (1, 0, Maybe, "meta_unavailable"),
        (2, 0, Maybe, "meta_unavailable"),
        (3, 0, Operator, "capability_missing"),
        (4, 0, Wait, "rate_limited"),
        (17, 0, Wait, "rate_limited"),
        (32, 0, Wait, "rate_limited"),
        (341, 0, Wait, "rate_limited"),
        (613, 0, Wait, "rate_limited"),
        (613, 1_996, Wait, "rate_limited"),
        (80_001, 0, Wait, "rate_limited"),
        (10, 0, Reconnect, "permission_missing"),
        (200, 0, Reconnect, "permission_missing"),
        (230, 0, Reconnect, "permission_missing"),
        (299, 0, Reconnect, "permission_missing"),
        (12, 0, Operator, "call_refused"),
        (100, 0, Content, "post_refused"),
        (100, 33, Reconnect, "account_not_visible"),
        (1_609_005, 0, Content, "link_unreadable"),
        (100, 1_609_005, Content, "link_unreadable"),
        (1_500, 0, Content, "link_unreadable"),
        (102, 0, Token, "token_refused"),
        (190, 0, Token, "token_refused"),
        (190, 458, Reconnect, "access_withdrawn"),
        (190, 459, Content, "account_checkpoint"),
        (190, 460, Reconnect, "session_ended"),
        (190, 463, Token, "token_refused"),
        (190, 467, Token, "token_refused"),
        (190, 464, Content, "account_unconfirmed"),
        (190, 492, Reconnect, "role_lost"),
        (324, 0, Content, "image_refused"),
        (100, 2_069_019, Content, "image_refused"),
        (200, 1_609_008, Content, "link_to_facebook"),
        (368, 0, Content, "page_limited"),
        (368, 1_390_008, Content, "page_limited"),
        (368, 4_242, Content, "page_limited"),
        (1, 1_390_008, Content, "page_limited"),
        (1, 1_404_112, Content, "page_limited"),
        (1, 1_346_003, Content, "page_limited"),
        (506, 0, Maybe, "meta_unavailable"),
        (506, 1_455_006, Maybe, "meta_unavailable"),
        (803, 0, Reconnect, "account_not_visible"),
        (1, 1_366_046, Content, "photo_refused"),
        (100, 1_366_051, Maybe, "meta_unavailable"),
        (1, 1_404_078, Content, "page_authorization_needed"),
        (1, 1_404_102, Content, "community_standards"),
        (1, 4_854_002, Content, "identity_check"),
        (100, 1_363_022, Content, "video_too_small"),
        (100, 1_363_023, Content, "video_too_large"),
        (100, 1_363_024, Content, "video_unreadable"),
        (100, 1_363_031, Content, "video_unreadable"),
        (100, 1_363_032, Content, "video_unreadable"),
        (100, 1_363_025, Content, "video_too_short"),
        (100, 1_363_026, Content, "video_too_long"),
        (100, 1_363_040, Content, "video_shape"),
        (100, 1_363_127, Content, "video_shape"),
        (100, 1_363_128, Content, "video_shape"),
        (100, 1_363_129, Content, "video_shape"),
        (100, 1_363_037, Misplaced, ""),
        (100, 1_363_019, Retry(3), "upload_broken"),
        (100, 1_363_021, Retry(3), "upload_broken"),
        (100, 1_363_030, Retry(3), "upload_broken"),
        (100, 1_363_033, Retry(3), "upload_broken"),
        (100, 1_363_045, Retry(3), "upload_broken"),
        (6_000, 0, Retry(3), "upload_broken"),
        (100, 1_363_041, Retry(3), "upload_broken"),
        (100, 1_363_042, Reconnect, "permission_missing"),
        (100, 1_363_005, Reconnect, "permission_missing"),
        (100, 1_363_047, Retry(2), "upload_broken"),
        (100, 1_609_010, Retry(2), "upload_broken"),
    ];

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

    fn class(answer: &Answer) -> Class {
        let problem = meta::problem(answer).unwrap();
        if is_misplaced(&problem) {
            return Misplaced;
        }
        let Some(fault) = meta::refused(answer, row, NOW) else {
            return Maybe;
        };
        match fault.kind {
            FaultKind::Content => Content,
            FaultKind::Operator => Operator,
            FaultKind::Quota { .. } => Wait,
            FaultKind::Reconnect => Reconnect,
            FaultKind::Retry { .. } => {
                assert!(ends_upload(&problem));
                Retry(tries(&problem))
            }
            FaultKind::Unauthorized => Token,
            FaultKind::Unconfirmed { .. } => panic!("a refusal is never in doubt"),
        }
    }

    #[test]
    fn every_row_has_its_class_and_its_fault() {
        for (code, subcode, expected, name) in ROWS {
            let answer = answer(code, subcode, "Words");
            assert_eq!(class(&answer), expected, "{code}/{subcode}");
            if expected != Misplaced {
                // As of a call that may be repeated, where doubt leads to another try.
                let fault = meta::read(&answer, row, NOW);
                assert_eq!(fault.code, name, "{code}/{subcode}");
            }
        }
    }

    #[test]
    fn subcodes_are_read_where_the_code_stands_too() {
        let of_videos = |number: i64| (1_363_000..1_364_000).contains(&number);
        for (_, subcode, expected, _) in ROWS.iter().filter(|it| of_videos(it.1)) {
            let answer = answer(*subcode, 0, "Words");
            assert_eq!(class(&answer), *expected, "{subcode}");
        }
        for number in [1_609_010, 1_366_046, 2_069_019] {
            let (as_code, as_subcode) = (answer(number, 0, "Words"), answer(100, number, "Words"));
            assert_eq!(class(&as_code), class(&as_subcode), "{number}");
        }
    }

    #[test]
    fn a_missing_permission_to_publish_a_video_is_told_by_words_alone() {
        let forbidden = answer(100, 0, "No permission to publish the video");
        assert_eq!(class(&forbidden), Reconnect);
    }

    #[test]
    fn an_unknown_refusal_is_tried_again_only_where_facebook_calls_it_passing() {
        let mut unknown = answer(77, 0, "Words");
        assert_eq!(class(&unknown), Maybe);
        let kind = |answer: &Answer| meta::read(answer, row, NOW).kind;
        assert_eq!(kind(&unknown), FaultKind::Content);
        let body = json!({"error": {"code": 77, "is_transient": true}});
        unknown.body = body.to_string().into_bytes();
        assert!(matches!(kind(&unknown), FaultKind::Retry { .. }));
        assert_eq!(class(&unknown), Maybe);
    }
}
