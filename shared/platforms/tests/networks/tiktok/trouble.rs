//! TikTok, when something goes wrong: what is refused, what breaks off, what is lost.

use domain::Platform;
use serde_json::Value;
use simulator::{Fault, FaultScript, LivePost};
use time::Duration;

use crate::{
    flows::{Make, tiktok::*},
    harness::{Driver, Outcome, Run, Stage},
};

async fn publish(stage: &Stage, content: Make) -> Run {
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let content = content(stage);
    stage.publish(&mut connection, &content).await
}

/// What comes of a post, where the first call to `route` of `host` goes wrong so.
async fn hit(stage: &Stage, content: Make, (host, route): (&str, &str), fault: Fault) -> Run {
    let script = FaultScript::first(host, route, fault);
    stage.simulator.script(script);
    publish(stage, content).await
}

fn live(stage: &Stage) -> Vec<LivePost> {
    stage.simulator.ledger().posts().to_vec()
}

fn refused(status: u16, code: &str) -> Fault {
    answer(status, &[], error(code))
}

fn bare(status: u16) -> Fault {
    answer(status, &[], Value::Null)
}

fn answer(status: u16, headers: &[(&str, &str)], body: Value) -> Fault {
    let text = |text: &&str| (*text).to_owned();
    Fault::Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect(),
        body,
    }
}

fn times(run: &Run, call: &str) -> usize {
    run.calls.iter().filter(|(name, _)| *name == call).count()
}

/// What a refusal leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The post has failed.
    Failed,
    /// The post goes out when the fault is out of the way.
    Published,
    /// The post waits for a day, longer than the stage has patience.
    Tomorrow,
    /// An operator must act.
    Waiting,
}

/// TikTok's own words for what is refused, with the name that we give it. The first is the HTTP status.
const REFUSALS: [(u16, &str, &str, Then); 18] = [
    (
        401,
        "access_token_invalid",
        "token_refused",
        Then::Published,
    ),
    (
        401,
        "scope_not_authorized",
        "scope_missing",
        Then::Published,
    ),
    (
        400,
        "scope_permission_missed",
        "scope_missing",
        Then::Published,
    ),
    (400, "invalid_param", "post_refused", Then::Failed),
    (400, "invalid_params", "post_refused", Then::Failed),
    (400, "invalid_file_upload", "file_refused", Then::Failed),
    (400, "app_version_check_failed", "app_too_old", Then::Failed),
    (
        403,
        "privacy_level_option_mismatch",
        "privacy_level_unavailable",
        Then::Failed,
    ),
    (
        403,
        "unaudited_client_can_only_post_to_private_accounts",
        "app_not_audited",
        Then::Failed,
    ),
    (
        403,
        "url_ownership_unverified",
        "media_domain_unverified",
        Then::Waiting,
    ),
    (
        403,
        "spam_risk_too_many_posts",
        "daily_post_limit",
        Then::Tomorrow,
    ),
    (
        403,
        "spam_risk_too_many_pending_share",
        "pending_drafts_limit",
        Then::Tomorrow,
    ),
    (
        403,
        "spam_risk_user_banned_from_posting",
        "account_banned",
        Then::Failed,
    ),
    (
        403,
        "reached_active_user_cap",
        "app_user_limit",
        Then::Tomorrow,
    ),
    (
        400,
        "invalid_publish_id",
        "publish_id_unknown",
        Then::Failed,
    ),
    (
        400,
        "token_not_authorized_for_specified_publish_id",
        "publish_id_foreign",
        Then::Failed,
    ),
    (
        400,
        "publish_not_cancellable",
        "not_cancellable",
        Then::Failed,
    ),
    (429, "rate_limit_exceeded", "rate_limited", Then::Published),
];

#[tokio::test]
async fn each_refusal_of_an_order_is_told_and_leaves_nothing() {
    let orders: [(Make, &str); 4] = [
        (video, VIDEO),
        (pictures, PHOTO),
        (video_draft, INBOX),
        (picture_draft, PHOTO),
    ];
    for (content, route) in orders {
        for (status, code, name, then) in REFUSALS {
            let stage = Stage::new();
            let run = hit(&stage, content, (API, route), refused(status, code)).await;
            assert_told(&run, name, then);
            let expected = usize::from(then == Then::Published);
            assert_eq!(live(&stage).len(), expected, "{route} {code}");
        }
    }
}

#[tokio::test]
async fn caps_of_the_creator_come_with_status_200_and_as_refusals() {
    for status in [200, 403] {
        for (code, name, then) in [
            (
                "spam_risk_too_many_posts",
                "daily_post_limit",
                Then::Tomorrow,
            ),
            ("reached_active_user_cap", "app_user_limit", Then::Tomorrow),
            (
                "spam_risk_user_banned_from_posting",
                "account_banned",
                Then::Failed,
            ),
        ] {
            let stage = Stage::new();
            let run = hit(&stage, video, (API, CREATOR), refused(status, code)).await;
            assert_told(&run, name, then);
            assert!(!run.fired && live(&stage).is_empty(), "{code}");
        }
    }
}

fn assert_told(run: &Run, name: &str, then: Then) {
    let told = run.transcript.to_string();
    assert!(told.contains(&format!("fault {name}")), "{name}\n{told}");
    match then {
        Then::Failed => assert_eq!(run.failure().code, name),
        Then::Published => {
            run.receipt();
        }
        Then::Tomorrow => assert!(matches!(run.outcome, Outcome::Stuck(_)), "{told}"),
        Then::Waiting => {
            let waits = matches!(&run.outcome, Outcome::Waiting(fault) if fault.code == name);
            assert!(waits, "{told}");
        }
    }
}

#[tokio::test]
async fn what_a_question_is_refused_with_says_nothing_of_the_post() {
    for (status, code, ..) in REFUSALS {
        for content in [video as Make, pictures, video_draft] {
            let stage = Stage::new();
            let run = hit(&stage, content, (API, STATUS), refused(status, code)).await;
            run.receipt();
            assert_eq!(live(&stage).len(), 1, "{code}");
            assert_eq!(times(&run, "init"), 1, "{code}");
        }
    }
}

#[tokio::test]
async fn each_fail_reason_has_its_sentence_and_nothing_is_live() {
    for (reason, code) in [
        ("file_format_check_failed", "format_refused"),
        ("duration_check_failed", "duration_refused"),
        ("frame_rate_check_failed", "frame_rate_refused"),
        ("picture_size_check_failed", "picture_size_refused"),
        ("publish_cancelled", "cancelled_at_tiktok"),
        ("auth_removed", "access_removed"),
        ("spam_risk_too_many_posts", "daily_post_limit"),
        ("spam_risk_user_banned_from_posting", "account_banned"),
        ("spam_risk_text", "caption_refused"),
        ("spam_risk", "spam_risk"),
        ("something_new", "refused_by_network"),
    ] {
        for content in [video as Make, pictures, video_draft] {
            let stage = Stage::new();
            fail(&stage, &[reason]);
            let run = publish(&stage, content).await;
            assert_eq!(run.failure().code, code, "{reason}");
            assert!(live(&stage).is_empty());
            assert_eq!(times(&run, "init"), 1, "{reason}");
        }
    }
}

#[tokio::test]
async fn what_failed_at_tiktok_itself_is_started_anew_three_times_at_most() {
    for content in [video as Make, pictures, video_draft] {
        for reasons in [
            ["internal", "video_pull_failed"],
            ["photo_pull_failed", "internal"],
        ] {
            let stage = Stage::new();
            fail(&stage, &reasons);
            publish(&stage, content).await.receipt();
            assert_eq!(live(&stage).len(), 1);
        }
        let stage = Stage::new();
        fail(&stage, &["internal", "internal", "internal"]);
        let run = publish(&stage, content).await;
        assert_eq!(run.failure().code, "network_failed");
        assert_eq!(times(&run, "init"), 3);
        assert!(live(&stage).is_empty());
    }
}

fn fail(stage: &Stage, reasons: &[&str]) {
    let world = stage.simulator.world();
    let reasons = reasons.iter().map(|reason| (*reason).to_owned());
    world.states().tiktok().failures.extend(reasons);
}

#[tokio::test]
async fn a_post_that_never_leaves_processing_ends_undecided() {
    for content in [video as Make, pictures, video_draft] {
        let stage = Stage::new();
        stage.simulator.world().states().tiktok().is_stuck = true;
        let run = publish(&stage, content).await;
        assert_eq!(run.outcome, Outcome::Unconfirmed(Vec::new()));
        assert_eq!(times(&run, "init"), 1);
    }
}

#[tokio::test]
async fn words_for_being_under_way_that_nobody_documented_are_just_that() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("tiktok", Duration::seconds(90));
    world.states().tiktok().working_word = Some("PROCESSING".to_owned());
    let run = publish(&stage, video).await;
    run.receipt();
    assert!(run.transcript.to_string().contains("\"PROCESSING\""));
}

#[tokio::test]
async fn an_id_that_comes_hours_later_is_not_waited_for() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().tiktok().review = Duration::hours(5);
    let run = publish(&stage, video).await;
    let receipt = run.receipt();
    assert_eq!(receipt.external_id, None);
    let profile = "https://www.tiktok.com/@sample_studio";
    assert_eq!(receipt.url.as_deref(), Some(profile));
}

#[tokio::test]
async fn a_draft_that_the_person_posts_at_once_is_a_post() {
    let stage = Stage::new();
    let world = stage.simulator.world().clone();
    world.set_processing("tiktok", Duration::seconds(2));
    let posted = Fault::Answer {
        status: 200,
        headers: Vec::new(),
        body: serde_json::json!({
            "data": {"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ["7600000000000000123"]},
            "error": {"code": "ok", "message": "", "log_id": "1"},
        }),
    };
    let run = hit(&stage, video_draft, (API, STATUS), posted).await;
    let receipt = run.receipt();
    assert_eq!(receipt.standing, domain::Standing::Live);
    let url = "https://www.tiktok.com/@sample_studio/video/7600000000000000123";
    assert_eq!(receipt.url.as_deref(), Some(url));
}

#[tokio::test]
async fn a_lost_answer_to_init_opens_another_task_only_for_a_video_that_is_sent() {
    let lost = || FaultScript::first(API, VIDEO, Fault::LoseAnswer).times(3);
    let stage = Stage::new();
    stage.simulator.script(lost());
    let run = publish(&stage, video).await;
    run.receipt();
    assert_eq!((times(&run, "init"), live(&stage).len()), (4, 1));

    let stage = pulled(Stage::new());
    stage.simulator.script(lost());
    let run = publish(&stage, video).await;
    assert_eq!(run.outcome, Outcome::Unconfirmed(Vec::new()));
    assert_eq!((times(&run, "init"), live(&stage).len()), (1, 1));
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_list_where_it_may_be_read() {
    let flows: [(Make, Arrange, &str); 3] = [
        (pictures, listing, PHOTO),
        (titled_pictures, listing, PHOTO),
        (video, |stage| listing(pulled(stage)), VIDEO),
    ];
    for (content, arrange, route) in flows {
        for fault in [
            Fault::LoseAnswer,
            Fault::Truncate,
            Fault::AnswerAfterEffect {
                status: 500,
                body: error("internal_error"),
            },
        ] {
            let stage = arrange(Stage::new());
            let run = hit(&stage, content, (API, route), fault).await;
            let post = live(&stage)[0].clone();
            assert_eq!(run.receipt().external_id, Some(post.post_id));
            assert_eq!(run.receipt().url, Some(post.url));
            assert_eq!((times(&run, "init"), live(&stage).len()), (1, 1));
        }
        let stage = arrange(Stage::new());
        let run = hit(&stage, content, (API, route), Fault::LoseRequest).await;
        assert_eq!(run.outcome, Outcome::Unconfirmed(Vec::new()));
        assert_eq!((times(&run, "init"), times(&run, "list_videos")), (1, 6));
        assert!(live(&stage).is_empty());
    }
}

#[tokio::test]
async fn the_search_for_a_lost_order_is_written_down_to_be_read() {
    let stage = listing(Stage::new());
    let run = hit(&stage, pictures, (API, PHOTO), Fault::LoseAnswer).await;
    run.receipt();
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn where_nobody_can_look_the_outcome_stays_open_at_once() {
    let private: Make = |stage| {
        let options = serde_json::json!({"privacyLevel": "SELF_ONLY"});
        stage.content("", options, vec![(crate::harness::mp4(60_000), None)])
    };
    let flows: [(Make, &str); 2] = [(private, VIDEO), (video_draft, INBOX)];
    for (content, route) in flows {
        let stage = listing(pulled(Stage::new()));
        let run = hit(&stage, content, (API, route), Fault::LoseAnswer).await;
        assert_eq!(run.outcome, Outcome::Unconfirmed(Vec::new()));
        assert_eq!(times(&run, "list_videos"), 0);
        assert_eq!(times(&run, "init"), 1);
    }
}

#[tokio::test]
async fn of_two_posts_alike_neither_is_claimed_unless_one_is_known() {
    for knows in [false, true] {
        let stage = listing(Stage::new());
        let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
        let content = pictures(&stage);
        stage.publish(&mut connection, &content).await.receipt();
        let first = live(&stage)[0].post_id.clone();
        let lost = FaultScript::first(API, PHOTO, Fault::LoseAnswer);
        stage.simulator.script(lost);
        let claimed = if knows { vec![first.clone()] } else { vec![] };
        let run = Driver::new(&stage, &mut connection, &content)
            .knowing(claimed)
            .run()
            .await;
        match &run.outcome {
            Outcome::Published(receipt) => {
                assert!(knows);
                assert_ne!(receipt.external_id, Some(first));
            }
            Outcome::Unconfirmed(candidates) => {
                assert!(!knows);
                assert_eq!(candidates.len(), 2);
            }
            other @ (Outcome::Failed(_) | Outcome::Stuck(_) | Outcome::Waiting(_)) => {
                panic!("{other:?}\n{}", run.transcript)
            }
        }
        assert_eq!(live(&stage).len(), 2);
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_leaves_the_outcome_open() {
    for fault in [
        refused(401, "scope_not_authorized"),
        refused(400, "invalid_params"),
        bare(500),
        Fault::LoseAnswer,
        Fault::Truncate,
    ] {
        for times_over in [1, 100] {
            let stage = listing(Stage::new());
            let script = FaultScript::first(API, LIST, fault.clone()).times(times_over);
            stage.simulator.script(script);
            let run = hit(&stage, pictures, (API, PHOTO), Fault::LoseAnswer).await;
            if times_over == 1 {
                run.receipt();
            } else {
                let is_open = matches!(run.outcome, Outcome::Unconfirmed(_));
                assert!(is_open, "{fault:?}\n{}", run.transcript);
            }
            assert_eq!(times(&run, "init"), 1);
        }
    }
    let stage = listing(Stage::new());
    let ended = refused(401, "access_token_invalid");
    let script = FaultScript::first(API, LIST, ended);
    stage.simulator.script(script);
    let run = hit(&stage, pictures, (API, PHOTO), Fault::LoseAnswer).await;
    run.receipt();
    assert!(run.transcript.to_string().contains("renewed the token"));
}

#[tokio::test]
async fn a_poll_that_is_refused_for_its_token_asks_on_for_the_same_post() {
    for content in [video as Make, pictures, video_draft] {
        let stage = Stage::new();
        let ended = Fault::TokensEnd {
            network: "tiktok".to_owned(),
        };
        let run = hit(&stage, content, (API, STATUS), ended).await;
        run.receipt();
        assert_eq!((times(&run, "init"), live(&stage).len()), (1, 1));
        assert!(run.transcript.to_string().contains("renewed the token"));
    }
}
