//! What the template makes, in an account at a stand-in for AWS.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use cloud::{SdkConfig, testing::StandIn};
use deploy::{Template, variables};
use doorbell::Reach;

const BUCKET: &str = "media";
/// How long its queues hide what is worked on.
const VISIBILITY: Duration = Duration::from_secs(30);
/// What the variables of the template that hold secrets are kept under.
const SECRET: &str = "SECRETS";

/// Names and values.
type Variables = BTreeMap<String, String>;

/// An account with the queues, the group of schedules, the key and the bucket of the template.
#[derive(Debug)]
pub struct Account {
    rung: doorbell::testing::Account,
    template: Template,
    resources: Variables,
    kept: AtomicU32,
}

impl Account {
    /// A new one.
    pub async fn open() -> Self {
        let rung = doorbell::testing::Account::open(StandIn::moto().await, VISIBILITY).await;
        let config = rung.config();
        let rings = rung.settings(Reach::default());
        let timers = rings.timers.unwrap();
        let key = aws_sdk_kms::Client::new(config).create_key().send().await;
        let key = key.unwrap().key_metadata.unwrap().arn.unwrap();
        let bucket = aws_sdk_s3::Client::new(config)
            .create_bucket()
            .bucket(BUCKET);
        bucket.send().await.unwrap();
        let resources = [
            ("DELIVERY_QUEUE_URL", rings.delivery_queue_url),
            ("IMMEDIATE_QUEUE_URL", rings.immediate_queue_url),
            ("KMS_KEY_ID", key),
            ("MEDIA_BUCKET", BUCKET.to_owned()),
            ("QUEUE_URL", rings.queue_url),
            ("SCHEDULE_DEAD_LETTER_ARN", timers.dead_letter_arn),
            ("SCHEDULE_GROUP", timers.group),
            ("SCHEDULE_QUEUE_ARN", timers.queue_arn),
            ("SCHEDULE_ROLE_ARN", timers.role_arn),
        ];
        Self {
            rung,
            template: Template::of_project(),
            resources: resources
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            kept: AtomicU32::new(0),
        }
    }

    /// How its services are reached.
    pub const fn config(&self) -> &SdkConfig {
        self.rung.config()
    }

    /// The addresses of the queues: of rings that are due later, at once, and for deliveries.
    pub fn queues(&self) -> [&str; 3] {
        ["QUEUE_URL", "IMMEDIATE_QUEUE_URL", "DELIVERY_QUEUE_URL"]
            .map(|name| self.resources[name].as_str())
    }

    /// What the template gives to functions, with what it makes standing in this account, `own` in place of
    /// what an operator says, and `secrets` beside what Secrets Manager makes.
    pub async fn variables(
        &self,
        functions: &[&str],
        own: &[(&str, &str)],
        secrets: &[(&str, &str)],
    ) -> Variables {
        let (mut variables, kept) = self.given(functions, own, secrets);
        variables.insert(SECRET.to_owned(), self.keep(&kept).await);
        variables
    }

    /// The same without Secrets Manager: what it would keep stands among the variables.
    pub fn variables_in_clear(&self, function: &str, secrets: &[(&str, &str)]) -> Variables {
        let (mut variables, kept) = self.given(&[function], &[], secrets);
        variables.remove(SECRET);
        variables.extend(kept);
        variables
    }

    fn given(
        &self,
        functions: &[&str],
        own: &[(&str, &str)],
        secrets: &[(&str, &str)],
    ) -> (Variables, Variables) {
        let (mut variables, mut kept) = (Variables::new(), Variables::new());
        for function in functions {
            let given = variables::given(&self.template, function);
            variables.extend(given.variables);
            kept.extend(given.secrets);
        }
        variables.extend(pairs(own));
        kept.extend(pairs(secrets));
        for (name, value) in &self.resources {
            if variables.contains_key(name) {
                variables.insert(name.clone(), value.clone());
            }
        }
        variables.extend(pairs(&self.access()));
        (variables, kept)
    }

    /// What Lambda tells every function of the account it runs in, and where the stand-in is.
    fn access(&self) -> [(&str, &str); 4] {
        [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_ENDPOINT_URL", self.rung.server().address()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ]
    }

    /// Keeps a secret; gives its ARN.
    async fn keep(&self, secret: &Variables) -> String {
        let text = serde_json::to_string(secret).unwrap();
        let client = aws_sdk_secretsmanager::Client::new(self.config());
        let name = format!("secret-{}", self.kept.fetch_add(1, Ordering::Relaxed));
        let kept = client.create_secret().name(name).secret_string(text);
        kept.send().await.unwrap().arn.unwrap()
    }
}

fn pairs<'a>(pairs: &'a [(&str, &str)]) -> impl Iterator<Item = (String, String)> + 'a {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}
