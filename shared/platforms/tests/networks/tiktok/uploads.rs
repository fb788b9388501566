//! The upload of a video to TikTok, when it breaks off, runs out of its hour, or is told nothing.

use domain::Platform;
use serde_json::Value;
use simulator::{Fault, FaultScript};

use crate::{
    flows::{Make, tiktok::*},
    harness::{Outcome, Run, Stage},
};

async fn publish(stage: &Stage, content: Make) -> Run {
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let content = content(stage);
    let run = stage.publish(&mut connection, &content).await;
    if let Outcome::Published(_) = run.outcome {
        let posts = stage.simulator.ledger().posts().to_vec();
        assert_eq!(posts.len(), 1);
        let kept = stage.simulator.world().kept(&posts[0].media[0].digest);
        assert_eq!(kept.expect("a file").1, stage.files_of(&content)[0]);
    }
    run
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Fault {
    Fault::Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: Value::Null,
    }
}

fn chunk(nth: u32, fault: Fault) -> FaultScript {
    FaultScript::first(HOST, CHUNK, fault).nth(nth)
}

fn times(run: &Run, call: &str) -> usize {
    run.calls.iter().filter(|(name, _)| *name == call).count()
}

fn live(stage: &Stage) -> usize {
    stage.simulator.ledger().posts().len()
}

/// How a post went whose first chunks go wrong so: what was called how often.
async fn went(content: Make, scripts: Vec<FaultScript>) -> (usize, usize, usize) {
    let stage = small_chunks(Stage::new());
    for script in scripts {
        stage.simulator.script(script);
    }
    let run = publish(&stage, content).await;
    run.receipt();
    (
        times(&run, "init"),
        times(&run, "upload_chunk"),
        live(&stage),
    )
}

#[tokio::test]
async fn a_chunk_whose_answer_is_lost_is_asked_about_and_not_sent_again() {
    for content in [chunked_video as Make, chunked_draft] {
        let lost = || vec![chunk(1, Fault::LoseAnswer)];
        assert_eq!(went(content, lost()).await, (1, 2, 1));
    }
}

#[tokio::test]
async fn a_chunk_that_broke_off_is_sent_again() {
    for bytes in [0, 1, 4_999_999] {
        let cut = Fault::CutRequest { bytes };
        assert_eq!(went(chunked_video, vec![chunk(1, cut)]).await, (1, 3, 1));
    }
    let lost = vec![chunk(1, Fault::LoseRequest)];
    assert_eq!(went(chunked_draft, lost).await, (1, 3, 1));
}

#[tokio::test]
async fn a_last_chunk_that_broke_off_is_sent_again_when_the_task_lacks_it() {
    for bytes in [0, 1, 5_000_006] {
        let cut = Fault::CutRequest { bytes };
        assert_eq!(went(chunked_video, vec![chunk(2, cut)]).await, (1, 3, 1));
    }
}

/// Each answer of the upload host, to the first chunk and to the last, before it did anything.
#[tokio::test]
async fn each_answer_of_the_upload_host_leads_on() {
    let at_zero = &[("content-range", "bytes 0-0/10000007")][..];
    let at_five = &[("content-range", "bytes 0-5000000/10000007")][..];
    let foreign = &[("content-range", "bytes 0-5000000/7")][..];
    for (nth, status, headers, expected) in [
        (1, 403, &[][..], (2, 3, 1)),
        (1, 404, &[], (2, 3, 1)),
        (1, 416, at_zero, (1, 3, 1)),
        (1, 416, &[], (1, 3, 1)),
        (1, 416, foreign, (1, 3, 1)),
        (1, 429, &[], (1, 3, 1)),
        (1, 500, &[], (1, 3, 1)),
        (1, 502, &[], (1, 3, 1)),
        (1, 503, &[], (1, 3, 1)),
        (2, 403, &[], (2, 4, 1)),
        (2, 404, &[], (2, 4, 1)),
        (2, 416, at_five, (1, 3, 1)),
        (2, 429, &[], (1, 3, 1)),
        (2, 500, &[], (1, 3, 1)),
        (2, 503, &[], (1, 3, 1)),
    ] {
        for content in [chunked_video as Make, chunked_draft] {
            let scripts = vec![chunk(nth, answer(status, headers))];
            let went = went(content, scripts).await;
            assert_eq!(went, expected, "chunk {nth}: {status} {headers:?}");
        }
    }
}

#[tokio::test]
async fn bytes_that_are_refused_end_the_post() {
    for nth in [1, 2] {
        let stage = small_chunks(Stage::new());
        stage.simulator.script(chunk(nth, answer(400, &[])));
        let run = publish(&stage, chunked_video).await;
        assert_eq!(run.failure().code, "upload_refused");
        assert_eq!(live(&stage), 0);
    }
}

#[tokio::test]
async fn an_upload_that_never_gets_in_step_is_given_up_with_nothing_live() {
    let stage = small_chunks(Stage::new());
    stage
        .simulator
        .script(chunk(1, answer(416, &[])).times(100));
    let run = publish(&stage, chunked_video).await;
    assert_eq!(run.failure().code, "network_failed");
    assert_eq!((times(&run, "init"), live(&stage)), (3, 0));
}

#[tokio::test]
async fn a_last_chunk_that_never_arrives_fails_after_three_sends() {
    for content in [video as Make, video_draft] {
        let stage = Stage::new();
        stage
            .simulator
            .script(chunk(1, Fault::LoseRequest).times(100));
        let run = publish(&stage, content).await;
        assert_eq!(run.failure().code, "upload_incomplete");
        assert_eq!((times(&run, "upload_chunk"), live(&stage)), (3, 0));
    }
}

#[tokio::test]
async fn an_upload_that_takes_too_long_is_opened_anew_before_its_hour_is_over() {
    let slow = answer(429, &[("retry-after", "3540")]);
    let stage = small_chunks(Stage::new());
    stage.simulator.script(chunk(1, slow.clone()));
    let run = publish(&stage, chunked_video).await;
    run.receipt();
    assert_eq!((times(&run, "init"), times(&run, "upload_chunk")), (2, 3));
    insta::assert_snapshot!(run.transcript);

    let stage = small_chunks(Stage::new());
    stage.simulator.script(chunk(1, slow).times(100));
    let run = publish(&stage, chunked_video).await;
    assert_eq!(run.failure().code, "network_failed");
    assert_eq!((times(&run, "init"), live(&stage)), (3, 0));
}

#[tokio::test]
async fn an_address_that_is_not_tiktoks_gets_no_bytes() {
    for url in [
        "http://open-upload.tiktokapis.com/video/?upload_id=1",
        "https://open-upload.tiktokapis.com.example/video/?upload_id=1",
        "https://eviltiktokapis.com/video/",
        "https://127.0.0.1/video/",
    ] {
        let stage = Stage::new();
        let opened = Fault::Answer {
            status: 200,
            headers: Vec::new(),
            body: serde_json::json!({
                "data": {"publish_id": "v_pub_file~v2-1.1", "upload_url": url},
                "error": {"code": "ok", "message": "", "log_id": "1"},
            }),
        };
        stage
            .simulator
            .script(FaultScript::first(API, VIDEO, opened));
        let run = publish(&stage, video).await;
        run.receipt();
        let told = run.transcript.to_string();
        assert!(told.contains("fault upload_address_missing"), "{told}");
        assert_eq!(times(&run, "upload_chunk"), 1);
    }
}

/// Every trouble with the last chunk, joined with every trouble with the questions after it.
#[tokio::test]
async fn troubles_in_pairs_never_double_nor_misreport() {
    let after = |status| Fault::AnswerAfterEffect {
        status,
        body: Value::Null,
    };
    let mut cases = 0;
    for fire in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::CutRequest { bytes: 59_999 },
        after(500),
        after(503),
        answer(502, &[]),
    ] {
        for trouble in [
            Fault::LoseAnswer,
            Fault::LoseRequest,
            Fault::Truncate,
            answer(401, &[]),
            answer(404, &[]),
            answer(429, &[]),
            answer(500, &[]),
        ] {
            for asked in 1..=3 {
                for times in [1, 2, 100] {
                    let stage = Stage::new();
                    stage.simulator.script(chunk(1, fire.clone()));
                    let order = FaultScript::first(API, STATUS, trouble.clone());
                    stage.simulator.script(order.nth(asked).times(times));
                    let run = publish(&stage, video).await;
                    let live = live(&stage);
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
    assert_eq!(cases, 6 * 7 * 3 * 3);
}
