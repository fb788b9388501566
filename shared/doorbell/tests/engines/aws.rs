//! The engine of the cloud, through the real clients.

use aws_sdk_scheduler::types::{ActionAfterCompletion, FlexibleTimeWindowMode};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use cloud::testing::StandIn;
use domain::{DeliveryId, PostId, UserId};
use doorbell::{
    AwsSettings, Doorbell, Reach, Subject,
    testing::{Account, GROUP, Queues, ROLE},
};
use sqlx::PgPool;
use time::Duration;

use crate::{
    rig::{Inside, Later, Rig, VISIBILITY},
    suite::holds,
};

holds!(on_moto:
    rings_come_in_the_order_of_their_time_to_the_second_and_not_before,
    a_silenced_ring_does_not_come,
    a_second_ring_replaces_the_first,
    an_edited_row_keeps_only_the_ring_of_its_last_edit,
    a_ring_that_failed_comes_again_and_one_that_is_done_does_not,
    lost_and_doubled_rings_do_no_harm,
    a_row_rung_for_while_it_is_looked_at_is_looked_at_again,
    a_receiver_killed_while_it_works_loses_nothing,
);
// moto walks through every message for every call, and would take minutes.
holds!(on_ministack: receivers_share_ten_thousand_rings_without_losing_one);

async fn on_ministack(pool: PgPool) -> Rig {
    rig(pool, StandIn::ministack().await, Reach::default()).await
}

async fn on_moto(pool: PgPool) -> Rig {
    rig(pool, StandIn::moto().await, Reach::default()).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_far_ahead_gets_a_timer_that_fires_early_once_and_to_the_right_place(pool: PgPool) {
    let cloud = Cloud::new(StandIn::moto().await).await;
    let bell = cloud.account.bell(pool.clone(), Reach::default());
    let id = PostId::mint();
    let at = time::macros::datetime!(2099-02-03 04:05:06.789 +2);
    bell.ring((id, 7), at).await.unwrap();
    let timer = cloud.timer(&(id, 7).into()).await.expect("a timer");
    assert_eq!(timer.name(), Some(format!("{id}-7").as_str()));
    assert_eq!(timer.schedule_expression(), Some("at(2099-02-03T02:03:06)"));
    assert_eq!(timer.schedule_expression_timezone(), Some("UTC"));
    assert_eq!(
        timer.action_after_completion(),
        Some(&ActionAfterCompletion::Delete)
    );
    let window = timer.flexible_time_window().expect("a window");
    assert_eq!(window.mode(), &FlexibleTimeWindowMode::Off);
    let target = timer.target().expect("a target");
    let made = cloud.account.settings(Reach::default()).timers.unwrap();
    assert_eq!(target.arn(), made.queue_arn);
    assert_eq!(target.role_arn(), ROLE);
    assert_eq!(target.input(), Some(id.to_string().as_str()));
    let dead = target.dead_letter_config().and_then(|config| config.arn());
    assert_eq!(dead, Some(made.dead_letter_arn.as_str()));
    let retry = target.retry_policy().expect("a policy");
    assert_eq!(retry.maximum_event_age_in_seconds(), Some(3_600));
    assert_eq!(retry.maximum_retry_attempts(), Some(185));
    assert_eq!(cloud.waiting("scheduled").await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_sqs_can_hold_back_gets_no_timer(pool: PgPool) {
    let cloud = Cloud::new(StandIn::moto().await).await;
    let bell = cloud.account.bell(pool.clone(), Reach::default());
    let now = store::now(&pool).await.unwrap();
    let (later, at_once) = (PostId::mint(), PostId::mint());
    bell.ring((later, 1), now + Duration::seconds(895))
        .await
        .unwrap();
    bell.ring((at_once, 1), now).await.unwrap();
    for id in [later, at_once] {
        assert!(cloud.timer(&(id, 1).into()).await.is_none());
    }
    assert_eq!(cloud.waiting("scheduled").await, 1);
    assert_eq!(cloud.waiting("immediate").await, 1);
}

/// SQS tells users apart by it; how it takes turns then is its own affair.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_message_tells_whose_it_is(pool: PgPool) {
    let cloud = Cloud::new(StandIn::moto().await).await;
    let bell = cloud.account.bell(pool.clone(), Reach::default());
    let now = store::now(&pool).await.unwrap();
    let (owner, id) = (UserId::mint(), PostId::mint());
    bell.ring(Subject::from((id, 1)).of(owner), now)
        .await
        .unwrap();
    let queues = cloud.queues();
    let heard = queues
        .client
        .receive_message()
        .queue_url(&queues.urls[1])
        .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
        .send()
        .await
        .unwrap();
    let [message] = heard.messages() else {
        panic!("{heard:?}");
    };
    assert_eq!(message.body(), Some(id.to_string().as_str()));
    let group = message
        .attributes()
        .and_then(|told| told.get(&MessageSystemAttributeName::MessageGroupId));
    assert_eq!(group, Some(&owner.to_string()));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn deliveries_have_a_queue_of_their_own_and_no_timers(pool: PgPool) {
    let cloud = Cloud::new(StandIn::moto().await).await;
    let bell = cloud.account.bell(pool.clone(), Reach::default());
    let now = store::now(&pool).await.unwrap();
    let ids = [DeliveryId::mint(), DeliveryId::mint(), DeliveryId::mint()];
    for (id, ahead) in ids.into_iter().zip([0, 60, 7_200]) {
        bell.ring(id, now + Duration::seconds(ahead)).await.unwrap();
        assert!(cloud.timer(&id.into()).await.is_none(), "{ahead}");
    }
    assert_eq!(cloud.waiting("deliveries").await, 3);
    for other in ["scheduled", "immediate"] {
        assert_eq!(cloud.waiting(other).await, 0, "{other}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_timer_is_moved_where_one_stands(pool: PgPool) {
    let cloud = Cloud::new(StandIn::moto().await).await;
    let bell = cloud.account.bell(pool.clone(), Reach::default());
    let id = PostId::mint();
    let at = time::macros::datetime!(2099-01-01 12:00 UTC);
    for (hours, expected) in [
        (0, "at(2099-01-01T11:58:00)"),
        (3, "at(2099-01-01T14:58:00)"),
    ] {
        bell.ring((id, 1), at + Duration::hours(hours))
            .await
            .unwrap();
        let timer = cloud.timer(&(id, 1).into()).await.expect("a timer");
        assert_eq!(timer.schedule_expression(), Some(expected));
        assert_eq!(
            timer.action_after_completion(),
            Some(&ActionAfterCompletion::Delete)
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_who_has_no_timers_lets_the_message_walk(pool: PgPool) {
    let cloud = Cloud::new(StandIn::moto().await).await;
    let settings = AwsSettings {
        timers: None,
        ..cloud.account.settings(Reach::default())
    };
    let bell = Doorbell::aws(settings, cloud.account.config(), pool.clone());
    let at = store::now(&pool).await.unwrap() + Duration::hours(1);
    bell.ring((PostId::mint(), 1), at).await.unwrap();
    assert_eq!(cloud.waiting("scheduled").await, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cloud_that_is_away_is_counted_and_nothing_else(pool: PgPool) {
    let cloud = Cloud::new(StandIn::moto().await).await;
    let bell = cloud.account.bell(pool.clone(), Reach::default());
    drop(cloud);
    let now = store::now(&pool).await.unwrap();
    bell.try_ring((PostId::mint(), 1), now).await;
    bell.try_ring((PostId::mint(), 1), now + Duration::days(1))
        .await;
    assert_eq!(bell.failures(), 2);
}

/// The whole way: a timer that really fires, early; a message that waits for the exact second.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_timer_fires_and_the_message_waits_for_the_exact_second(pool: PgPool) {
    let reach = Reach {
        delay: Duration::seconds(15),
        lead: Duration::seconds(14),
    };
    let rig = rig(pool, StandIn::ministack().await, reach).await;
    let id = PostId::mint();
    let mut heard = rig.hear();
    let at = rig.ring_in(id, 20_000).await;
    let subject = Subject::from((id, 1));
    assert!(rig.inside.stands(&subject).await, "no timer stands");
    let (told, when) = heard.next().await;
    assert_eq!(told, id.to_string());
    assert!(when >= at, "{:?} too early", at - when);
    assert!(when - at < Duration::seconds(5), "{:?} late", when - at);
    assert!(!rig.inside.stands(&subject).await, "the timer still stands");
}

async fn rig(pool: PgPool, server: StandIn, reach: Reach) -> Rig {
    let cloud = Cloud::new(server).await;
    let bell = cloud.account.bell(pool.clone(), reach);
    Rig::new(pool, bell, cloud)
}

/// An account, looked into.
struct Cloud {
    account: Account,
    scheduler: aws_sdk_scheduler::Client,
}

impl Cloud {
    async fn new(server: StandIn) -> Self {
        let account = Account::open(server, VISIBILITY).await;
        Self {
            scheduler: aws_sdk_scheduler::Client::new(account.config()),
            account,
        }
    }

    fn queues(&self) -> &Queues {
        self.account.queues()
    }

    async fn timer(
        &self,
        subject: &Subject,
    ) -> Option<aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput> {
        let asked = self
            .scheduler
            .get_schedule()
            .group_name(GROUP)
            .name(format!("{subject}-{}", subject.revision()))
            .send()
            .await;
        match asked {
            Ok(timer) => Some(timer),
            Err(error) => {
                let error = error.into_service_error();
                assert!(error.is_resource_not_found_exception(), "{error:?}");
                None
            }
        }
    }

    /// How many messages a queue holds, those that are held back included.
    async fn waiting(&self, queue: &str) -> u64 {
        let url = self.queues().urls.iter().find(|url| url.ends_with(queue));
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let told = self
            .queues()
            .client
            .get_queue_attributes()
            .queue_url(url.expect("a queue"))
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .expect("a queue");
        let attributes = told.attributes.expect("attributes");
        let count = |name| attributes[name].parse::<u64>().expect("a number");
        names.iter().map(count).sum()
    }
}

impl Inside for Cloud {
    fn stands<'a>(&'a self, subject: &'a Subject) -> Later<'a, bool> {
        Box::pin(async { self.timer(subject).await.is_some() })
    }

    fn lose_everything(&self) -> Later<'_, ()> {
        Box::pin(async {
            let queues = self.account.queues();
            for url in &queues.urls {
                let purged = queues.client.purge_queue().queue_url(url).send();
                purged.await.expect("a queue");
            }
        })
    }

    fn queues(&self) -> Option<&Queues> {
        Some(self.account.queues())
    }

    fn directions(&self) -> Vec<(&'static str, String)> {
        vec![("STRANGER_SQS", self.account.queues().directions())]
    }
}
