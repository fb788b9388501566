//! What comes with a video: its thumbnail, its playlist, its time, and what YouTube makes of it all.

use domain::{Platform, Standing};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::{Duration, macros::datetime};

use crate::{
    flows::youtube::{
        ADD, CHANNEL, HOST, LOOK, PLAYLIST, STATUS, THUMBNAIL, answering, in_playlist, of, publish,
        refusal_of, scheduled, with_playlists, with_thumbnail,
    },
    harness::{Death, Driver, Outcome, Run, Stage, jpeg, mp4},
};

#[tokio::test]
async fn every_option_arrives() {
    let stage = Stage::new();
    let content = crate::flows::youtube::detailed(&stage);
    publish(&stage, &content).await.receipt();
    let live = stage.simulator.ledger().posts()[0].clone();
    for (name, value) in [
        ("title", json!("A day")),
        ("tags", json!(["studio", "behind the scenes"])),
        ("categoryId", json!("26")),
        ("privacyStatus", json!("unlisted")),
        ("selfDeclaredMadeForKids", json!(true)),
        ("notifySubscribers", json!(false)),
        ("defaultLanguage", json!("en-GB")),
        ("license", json!("creativeCommon")),
        ("embeddable", json!(false)),
        ("publicStatsViewable", json!(false)),
        ("containsSyntheticMedia", json!(true)),
        ("recordingDate", json!("2026-02-28T00:00:00Z")),
    ] {
        assert_eq!(live.details[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_video_with_a_time_of_its_own_is_scheduled_until_then() {
    let stage = Stage::new();
    let run = publish(&stage, &scheduled(&stage)).await;
    let receipt = run.receipt();
    assert_eq!(receipt.standing, Standing::Scheduled);
    let live = stage.simulator.ledger().posts()[0].clone();
    assert_eq!(live.details["privacyStatus"], "private");
    assert_eq!(live.details["publishAt"], "2026-03-05T09:00:00Z");
    assert_eq!(remarks(&run), Vec::<String>::new());
}

#[tokio::test]
async fn a_video_whose_time_came_while_it_was_processed_is_live() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("youtube", Duration::minutes(10));
    let options = json!({"privacy": "private", "publishAt": "2026-03-04T05:10:00Z"});
    let run = publish(&stage, &of(&stage, options)).await;
    assert!(stage.now() > datetime!(2026-03-04 05:10 UTC));
    assert_eq!(run.receipt().standing, Standing::Live);
    assert_eq!(remarks(&run), Vec::<String>::new());
}

#[tokio::test]
async fn a_time_that_is_over_is_refused_with_its_sentence() {
    let stage = Stage::new();
    let options = json!({"privacy": "private", "publishAt": "2026-03-04T05:00:00Z"});
    let run = publish(&stage, &of(&stage, options)).await;
    assert_eq!(run.failure().code, "publish_time_refused");
}

#[tokio::test]
async fn what_youtube_makes_otherwise_than_ordered_is_told_and_the_video_stays_published() {
    let at = "2026-03-05T09:00:00Z";
    let timed = json!({"privacy": "private", "publishAt": at});
    for (options, status, standing, told) in [
        (
            json!({}),
            json!({"privacyStatus": "private"}),
            Standing::Live,
            Some("private, not public"),
        ),
        (
            json!({}),
            json!({"privacyStatus": "public"}),
            Standing::Live,
            None,
        ),
        (json!({}), json!({}), Standing::Live, None),
        (
            json!({"privacy": "unlisted"}),
            json!({"privacyStatus": "public"}),
            Standing::Live,
            Some("public, not unlisted"),
        ),
        (
            timed.clone(),
            json!({"privacyStatus": "private", "publishAt": "2026-03-05T09:00:00.000Z"}),
            Standing::Scheduled,
            None,
        ),
        (
            timed.clone(),
            json!({"privacyStatus": "private", "publishAt": "2026-03-05T10:00:00Z"}),
            Standing::Scheduled,
            Some("makes the video public at"),
        ),
        (
            timed,
            json!({"privacyStatus": "private"}),
            Standing::Live,
            Some("did not keep the time"),
        ),
    ] {
        let stage = Stage::new();
        let mut status = status;
        status["uploadStatus"] = json!("processed");
        let body = json!({"items": [{"id": "ADxlaPEugAI", "status": status}]});
        stage.simulator.script(answering(STATUS, 200, body));
        let run = publish(&stage, &of(&stage, options)).await;
        assert_eq!(run.receipt().standing, standing, "{status}");
        let remarks = remarks(&run);
        assert_eq!(remarks.len(), usize::from(told.is_some()), "{remarks:?}");
        assert!(
            remarks
                .iter()
                .all(|it| it.contains(told.unwrap_or_default())),
            "{remarks:?}"
        );
    }
}

#[tokio::test]
async fn a_channel_that_makes_every_video_private_is_told_of() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world
        .states()
        .youtube()
        .private_channels
        .insert(CHANNEL.to_owned());
    let run = publish(&stage, &of(&stage, json!({}))).await;
    run.receipt();
    assert_eq!(remarks(&run).len(), 1);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_short_has_its_address_and_anything_else_the_usual_one() {
    for (width, height, duration_ms, is_short) in [
        (720, 1_280, 180_000, true),
        (720, 720, 1_000, true),
        (720, 1_280, 180_001, false),
        (1_280, 720, 1_000, false),
    ] {
        let stage = Stage::new();
        let mut file = mp4(4_000);
        file.facts = domain::MediaFacts::Video {
            container: domain::Container::Mp4,
            video_codec: domain::VideoCodec::H264,
            audio_codec: None,
            width,
            height,
            duration_ms,
            frames_per_second: 30.0,
            bytes: 4_000,
        };
        let content = stage.content("A day", Value::Null, vec![(file, None)]);
        let run = publish(&stage, &content).await;
        let address = run.receipt().url.clone().expect("an address");
        let begins = if is_short {
            "https://www.youtube.com/shorts/"
        } else {
            "https://www.youtube.com/watch?v="
        };
        assert!(
            address.starts_with(begins),
            "{width}x{height} {duration_ms}: {address}"
        );
    }
}

#[tokio::test]
async fn a_thumbnail_arrives_whichever_file_stands_first() {
    for content in [with_thumbnail, crate::flows::youtube::with_both] {
        let stage = Stage::new();
        let content = content(&stage);
        let run = publish(&stage, &content).await;
        let id = run.receipt().external_id.clone().expect("an id");
        let world = stage.simulator.world();
        let set = world
            .states()
            .youtube()
            .thumbnail(&id)
            .expect("a thumbnail");
        assert_eq!(
            (set.bytes, set.content_type.as_str()),
            (3_000, "image/jpeg")
        );
        let video = stage.simulator.ledger().posts()[0].media[0].clone();
        assert_eq!(
            (video.bytes, video.content_type.as_str()),
            (4_000, "video/mp4")
        );
    }
}

/// What goes wrong with a thumbnail is told; the video stays published, once.
#[tokio::test]
async fn a_thumbnail_that_is_refused_is_told_and_the_video_stays_published() {
    let domain = "youtube.thumbnail";
    for (status, reason, tries, told) in [
        (400, "invalidImage", 1, "Use a JPEG or PNG thumbnail."),
        (400, "mediaBodyRequired", 1, "the file is missing"),
        (401, "authError", 1, "connect the account again"),
        (403, "forbidden", 1, "verify the channel by phone"),
        (403, "insufficientPermissions", 1, "permission is missing"),
        (404, "videoNotFound", 1, "was deleted"),
        (403, "quotaExceeded", 1, "daily YouTube quota is used up"),
        (400, "somethingNew", 1, "did not take it"),
        (413, "uploadTooLarge", 1, "did not take it"),
        (
            429,
            "uploadRateLimitExceeded",
            3,
            "takes no more thumbnails just now",
        ),
        (429, "rateLimitExceeded", 3, "asks to slow down"),
        (503, "backendError", 3, "did not take it"),
    ] {
        let stage = Stage::new();
        let body = refusal_of(domain, status, reason, "No");
        stage
            .simulator
            .script(answering(THUMBNAIL, status, body).times(9));
        let run = publish(&stage, &with_thumbnail(&stage)).await;
        run.receipt();
        assert_eq!(stage.simulator.ledger().posts().len(), 1);
        let sent = calls(&run, "set_thumbnail");
        assert_eq!(sent, tries, "{status} {reason}");
        let remarks = remarks(&run);
        let is_told = remarks.iter().any(|it| it.contains(told));
        assert!(
            is_told && remarks.len() == 1,
            "{status} {reason}: {remarks:?}"
        );
    }
}

#[tokio::test]
async fn a_thumbnail_is_tried_again_where_that_may_help() {
    for fault in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::CutRequest { bytes: 100 },
        Fault::AnswerAfterEffect {
            status: 500,
            body: Value::Null,
        },
    ] {
        for times in [1, 2] {
            let stage = Stage::new();
            let script = FaultScript::first(HOST, THUMBNAIL, fault.clone());
            stage.simulator.script(script.times(times));
            let run = publish(&stage, &with_thumbnail(&stage)).await;
            let id = run.receipt().external_id.clone().expect("an id");
            assert_eq!(remarks(&run), Vec::<String>::new(), "{fault:?}");
            let world = stage.simulator.world();
            assert!(
                world.states().youtube().thumbnail(&id).is_some(),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_thumbnail_of_a_short_is_set_once_it_is_processed() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.set_processing("youtube", Duration::minutes(3));
    world.states().youtube().are_shorts = true;
    let files = vec![(mp4(4_000), None), (jpeg(720, 1_280, 3_000), None)];
    let content = stage.content("A day", json!({"thumbnail": true}), files);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert_eq!((calls(&run, "set_thumbnail"), remarks(&run).len()), (1, 0));
}

/// Whatever breaks at either call, or between them, the video stands in the playlist once, or that it
/// does not is told.
#[tokio::test]
async fn nothing_is_added_to_a_playlist_twice() {
    let faults = [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::Truncate,
        Fault::AnswerAfterEffect {
            status: 500,
            body: Value::Null,
        },
        Fault::Answer {
            status: 503,
            headers: Vec::new(),
            body: Value::Null,
        },
    ];
    let deaths = [Death::BeforeMark, Death::AfterMark, Death::AfterSend];
    let mut cases = 0;
    for route in [LOOK, ADD] {
        for fault in &faults {
            for times in [1, 2, 9] {
                let stage = with_playlists(Stage::new());
                let script = FaultScript::first(HOST, route, fault.clone());
                stage.simulator.script(script.times(times));
                let run = publish(&stage, &in_playlist(&stage)).await;
                assert_added_or_told(&stage, &run, &format!("{route} {fault:?} {times}"));
                cases += 1;
            }
        }
    }
    for call in 4..=5 {
        for death in deaths {
            let stage = with_playlists(Stage::new());
            let content = in_playlist(&stage);
            let mut connection = stage.connection(Platform::Youtube, CHANNEL).await;
            let driver = Driver::new(&stage, &mut connection, &content).dying(call, death);
            let run = driver.run().await;
            assert_added_or_told(&stage, &run, &format!("{call} {death:?}"));
            cases += 1;
        }
    }
    assert_eq!(cases, 2 * 5 * 3 + 2 * 3);
}

#[tokio::test]
async fn a_video_that_a_playlist_does_not_take_stays_published_and_that_is_told() {
    let domain = "youtube.playlistItem";
    for (route, status, reason, told) in [
        (LOOK, 404, "playlistNotFound", "no such playlist"),
        (ADD, 404, "playlistNotFound", "no such playlist"),
        (
            LOOK,
            403,
            "playlistItemsNotAccessible",
            "not the channel's to fill",
        ),
        (ADD, 403, "forbidden", "not the channel's to fill"),
        (
            ADD,
            400,
            "playlistOperationUnsupported",
            "not the channel's to fill",
        ),
        (ADD, 403, "playlistContainsMaximumNumberOfVideos", "is full"),
        (ADD, 400, "manualSortRequired", "sorted by YouTube"),
        (
            ADD,
            403,
            "insufficientPermissions",
            "without the permission",
        ),
        (ADD, 403, "quotaExceeded", "daily YouTube quota is used up"),
        (ADD, 400, "somethingNew", "YouTube refused it"),
        (LOOK, 503, "backendError", "did not answer"),
        (ADD, 503, "backendError", "did not tell whether"),
    ] {
        let stage = with_playlists(Stage::new());
        let body = refusal_of(domain, status, reason, "No");
        stage
            .simulator
            .script(answering(route, status, body).times(9));
        let run = publish(&stage, &in_playlist(&stage)).await;
        run.receipt();
        let remarks = remarks(&run);
        let is_told = remarks.iter().any(|it| it.contains(told));
        assert!(
            is_told && remarks.len() == 1,
            "{route} {reason}: {remarks:?}"
        );
    }
}

#[tokio::test]
async fn without_the_permission_a_playlist_is_left() {
    let stage = Stage::new();
    let content = in_playlist(&stage);
    let run = publish(&stage, &content).await;
    run.receipt();
    assert!(remarks(&run)[0].contains("without the permission"));
}

#[tokio::test]
async fn a_video_that_is_removed_while_it_is_processed_is_left_to_a_person() {
    let stage = Stage::new();
    stage
        .simulator
        .script(answering(STATUS, 200, json!({"kind": "k"})).times(900));
    let run = publish(&stage, &of(&stage, json!({}))).await;
    let Outcome::Unconfirmed(candidates) = &run.outcome else {
        panic!("{}", run.transcript)
    };
    assert_eq!(candidates.len(), 1);
}

fn assert_added_or_told(stage: &Stage, run: &Run, what: &str) {
    run.receipt();
    let world = stage.simulator.world();
    let added = world.states().youtube().playlist(PLAYLIST).len();
    let told = remarks(run).len();
    let is_right = match added {
        0 => told == 1,
        1 => told <= 1,
        _ => false,
    };
    assert!(
        is_right,
        "{what}: {added} added, {told} told\n{}",
        run.transcript
    );
}

/// How often a call was due.
fn calls(run: &Run, name: &str) -> usize {
    run.calls
        .iter()
        .filter(|(called, _)| *called == name)
        .count()
}

/// What the author is told beside that it is published.
fn remarks(run: &Run) -> Vec<String> {
    let transcript = run.transcript.to_string();
    let lines = transcript.lines();
    lines
        .filter_map(|line| line.trim_start().strip_prefix("remark: "))
        .map(str::to_owned)
        .collect()
}
