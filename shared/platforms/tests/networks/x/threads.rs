//! Threads at X: what goes out in which order, and what is told when one breaks off.

use domain::Platform;
use platforms::{Content, Fault as Reason, FaultKind, Machine as _};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, LivePost, networks::x::Hold};

use crate::{
    flows::x::*,
    harness::{Death, Driver, Outcome, Run, Stage},
};

async fn publish(stage: &Stage, content: &Content) -> Run {
    let mut connection = stage.connection(Platform::X, STUDIO).await;
    stage.publish(&mut connection, content).await
}

fn live(stage: &Stage) -> Vec<LivePost> {
    stage.simulator.ledger().posts().to_vec()
}

/// The parts, each with what it answers.
fn chain(stage: &Stage) -> Vec<(String, Value)> {
    let live = live(stage);
    live.into_iter()
        .map(|post| (post.text, post.details["replyTo"].clone()))
        .collect()
}

fn commits(run: &Run) -> Vec<&'static str> {
    let names = run.calls.iter().map(|(name, _)| *name);
    names.filter(|name| name.starts_with("create_")).collect()
}

fn refusal(status: u16, detail: &str) -> Fault {
    Fault::Answer {
        status,
        headers: vec![],
        body: json!({ "title": "Forbidden", "type": "about:blank", "status": status, "detail": detail }),
    }
}

fn for_part(number: u32, fault: Fault) -> FaultScript {
    FaultScript::first(HOST, POSTS, fault).nth(number)
}

/// The thread goes out but for a part, and this is what is told of it.
async fn broken_off(number: u32, fault: Fault) -> (Stage, Run) {
    let stage = Stage::new();
    stage.simulator.script(for_part(number, fault));
    let run = publish(&stage, &thread(&stage)).await;
    (stage, run)
}

#[tokio::test]
async fn each_part_answers_the_one_before() {
    let stage = Stage::new();
    let run = publish(&stage, &thread(&stage)).await;
    let ids: Vec<String> = live(&stage).into_iter().map(|post| post.post_id).collect();
    assert_eq!(run.receipt().external_id.as_deref(), Some(ids[0].as_str()));
    assert_eq!(
        chain(&stage),
        [
            ("First of three".to_owned(), Value::Null),
            ("Second, with example.com".to_owned(), json!(ids[0])),
            ("And third".to_owned(), json!(ids[1]))
        ]
    );
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn files_go_up_before_anything_is_seen_and_with_their_own_part() {
    let stage = Stage::new();
    let content = thread_with_files(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    let files = stage.files_of(&content);
    let sizes = |post: &LivePost| post.media.iter().map(|file| file.bytes).collect::<Vec<_>>();
    let live = live(&stage);
    assert!(live[0].media.is_empty());
    assert_eq!(sizes(&live[1]), [files[1].len() as u64]);
    assert_eq!(
        sizes(&live[2]),
        [files[2].len(), files[0].len()].map(|it| it as u64)
    );
    assert_eq!(
        live[2].details["altTexts"],
        json!([null, "A harbour at dawn"])
    );
    let first = run
        .calls
        .iter()
        .position(|(name, _)| *name == "create_post");
    assert_eq!(first, Some(run.calls.len() - 3), "the commits come last");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_thread_can_begin_with_an_answer() {
    let stage = with_an_older_post(Stage::new());
    let mut content = thread(&stage);
    content.options["replyTo"] = json!(OLDER);
    publish(&stage, &content).await.receipt();
    assert_eq!(chain(&stage)[0].1, json!(OLDER));
    assert_ne!(chain(&stage)[1].1, json!(OLDER));
}

#[tokio::test]
async fn after_a_death_between_two_parts_the_right_one_is_next() {
    for call in [2, 3] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::X, STUDIO).await;
        let content = thread(&stage);
        let driver = Driver::new(&stage, &mut connection, &content);
        let run = driver.dying(call, Death::BeforeMark).run().await;
        run.receipt();
        assert_eq!(live(&stage).len(), 3);
    }
}

#[tokio::test]
async fn a_part_whose_answer_was_lost_is_found_and_the_next_one_answers_it() {
    for number in [1, 2, 3] {
        let (stage, run) = broken_off(number, Fault::LoseAnswer).await;
        run.receipt();
        assert_eq!(live(&stage).len(), 3);
        assert_eq!(
            commits(&run),
            ["create_post", "create_part_2", "create_part_3"]
        );
        if number == 2 {
            insta::assert_snapshot!(run.transcript);
        }
    }
}

#[tokio::test]
async fn a_part_that_never_arrived_leaves_the_rest_unsent_and_says_so() {
    let (stage, run) = broken_off(2, Fault::LoseRequest).await;
    let Outcome::Unconfirmed(shown) = &run.outcome else {
        panic!("{:?}\n{}", run.outcome, run.transcript);
    };
    assert_eq!(shown[0].external_id, live(&stage)[0].post_id);
    assert_eq!(commits(&run), ["create_post", "create_part_2"]);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_part_that_is_refused_for_good_is_told_with_what_is_live() {
    let detail = "You are not permitted to perform this action.";
    let (stage, run) = broken_off(3, refusal(403, detail)).await;
    let Outcome::Unconfirmed(shown) = &run.outcome else {
        panic!("{:?}\n{}", run.outcome, run.transcript);
    };
    let ids: Vec<&str> = shown.iter().map(|post| post.external_id.as_str()).collect();
    let live = live(&stage);
    assert_eq!(ids, [live[0].post_id.as_str(), live[1].post_id.as_str()]);
    insta::assert_snapshot!(run.transcript);
}

/// What the author reads, word for word.
#[tokio::test]
async fn the_words_say_how_many_parts_are_live_and_which_failed() {
    let stage = Stage::new();
    let content = thread(&stage);
    let connection = stage.connection(Platform::X, STUDIO).await;
    let cx = platforms::PublishContext {
        now: stage.now(),
        app: stage.app(Platform::X),
        account: &connection.account,
        content: &content,
        armed_at: Some(stage.now()),
        claimed: &[],
    };
    let told = |live: &[&str], body: Value| -> Reason {
        let stored = json!({ "network": "x", "state": { "step": "post", "live": live } });
        let machine: platforms::Publish = serde_json::from_value(stored).expect("a state");
        let answer = platforms::Answer {
            status: 403,
            headers: http::HeaderMap::new(),
            body: body.to_string().into_bytes(),
        };
        let applied = machine.apply(platforms::Event::Answer(answer), &cx);
        applied.expect_err("a refusal")
    };
    let refused = || json!({ "detail": "You are not permitted to perform this action." });
    let first = told(&[], refused());
    assert_eq!(
        (first.kind, first.code.as_str()),
        (FaultKind::Content, "post_refused")
    );
    let second = told(&["20"], refused());
    assert_eq!(second.code, "thread_incomplete");
    assert_eq!(
        second.message,
        "1 of 3 parts of the thread is live; part 2 was refused: X refused this post; it may be too long for the account, or look like spam. Take the live parts down, or post the rest by hand; then resolve the post."
    );
    let third = told(&["20", "21"], refused());
    assert!(
        third
            .message
            .starts_with("2 of 3 parts of the thread are live; part 3 was refused:")
    );
    assert!(matches!(third.kind, FaultKind::Unconfirmed { candidates } if candidates.len() == 2));
}

#[tokio::test]
async fn a_limit_in_the_middle_of_a_thread_is_waited_for() {
    let body = json!({ "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429 });
    let limited = Fault::Answer {
        status: 429,
        headers: vec![],
        body,
    };
    let (stage, run) = broken_off(2, limited).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 3);
}

/// Without credits nothing more goes out, and nothing is called failed.
#[tokio::test]
async fn a_thread_that_ran_out_of_credits_waits_where_it_is() {
    let depleted = Fault::Answer {
        status: 402,
        headers: vec![],
        body: json!({ "title": "CreditsDepleted", "type": "https://api.twitter.com/2/problems/credits" }),
    };
    let (stage, run) = broken_off(2, depleted).await;
    let Outcome::Waiting(fault) = &run.outcome else {
        panic!("{:?}", run.outcome);
    };
    assert_eq!(fault.code, "credits_depleted");
    assert_eq!(live(&stage).len(), 1);
}

#[tokio::test]
async fn a_part_that_does_not_know_its_parent_yet_is_sent_once_more() {
    let missing = Fault::Answer {
        status: 404,
        headers: vec![],
        body: json!({ "title": "Not Found Error", "type": "https://api.twitter.com/2/problems/resource-not-found" }),
    };
    let (stage, run) = broken_off(2, missing.clone()).await;
    run.receipt();
    assert_eq!(live(&stage).len(), 3);
    let stage = Stage::new();
    stage.simulator.script(for_part(2, missing).times(2));
    let run = publish(&stage, &thread(&stage)).await;
    assert!(
        matches!(run.outcome, Outcome::Unconfirmed(_)),
        "{:?}",
        run.outcome
    );
    assert_eq!(live(&stage).len(), 1);
}

/// The files of a part are forgotten by X while it waits; those of parts that are live stay as they are.
#[tokio::test]
async fn forgotten_files_are_uploaded_anew_for_what_is_still_to_come() {
    let invalid = Fault::Answer {
        status: 400,
        headers: vec![],
        body: json!({
            "errors": [{ "message": "Your media IDs are invalid.", "parameters": {} }],
            "type": "https://api.twitter.com/2/problems/invalid-request",
        }),
    };
    let stage = Stage::new();
    stage.simulator.script(for_part(3, invalid).times(2));
    let run = publish(&stage, &thread_with_files(&stage)).await;
    run.receipt();
    let of = |name: &str| run.calls.iter().filter(|(call, _)| *call == name).count();
    assert_eq!(of("upload_picture"), 4);
    assert_eq!(of("initialize_upload"), 1);
    assert_eq!(live(&stage).len(), 3);
}

#[tokio::test]
async fn nothing_is_sent_while_the_app_is_held() {
    for (hold, code) in [
        (Hold::Credits, "credits_depleted"),
        (Hold::SpendCap, "spend_cap_reached"),
    ] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::X, STUDIO).await;
        stage.simulator.world().states().x().hold(Some(hold));
        let run = stage.publish(&mut connection, &thread(&stage)).await;
        let Outcome::Waiting(fault) = &run.outcome else {
            panic!("{:?}", run.outcome);
        };
        assert_eq!(fault.code, code);
        assert!(live(&stage).is_empty());
    }
}
