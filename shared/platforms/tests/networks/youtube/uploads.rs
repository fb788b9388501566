//! Uploads to YouTube that break, and what is asked then.

use domain::Platform;
use platforms::{Action, Answer, Body, Event, Machine as _, PublishContext, Safety};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::Duration;

use crate::{
    flows::youtube::{
        CHANNEL, HOST, PUT, answering, chunked, publish, refusal, small_chunks, video,
    },
    harness::{Outcome, Stage},
};

#[tokio::test]
async fn a_lost_last_chunk_is_found_by_asking_the_session() {
    let stage = Stage::new();
    stage
        .simulator
        .script(FaultScript::first(HOST, PUT, Fault::LoseAnswer));
    let run = publish(&stage, &video(&stage)).await;
    run.receipt();
    assert_eq!(stage.simulator.ledger().posts().len(), 1);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_last_chunk_that_never_arrives_fails_after_three_sends() {
    let stage = Stage::new();
    for nth in [1, 4, 7] {
        // Each lost chunk is followed by two questions: one too early to decide, one that decides.
        stage
            .simulator
            .script(FaultScript::first(HOST, PUT, Fault::LoseRequest).nth(nth));
    }
    let run = publish(&stage, &video(&stage)).await;
    assert!(
        matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_incomplete"),
        "{}",
        run.transcript
    );
    assert!(stage.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_lost_last_chunk_whose_session_is_gone_is_found_among_the_uploads() {
    for lag in [Duration::ZERO, Duration::minutes(4)] {
        let stage = Stage::new();
        stage.simulator.world().set_listing_lag("youtube", lag);
        gone_after_a_lost_answer(&stage);
        let run = publish(&stage, &video(&stage)).await;
        run.receipt();
        assert_eq!(stage.simulator.ledger().posts().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_last_chunk_that_nobody_can_find_is_left_to_a_person() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_listing_lag("youtube", Duration::hours(9));
    gone_after_a_lost_answer(&stage);
    let run = publish(&stage, &video(&stage)).await;
    assert_eq!(
        run.outcome,
        Outcome::Unconfirmed(Vec::new()),
        "{}",
        run.transcript
    );
}

#[tokio::test]
async fn two_uploads_alike_are_nobodys() {
    let stage = Stage::new();
    let content = video(&stage);
    publish(&stage, &content).await;
    // The first one stays within the window of the second one's arm, as an upload by hand would.
    gone_after_a_lost_answer(&stage);
    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
    let run = stage.publish(&mut connection, &content).await;
    let Outcome::Unconfirmed(candidates) = &run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(candidates.len(), 2);
}

#[tokio::test]
async fn a_session_that_is_gone_before_the_last_chunk_is_opened_anew_three_times_at_most() {
    for (times, is_published) in [(2, true), (3, false)] {
        let stage = small_chunks(Stage::new());
        stage
            .simulator
            .script(answering(PUT, 404, Value::Null).times(times));
        let run = publish(&stage, &chunked(&stage)).await;
        assert_eq!(
            matches!(run.outcome, Outcome::Published(_)),
            is_published,
            "{}",
            run.transcript
        );
        assert_eq!(
            stage.simulator.ledger().posts().len(),
            usize::from(is_published)
        );
    }
}

#[tokio::test]
async fn chunks_that_make_no_progress_end() {
    let stage = small_chunks(Stage::new());
    stage
        .simulator
        .script(answering(PUT, 308, Value::Null).times(100));
    let run = publish(&stage, &chunked(&stage)).await;
    assert!(
        matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_refused"),
        "{}",
        run.transcript
    );
}

/// The connection breaks at every place within a chunk that is not the last, and within the last.
#[tokio::test]
async fn a_connection_that_breaks_anywhere_is_taken_up_where_it_broke() {
    const UNIT: u64 = 262_144;
    // The file's 1,200,000 bytes are two chunks of 524,288 and one of 151,424.
    for (nth, bytes, kept) in [
        (1, 0, 0),
        (1, 1, 0),
        (1, UNIT - 1, 0),
        (1, UNIT, UNIT),
        (1, UNIT + 1, UNIT),
        (1, 2 * UNIT - 1, UNIT),
        (1, 2 * UNIT, 2 * UNIT),
        (2, 0, 2 * UNIT),
        (2, UNIT + 7, 3 * UNIT),
        (3, 0, 4 * UNIT),
        (3, 151_423, 4 * UNIT),
    ] {
        let stage = small_chunks(Stage::new());
        let cut = FaultScript::first(HOST, PUT, Fault::CutRequest { bytes });
        stage.simulator.script(cut.nth(nth));
        let content = chunked(&stage);
        let run = publish(&stage, &content).await;
        run.receipt();
        assert_whole(&stage, &content);
        let ranges = ranges(&stage);
        let question = ranges.iter().position(|range| range == "bytes */1200000");
        let question = question.unwrap_or_else(|| panic!("{nth} {bytes}: {ranges:?}"));
        let next = ranges[question..].iter().find(|range| !range.contains('*'));
        let begins = format!("bytes {kept}-");
        assert!(
            next.is_some_and(|range| range.starts_with(&begins)),
            "{nth} {bytes}: {ranges:?}"
        );
    }
}

#[tokio::test]
async fn a_last_chunk_whose_every_byte_arrived_is_not_sent_again() {
    let stage = small_chunks(Stage::new());
    let cut = FaultScript::first(HOST, PUT, Fault::CutRequest { bytes: 151_424 });
    stage.simulator.script(cut.nth(3));
    let content = chunked(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_whole(&stage, &content);
    let fires = run
        .calls
        .iter()
        .filter(|(_, safety)| *safety == Safety::Once);
    assert_eq!(fires.count(), 1);
}

#[tokio::test]
async fn a_chunk_that_is_kept_in_part_goes_on_behind_it() {
    for (nth, max) in [(0, 262_144), (0, 0), (1, 300_000), (2, 0)] {
        let stage = small_chunks(Stage::new());
        {
            let world = stage.simulator.world();
            let mut youtube = world.states().youtube();
            youtube.partial.extend(vec![u64::MAX; nth]);
            youtube.partial.push_back(max);
        }
        let content = chunked(&stage);
        publish(&stage, &content).await.receipt();
        assert_whole(&stage, &content);
    }
}

#[tokio::test]
async fn after_408_429_and_5xx_the_session_is_asked_and_the_upload_goes_on() {
    for status in [408, 429, 500, 502, 503, 504] {
        for nth in 1..=3 {
            for took_effect in [false, true] {
                let stage = small_chunks(Stage::new());
                let fault = if took_effect {
                    Fault::AnswerAfterEffect {
                        status,
                        body: Value::Null,
                    }
                } else {
                    Fault::Answer {
                        status,
                        headers: Vec::new(),
                        body: Value::Null,
                    }
                };
                stage
                    .simulator
                    .script(FaultScript::first(HOST, PUT, fault).nth(nth));
                let content = chunked(&stage);
                let run = publish(&stage, &content).await;
                run.receipt();
                assert_whole(&stage, &content);
                assert!(
                    ranges(&stage).contains(&"bytes */1200000".to_owned()),
                    "{status} {nth}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_session_that_asks_to_wait_is_asked_when_it_said() {
    let stage = small_chunks(Stage::new());
    let fault = Fault::Answer {
        status: 503,
        headers: vec![("retry-after".to_owned(), "120".to_owned())],
        body: Value::Null,
    };
    stage.simulator.script(FaultScript::first(HOST, PUT, fault));
    let began = stage.now();
    let run = publish(&stage, &chunked(&stage)).await;
    run.receipt();
    assert!(
        stage.now() - began >= Duration::seconds(120),
        "{}",
        run.transcript
    );
}

#[tokio::test]
async fn a_token_that_ends_on_the_way_is_renewed_and_the_upload_goes_on() {
    for nth in 1..=3 {
        let stage = small_chunks(Stage::new());
        let network = "youtube".to_owned();
        let ended = FaultScript::first(HOST, PUT, Fault::TokensEnd { network });
        stage.simulator.script(ended.nth(nth));
        let content = chunked(&stage);
        let run = publish(&stage, &content).await;
        run.receipt();
        assert_whole(&stage, &content);
        assert!(run.transcript.to_string().contains("renewed the token"));
    }
}

#[tokio::test]
async fn a_session_that_ended_begins_anew_from_the_first_byte() {
    for status in [404, 410] {
        let stage = small_chunks(Stage::new());
        stage
            .simulator
            .script(answering(PUT, status, Value::Null).nth(2));
        let content = chunked(&stage);
        publish(&stage, &content).await.receipt();
        assert_whole(&stage, &content);
        let first = ranges(&stage);
        let from_zero = first
            .iter()
            .filter(|range| *range == "bytes 0-524287/1200000");
        assert_eq!(from_zero.count(), 2, "{status}");
    }
}

#[tokio::test]
async fn an_unknown_refusal_of_bytes_ends_once_the_session_says_that_it_has_none_of_them() {
    let stage = small_chunks(Stage::new());
    let refused = refusal(403, "somethingNew", "No <b>more</b>");
    stage.simulator.script(answering(PUT, 403, refused).nth(2));
    let run = publish(&stage, &chunked(&stage)).await;
    let fault = run.failure();
    assert_eq!(fault.code, "upload_refused");
    assert!(
        fault.message.ends_with("\"somethingNew: No more\"."),
        "{}",
        fault.message
    );
    assert!(stage.simulator.ledger().posts().is_empty());
}

/// Nothing in the machine grows with the file: 256 GB are as many calls as there are chunks, end to end,
/// and only the last one is the commit.
#[tokio::test]
async fn a_file_of_256_gb_goes_up_chunk_by_chunk() {
    const TOTAL: u64 = 274_877_906_944;
    let stage = Stage::new().with_setting(Platform::Youtube, "chunk_bytes", "67108864");
    let connection = stage.connection(Platform::Youtube, CHANNEL).await;
    let mut content = video(&stage);
    let domain::MediaFacts::Video { bytes, .. } = &mut content.assets[0].facts else {
        panic!("a video")
    };
    *bytes = TOTAL;
    let cx = PublishContext {
        now: stage.now(),
        app: stage.app(Platform::Youtube),
        account: &connection.account,
        content: &content,
        armed_at: None,
        claimed: &[],
    };
    let answer = |status, name, value: &str, body: Value| {
        let mut headers = http::HeaderMap::new();
        headers.insert(name, value.parse().expect("a header"));
        Event::Answer(Answer {
            status,
            headers,
            body: body.to_string().into_bytes(),
        })
    };
    let location = "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=1";
    let mut machine = platforms::start(Platform::Youtube, &content)
        .apply(answer(200, "location", location, Value::Null), &cx)
        .expect("a session");
    let (mut sent, mut calls) = (0, 0);
    while sent < TOTAL {
        let Action::Send(call) = machine.next(&cx) else {
            panic!("nothing to send")
        };
        let Body::File(file) = &call.body else {
            panic!("no bytes")
        };
        assert_eq!(file.range.start, sent);
        sent = file.range.end;
        calls += 1;
        let is_last = sent == TOTAL;
        let safety = if is_last {
            Safety::Once
        } else {
            Safety::Resumable
        };
        assert_eq!(call.safety, safety);
        let range = format!("bytes=0-{}", sent - 1);
        let event = if is_last {
            answer(201, "range", "-", json!({"id": "AAAAAAAAAAA"}))
        } else {
            answer(308, "range", &range, Value::Null)
        };
        machine = machine.apply(event, &cx).expect("a step");
        assert!(serde_json::to_string(&machine).expect("a state").len() < 400);
    }
    assert_eq!(calls, TOTAL / 67_108_864);
    assert_eq!(machine.handle().as_deref(), Some("AAAAAAAAAAA"));
}

#[tokio::test]
async fn which_chunk_is_the_last_does_not_change_with_the_setting() {
    let stage = Stage::new();
    let connection = stage.connection(Platform::Youtube, CHANNEL).await;
    let content = chunked(&stage);
    let with = |stage: &Stage| -> Safety {
        let stored = json!({"network": "youtube", "state": {
            "step": "upload", "offset": 0, "session": {
                "url": "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=1",
                "tries": 0, "chunk": 524_288,
            },
        }});
        let machine: platforms::Publish = serde_json::from_value(stored).expect("a state");
        let cx = PublishContext {
            now: stage.now(),
            app: stage.app(Platform::Youtube),
            account: &connection.account,
            content: &content,
            armed_at: None,
            claimed: &[],
        };
        match machine.next(&cx) {
            Action::Send(call) => call.safety,
            Action::Done(_) | Action::WaitUntil(_) => panic!("nothing to send"),
        }
    };
    for bytes in ["262144", "8388608"] {
        let stage = stage
            .clone()
            .with_setting(Platform::Youtube, "chunk_bytes", bytes);
        assert_eq!(with(&stage), Safety::Resumable);
    }
}

/// Every trouble with the last chunk, joined with every trouble with the questions after it.
#[tokio::test]
async fn troubles_in_pairs_never_double_nor_misreport() {
    let (host, route) = (HOST, PUT);
    let (ask_host, ask_route) = (HOST, PUT);
    let answer = |status| Fault::Answer {
        status,
        headers: Vec::new(),
        body: Value::Null,
    };
    let after = |status| Fault::AnswerAfterEffect {
        status,
        body: Value::Null,
    };
    let mut cases = 0;
    for fire in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        after(500),
        after(503),
        answer(502),
    ] {
        for trouble in [
            Fault::LoseAnswer,
            Fault::LoseRequest,
            Fault::Truncate,
            answer(401),
            answer(404),
            answer(429),
            answer(500),
        ] {
            for asked in 1..=3 {
                for times in [1, 2, 100] {
                    let stage = Stage::new();
                    let order = FaultScript::first(host, route, fire.clone());
                    stage.simulator.script(order);
                    let order = FaultScript::first(ask_host, ask_route, trouble.clone());
                    stage.simulator.script(order.nth(asked + 1).times(times));
                    let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
                    let run = stage.publish(&mut connection, &video(&stage)).await;
                    let live = stage.simulator.ledger().posts().len();
                    let is_right = match &run.outcome {
                        Outcome::Published(_) => live == 1,
                        Outcome::Failed(_) => live == 0,
                        Outcome::Unconfirmed(_) | Outcome::Waiting(_) => live <= 1,
                        Outcome::Stuck(_) => live <= 1 && times == 100,
                    };
                    assert!(
                        is_right,
                        "{fire:?} {trouble:?} {asked} {times}, {live} live\n{}",
                        run.transcript
                    );
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 5 * 7 * 3 * 3);
}

/// The video arrives, its answer is lost, and the session forgets.
fn gone_after_a_lost_answer(stage: &Stage) {
    let put = |fault| FaultScript::first(HOST, PUT, fault);
    stage.simulator.script(put(Fault::LoseAnswer));
    let gone = Fault::Answer {
        status: 404,
        headers: Vec::new(),
        body: Value::Null,
    };
    stage.simulator.script(put(gone).nth(2).times(100));
}

/// Exactly one video is there, and it is the file.
fn assert_whole(stage: &Stage, content: &platforms::Content) {
    let ledger = stage.simulator.ledger();
    let [live] = ledger.posts() else {
        panic!("{} are live", ledger.posts().len())
    };
    let kept = stage.simulator.world().kept(&live.media[0].digest);
    assert_eq!(
        kept.expect("the file").1.to_vec(),
        stage.files_of(content)[0]
    );
}

/// What was sent and asked of sessions, in order.
fn ranges(stage: &Stage) -> Vec<String> {
    let calls = stage.calls();
    let headers = calls.iter().flat_map(|call| &call.headers);
    headers
        .filter(|(name, _)| *name == "content-range")
        .map(|(_, value)| value.clone())
        .collect()
}
