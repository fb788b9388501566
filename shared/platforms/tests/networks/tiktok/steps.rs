//! TikTok's machine step by step, with answers made by hand.

use domain::Platform;
use http::HeaderMap;
use platforms::{
    Action, Answer, AppContext, Content, Event, Fault, FaultKind, Machine as _, PublishContext,
    Safety,
    tiktok::{Publish, creator_info},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::{
    flows::{Make, tiktok::*},
    harness::{Connection, Stage},
};

/// A post on its way, and everything that its machine is told.
struct Bench {
    stage: Stage,
    connection: Connection,
    content: Content,
}

impl Bench {
    async fn of(content: Make) -> Self {
        let stage = Stage::new();
        let connection = stage.connection(Platform::Tiktok, STUDIO).await;
        let content = content(&stage);
        Self {
            stage,
            connection,
            content,
        }
    }

    fn context(&self, now: OffsetDateTime) -> PublishContext<'_> {
        PublishContext {
            now,
            app: self.stage.app(Platform::Tiktok),
            account: &self.connection.account,
            content: &self.content,
            armed_at: None,
            claimed: &[],
        }
    }

    fn call(&self, machine: &Publish, now: OffsetDateTime) -> (&'static str, Safety) {
        let Action::Send(call) = machine.next(&self.context(now)) else {
            panic!("it calls")
        };
        (call.name, call.safety)
    }

    fn told(
        &self,
        machine: &Publish,
        answer: Answer,
        now: OffsetDateTime,
    ) -> Result<Publish, Fault> {
        let event = Event::Answer(answer);
        machine.clone().apply(event, &self.context(now))
    }

    fn opened(&self) -> OffsetDateTime {
        self.stage.now()
    }
}

fn said(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: HeaderMap::new(),
        body: if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        },
    }
}

fn ok(data: &Value) -> Answer {
    said(
        200,
        &json!({"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}}),
    )
}

fn step(machine: &Publish) -> String {
    let stored = serde_json::to_value(machine).expect("storable");
    stored["step"].as_str().expect("a step").to_owned()
}

/// The machine after `init`: the file is one chunk, so that only the commit is left.
fn prepared(bench: &Bench) -> Publish {
    let now = bench.opened();
    let init = json!({"step": "init", "tries": 0, "username": "sample_studio",
        "forbids": {"comment": false, "duet": false, "stitch": false}});
    let init: Publish = serde_json::from_value(init).expect("a step");
    let opened = ok(&json!({
        "publish_id": "v_pub_file~v2-1.1",
        "upload_url": "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=2",
    }));
    bench.told(&init, opened, now).expect("opened")
}

#[tokio::test]
async fn a_prepared_video_that_waits_beyond_its_hour_is_opened_anew_without_a_try() {
    let bench = Bench::of(video).await;
    let machine = prepared(&bench);
    // Posts are prepared a quarter of an hour before their time at most.
    for minutes in [0, 15, 57] {
        let now = bench.opened() + Duration::minutes(minutes);
        assert_eq!(bench.call(&machine, now), ("upload_chunk", Safety::Once));
    }
    let late = bench.opened() + Duration::minutes(58);
    assert_eq!(bench.call(&machine, late), ("status", Safety::Repeatable));
    let waits = ok(&json!({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}));
    let unknown = said(400, &json!({"error": {"code": "invalid_publish_id"}}));
    for answer in [waits, unknown] {
        let again = bench.told(&machine, answer, late).expect("opened anew");
        let stored = serde_json::to_value(&again).expect("storable");
        assert_eq!(stored, json!({"step": "creator", "tries": 0}));
    }
    let posted = ok(&json!({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": [7]}));
    let live = bench.told(&machine, posted, late).expect("live");
    assert_eq!(step(&live), "live");
    let fault = bench
        .told(&machine, said(503, &json!({"error": {"code": "x"}})), late)
        .expect_err("asked again");
    assert!(matches!(fault.kind, FaultKind::Retry { .. }));
}

#[tokio::test]
async fn an_answer_of_the_upload_host_counts_although_the_hour_ended_meanwhile() {
    let bench = Bench::of(video).await;
    let machine = prepared(&bench);
    let late = bench.opened() + Duration::minutes(59);
    let taken = bench.told(&machine, said(201, &Value::Null), late);
    assert_eq!(step(&taken.expect("taken")), "process");
    let unclear = bench.told(&machine, said(502, &json!("<html>")), late);
    assert_eq!(step(&unclear.expect("looked for")), "confirm");
}

#[tokio::test]
async fn a_lost_last_chunk_of_an_address_that_ended_is_opened_anew_on_proof_alone() {
    let bench = Bench::of(video).await;
    let machine = prepared(&bench);
    let late = bench.opened() + Duration::minutes(57);
    let cx = bench.context(late);
    let lost = machine.apply(Event::Lost, &cx).expect("looked for");
    assert_eq!(step(&lost), "confirm");
    let asked = late + Duration::minutes(2);
    for (told, then) in [
        (
            json!({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}),
            "creator",
        ),
        (
            json!({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 60_000}),
            "process",
        ),
        (json!({"status": "PROCESSING_UPLOAD"}), "confirm"),
        (
            json!({"status": "PROCESSING", "uploaded_bytes": 0}),
            "confirm",
        ),
        (json!({"status": "SEND_TO_USER_INBOX"}), "live"),
        (json!({"status": "PUBLISH_COMPLETE"}), "locate"),
    ] {
        let next = bench.told(&lost, ok(&told), asked).expect("a step");
        assert_eq!(step(&next), then, "{told}");
    }
    let early = late + Duration::minutes(1);
    let told = ok(&json!({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}));
    let next = bench.told(&lost, told, early).expect("a step");
    assert_eq!(step(&next), "confirm", "what was lost may still arrive");
}

#[tokio::test]
async fn a_breakdown_of_tiktok_ends_no_wait_for_what_became_of_a_post() {
    let bench = Bench::of(video).await;
    let now = bench.opened();
    let working = bench.told(&prepared(&bench), said(201, &Value::Null), now);
    let working = working.expect("taken");
    let lost = prepared(&bench).apply(Event::Lost, &bench.context(now));
    let lost = lost.expect("looked for");
    let much_later = now + Duration::minutes(70);
    for machine in [working, lost] {
        let name = step(&machine);
        for answer in [
            said(503, &Value::Null),
            said(500, &json!({"error": {"code": "internal_error"}})),
        ] {
            let fault = bench.told(&machine, answer, much_later);
            let fault = fault.expect_err("asked again");
            assert!(matches!(fault.kind, FaultKind::Retry { .. }), "{name}");
        }
    }
}

#[tokio::test]
async fn an_upload_of_an_older_build_has_no_hour() {
    let bench = Bench::of(video).await;
    let mut stored = serde_json::to_value(prepared(&bench)).expect("storable");
    let upload = stored["upload"].as_object_mut().expect("an upload");
    upload.remove("opened_at").expect("it was stored");
    let machine: Publish = serde_json::from_value(stored).expect("a step");
    let late = bench.opened() + Duration::days(1);
    assert_eq!(bench.call(&machine, late), ("upload_chunk", Safety::Once));
}

#[tokio::test]
async fn ids_are_read_as_numbers_and_as_texts_beyond_what_a_browser_counts() {
    let bench = Bench::of(video).await;
    let process = json!({
        "step": "process",
        "task": {"publish_id": "v_pub_file~v2-1.1", "username": "sample_studio", "tries": 0},
        "since": "2026-03-04T05:06:07Z", "ask_at": "2026-03-04T05:06:07Z", "asked": 0,
    });
    let process: Publish = serde_json::from_value(process).expect("a step");
    let now = bench.opened();
    for ids in [
        json!([7_602_997_517_160_123_666_u64]),
        json!(["7602997517160123666"]),
        json!([7_602_997_517_160_123_666_u64, 1]),
    ] {
        let told = ok(&json!({"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids}));
        let live = bench.told(&process, told, now).expect("live");
        let Action::Done(receipt) = live.next(&bench.context(now)) else {
            panic!("done")
        };
        assert_eq!(receipt.external_id.as_deref(), Some("7602997517160123666"));
        assert_eq!(
            receipt.url.as_deref(),
            Some("https://www.tiktok.com/@sample_studio/video/7602997517160123666")
        );
    }
}

#[tokio::test]
async fn a_task_is_found_by_its_id_from_when_it_has_one() {
    let bench = Bench::of(video).await;
    let machine = prepared(&bench);
    assert_eq!(machine.handle().as_deref(), Some("v_pub_file~v2-1.1"));
    let cx = bench.context(bench.opened());
    let confirm = machine.apply(Event::Lost, &cx).expect("looked for");
    assert_eq!(confirm.handle().as_deref(), Some("v_pub_file~v2-1.1"));
}

#[tokio::test]
async fn a_long_title_is_known_by_the_part_that_is_listed() {
    let caption = "A harbour at dawn, seen from the pier. ".repeat(5);
    let mut bench = Bench::of(pictures).await;
    bench.content.caption.clone_from(&caption);
    let search = json!({
        "step": "search", "username": "sample_studio", "armed_at": "2026-03-04T05:06:07Z", "looks": 0,
    });
    let search: Publish = serde_json::from_value(search).expect("a step");
    let now = bench.opened();
    let cut: String = caption.chars().take(150).collect();
    let at = now.unix_timestamp();
    for (title, created, then) in [
        (cut.as_str(), at, "live"),
        (&cut[..140], at, "search"),
        (caption.trim(), at, "live"),
        ("Another", at, "search"),
        (cut.as_str(), at - 61, "search"),
        (cut.as_str(), at + 700, "search"),
    ] {
        let listed = ok(&json!({"videos": [{"id": "7", "create_time": created, "title": title}]}));
        let next = bench.told(&search, listed, now).expect("a step");
        assert_eq!(step(&next), then, "{title} {created}");
    }
}

#[tokio::test]
async fn posts_of_that_time_under_other_words_are_shown_when_looking_ends() {
    let bench = Bench::of(pictures).await;
    let search = json!({
        "step": "search", "username": "sample_studio", "armed_at": "2026-03-04T05:06:07Z", "looks": 5,
    });
    let search: Publish = serde_json::from_value(search).expect("a step");
    let now = bench.opened();
    let at = now.unix_timestamp();
    let listed = ok(&json!({"videos": [
        {"id": "7", "create_time": at + 5, "title": "Other words"},
        {"id": "8", "create_time": at - 3_600, "title": "Older"},
    ]}));
    let fault = bench.told(&search, listed, now).expect_err("the end");
    let FaultKind::Unconfirmed { candidates } = fault.kind else {
        panic!("{fault:?}")
    };
    let ids: Vec<&str> = candidates
        .iter()
        .map(|it| it.external_id.as_str())
        .collect();
    assert_eq!(ids, ["7"]);
}

#[tokio::test]
async fn the_form_is_told_what_the_account_may_post() {
    let bench = Bench::of(video).await;
    let data = json!({
        "creator_avatar_url": "https://p16.example/a.jpeg", "creator_username": "sample_studio",
        "creator_nickname": "Sample Studio",
        "privacy_level_options": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"],
        "comment_disabled": true, "duet_disabled": false, "stitch_disabled": true,
        "max_video_post_duration_sec": 300,
    });
    let told = creator(&bench, ok(&data)).expect("what it may post");
    assert_eq!(
        told,
        json!({
            "canPost": true, "nickname": "Sample Studio", "username": "sample_studio",
            "avatarUrl": "https://p16.example/a.jpeg",
            "privacyLevelOptions": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"],
            "commentDisabled": true, "duetDisabled": false, "stitchDisabled": true,
            "maxVideoPostDurationSec": 300,
        })
    );
}

#[tokio::test]
async fn the_form_is_told_why_the_account_may_not_post() {
    let bench = Bench::of(video).await;
    for (code, name) in [
        ("spam_risk_too_many_posts", "daily_post_limit"),
        ("spam_risk_user_banned_from_posting", "account_banned"),
        ("reached_active_user_cap", "app_user_limit"),
    ] {
        for status in [200, 403] {
            let told = creator(&bench, said(status, &error(code))).expect("a reason");
            assert_eq!(told["canPost"], false);
            assert_eq!(told["reason"]["code"], name);
            assert!(told["reason"]["message"].is_string());
        }
    }
    for (status, code, kind) in [
        (401, "access_token_invalid", FaultKind::Unauthorized),
        (401, "scope_not_authorized", FaultKind::Reconnect),
        (500, "internal_error", FaultKind::Retry { after: None }),
    ] {
        let fault = creator(&bench, said(status, &error(code))).expect_err(code);
        assert_eq!(fault.kind, kind);
    }
}

fn creator(bench: &Bench, answer: Answer) -> Result<Value, Fault> {
    let app = bench.stage.app(Platform::Tiktok);
    let cx = AppContext {
        now: bench.opened(),
        app,
    };
    let machine = creator_info(&bench.connection.credentials, app);
    let Action::Send(call) = machine.next(&cx) else {
        panic!("it asks")
    };
    assert_eq!(call.url.path(), "/v2/post/publish/creator_info/query/");
    assert_eq!(format!("{:?}", call.auth), "Bearer");
    let done = machine.apply(Event::Answer(answer), &cx)?;
    let Action::Done(told) = done.next(&cx) else {
        panic!("it is done then")
    };
    Ok(told)
}
