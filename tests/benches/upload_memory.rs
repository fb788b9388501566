//! How much memory the upload of a large video takes: five gigabytes, from the folder of files through the machine and the
//! client to a server that reads and forgets them. Prints the peak above what the process held before, and fails when
//! it is over the bar; time is only told.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark tells what it measured, and stops where it cannot go on"
)]

use std::{
    fs::{self, File},
    ops::Range,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use domain::{Container, MediaFacts, Platform, VideoCodec};
use futures_util::{StreamExt as _, stream::BoxStream};
use http::{Method, StatusCode};
use media::{Folder, ObjectStore};
use platforms::{Account, Action, App, Asset, Content, Event, Machine as _, PublishContext};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use wire::{Authority, Files, Wire, WireSettings};

const BYTES: u64 = 5_000_000_000;
/// How much more than before may be resident at the peak.
const BAR: u64 = 64 * MEBIBYTE;
const MEBIBYTE: u64 = 1 << 20;
const KEY: &str = "media/large";

fn main() -> ExitCode {
    if tests::bench::asked("upload_memory").is_none() {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (above, seconds) = runtime.block_on(upload());
    println!(
        "upload of {BYTES} bytes: {} MiB resident above base at the peak (bar {} MiB), {seconds:.1} s",
        above.div_ceil(MEBIBYTE),
        BAR / MEBIBYTE
    );
    if above > BAR {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Uploads, and gives the peak above what was resident before, in bytes, and the seconds it took.
async fn upload() -> (u64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(KEY);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // A file of holes reads as zeros and takes no space.
    File::create(path).unwrap().set_len(BYTES).unwrap();
    let address = "http://127.0.0.1/".parse().unwrap();
    let store = Folder::new(folder.path().to_owned(), address, Vec::from([7; 32]));
    let files = Kept(ObjectStore::Folder(store));
    let (listener, base) = tests::world::listen().await;
    let arrived = Arc::new(AtomicU64::new(0));
    let server = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&arrived));
    let serving = tokio::spawn(async { axum::serve(listener, server).await });
    let wire = Wire::new(WireSettings {
        networks_base_url: Some(base.parse().unwrap()),
        ..WireSettings::default()
    })
    .unwrap();
    let (app, account, content) = (app(), account(), content());
    let authority = Authority {
        access_token: Some("token".into()),
        app_secret: None,
    };

    let base = resident("VmRSS:");
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let begun = Instant::now();
    let mut now = OffsetDateTime::UNIX_EPOCH;
    let mut machine = platforms::start(Platform::Youtube, &content);
    loop {
        let cx = PublishContext {
            now,
            app: &app,
            account: &account,
            content: &content,
            armed_at: Some(now),
            claimed: &[],
        };
        match machine.next(&cx) {
            Action::Done(_) => break,
            Action::WaitUntil(then) => now = then.max(now + Duration::SECOND),
            Action::Send(call) => {
                let answer = wire.send(&call, &authority, &files).await.unwrap();
                machine = machine.apply(Event::Answer(answer), &cx).unwrap();
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let peak = resident("VmHWM:");
    serving.abort();
    assert_eq!(arrived.load(Ordering::Relaxed), BYTES);
    (peak.saturating_sub(base), seconds)
}

/// A line of what Linux says of this process's memory, in bytes.
fn resident(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let kibibytes = status.lines().find_map(|text| text.strip_prefix(line));
    let number = kibibytes.and_then(|text| text.split_whitespace().next());
    1024 * number.unwrap().parse::<u64>().unwrap()
}

/// The file as a publisher reads it.
struct Kept(ObjectStore);

impl Files for Kept {
    fn stream(&self, _: usize, range: Range<u64>) -> BoxStream<'static, std::io::Result<Bytes>> {
        self.0.stream(KEY, range)
    }
}

/// As much of YouTube as an upload sees, which keeps nothing.
async fn answer(State(arrived): State<Arc<AtomicU64>>, request: Request<Body>) -> Response {
    if request.method() == Method::POST {
        let location = "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=1";
        return ([("location", location)], "").into_response();
    }
    if request.method() == Method::GET {
        let video =
            json!({"id": "1", "status": {"uploadStatus": "processed", "privacyStatus": "private"}});
        return axum::Json(json!({ "items": [video] })).into_response();
    }
    let mut body = request.into_body().into_data_stream();
    while let Some(piece) = body.next().await {
        arrived.fetch_add(piece.unwrap().len() as u64, Ordering::Relaxed);
    }
    let total = arrived.load(Ordering::Relaxed);
    if total < BYTES {
        let range = format!("bytes=0-{}", total - 1);
        return (StatusCode::PERMANENT_REDIRECT, [("range", range)]).into_response();
    }
    let video =
        json!({"id": "1", "status": {"uploadStatus": "uploaded", "privacyStatus": "private"}});
    (StatusCode::CREATED, axum::Json(video)).into_response()
}

fn app() -> App {
    App {
        client_id: "client".to_owned(),
        client_secret: "secret".into(),
        redirect_uri: "https://app.example/".parse().unwrap(),
        version: "v3".to_owned(),
        webhook_secret: None,
        webhook_verify_token: None,
        settings: std::collections::BTreeMap::new(),
    }
}

fn account() -> Account {
    Account {
        external_id: "UC".to_owned(),
        username: None,
        facts: json!({}),
    }
}

fn content() -> Content {
    let facts = MediaFacts::Video {
        container: Container::Mp4,
        video_codec: VideoCodec::H264,
        audio_codec: None,
        width: 1_920,
        height: 1_080,
        duration_ms: 3_600_000,
        frames_per_second: 30.0,
        bytes: BYTES,
    };
    Content {
        caption: "A long one".to_owned(),
        options: json!({ "privacy": "private" }),
        assets: vec![Asset {
            facts,
            url: "https://media.example/large".parse().unwrap(),
            alt_text: None,
        }],
    }
}
