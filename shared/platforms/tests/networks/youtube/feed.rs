//! Hearing of a channel: the hub's questions, its news, and what is none.

use domain::Platform;
use http::HeaderMap;
use platforms::{
    Happening, Incoming, Received, Subscription, WebhookError, What, receive, youtube,
};
use serde_json::json;
use simulator::{Fault, FaultScript, networks::youtube::Letter};
use time::Duration;
use url::Url;

use crate::{
    flows::youtube::{CHANNEL, of, publish},
    harness::{Stage, Transcript},
};

const CALLBACK: &str = "https://app.example/api/webhooks/youtube";

#[tokio::test]
async fn a_subscription_is_asked_for_confirmed_and_told_of_videos() {
    let stage = Stage::new();
    let mut transcript = Transcript::new(stage.now());
    order(&stage, true, &mut transcript).await.expect("taken");
    let questions = stage.simulator.world().states().youtube().questions();
    let [question] = questions.as_slice() else {
        panic!("{questions:?}")
    };
    assert_eq!(question.callback, CALLBACK);
    let asked = subscription(&stage, question);
    assert_eq!(
        (asked.account.as_str(), asked.wanted, asked.lease),
        (CHANNEL, true, Some(Duration::days(5)))
    );
    let now = stage.now();
    let confirm = |challenge: &str| {
        let world = stage.simulator.world();
        world
            .states()
            .youtube()
            .answered(question, 200, challenge.as_bytes(), now)
    };
    assert!(confirm(&asked.challenge));
    let run = publish(&stage, &of(&stage, json!({"title": "A & B"}))).await;
    let id = run.receipt().external_id.clone().expect("an id");
    let news = stage
        .simulator
        .world()
        .states()
        .youtube()
        .news(&id, stage.now());
    let [letter] = news.as_slice() else {
        panic!("{news:?}")
    };
    let heard = read(&stage, letter).expect("news");
    let Received::News(happenings) = &heard else {
        panic!("{heard:?}")
    };
    let [Happening { what, .. }] = happenings.as_slice() else {
        panic!("{happenings:?}")
    };
    assert_eq!(*what, What::PostMoved { handle: id.clone() });
    assert_eq!(read(&stage, letter), Ok(heard), "told twice, the same key");
    let world = stage.simulator.world();
    let gone = world.states().youtube().farewell(CHANNEL, &id, stage.now());
    assert_eq!(read(&stage, &gone[0]), Ok(Received::News(Vec::new())));

    order(&stage, false, &mut transcript).await.expect("taken");
    let questions = stage.simulator.world().states().youtube().questions();
    let asked = subscription(&stage, &questions[0]);
    assert_eq!((asked.wanted, asked.lease), (false, None));
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn news_that_the_hub_did_not_sign_with_our_secret_are_none() {
    let stage = Stage::new();
    let mut transcript = Transcript::new(stage.now());
    order(&stage, true, &mut transcript).await.expect("taken");
    let world = stage.simulator.world();
    let question = world.states().youtube().questions()[0].clone();
    let challenge = subscription(&stage, &question).challenge;
    let now = stage.now();
    assert!(
        world
            .states()
            .youtube()
            .answered(&question, 200, challenge.as_bytes(), now)
    );
    let run = publish(&stage, &of(&stage, json!({}))).await;
    let id = run.receipt().external_id.clone().expect("an id");
    let right = world.states().youtube().news(&id, stage.now())[0].clone();
    let mut bent = right.clone();
    bent.body[10] ^= 1;
    let mut unsigned = right.clone();
    unsigned
        .headers
        .retain(|(name, _)| *name != "x-hub-signature");
    for letter in [bent, unsigned] {
        assert_eq!(read(&stage, &letter), Ok(Received::News(Vec::new())));
    }
    assert_ne!(read(&stage, &right), Ok(Received::News(Vec::new())));
}

#[tokio::test]
async fn what_the_hub_answers_has_its_sentence() {
    for (status, code) in [
        (202, ""),
        (204, ""),
        (400, "hub_refused"),
        (404, "hub_refused"),
        (408, "hub_unwell"),
        (429, "hub_unwell"),
        (503, "hub_unwell"),
    ] {
        let stage = Stage::new();
        let fault = Fault::Answer {
            status,
            headers: Vec::new(),
            body: serde_json::Value::Null,
        };
        let (host, route) = ("pubsubhubbub.appspot.com", "POST /subscribe");
        stage
            .simulator
            .script(FaultScript::first(host, route, fault));
        let mut transcript = Transcript::new(stage.now());
        let told = order(&stage, true, &mut transcript).await;
        assert_eq!(
            told.err().map_or(String::new(), |fault| fault.code),
            code,
            "{status}"
        );
    }
}

#[test]
fn without_a_secret_nothing_is_asked_for() {
    let stage = Stage::new();
    let mut app = stage.app(Platform::Youtube).clone();
    app.webhook_secret = None;
    let callback: Url = CALLBACK.parse().expect("an address");
    assert!(youtube::subscribe(CHANNEL, &callback, &app).is_none());
}

async fn order(
    stage: &Stage,
    wanted: bool,
    transcript: &mut Transcript,
) -> Result<(), platforms::Fault> {
    let app = stage.app(Platform::Youtube);
    let callback: Url = CALLBACK.parse().expect("an address");
    let machine = if wanted {
        youtube::subscribe(CHANNEL, &callback, app).expect("a secret")
    } else {
        youtube::unsubscribe(CHANNEL, &callback, app)
    };
    stage.converse(Platform::Youtube, machine, transcript).await
}

fn subscription(stage: &Stage, question: &Letter) -> Subscription {
    match read(stage, question) {
        Ok(Received::Subscription(asked)) => asked,
        Ok(Received::Handshake { .. } | Received::News(_)) | Err(_) => panic!("{question:?}"),
    }
}

fn read(stage: &Stage, letter: &Letter) -> Result<Received, WebhookError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &letter.headers {
        headers.insert(*name, value.parse().expect("a header"));
    }
    let incoming = Incoming {
        is_get: !letter.query.is_empty(),
        query: &letter.query,
        headers: &headers,
        body: &letter.body,
        now: stage.now(),
        app: stage.app(Platform::Youtube),
    };
    receive(Platform::Youtube, &incoming)
}
