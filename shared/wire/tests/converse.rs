//! What a conversation about an account may send twice, and when it ends.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use platforms::{Action, App, AppContext, Auth, Call, Event, Fault, FaultKind, Machine};
use time::{Duration, OffsetDateTime};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;
use wire::{Wire, WireSettings};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// Sends calls one after the other and gives the status of each, 0 where there was no answer; waits before
/// the first.
struct Steps {
    calls: Vec<Call>,
    waits: Vec<Duration>,
    since: OffsetDateTime,
    answered: Vec<u16>,
}

impl Machine for Steps {
    type Context<'a> = AppContext<'a>;
    type Output = Vec<u16>;

    fn next(&self, cx: &AppContext<'_>) -> Action<Vec<u16>> {
        let mut ready = self.since;
        for wait in &self.waits {
            ready += *wait;
            if cx.now < ready {
                return Action::WaitUntil(ready);
            }
        }
        self.calls
            .get(self.answered.len())
            .cloned()
            .map_or_else(|| Action::Done(self.answered.clone()), Action::Send)
    }

    fn apply(mut self, event: Event, _: &AppContext<'_>) -> Result<Self, Fault> {
        self.answered.push(match event {
            Event::Answer(answer) => answer.status,
            Event::Lost => 0,
        });
        Ok(self)
    }
}

/// A network that gives these statuses in turn, then 200; 0 breaks the connection instead.
async fn network(statuses: &'static [u16]) -> (Wire, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = wire_to(&format!("http://{}", listener.local_addr().unwrap()));
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            let status = statuses.get(count.fetch_add(1, Ordering::SeqCst));
            let status = status.copied().unwrap_or(200);
            if status > 0 {
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (wire, heard)
}

fn wire_to(base: &str) -> Wire {
    Wire::new(WireSettings {
        networks_base_url: Some(Url::parse(base).unwrap()),
        ..WireSettings::default()
    })
    .unwrap()
}

fn url() -> Url {
    Url::parse("https://network.example/account").unwrap()
}

fn read() -> Call {
    Call::get("read", url()).auth(Auth::BearerOf("token".into()))
}

fn exchange() -> Call {
    Call::post("exchange", url())
}

async fn talk(wire: &Wire, calls: Vec<Call>, waits: Vec<Duration>) -> Result<Vec<u16>, Fault> {
    let app = App {
        client_id: String::new(),
        client_secret: "".into(),
        redirect_uri: url(),
        version: String::new(),
        webhook_secret: None,
        webhook_verify_token: None,
        settings: BTreeMap::new(),
    };
    let machine = Steps {
        calls,
        waits,
        since: NOW,
        answered: Vec::new(),
    };
    let cx = AppContext {
        now: NOW,
        app: &app,
    };
    wire.converse(machine, &cx).await
}

#[tokio::test]
async fn what_only_reads_is_asked_once_more_after_a_lost_or_a_broken_answer() {
    for (statuses, expected, heard_in_all) in [
        (&[0][..], Some(vec![200]), 2),
        (&[503], Some(vec![200]), 2),
        (&[503, 500], Some(vec![500]), 2),
        (&[0, 503], Some(vec![503]), 2),
        (&[0, 0], None, 2),
        (&[429], Some(vec![429]), 1),
        (&[404], Some(vec![404]), 1),
    ] {
        let (wire, heard) = network(statuses).await;
        let said = talk(&wire, vec![read()], Vec::new()).await;
        assert_eq!(said.as_ref().ok(), expected.as_ref(), "{statuses:?}");
        assert_eq!(heard.load(Ordering::SeqCst), heard_in_all, "{statuses:?}");
        if let Err(fault) = said {
            assert_eq!(fault.code, "network_unreachable");
        }
    }
}

#[tokio::test]
async fn each_call_that_only_reads_may_be_asked_once_more() {
    let (wire, heard) = network(&[0, 200, 503, 200, 0]).await;
    let said = talk(&wire, vec![read(), read(), read()], Vec::new()).await;
    assert_eq!(said.unwrap(), [200, 200, 200]);
    assert_eq!(heard.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn what_may_use_up_a_code_is_never_sent_twice() {
    for (statuses, expected) in [(&[0][..], None), (&[503], Some(vec![503]))] {
        for call in [
            exchange(),
            Call::put("put", url()),
            Call::delete("delete", url()),
            Call::get("exchange_by_get", url()),
            Call::get("exchange_by_get", url()).auth(Auth::Basic("id".into(), "secret".into())),
            exchange().auth(Auth::BearerOf("token".into())),
        ] {
            let (wire, heard) = network(statuses).await;
            let said = talk(&wire, vec![call], Vec::new()).await;
            assert_eq!(said.ok(), expected, "{statuses:?}");
            assert_eq!(heard.load(Ordering::SeqCst), 1, "{statuses:?}");
        }
    }
}

#[tokio::test]
async fn what_is_nice_to_have_is_done_without() {
    let (wire, heard) = network(&[200, 0, 0, 200]).await;
    let calls = vec![read(), read().optional(), read()];
    let said = talk(&wire, calls, Vec::new()).await;
    assert_eq!(said.unwrap(), [200, 0, 200]);
    assert_eq!(heard.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_network_that_is_not_there_ends_the_conversation() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = wire_to(&format!("http://{}", closed.local_addr().unwrap()));
    drop(closed);
    for call in [read(), exchange()] {
        let fault = talk(&wire, vec![call], Vec::new()).await.unwrap_err();
        assert_eq!(fault.code, "network_unreachable");
        assert!(matches!(fault.kind, FaultKind::Retry { .. }));
    }
}

#[tokio::test]
async fn brief_waits_are_cut_short_and_long_or_many_ones_end_the_conversation() {
    let seconds = |of: &[i64]| of.iter().copied().map(Duration::seconds).collect();
    for (waits, ends_well) in [
        (&[2][..], true),
        (&[5, 5, 5], true),
        (&[1, 1, 1, 1], false),
        (&[6], false),
        (&[86_400], false),
    ] {
        let (wire, heard) = network(&[]).await;
        let said = talk(&wire, vec![exchange()], seconds(waits)).await;
        assert_eq!(said.is_ok(), ends_well, "{waits:?}");
        assert_eq!(heard.load(Ordering::SeqCst), usize::from(ends_well));
        if let Err(fault) = said {
            assert_eq!(fault.code, "network_busy");
        }
    }
}

#[tokio::test]
async fn a_conversation_that_never_ends_is_ended() {
    let (wire, heard) = network(&[]).await;
    let fault = talk(&wire, vec![exchange(); 1_000], Vec::new()).await;
    assert_eq!(fault.unwrap_err().code, "network_busy");
    assert_eq!(heard.load(Ordering::SeqCst), 60);
}
