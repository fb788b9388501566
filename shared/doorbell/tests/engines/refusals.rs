//! What EventBridge Scheduler may refuse, through the real client that tries as it does in production.
//! Its answers are scripted and its pauses are noted instead of waited for.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_scheduler::config::{AsyncSleep, Sleep};
use cloud::testing::scripted;
use domain::PostId;
use doorbell::{AwsSettings, Doorbell, Reach, Timers};
use http::Response;
use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;

/// How often a call is tried.
const TRIES: usize = 4;
/// No pause between two tries is as long; what is asked for longer ends a call that takes too long.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// The client looks so often whether what it sends has come to a stop; that is no pause between two tries.
const LOOK: Duration = Duration::from_millis(100);

const DONE: Answer = (200, "");
const THROTTLED: Answer = (429, "ThrottlingException");
const STANDS: Answer = (409, "ConflictException");
const ABSENT: Answer = (404, "ResourceNotFoundException");
const DENIED: Answer = (403, "AccessDeniedException");
const BROKEN: Answer = (500, "InternalServerException");

/// A status and what it is called.
type Answer = (u16, &'static str);

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_timer_that_is_throttled_twice_is_set_once(pool: PgPool) {
    for refusal in [THROTTLED, BROKEN] {
        let scheduler = Scheduler::that_answers(&[refusal, refusal, DONE]);
        let bell = scheduler.bell(&pool);
        let id = PostId::mint();
        bell.try_ring((id, 1), in_a_day(&pool).await).await;
        assert_eq!(bell.failures(), 0, "{refusal:?}");
        let asked = scheduler.asked();
        assert_eq!(asked.len(), 3, "{asked:?}");
        // All three are one order, so that a refusal that came too late makes no second timer.
        let orders: BTreeSet<&Asked> = asked.iter().collect();
        assert_eq!(orders.len(), 1, "{asked:?}");
        let order = &asked[0];
        assert_eq!(order.method, "POST");
        assert_eq!(order.path, format!("/schedules/{id}-1"));
        assert!(!order.token.is_empty());
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_throttled_comes_back_later_each_time_and_not_with_all_the_others(pool: PgPool) {
    let at = in_a_day(&pool).await;
    let mut first_pauses = BTreeSet::new();
    for _ in 0..8 {
        let scheduler = Scheduler::that_answers(&[THROTTLED]);
        let bell = scheduler.bell(&pool);
        bell.try_ring((PostId::mint(), 1), at).await;
        let pauses = scheduler.pauses.all();
        assert_eq!(pauses.len(), TRIES - 1, "{pauses:?}");
        for (pause, most) in pauses.iter().zip([1, 2, 4]) {
            assert!(*pause <= Duration::from_secs(most), "{pauses:?}");
        }
        first_pauses.insert(pauses[0]);
    }
    assert!(
        first_pauses.len() > 1,
        "all come back after {first_pauses:?}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_timer_that_is_always_throttled_is_an_error_and_counted_and_can_be_set_later(
    pool: PgPool,
) {
    let scheduler = Scheduler::that_answers(&[THROTTLED]);
    let bell = scheduler.bell(&pool);
    let (id, at) = (PostId::mint(), in_a_day(&pool).await);
    assert!(bell.ring((id, 1), at).await.is_err());
    assert_eq!(scheduler.asked().len(), TRIES);
    assert_eq!(bell.failures(), 0, "its caller was told");
    bell.try_ring((id, 1), at).await;
    assert_eq!(bell.failures(), 1, "nobody else was told");
    assert_eq!(scheduler.asked().len(), 2 * TRIES);
    bell.try_ring_anew((id, 1), at).await;
    assert_eq!(
        bell.failures(),
        3,
        "neither was the new one set nor the old removed"
    );
    // It is rung again by the sweeper, and Scheduler has time again.
    scheduler.answers(&[DONE]);
    bell.ring((id, 1), at).await.unwrap();
    assert_eq!(bell.failures(), 3);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_timer_that_stands_is_moved_and_one_that_fired_meanwhile_is_set_anew(pool: PgPool) {
    let cases: [(&[Answer], &[&str]); 4] = [
        (&[STANDS, DONE], &["POST", "PUT"]),
        (&[STANDS, THROTTLED, DONE], &["POST", "PUT", "PUT"]),
        (&[STANDS, ABSENT, DONE], &["POST", "PUT", "POST"]),
        // Somebody else set it between the calls: the post has its timer.
        (&[STANDS, ABSENT, STANDS], &["POST", "PUT", "POST"]),
    ];
    for (answers, methods) in cases {
        let scheduler = Scheduler::that_answers(answers);
        let bell = scheduler.bell(&pool);
        let at = in_a_day(&pool).await;
        bell.ring((PostId::mint(), 1), at).await.unwrap();
        let asked = scheduler.asked();
        let sent: Vec<&str> = asked.iter().map(|asked| asked.method.as_str()).collect();
        assert_eq!(sent, methods, "{answers:?}");
        // An update leaves nothing out: what it does not say would fall back to a default.
        let said: BTreeSet<&str> = asked.iter().map(|asked| asked.body.as_str()).collect();
        assert_eq!(said.len(), 1, "{said:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_timer_that_is_not_there_is_removed(pool: PgPool) {
    for answers in [&[ABSENT][..], &[DONE], &[THROTTLED, THROTTLED, ABSENT]] {
        let scheduler = Scheduler::that_answers(answers);
        let bell = scheduler.bell(&pool);
        let id = PostId::mint();
        bell.silence((id, 3)).await.unwrap();
        let asked = scheduler.asked();
        assert_eq!(asked.len(), answers.len());
        for asked in asked {
            assert_eq!(asked.method, "DELETE");
            assert_eq!(asked.path, format!("/schedules/{id}-3"));
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_no_further_try_helps_is_tried_once_and_counted(pool: PgPool) {
    for refusal in [DENIED, ABSENT, (400, "ValidationException"), (402, "")] {
        let scheduler = Scheduler::that_answers(&[refusal]);
        let bell = scheduler.bell(&pool);
        bell.try_ring((PostId::mint(), 1), in_a_day(&pool).await)
            .await;
        assert_eq!(scheduler.asked().len(), 1, "{refusal:?}");
        assert_eq!(bell.failures(), 1, "{refusal:?}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_scheduler_that_never_answers_is_given_up(pool: PgPool) {
    let tries = Arc::new(AtomicUsize::new(0));
    let silent = scripted({
        let tries = Arc::clone(&tries);
        move |_| {
            tries.fetch_add(1, Ordering::Relaxed);
            None
        }
    });
    let impatient = Pauses {
        limit: Some(Duration::from_secs(4)),
        ..Pauses::default()
    };
    let config =
        cloud::testing::patient(|loader| loader.http_client(silent).sleep_impl(impatient.clone()));
    let bell = Doorbell::aws(settings(), &config, pool.clone());
    bell.try_ring((PostId::mint(), 1), in_a_day(&pool).await)
        .await;
    assert_eq!(bell.failures(), 1);
    assert_eq!(tries.load(Ordering::Relaxed), TRIES);
}

/// Further ahead than SQS can hold a message back.
async fn in_a_day(pool: &PgPool) -> OffsetDateTime {
    store::now(pool).await.unwrap() + time::Duration::days(1)
}

fn settings() -> AwsSettings {
    AwsSettings {
        queue_url: "https://sqs.us-east-1.amazonaws.com/123456789012/scheduled".to_owned(),
        immediate_queue_url: "https://sqs.us-east-1.amazonaws.com/123456789012/immediate"
            .to_owned(),
        delivery_queue_url: "https://sqs.us-east-1.amazonaws.com/123456789012/deliveries"
            .to_owned(),
        timers: Some(Timers {
            group: "posts".to_owned(),
            queue_arn: "arn:aws:sqs:us-east-1:123456789012:scheduled".to_owned(),
            role_arn: "arn:aws:iam::123456789012:role/timers".to_owned(),
            dead_letter_arn: "arn:aws:sqs:us-east-1:123456789012:dead".to_owned(),
        }),
        reach: Reach::default(),
    }
}

/// A Scheduler that answers as it is told to, the last answer for ever.
#[derive(Default)]
struct Scheduler {
    script: Arc<Mutex<Script>>,
    pauses: Pauses,
}

#[derive(Default)]
struct Script {
    answers: Vec<Answer>,
    asked: Vec<Asked>,
}

/// What a request asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    method: String,
    path: String,
    token: String,
    body: String,
}

impl Scheduler {
    fn that_answers(answers: &[Answer]) -> Self {
        let scheduler = Self::default();
        scheduler.answers(answers);
        scheduler
    }

    fn answers(&self, answers: &[Answer]) {
        let mut script = self.script.lock().unwrap();
        script.answers = answers.iter().rev().copied().collect();
    }

    /// A doorbell whose client is made of the configuration of production.
    fn bell(&self, pool: &PgPool) -> Doorbell {
        let script = Arc::clone(&self.script);
        let client = scripted(move |request| {
            let said: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let mut script = script.lock().unwrap();
            script.asked.push(Asked {
                method: request.method().to_string(),
                path: request.uri().path().to_owned(),
                token: said["ClientToken"].as_str().unwrap_or_default().to_owned(),
                body: said.to_string(),
            });
            let (status, code) = match script.answers.as_slice() {
                [last] => *last,
                _ => script.answers.pop().expect("an answer"),
            };
            let arn =
                r#"{"ScheduleArn":"arn:aws:scheduler:us-east-1:123456789012:schedule/posts/p"}"#;
            let told = if code.is_empty() {
                arn
            } else {
                r#"{"Message":"no"}"#
            };
            let response = Response::builder().status(status);
            let response = response.header("x-amzn-errortype", code);
            Some(response.body(told.to_owned()).expect("a response"))
        });
        let config = cloud::testing::patient(|loader| {
            loader.http_client(client).sleep_impl(self.pauses.clone())
        });
        Doorbell::aws(settings(), &config, pool.clone())
    }

    fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }
}

/// Notes every pause between two tries and ends it at once.
#[derive(Debug, Clone, Default)]
struct Pauses {
    noted: Arc<Mutex<Vec<Duration>>>,
    /// A limit on a try that is over at once.
    limit: Option<Duration>,
}

impl Pauses {
    fn all(&self) -> Vec<Duration> {
        self.noted.lock().unwrap().clone()
    }
}

impl AsyncSleep for Pauses {
    fn sleep(&self, time: Duration) -> Sleep {
        if time < LONGEST_PAUSE {
            if time != LOOK {
                self.noted.lock().unwrap().push(time);
            }
        } else if self.limit != Some(time) {
            return Sleep::new(std::future::pending());
        }
        Sleep::new(std::future::ready(()))
    }
}
