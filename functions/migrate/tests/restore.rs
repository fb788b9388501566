//! A database that was restored from a backup knows nothing of what went out since.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use domain::{AttemptId, ConnectionId, LookId, PostId, Stage, UserId};
use migrate::{Reporter, handle};
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, PgPool, query, query_scalar};
use store::{
    Pool, PoolSettings, Pooler, Shift, Together, sweep,
    work::{self, Armed, Save},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_may_have_gone_out_since_the_backup_is_not_sent_again(pool: PgPool) {
    let house = House::open(&pool).await;
    let doubtful = [
        house.post("scheduled", Duration::minutes(-30)).await,
        house.post("preparing", Duration::minutes(-1)).await,
        house.post("prepared", Duration::minutes(-120)).await,
        house.post("firing", Duration::minutes(-91)).await,
        house.post("confirming", Duration::hours(-20)).await,
    ];
    let ahead = house.post("prepared", Duration::minutes(10)).await;
    let missed = house.post("scheduled", Duration::hours(-5)).await;
    let done = house.post("published", Duration::minutes(-100)).await;

    let told = house.restored(Duration::minutes(-90)).await.unwrap();
    let expected = json!({ "done": "restored", "halted": true, "unconfirmed": 5, "waiting": 2 });
    assert_eq!(told, expected);
    assert_eq!(
        house.arm(ahead, Duration::minutes(11)).await,
        Some(Armed::Halted)
    );

    house.ask(json!({ "resume": true })).await.unwrap();
    for post in doubtful {
        assert_eq!(house.stage(post).await, "needs_attention");
        assert_eq!(house.arm(post, Duration::minutes(20)).await, None);
    }
    let left = sweep::overdue(&house.store, 10, Duration::SECOND).await;
    let left = left.unwrap();
    assert!(
        !left.iter().any(|late| doubtful.contains(&late.id)),
        "{left:?}"
    );
    assert_eq!(house.stage(missed).await, "scheduled");
    assert_eq!(house.stage(done).await, "published");
    let sent = house.arm(ahead, Duration::minutes(1)).await;
    assert!(matches!(sent, Some(Armed::Done(_))), "{sent:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn its_author_is_told_and_decides(pool: PgPool) {
    let house = House::open(&pool).await;
    let post = house.post("firing", Duration::minutes(-30)).await;
    house.restored(Duration::hours(-1)).await.unwrap();
    let arm: String = query_scalar("SELECT outcome FROM attempts WHERE post_id = $1")
        .bind(post.uuid())
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(arm, "unknown");
    let code: String = query_scalar("SELECT error->>'code' FROM posts WHERE id = $1")
        .bind(post.uuid())
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(code, "outcome_unknown");
    let heard: bool = query_scalar(
        "SELECT EXISTS (SELECT FROM events WHERE subject = $1 AND kind = 'post.unconfirmed')
            AND EXISTS (SELECT FROM job_log WHERE post_id = $1 AND step = 'restore')",
    )
    .bind(post.uuid())
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(heard);
    let retry = store::posts::Resolution::Retry;
    let mut link = house.store.acquire().await.unwrap();
    store::posts::resolve(&mut link, house.user, post, &retry)
        .await
        .unwrap();
    drop(link);
    house.ask(json!({ "resume": true })).await.unwrap();
    let sent = house.arm(post, Duration::ZERO).await;
    assert!(matches!(sent, Some(Armed::Done(_))), "{sent:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn to_say_it_twice_changes_nothing_more(pool: PgPool) {
    let house = House::open(&pool).await;
    let post = house.post("scheduled", Duration::minutes(-30)).await;
    for unconfirmed in [1, 0, 0] {
        let told = house.restored(Duration::hours(-1)).await.unwrap();
        assert_eq!(told["unconfirmed"], unconfirmed, "{told}");
        assert_eq!(house.stage(post).await, "needs_attention");
    }
    let steps: i64 = query_scalar("SELECT count(*) FROM job_log")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(steps, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_backup_from_the_future_is_a_slip(pool: PgPool) {
    let house = House::open(&pool).await;
    let post = house.post("scheduled", Duration::minutes(-30)).await;
    let refused = house.restored(Duration::hours(1)).await.unwrap_err();
    assert!(refused.to_string().contains("future"), "{refused}");
    assert_eq!(house.stage(post).await, "scheduled");
    let switches: i64 = query_scalar("SELECT count(*) FROM switches")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(switches, 0);
}

/// A user with an account, in a database whose clock can be moved.
struct House {
    pool: PgPool,
    store: Pool,
    shift: Shift,
    user: UserId,
    connection: ConnectionId,
}

impl House {
    async fn open(pool: &PgPool) -> Self {
        let shift = Shift::default();
        let settings = PoolSettings {
            url: pool.connect_options().to_url_lossy().to_string(),
            max_connections: 2,
            pooler: Pooler::Session,
            shift: Some(shift.clone()),
        };
        let store = store::connect(&settings).unwrap();
        let (user, connection) = (UserId::mint(), ConnectionId::mint());
        query("INSERT INTO users (id, email, password_hash) VALUES ($1, 'a@picscripter.example', 'hash')")
            .bind(user.uuid())
            .execute(pool)
            .await
            .unwrap();
        query(
            "INSERT INTO connections (id, user_id, platform, external_id, display_name, grant_id, grant_family, subject)
             VALUES ($1, $2, 'x', 'external', 'A', $1, 'x', 'subject')",
        )
        .bind(connection.uuid())
        .bind(user.uuid())
        .execute(pool)
        .await
        .unwrap();
        let pool = pool.clone();
        Self {
            pool,
            store,
            shift,
            user,
            connection,
        }
    }

    /// A post of that stage, due so far from now, with an hour of grace.
    async fn post(&self, stage: &str, due: Duration) -> PostId {
        let post = PostId::mint();
        query(
            "INSERT INTO posts (id, user_id, connection_id, platform, caption, fingerprint, stage, due_at, next_attempt_at)
             VALUES ($1, $2, $3, 'x', 'caption', '', $4, now() + $5 * interval '1 second', now())",
        )
        .bind(post.uuid())
        .bind(self.user.uuid())
        .bind(self.connection.uuid())
        .bind(stage)
        .bind(due.as_seconds_f64())
        .execute(&self.pool)
        .await
        .unwrap();
        if stage == "firing" {
            query("INSERT INTO attempts (id, post_id, user_id, number, step) VALUES ($1, $2, $3, 1, 'create')")
                .bind(AttemptId::mint().uuid())
                .bind(post.uuid())
                .bind(self.user.uuid())
                .execute(&self.pool)
                .await
                .unwrap();
        }
        post
    }

    async fn restored(&self, backup: Duration) -> Result<Value, Failure> {
        let now: OffsetDateTime = query_scalar("SELECT now()")
            .fetch_one(&self.pool)
            .await
            .unwrap();
        let from = (now + backup).format(&Rfc3339).unwrap();
        self.ask(json!({ "restored": { "from": from } })).await
    }

    async fn ask(&self, order: Value) -> Result<Value, Failure> {
        let reporter = Reporter::new(settings::Stage::Development).unwrap();
        handle(order, async || Ok(self.store.clone()), &reporter, "log").await
    }

    async fn stage(&self, post: PostId) -> String {
        query_scalar("SELECT stage FROM posts WHERE id = $1")
            .bind(post.uuid())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// What every publisher does before it sends, after so much more time; `None` where it has nothing to do.
    async fn arm(&self, post: PostId, later: Duration) -> Option<Armed> {
        self.shift.advance(later);
        let together = Together::from(self.store.clone());
        let lease = together
            .lease(post, LookId::mint(), Duration::seconds(30))
            .await;
        let work = lease.unwrap()?;
        let save = Save {
            from: work.post.stage,
            to: Stage::Prepared,
            progress: Some(b"progress"),
            handle: None,
            error: None,
            tries: 0,
            until: None,
        };
        assert!(work::save(&self.store, &work, &save).await.unwrap());
        let attempt = AttemptId::mint();
        let armed = together.arm(&work, attempt, "create", b"progress").await;
        Some(armed.unwrap())
    }
}
