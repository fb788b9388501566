//! The wire against real sockets.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    io,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt as _, stream::BoxStream};
use platforms::{Auth, Call, FileRange, FormValue, Part};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket},
};
use url::Url;
use wire::{Authority, Files, NoFiles, SendError, Wire, WireSettings};

type Seen = Arc<Mutex<Vec<(Uri, HeaderMap, Bytes)>>>;

struct Pattern;

impl Files for Pattern {
    fn stream(&self, asset: usize, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let pieces = range.map(move |n| {
            Ok(Bytes::from(vec![
                u8::try_from((n + asset as u64) % 251).unwrap(),
            ]))
        });
        Box::pin(futures_util::stream::iter(pieces.collect::<Vec<_>>()))
    }
}

async fn server() -> (Wire, Seen) {
    let seen = Seen::default();
    let answer = |State(seen): State<Seen>, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let response: Response = match uri.path() {
            "/network.example/moved" => {
                (StatusCode::FOUND, [("location", "/network.example/other")]).into_response()
            }
            "/network.example/huge" => vec![b'x'; 3 * 1024 * 1024].into_response(),
            _ => "fine".into_response(),
        };
        seen.lock().unwrap().push((uri, headers, body));
        response
    };
    let router = Router::new()
        .fallback(answer)
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(Arc::clone(&seen));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (wire_to(&base), seen)
}

fn wire_to(base: &str) -> Wire {
    Wire::new(WireSettings {
        networks_base_url: Some(Url::parse(base).unwrap()),
        timeout: Duration::from_secs(20),
        ..WireSettings::default()
    })
    .unwrap()
}

fn network(path: &str) -> Url {
    Url::parse(&format!("https://network.example{path}")).unwrap()
}

fn authority() -> Authority {
    Authority {
        access_token: Some("token".into()),
        app_secret: Some("secret".into()),
    }
}

#[tokio::test]
async fn each_way_to_authorise_is_spelled_as_its_standard_says() {
    let (wire, seen) = server().await;
    let own: SecretString = "own".into();
    for auth in [
        Auth::None,
        Auth::Bearer,
        Auth::BearerOf(own.clone()),
        Auth::OauthScheme,
        Auth::Basic("a b".into(), own.clone()),
        Auth::BearerWithProof,
        Auth::BearerOfWithProof(own),
    ] {
        wire.send(
            &Call::get("read", network("/me?x=1")).auth(auth),
            &authority(),
            &NoFiles,
        )
        .await
        .unwrap();
    }
    let seen = seen.lock().unwrap();
    let sent: Vec<_> = seen
        .iter()
        .map(|(_, headers, _)| {
            headers
                .get("authorization")
                .map(|value| value.to_str().unwrap())
        })
        .collect();
    assert_eq!(
        sent,
        [
            None,
            Some("Bearer token"),
            Some("Bearer own"),
            Some("OAuth token"),
            Some("Basic YSBiOm93bg=="),
            Some("Bearer token"),
            Some("Bearer own")
        ]
    );
    // HMAC-SHA256 of "token" under "secret".
    let proof = "/network.example/me?x=1&appsecret_proof=e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a";
    assert_eq!(seen[5].0.to_string(), proof);
    // The same of "own".
    let proof = "/network.example/me?x=1&appsecret_proof=641cc2926778d513b21463dd630b8fea7600bd84c814d7ee5b2531acffbe1375";
    assert_eq!(seen[6].0.to_string(), proof);
}

#[tokio::test]
async fn a_token_that_is_missing_is_found_out_before_anything_is_sent() {
    let (wire, seen) = server().await;
    let sent = wire
        .send(
            &Call::get("read", network("/me")).auth(Auth::Bearer),
            &Authority::default(),
            &NoFiles,
        )
        .await;
    assert!(matches!(sent, Err(SendError::NotSent(_))));
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn forms_json_and_files_arrive_to_the_byte_with_their_length() {
    let (wire, seen) = server().await;
    let form = Call::post("form", network("/form"))
        .form([("a", FormValue::from("1 &=é")), ("b", FormValue::from(""))]);
    let json = Call::post("json", network("/json")).json(serde_json::json!({"a": "é"}));
    let file = Call::put("file", network("/file"))
        .file(2, 10..5_010)
        .header("content-type", "video/mp4");
    let empty = Call::post("empty", network("/empty"));
    for call in [&form, &json, &file, &empty] {
        wire.send(call, &authority(), &Pattern).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].2, "a=1+%26%3D%C3%A9&b=");
    assert_eq!(seen[1].2, "{\"a\":\"é\"}");
    assert_eq!(seen[2].2.len(), 5_000);
    assert_eq!(seen[2].2[0], 12);
    assert_eq!(seen[2].1["content-type"], "video/mp4");
    for (uri, headers, body) in seen.iter() {
        assert_eq!(headers["content-length"], body.len().to_string(), "{uri}");
        assert!(!headers.contains_key("transfer-encoding"), "{uri}");
    }
}

#[tokio::test]
async fn files_stand_in_json_in_base64_with_the_length_of_all() {
    let (wire, seen) = server().await;
    for bytes in [0, 1, 2, 3, 4, 5_000] {
        let range = 5..5 + bytes;
        let places = [("/list/0", 1), ("/data", 0)].map(|(place, asset)| {
            let range = range.clone();
            (place.to_owned(), FileRange { asset, range })
        });
        let json = serde_json::json!({"data": "", "list": [null, "é"]});
        let call = Call::post("json", network("/json")).json_with_files(json, places.into());
        wire.send(&call, &authority(), &Pattern).await.unwrap();
        let (_, headers, body) = seen.lock().unwrap().pop().unwrap();
        assert_eq!(headers["content-length"], body.len().to_string());
        assert_eq!(headers["content-type"], "application/json");
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let text = |asset: u64| {
            let bytes = range
                .clone()
                .map(|n| u8::try_from((n + asset) % 251).unwrap());
            STANDARD.encode(bytes.collect::<Vec<_>>())
        };
        let expected = serde_json::json!({"data": text(0), "list": [text(1), "é"]});
        assert_eq!(body, expected, "{bytes}");
    }
}

#[tokio::test]
async fn multipart_keeps_its_order_and_escapes_its_names() {
    let (wire, seen) = server().await;
    let parts = vec![
        Part::text("Content-Type", "video"),
        Part::text("a\"b", "x\r\ny"),
        Part::file("file", 0, 0..3, "c\"d.jpg", "image/jpeg"),
    ];
    wire.send(
        &Call::post("upload", network("/up")).multipart(parts),
        &authority(),
        &Pattern,
    )
    .await
    .unwrap();
    let seen = seen.lock().unwrap();
    let boundary = seen[0].1["content-type"]
        .to_str()
        .unwrap()
        .split("boundary=")
        .nth(1)
        .unwrap()
        .to_owned();
    let body = String::from_utf8_lossy(&seen[0].2).replace(&boundary, "B");
    assert_eq!(
        body,
        "--B\r\nContent-Disposition: form-data; name=\"Content-Type\"\r\n\r\nvideo\r\n\
         --B\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\nx\r\ny\r\n\
         --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c%22d.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\u{0}\u{1}\u{2}\r\n--B--\r\n"
    );
    assert_eq!(seen[0].1["content-length"], seen[0].2.len().to_string());
}

#[tokio::test]
async fn redirects_are_answers_and_long_answers_are_cut() {
    let (wire, seen) = server().await;
    let moved = wire
        .send(
            &Call::get("moved", network("/moved")),
            &authority(),
            &NoFiles,
        )
        .await
        .unwrap();
    assert_eq!((moved.status, seen.lock().unwrap().len()), (302, 1));
    let huge = wire
        .send(&Call::get("huge", network("/huge")), &authority(), &NoFiles)
        .await
        .unwrap();
    assert_eq!(huge.body.len(), 1024 * 1024);
}

#[tokio::test]
async fn what_never_left_and_what_was_lost_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = wire_to(&format!("http://{}", closed.local_addr().unwrap()));
    drop(closed);
    let call = Call::post("publish", network("/post")).json(serde_json::json!({}));
    let sent = nobody.send(&call, &authority(), &NoFiles).await;
    assert!(matches!(sent, Err(SendError::NotSent(_))), "{sent:?}");

    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let breaks = wire_to(&format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let sent = breaks.send(&call, &authority(), &NoFiles).await;
        assert!(matches!(sent, Err(SendError::Lost(_))), "{sent:?}");
    }
}

#[tokio::test]
async fn a_reason_names_no_address() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = wire_to(&format!("http://{}", closed.local_addr().unwrap()));
    drop(closed);
    let sent = nobody
        .send(
            &Call::get("read", network("/me?upload_token=hush")),
            &authority(),
            &NoFiles,
        )
        .await;
    assert!(!sent.unwrap_err().to_string().contains("hush"));
}

/// A file of zeros that is made while it is sent, and notes how far it ran ahead of its reader.
#[derive(Clone, Default)]
struct Zeros {
    made: Arc<AtomicU64>,
    read: Arc<AtomicU64>,
    furthest: Arc<AtomicU64>,
}

const CHUNK: u64 = 64 * 1024;

impl Files for Zeros {
    fn stream(&self, _: usize, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let zeros = self.clone();
        let chunks = (range.start..range.end).step_by(usize::try_from(CHUNK).unwrap());
        Box::pin(futures_util::stream::iter(chunks).map(move |start| {
            let size = CHUNK.min(range.end - start);
            let made = zeros.made.fetch_add(size, Ordering::SeqCst) + size;
            let ahead = made - zeros.read.load(Ordering::SeqCst).min(made);
            zeros.furthest.fetch_max(ahead, Ordering::SeqCst);
            Ok(Bytes::from(vec![0; usize::try_from(size).unwrap()]))
        }))
    }
}

#[tokio::test]
async fn a_large_file_is_sent_while_it_is_read_and_never_held_whole() {
    const SIZE: u64 = 20_000_000;
    let zeros = Zeros::default();
    // A small window, so that what is on its way is little beside the file.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let wire = wire_to(&format!("http://{}", listener.local_addr().unwrap()));
    let read = Arc::clone(&zeros.read);
    let upload = network("/upload");
    let network = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut head, mut buffer) = (Vec::new(), vec![0; 32 * 1024]);
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        while read.load(Ordering::SeqCst) < SIZE {
            let some = stream.read(&mut buffer).await.unwrap();
            assert!(some > 0 && buffer[..some].iter().all(|byte| *byte == 0));
            read.fetch_add(some as u64, Ordering::SeqCst);
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    });
    let call = Call::put("upload", upload).file(0, 0..SIZE);
    let answer = wire.send(&call, &authority(), &zeros).await.unwrap();
    assert_eq!(answer.status, 200);
    let head = network.await.unwrap();
    assert!(
        head.contains(&format!("content-length: {SIZE}\r\n")),
        "{head}"
    );
    assert!(!head.contains("transfer-encoding"), "{head}");
    let furthest = zeros.furthest.load(Ordering::SeqCst);
    assert!(furthest < SIZE / 2, "{furthest} bytes were held at once");
}
