//! What every engine must do.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::{PostId, UserId};
use doorbell::{Reply, Subject};
use futures_util::{StreamExt as _, stream};
use time::Duration;
use tokio::sync::Semaphore;

use crate::rig::{Rig, VISIBILITY, stranger::Stranger};

/// What "on time" means for an engine that is not the embedded one.
const ON_TIME: Duration = Duration::seconds(5);

pub async fn rings_come_in_the_order_of_their_time_to_the_second_and_not_before(rig: Rig) {
    let (first, second, third) = (PostId::mint(), PostId::mint(), PostId::mint());
    let mut heard = rig.hear();
    let last = rig.ring_in(third, 4_500).await;
    let middle = rig.ring_in(second, 2_500).await;
    let soon = rig.ring_in(first, 0).await;
    for (id, at) in [(first, soon), (second, middle), (third, last)] {
        let (subject, when) = heard.next().await;
        assert_eq!(subject, id.to_string());
        assert!(when >= at, "{:?} too early", at - when);
        assert!(when - at < ON_TIME, "{:?} late", when - at);
    }
}

pub async fn a_silenced_ring_does_not_come(rig: Rig) {
    let id = PostId::mint();
    rig.ring_in(id, 3_600_000).await;
    let subject = Subject::from((id, 1));
    assert!(rig.inside.stands(&subject).await, "no ring stands");
    rig.bell.silence(subject.clone()).await.unwrap();
    assert!(!rig.inside.stands(&subject).await, "the ring stands");
    rig.bell
        .silence(subject)
        .await
        .expect("silence for nothing does no harm");
}

pub async fn a_second_ring_replaces_the_first(rig: Rig) {
    let id = PostId::mint();
    rig.ring_in(id, 3_600_000).await;
    rig.ring_in(id, 7_200_000).await;
    let mut heard = rig.hear();
    let at = rig.ring_in(id, 0).await;
    let (subject, when) = heard.next().await;
    assert_eq!(subject, id.to_string());
    assert!(when - at < ON_TIME, "{:?} late", when - at);
}

pub async fn an_edited_row_keeps_only_the_ring_of_its_last_edit(rig: Rig) {
    let id = PostId::mint();
    rig.ring_in(id, 3_600_000).await;
    let at = rig.now().await + Duration::hours(2);
    rig.bell.try_ring_anew((id, 2), at).await;
    assert!(rig.inside.stands(&(id, 2).into()).await, "no ring stands");
    rig.bell.silence((id, 2)).await.unwrap();
    assert!(
        !rig.inside.stands(&(id, 1).into()).await,
        "the first ring stands"
    );
    assert_eq!(rig.bell.failures(), 0);
}

pub async fn a_ring_that_failed_comes_again_and_one_that_is_done_does_not(rig: Rig) {
    let (id, mark) = (PostId::mint(), PostId::mint());
    let times = Arc::new(AtomicUsize::new(0));
    let mut heard = rig.hear_and({
        let (times, failing) = (Arc::clone(&times), id.to_string());
        move |subject| {
            let fails = subject == failing && times.fetch_add(1, Ordering::SeqCst) == 0;
            std::future::ready(if fails { Reply::Again } else { Reply::Done })
        }
    });
    rig.ring_in(id, 0).await;
    assert_eq!(heard.next().await.0, id.to_string());
    assert_eq!(heard.next().await.0, id.to_string());
    // Long enough for a third time, were there one.
    let beyond = i64::try_from(VISIBILITY.as_millis()).unwrap() * 3;
    rig.ring_in(mark, beyond).await;
    assert_eq!(heard.until(mark).await, [mark.to_string()]);
}

pub async fn lost_and_doubled_rings_do_no_harm(rig: Rig) {
    let (lost, doubled) = (PostId::mint(), PostId::mint());
    rig.ring_in(lost, 1_000).await;
    rig.inside.lose_everything().await;
    let mut heard = rig.hear();
    for _ in 0..3 {
        rig.ring_in(doubled, 0).await;
    }
    rig.ring_in(lost, 0).await;
    let mut missing = HashSet::from([lost.to_string(), doubled.to_string()]);
    while !missing.is_empty() {
        missing.remove(&heard.next().await.0);
    }
}

pub async fn a_row_rung_for_while_it_is_looked_at_is_looked_at_again(rig: Rig) {
    let id = PostId::mint();
    let go_on = Arc::new(Semaphore::new(0));
    let mut heard = rig.hear_and({
        let go_on = Arc::clone(&go_on);
        move |_| {
            let go_on = Arc::clone(&go_on);
            async move {
                go_on.acquire().await.expect("a word").forget();
                Reply::Done
            }
        }
    });
    rig.ring_in(id, 0).await;
    heard.next().await;
    rig.ring_in(id, 0).await;
    go_on.add_permits(100);
    assert_eq!(heard.next().await.0, id.to_string());
}

pub async fn a_crowd_of_one_user_yields_to_another(rig: Rig) {
    const CROWD: usize = 400;
    let (one, other) = (UserId::mint(), UserId::mint());
    let at = rig.now().await - Duration::MINUTE;
    for _ in 0..CROWD {
        let post = Subject::from(PostId::mint()).of(one);
        rig.bell.ring(post, at).await.unwrap();
    }
    // Last, and due after all of them.
    let (last, its_time) = (PostId::mint(), at + Duration::seconds(1));
    let subject = Subject::from(last).of(other);
    rig.bell.ring(subject, its_time).await.unwrap();
    let mut heard = rig.hear();
    let before = heard.until(last).await.len() - 1;
    assert!(before < CROWD / 4, "{before} of {CROWD} went before it");
    for _ in before..CROWD {
        heard.next().await;
    }
}

pub async fn receivers_share_ten_thousand_rings_without_losing_one(rig: Rig) {
    const RINGS: usize = 10_000;
    let now = rig.now().await;
    let mut missing: HashSet<String> = HashSet::new();
    let ids: Vec<PostId> = (0..RINGS).map(|_| PostId::mint()).collect();
    missing.extend(ids.iter().map(PostId::to_string));
    let (mut one, mut other) = (rig.hear(), rig.hear());
    let ringing = stream::iter(ids).for_each_concurrent(8, |id| rig.ring(id, now));
    let listen = async {
        while !missing.is_empty() {
            let (subject, _) = tokio::select! {
                heard = one.next() => heard,
                heard = other.next() => heard,
            };
            missing.remove(&subject);
        }
    };
    tokio::join!(ringing, listen);
}

pub async fn a_receiver_killed_while_it_works_loses_nothing(rig: Rig) {
    let id = PostId::mint();
    let mut stranger = Stranger::start(&rig.inside.directions());
    rig.ring_in(id, 0).await;
    assert_eq!(stranger.heard().await, id.to_string());
    stranger.kill().await;
    let mut heard = rig.hear();
    assert_eq!(heard.next().await.0, id.to_string());
}

/// A module of tests, one for each thing that `$rig`, given a database, must do.
macro_rules! holds {
    ($rig:path: $($name:ident),* $(,)?) => {$(
        #[sqlx::test(migrator = "store::MIGRATOR")]
        async fn $name(pool: sqlx::PgPool) {
            crate::suite::$name($rig(pool).await).await;
        }
    )*};
    ($rig:path) => {
        crate::suite::holds!($rig:
            rings_come_in_the_order_of_their_time_to_the_second_and_not_before,
            a_silenced_ring_does_not_come,
            a_second_ring_replaces_the_first,
            an_edited_row_keeps_only_the_ring_of_its_last_edit,
            a_ring_that_failed_comes_again_and_one_that_is_done_does_not,
            lost_and_doubled_rings_do_no_harm,
            a_row_rung_for_while_it_is_looked_at_is_looked_at_again,
            a_crowd_of_one_user_yields_to_another,
            receivers_share_ten_thousand_rings_without_losing_one,
            a_receiver_killed_while_it_works_loses_nothing,
        );
    };
}
pub(crate) use holds;
