//! What each word about the bytes of a video leads to.

use http::StatusCode;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::world::{MAKING, NOW, World, answer, failed, refusal};
use crate::{
    Action, Event, Fault, Machine as _,
    instagram::{Publish, upload::Upload},
};

const CONTAINER: &str = "17889455560051444";
const ADDRESS: &str = "https://rupload.facebook.com/ig-api-upload/v25.0/17889455560051444";

/// The upload of a video of which 400 bytes have arrived.
fn upload() -> Value {
    json!({
        "container": CONTAINER, "url": ADDRESS, "from": 400, "give_up_at": "2026-01-02T11:00:00Z"
    })
}

fn sending() -> Publish {
    serde_json::from_value(json!({ "step": "send", "upload": upload() })).unwrap()
}

fn settling() -> Publish {
    let settling = json!({
        "step": "settle", "upload": upload(), "ask_at": "2026-01-01T12:00:00Z",
        "give_up_at": "2026-01-01T12:10:00Z"
    });
    serde_json::from_value(settling).unwrap()
}

fn after(machine: Publish, now: OffsetDateTime, said: crate::Answer) -> Result<Publish, Fault> {
    machine.apply(Event::Answer(said), &World::of_upload().at(now))
}

/// What the state is called, and how the upload stands in it.
fn told(machine: Result<Publish, Fault>) -> String {
    match machine {
        Ok(Publish::Send {
            upload: Upload { from, stalls, .. },
            again_at,
        }) => {
            let wait = again_at.map_or(0, |then| (then - NOW).whole_seconds());
            format!("send from {from} after {wait} s, {stalls} stalls")
        }
        Ok(Publish::Settle { ask_at, .. }) => format!("settle in {}", ask_at - NOW),
        Ok(Publish::Create { tries, uploads, .. }) => format!("create, {tries} tries, {uploads}"),
        Ok(Publish::Process { uploads, .. }) => format!("process, {uploads}"),
        Ok(other) => panic!("{other:?}"),
        Err(fault) => fault.code,
    }
}

fn word(kind: &str, retriable: bool) -> Value {
    json!({ "debug_info": { "retriable": retriable, "type": kind, "message": "Words" } })
}

fn arrived(phase: &Value) -> crate::Answer {
    let status = json!({ "uploading_phase": phase });
    let told = json!({ "id": CONTAINER, "status_code": "IN_PROGRESS", "video_status": status });
    answer(200, &told)
}

#[test]
fn the_host_of_uploads_is_believed_where_it_is_clear() {
    let settle = "settle in 0s";
    for (status, body, expected) in [
        (200, json!({ "success": true }), "process, true"),
        (200, json!({ "success": false }), settle),
        (200, json!("?"), settle),
        (400, word("OffsetInvalidError", true), settle),
        (400, word("PartialRequestError", false), settle),
        (400, word("ProcessingFailedError", true), settle),
        (
            400,
            word("ProcessingFailedError", false),
            "create, 1 tries, true",
        ),
        (403, word("NotAuthorizedError", false), "token_refused"),
        (401, Value::Null, "token_refused"),
        (400, word("SurprisingError", false), settle),
        (500, json!({}), settle),
    ] {
        let said = answer(status, &body);
        assert_eq!(told(after(sending(), NOW, said)), expected, "{body}");
    }
    for (code, expected) in [
        (80_002, "rate_limited"),
        (190, "token_refused"),
        (100, settle),
    ] {
        let said = refusal(code, 0);
        assert_eq!(told(after(sending(), NOW, said)), expected, "{code}");
    }
    let late = NOW + Duration::hours(23);
    let gone = answer(404, &word("NotAuthorizedError", false));
    assert_eq!(
        told(after(sending(), late, gone)),
        "create, 1 tries, true",
        "a container of that age is gone"
    );
}

#[test]
fn the_rest_is_sent_from_where_the_container_says() {
    let failing = "create, 1 tries, true";
    for (phase, expected) in [
        (
            json!({ "status": "in_progress", "bytes_transferred": 700 }),
            "send from 700 after 0 s, 0 stalls",
        ),
        (
            json!({ "status": "in_progress", "bytes_transferred": "700" }),
            "send from 700 after 0 s, 0 stalls",
        ),
        (
            json!({ "status": "in_progress", "bytes_transferred": 400 }),
            "send from 400 after 10 s, 1 stalls",
        ),
        (
            json!({ "status": "not_started" }),
            "send from 0 after 10 s, 1 stalls",
        ),
        (
            json!({ "status": "in_progress", "bytes_transferred": 1_000 }),
            "process, true",
        ),
        (json!({ "status": "complete" }), "process, true"),
        (json!({ "status": "error" }), failing),
        (Value::Null, "settle in 5s"),
    ] {
        let said = arrived(&phase);
        assert_eq!(told(after(settling(), NOW, said)), expected, "{phase}");
    }
    let over = NOW + Duration::minutes(10);
    let silent = arrived(&Value::Null);
    assert_eq!(told(after(settling(), over, silent)), failing);
    let finished = answer(200, &json!({ "status_code": "FINISHED" }));
    assert_eq!(told(after(settling(), NOW, finished)), "process, true");
    for said in [
        answer(200, &json!({ "status_code": "EXPIRED" })),
        failed(2_207_052),
    ] {
        assert_eq!(told(after(settling(), NOW, said)), failing);
    }
    assert_eq!(
        told(after(settling(), NOW, failed(2_207_026))),
        "video_format"
    );
}

#[test]
fn a_container_that_cannot_be_read_is_asked_again_and_then_made_anew() {
    let over = NOW + Duration::minutes(10);
    for (code, subcode, now, expected) in [
        (100, 33, NOW, "settle in 5s"),
        (24, 2_207_008, NOW, "settle in 5s"),
        (100, 33, over, "create, 1 tries, true"),
        (24, 2_207_008, over, "create, 1 tries, true"),
        (24, 2_207_006, NOW, "create, 1 tries, true"),
        (190, 0, NOW, "token_refused"),
        (10, 0, NOW, "permission_missing"),
        (2, 0, NOW, "meta_unavailable"),
    ] {
        let said = refusal(code, subcode);
        assert_eq!(
            told(after(settling(), now, said)),
            expected,
            "{code}/{subcode}"
        );
    }
}

#[test]
fn bytes_go_to_a_host_of_meta_alone() {
    let world = World::of_upload();
    let created = |uri: Value| {
        let making = json!({ "step": "create", "uploads": true });
        let making: Publish = serde_json::from_value(making).unwrap();
        let mut made = json!({ "id": CONTAINER });
        if !uri.is_null() {
            made["uri"] = uri;
        }
        let made = answer(StatusCode::OK.as_u16(), &made);
        making.apply(Event::Answer(made), &world.at(NOW))
    };
    for uri in [json!(ADDRESS), Value::Null] {
        let machine = created(uri).unwrap();
        let Action::Send(call) = machine.next(&world.at(NOW)) else {
            panic!("{machine:?}");
        };
        assert_eq!(
            call.url.as_str(),
            ADDRESS,
            "documented where it is not told"
        );
    }
    for uri in [
        "https://rupload.facebook.com.example/1",
        "http://rupload.facebook.com/1",
        "",
    ] {
        assert_eq!(told(created(json!(uri))), "no_upload", "{uri}");
    }
}

#[test]
fn orders_for_bytes_are_given_as_often_as_others() {
    let world = World::of_upload();
    assert_eq!(
        world.course(MAKING, &refusal(9_004, 2_207_052)),
        "4 sent, 0 made: content file_refused"
    );
    let refused = answer(400, &word("ProcessingFailedError", false));
    assert_eq!(
        world.course("upload_video", &refused),
        "4 sent, 4 made: content file_refused"
    );
}
