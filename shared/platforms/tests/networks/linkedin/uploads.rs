//! LinkedIn, when something goes wrong with files: addresses that end, parts that break off, files that are
//! forgotten, refused, or worked on for long.

use domain::Platform;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::Duration;

use crate::{
    flows::{Make, linkedin::*},
    harness::{Outcome, Stage, mp4},
};

#[tokio::test]
async fn an_ended_upload_address_is_replaced() {
    let ended = |status, body: Value| Fault::Answer {
        status,
        headers: Vec::new(),
        body,
    };
    let expired = json!({"status": 400, "code": "EXPIRED_UPLOAD_URL", "message": "expired"});
    for fault in [
        ended(403, Value::Null),
        ended(401, Value::Null),
        ended(400, expired),
    ] {
        for content in [picture as Make, titled_video, document] {
            let stage = Stage::new();
            stage
                .simulator
                .script(FaultScript::first(WWW, UPLOAD, fault.clone()));
            let run = publish(&stage, &content(&stage)).await;
            published(&stage, &run);
        }
    }
}

#[tokio::test]
async fn an_upload_that_never_lasts_fails_after_three() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let gone = Fault::Answer {
        status: 403,
        headers: Vec::new(),
        body: Value::Null,
    };
    stage
        .simulator
        .script(FaultScript::first(WWW, UPLOAD, gone).times(100));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "upload_refused"));
    assert_eq!(count(&run, "upload_image"), 3);
}

#[tokio::test]
async fn files_that_linkedin_forgot_are_uploaded_anew() {
    for (code, is_video) in [("INVALID_IMAGE_ID", false), ("INVALID_VIDEO_ID", true)] {
        let stage = Stage::new();
        let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
        let body = json!({"status": 400, "message": "m", "errorDetails": {"inputErrors": [{"code": code}]}});
        let unknown = Fault::Answer {
            status: 400,
            headers: Vec::new(),
            body,
        };
        stage
            .simulator
            .script(FaultScript::first(API, POST, unknown));
        let content = if is_video {
            stage.content("Moving", Value::Null, vec![(mp4(80_000), None)])
        } else {
            picture(&stage)
        };
        let run = stage.publish(&mut connection, &content).await;
        published(&stage, &run);
        assert_eq!(count(&run, "create_post"), 2);
    }
}

#[tokio::test]
async fn files_that_linkedin_always_forgets_fail_after_three_uploads() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let unknown = Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: json!({"status": 400, "code": "INVALID_IMAGE_ID", "message": "unknown"}),
    };
    stage
        .simulator
        .script(FaultScript::first(API, POST, unknown).times(9));
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "media_unknown"));
    assert_eq!(count(&run, "upload_image"), 3);
}

#[tokio::test]
async fn a_video_that_turns_out_unready_is_waited_for_and_not_sent_again() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let waiting = Fault::Answer {
        status: 400,
        headers: Vec::new(),
        body: json!({"status": 400, "code": "MEDIA_ASSET_WAITING_UPLOAD", "message": "wait"}),
    };
    stage
        .simulator
        .script(FaultScript::first(API, POST, waiting));
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    published(&stage, &run);
    assert_eq!(count(&run, "initialize_video"), 1);
}

#[tokio::test]
async fn a_video_whose_parts_never_arrived_is_uploaded_anew() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let waiting = Fault::Answer {
        status: 200,
        headers: Vec::new(),
        body: json!({"status": "WAITING_UPLOAD"}),
    };
    stage
        .simulator
        .script(FaultScript::first(API, "GET /rest/videos/{urn}", waiting).times(8));
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    published(&stage, &run);
    assert_eq!(count(&run, "initialize_video"), 2);
}

#[tokio::test]
async fn a_video_that_cannot_be_processed_fails_with_the_reason() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().video_failures =
        vec!["RESOLUTION_TOO_LOW".to_owned()];
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    let fault = run.failure();
    assert_eq!(fault.code, "media_unusable");
    assert_eq!(fault.evidence.as_deref(), Some("RESOLUTION_TOO_LOW"));
}

#[tokio::test]
async fn a_video_that_is_never_ready_fails_in_the_end() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("linkedin", Duration::days(1));
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    assert!(matches!(&run.outcome, Outcome::Failed(fault) if fault.code == "processing_too_long"));
    assert!(
        count(&run, "ask_status") < 60,
        "a member has 150 calls a day"
    );
    assert!(stage.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_video_that_may_not_be_asked_after_is_posted_when_linkedin_takes_it() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().hides_videos = true;
    stage
        .simulator
        .world()
        .set_processing("linkedin", Duration::seconds(90));
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let content = stage.content("Moving", Value::Null, vec![(mp4(80_000), None)]);
    let run = stage.publish(&mut connection, &content).await;
    assert!(run.transcript.to_string().contains("media_not_ready"));
    published(&stage, &run);
}

#[tokio::test]
async fn a_video_that_takes_half_an_hour_is_kept_and_waited_for() {
    let stage = Stage::new();
    slow(&stage, Duration::minutes(30));
    let run = publish(&stage, &titled_video(&stage)).await;
    published(&stage, &run);
    assert_eq!(count(&run, "initialize_video"), 1);
    assert!(count(&run, "ask_status") < 50);
}

#[tokio::test]
async fn a_part_that_breaks_off_is_sent_again_whole() {
    let stage = Stage::new();
    let cut = Fault::CutRequest { bytes: 1_000_000 };
    stage.simulator.script(FaultScript::first(WWW, UPLOAD, cut));
    let run = publish(&stage, &video(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!(live.media[0].bytes, 4_200_000);
    assert_eq!(count(&run, "upload_part"), 3);
    assert_eq!(count(&run, "initialize_video"), 1);
}

#[tokio::test]
async fn a_picture_that_breaks_off_is_sent_again_whole() {
    let stage = Stage::new();
    let cut = Fault::CutRequest { bytes: 100 };
    stage.simulator.script(FaultScript::first(WWW, UPLOAD, cut));
    let run = publish(&stage, &picture(&stage)).await;
    assert_eq!(published(&stage, &run).media[0].bytes, 60_000);
    assert_eq!(count(&run, "upload_image"), 2);
}

#[tokio::test]
async fn a_part_without_a_tag_is_sent_again() {
    let stage = Stage::new();
    let bare = FaultScript::first(WWW, UPLOAD, answer(200, Value::Null));
    stage.simulator.script(bare);
    let run = publish(&stage, &titled_video(&stage)).await;
    published(&stage, &run);
    assert_eq!(count(&run, "upload_part"), 2);
}

#[tokio::test]
async fn a_page_waits_for_its_pictures_but_not_for_ever() {
    for (seconds, asked) in [(0, 3), (12, 6), (300, 7)] {
        let stage = page(Stage::new());
        slow(&stage, Duration::seconds(seconds));
        let run = publish(&stage, &pictures(&stage)).await;
        published(&stage, &run);
        assert_eq!(count(&run, "ask_image_status"), asked, "{}", run.transcript);
    }
}

#[tokio::test]
async fn a_picture_of_a_page_that_cannot_be_processed_fails_before_the_post() {
    let stage = page(Stage::new());
    let failed = answer(200, json!({"status": "PROCESSING_FAILED"}));
    stage
        .simulator
        .script(FaultScript::first(API, IMAGE, failed));
    let run = publish(&stage, &picture(&stage)).await;
    assert_eq!(run.failure().code, "media_unusable");
    assert_eq!(count(&run, "create_post"), 0);
}

#[tokio::test]
async fn a_page_whose_pictures_may_not_be_read_is_posted_all_the_same() {
    for status in [403, 404] {
        let stage = page(Stage::new());
        let denied = answer(status, refused(status, "ACCESS_DENIED"));
        stage
            .simulator
            .script(FaultScript::first(API, IMAGE, denied));
        let run = publish(&stage, &picture(&stage)).await;
        published(&stage, &run);
    }
}

#[tokio::test]
async fn a_role_that_may_not_post_videos_and_documents_is_told_to_the_person() {
    let stage = page(Stage::new());
    stage.simulator.world().states().linkedin().roles[0].role = "CONTENT_ADMIN";
    for content in [titled_video as Make, document] {
        let run = publish(&stage, &content(&stage)).await;
        let Outcome::Waiting(fault) = &run.outcome else {
            panic!("{}", run.transcript)
        };
        assert_eq!(fault.code, "access_denied");
        assert!(fault.message.contains("role"), "{}", fault.message);
    }
    assert!(stage.simulator.ledger().posts().is_empty());
    let run = publish(&stage, &picture(&stage)).await;
    published(&stage, &run);
}

#[tokio::test]
async fn a_document_that_turns_out_unready_is_waited_for_and_not_sent_again() {
    let stage = Stage::new();
    let waiting = answer(400, refused(400, "MEDIA_ASSET_WAITING_UPLOAD"));
    stage
        .simulator
        .script(FaultScript::first(API, POST, waiting));
    let run = publish(&stage, &document(&stage)).await;
    published(&stage, &run);
    assert_eq!(count(&run, "initialize_document"), 1);
}

#[tokio::test]
async fn a_document_whose_bytes_never_arrived_is_uploaded_anew() {
    for (told, times, uploads) in [
        (answer(200, json!({"status": "WAITING_UPLOAD"})), 7, 1),
        (answer(200, json!({"status": "WAITING_UPLOAD"})), 8, 2),
        (answer(404, refused(404, "NOT_FOUND")), 1, 2),
    ] {
        let stage = Stage::new();
        stage
            .simulator
            .script(FaultScript::first(API, DOCUMENT, told).times(times));
        let run = publish(&stage, &document(&stage)).await;
        published(&stage, &run);
        assert_eq!(count(&run, "upload_document"), uploads, "{times}");
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_processed_fails_before_the_post() {
    let stage = Stage::new();
    let mut content = document(&stage);
    content.assets = stage
        .content("", Value::Null, vec![(mp4(80_000), None)])
        .assets;
    content.assets[0].facts = document(&stage).assets[0].facts.clone();
    let run = publish(&stage, &content).await;
    assert_eq!(run.failure().code, "media_unusable");
    assert_eq!(count(&run, "create_post"), 0);
}

#[tokio::test]
async fn a_document_that_is_never_ready_fails_in_the_end() {
    let stage = Stage::new();
    slow(&stage, Duration::days(1));
    let run = publish(&stage, &document(&stage)).await;
    let fault = run.failure();
    assert_eq!(fault.code, "processing_too_long");
    assert!(fault.message.contains("the document"), "{}", fault.message);
    let asked = count(&run, "ask_document_status");
    assert!(asked < 60, "a member has 150 calls a day");
    assert!(stage.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_document_that_may_not_be_asked_after_is_posted_when_linkedin_takes_it() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().hides_documents = true;
    slow(&stage, Duration::seconds(90));
    let run = publish(&stage, &document(&stage)).await;
    assert!(run.transcript.to_string().contains("media_not_ready"));
    published(&stage, &run);
}

#[tokio::test]
async fn a_document_that_breaks_off_is_sent_again_whole() {
    let stage = Stage::new();
    let cut = Fault::CutRequest { bytes: 100 };
    stage.simulator.script(FaultScript::first(WWW, UPLOAD, cut));
    let run = publish(&stage, &document(&stage)).await;
    assert_eq!(published(&stage, &run).media[0].bytes, 50_000);
    assert_eq!(count(&run, "upload_document"), 2);
}

#[tokio::test]
async fn a_document_that_is_too_large_for_linkedin_fails_with_the_way_out() {
    let stage = Stage::new();
    let world = stage.simulator.world();
    world.states().linkedin().max_document_bytes = 49_999;
    let run = publish(&stage, &document(&stage)).await;
    assert_eq!(run.failure().code, "file_refused");
    assert!(stage.simulator.ledger().posts().is_empty());
}
