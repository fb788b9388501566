//! What simulated TikTok tells on its own, read by us.

use domain::Platform;
use http::{HeaderMap, HeaderName};
use platforms::{Happening, Incoming, Received, WebhookError, What, receive};
use simulator::networks::tiktok::{Letter, letters};
use time::Duration;

use crate::{
    flows::{Make, tiktok::*},
    harness::Stage,
};

fn read(stage: &Stage, letter: &Letter) -> Result<Vec<Happening>, WebhookError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &letter.headers {
        let name = HeaderName::from_static(name);
        headers.insert(name, value.parse().expect("a header"));
    }
    let incoming = Incoming {
        is_get: false,
        query: &[],
        headers: &headers,
        body: &letter.body,
        now: stage.now(),
        app: stage.app(Platform::Tiktok),
    };
    match receive(Platform::Tiktok, &incoming)? {
        Received::News(news) => Ok(news),
        Received::Handshake { .. } | Received::Subscription(_) => {
            panic!("TikTok has no handshake")
        }
    }
}

/// What is told of a post that went out.
async fn told(content: Make) -> (Stage, Vec<Letter>) {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Tiktok, STUDIO).await;
    let content = content(&stage);
    stage.publish(&mut connection, &content).await.receipt();
    stage.clock.advance(Duration::minutes(1));
    let letters = letters::collect(stage.simulator.world());
    (stage, letters)
}

#[tokio::test]
async fn news_of_a_post_name_the_task_that_the_machine_names() {
    for (content, count) in [(video as Make, 2), (pictures, 2), (video_draft, 1)] {
        let (stage, letters) = told(content).await;
        assert_eq!(letters.len(), count);
        let mut keys = Vec::new();
        for letter in &letters {
            let news = read(&stage, letter).expect("news");
            assert_eq!(news.len(), 1);
            let What::PostMoved { handle } = &news[0].what else {
                panic!("{news:?}")
            };
            assert!(handle.contains("v2-1."), "{handle}");
            keys.push(news[0].key.clone());
        }
        keys.dedup();
        assert_eq!(keys.len(), count, "each event has a key of its own");
    }
}

#[tokio::test]
async fn a_letter_that_comes_twice_or_days_later_is_the_same_news() {
    let (stage, first) = told(video).await;
    let world = stage.simulator.world();
    world.states().tiktok().mail.is_doubled = true;
    world.states().tiktok().mail.is_reversed = true;
    letters::answered(world, &first[0], 503);
    stage.clock.advance(Duration::hours(60));
    let again = letters::collect(world);
    assert_eq!(again.len(), 4);
    let keys = |letters: &[Letter]| {
        let mut keys: Vec<String> = letters
            .iter()
            .map(|letter| read(&stage, letter).expect("news")[0].key.clone())
            .collect();
        keys.sort();
        keys.dedup();
        keys
    };
    let late = keys(&again);
    assert_eq!(late.len(), 2);
    let earlier = read(&stage, &first[0]);
    assert_eq!(earlier, Err(WebhookError::Unsigned), "signed days ago");
}

#[tokio::test]
async fn what_is_badly_signed_is_refused() {
    let (stage, _) = told(video).await;
    let world = stage.simulator.world();
    world.states().tiktok().mail.has_wrong_key = true;
    for letter in letters::collect(world) {
        let read = read(&stage, &letter);
        assert_eq!(read, Err(WebhookError::Unsigned));
    }
}

#[tokio::test]
async fn access_that_was_removed_is_withdrawn_as_of_then() {
    let stage = Stage::new();
    let connection = stage.connection(Platform::Tiktok, STUDIO).await;
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    let removed_at = stage.now();
    stage.clock.advance(Duration::hours(1));
    let letters = letters::collect(stage.simulator.world());
    let news = read(&stage, &letters[0]).expect("news");
    let What::AccessWithdrawn { subject, at } = &news[0].what else {
        panic!("{news:?}")
    };
    assert_eq!(subject, STUDIO);
    assert_eq!(*at, Some(removed_at));
}
