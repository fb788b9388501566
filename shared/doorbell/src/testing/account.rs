//! What the template makes for the doorbell, in an account at a stand-in for AWS.

use std::time::Duration;

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use aws_types::SdkConfig;
use cloud::testing::StandIn;
use store::Pool;

use super::Queues;
use crate::{AwsSettings, Doorbell, Reach, Timers};

/// The group of the timers.
pub const GROUP: &str = "posts";
/// Who may send to the queue for them.
pub const ROLE: &str = "arn:aws:iam::123456789012:role/timers";

/// An account with the queues and the group of timers; it ends with this value.
#[derive(Debug)]
pub struct Account {
    server: StandIn,
    config: SdkConfig,
    queues: Queues,
    scheduled_arn: String,
    dead_arn: String,
}

impl Account {
    /// A new one, whose queues hide for `visibility` what is worked on.
    pub async fn open(server: StandIn, visibility: Duration) -> Self {
        let config = server.config().await;
        let client = Client::new(&config);
        let made = async |name| Queue::make(&client, name, visibility).await;
        let (scheduled, immediate) = (made("scheduled").await, made("immediate").await);
        let (deliveries, dead) = (made("deliveries").await, made("dead").await);
        let group = aws_sdk_scheduler::Client::new(&config)
            .create_schedule_group()
            .name(GROUP);
        group.send().await.expect("a group");
        let urls = vec![scheduled.url, immediate.url, deliveries.url];
        Self {
            queues: Queues::new(server.address(), urls).await,
            scheduled_arn: scheduled.arn,
            dead_arn: dead.arn,
            server,
            config,
        }
    }

    /// The stand-in.
    pub const fn server(&self) -> &StandIn {
        &self.server
    }

    /// How its services are reached.
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The queues of rings that are due later, at once, and for deliveries, in this order.
    pub const fn queues(&self) -> &Queues {
        &self.queues
    }

    /// What the engine is told of it.
    pub fn settings(&self, reach: Reach) -> AwsSettings {
        let [scheduled, immediate, deliveries] = self.queues.urls.as_slice() else {
            unreachable!("three queues were made");
        };
        AwsSettings {
            queue_url: scheduled.clone(),
            immediate_queue_url: immediate.clone(),
            delivery_queue_url: deliveries.clone(),
            timers: Some(Timers {
                group: GROUP.to_owned(),
                queue_arn: self.scheduled_arn.clone(),
                role_arn: ROLE.to_owned(),
                dead_letter_arn: self.dead_arn.clone(),
            }),
            reach,
        }
    }

    /// The engine.
    pub fn bell(&self, pool: impl Into<Pool>, reach: Reach) -> Doorbell {
        Doorbell::aws(self.settings(reach), &self.config, pool)
    }
}

struct Queue {
    url: String,
    arn: String,
}

impl Queue {
    async fn make(client: &Client, name: &str, visibility: Duration) -> Self {
        let made = client.create_queue().queue_name(name).attributes(
            QueueAttributeName::VisibilityTimeout,
            visibility.as_secs().to_string(),
        );
        let url = made.send().await.expect("a queue").queue_url;
        let url = url.expect("an address");
        let told = client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::QueueArn);
        let attributes = told.send().await.expect("a queue").attributes;
        let arn = attributes.expect("attributes")[&QueueAttributeName::QueueArn].clone();
        Self { url, arn }
    }
}
