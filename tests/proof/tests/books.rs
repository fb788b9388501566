//! The rows in memory are held against those of the database: the same steps, drawn by chance, must come to the
//! same, one by one.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{fmt::Debug, sync::Arc};

use domain::{
    AttemptId, ConnectionHealth, ConnectionId, GrantId, LookId, Platform, Post, PostError, PostId,
    Stage, Standing, UserId,
};
use fastrand::Rng;
use proof::{Clock, books::MemoryBooks};
use publishing::{Books, DatabaseBooks};
use serde_json::json;
use sqlx::PgPool;
use store::{
    Pool, PoolSettings, Pooler, Shift, StoreError,
    attempts::{self, Outcome},
    budgets::Holder,
    connections::{self, Connection, Granted, SealedTokens},
    posts::{self, Change, Changed, NewPost},
    sweep,
    work::{Armed, Live, Outcomes, Save, Work},
};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;

/// Lives, and steps of each.
const LIVES: u64 = 12;
const STEPS: usize = 160;
/// Never over at the very moment of a step: the clocks are some milliseconds apart.
const LEASE: Duration = Duration::seconds(375);
const STAGES: [Stage; 5] = [
    Stage::Scheduled,
    Stage::Preparing,
    Stage::Prepared,
    Stage::Firing,
    Stage::Confirming,
];

/// The same world twice.
struct Twice {
    user: UserId,
    pool: Pool,
    shift: Shift,
    memory: Arc<MemoryBooks>,
    there: DatabaseBooks,
    at_hand: Arc<dyn Books>,
    clock: Clock,
    connections: Vec<ConnectionId>,
    posts: Vec<PostId>,
    /// Leases as both gave them.
    works: Vec<(Work, Work)>,
    attempts: Vec<AttemptId>,
    edits: i32,
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_steps_come_to_the_same(pool: PgPool) {
    let url = address(&pool).await;
    for seed in 1..=LIVES {
        let mut rng = Rng::with_seed(seed);
        let mut twice = Twice::begin(&url, &mut rng).await;
        for step in 0..STEPS {
            let told = twice.step(&mut rng).await;
            if let Err(difference) = told {
                panic!("life {seed}, step {step}: {difference}");
            }
        }
        store::admin::halt(&twice.pool, false).await.unwrap();
        twice.pool.close().await;
    }
}

impl Twice {
    async fn begin(url: &str, rng: &mut Rng) -> Self {
        let shift = Shift::default();
        let pool = store::connect(&PoolSettings {
            url: url.to_owned(),
            max_connections: 2,
            pooler: Pooler::Session,
            shift: Some(shift.clone()),
        })
        .unwrap();
        let clock = Clock::default();
        let memory = Arc::new(MemoryBooks::new(clock.clone()));
        let user = UserId::mint();
        store::users::add(&pool, user, &format!("{user}@picscripter.example"), "hash")
            .await
            .unwrap();
        let mut twice = Self {
            there: DatabaseBooks::from(pool.clone()),
            at_hand: memory.at_hand(),
            user,
            pool,
            shift,
            memory,
            clock,
            connections: Vec::new(),
            posts: Vec::new(),
            works: Vec::new(),
            attempts: Vec::new(),
            edits: 0,
        };
        for _ in 0..2 {
            twice.connect().await;
        }
        // Some are due at the very same time.
        let now = store::now(&twice.pool).await.unwrap();
        for _ in 0..4 {
            let connection = twice.connections[rng.usize(0..2)];
            let ahead = Duration::minutes(rng.i64(-3..20));
            twice.file(connection, now, ahead).await;
        }
        twice
    }

    async fn connect(&mut self) {
        let now = store::now(&self.pool).await.unwrap();
        let (account, facts) = (format!("account {}", self.connections.len()), json!({}));
        let granted = Granted {
            platform: Platform::X,
            external_id: &account,
            username: None,
            display_name: "Sample",
            avatar_url: None,
            facts: &facts,
            scopes: &[],
            grant_id: GrantId::mint(),
            grant_family: "x",
            subject: &account,
        };
        let id = connections::id_for(&self.pool, self.user, Platform::X, &account)
            .await
            .unwrap();
        let sealed = tokens(now);
        assert!(
            connections::connect(&self.pool, self.user, id, &granted, &sealed)
                .await
                .unwrap()
        );
        let stored = connections::find(&self.pool, self.user, id).await.unwrap();
        self.memory
            .add_connection(stored.unwrap(), tokens(self.clock.now()));
        self.connections.push(id);
    }

    async fn file(&mut self, connection: ConnectionId, now: OffsetDateTime, ahead: Duration) {
        let id = PostId::mint();
        let new = NewPost {
            id,
            connection_id: connection,
            platform: Platform::X,
            caption: "words".to_owned().try_into().unwrap(),
            media: json!([]),
            options: json!({}),
            client_post_id: None,
            idempotency_key: None,
            fingerprint: Vec::new(),
            scheduled_at: Some(now + ahead),
            prepare_at: Some(now),
            max_lateness: Duration::hours(1),
        };
        let mut post = posts::add(&self.pool, self.user, &new).await.unwrap();
        let shift = self.clock.now() - now;
        for time in [
            &mut post.due_at,
            &mut post.next_attempt_at,
            &mut post.created_at,
        ] {
            *time += shift;
        }
        post.scheduled_at = post.scheduled_at.map(|at| at + shift);
        self.memory.add_post(post, Duration::hours(1));
        self.posts.push(id);
    }

    /// One step of both; how they differ, if they do.
    async fn step(&mut self, rng: &mut Rng) -> Result<(), String> {
        let post = self.posts[rng.usize(0..self.posts.len())];
        let connection = self.connections[rng.usize(0..2)];
        let what = rng.usize(0..22);
        match what {
            0..=4 => self.lease(post, rng.usize(1..3)).await?,
            5 => {
                let minutes = Duration::minutes(rng.i64(1..9));
                self.shift.advance(minutes);
                self.clock.jump(minutes);
            }
            6 => self.edit(post, rng).await?,
            7 if rng.u8(0..4) == 0 => self.cancel(post).await?,
            8 => {
                let (one, other) = self.both(|books| books.glance(post)).await;
                let stage = |seen: Option<store::work::Glance>| {
                    seen.map(|it| (it.stage, it.revision, it.lease_until.is_some()))
                };
                same("glance", one.map(stage), other.map(stage))?;
            }
            9 if rng.bool() => self.unsettled().await?,
            9 => self.overdue().await?,
            10 => self.refresh(connection, rng).await?,
            11 if rng.u8(0..6) == 0 => self.disconnect(connection).await?,
            12 => {
                let percent = rng.u8(0..100);
                let hold = Duration::minutes(rng.i64(0..5));
                let holder = Holder::Account(connection);
                let (one, other) = self
                    .both(|books| books.tell_budget(holder, percent, hold))
                    .await;
                same("tell budget", one, other)?;
            }
            13 => {
                let halted = rng.bool();
                store::admin::halt(&self.pool, halted).await.unwrap();
                self.memory.rows().halted = halted;
            }
            14 => {
                let given = rng.choice([None, Some("1"), Some("2"), Some("3")]).unwrap();
                let (one, other) = self
                    .both(|books| books.published(post, given, None, Standing::Live))
                    .await;
                same("published", one, other)?;
            }
            15 => {
                let error = told();
                let (one, other) = self.both(|books| books.set_aside(post, 3, &error)).await;
                same("set aside", one, other)?;
            }
            _ => self.work(rng).await?,
        }
        self.compare()
            .await
            .map_err(|it| format!("after {what}: {it}"))
    }

    /// A look that asks so often, as one does whose answer is lost.
    async fn lease(&mut self, post: PostId, times: usize) -> Result<(), String> {
        let look = LookId::mint();
        let mut told = (None, None);
        for _ in 0..times {
            let (one, other) = self.both(|books| books.lease(post, look, LEASE)).await;
            told = (one.unwrap(), other.unwrap());
        }
        let (one, other) = told;
        let seen = |work: &Option<Work>| {
            work.as_ref().map(|it| {
                (
                    it.post.stage,
                    it.post.revision,
                    it.fence,
                    it.crash_count,
                    it.tries,
                    it.progress.clone(),
                    it.held_until.is_some(),
                    it.used_percent,
                )
            })
        };
        same("lease", Ok(seen(&one)), Ok(seen(&other)))?;
        self.works.extend(one.zip(other));
        Ok(())
    }

    /// A step of somebody who holds, or held, a post.
    async fn work(&mut self, rng: &mut Rng) -> Result<(), String> {
        let Some((mut one, mut other)) = rng.choice(self.works.iter().cloned()) else {
            return Ok(());
        };
        let stage = STAGES[rng.usize(0..STAGES.len())];
        (one.post.stage, other.post.stage) = (stage, stage);
        let to = STAGES[rng.usize(0..STAGES.len())];
        let (now, here) = (store::now(&self.pool).await.unwrap(), self.clock.now());
        let ahead = rng.bool().then(|| Duration::minutes(rng.i64(0..4)));
        let step = rng.choice(["one", "two"]).unwrap();
        let error = told();
        match rng.usize(0..9) {
            0 | 1 => {
                let save = |now: OffsetDateTime| Save {
                    from: stage,
                    // The database keeps one post of an account firing; a look never saves that.
                    to: if to == Stage::Firing {
                        Stage::Prepared
                    } else {
                        to
                    },
                    progress: Some(b"saved"),
                    handle: Some("handle"),
                    error: None,
                    tries: 2,
                    until: ahead.map(|ahead| now + ahead),
                };
                let saved = self.there.save(&one, &save(now)).await;
                same("save", saved, self.at_hand.save(&other, &save(here)).await)
            }
            2 | 3 => {
                let attempt = AttemptId::mint();
                self.attempts.push(attempt);
                let here = self.at_hand.before(&other).await;
                same("before", self.there.before(&one).await, here)?;
                let armed = |armed: Armed| std::mem::discriminant(&armed);
                let here = self.at_hand.arm(&other, attempt, step, b"armed").await;
                let there = self.there.arm(&one, attempt, step, b"armed").await;
                same("arm", there.map(armed), here.map(armed))?;
                let (one, other) = self.both(|books| books.is_armed(attempt)).await;
                same("is armed", one, other)
            }
            4 => {
                let outcome = rng.choice([
                    Outcome::Accepted,
                    Outcome::NotSent,
                    Outcome::Rejected,
                    Outcome::Unknown,
                ]);
                let attempt = rng.choice(self.attempts.iter().copied());
                let attempt = attempt.filter(|_| rng.bool());
                let outcomes = |now: OffsetDateTime| Outcomes {
                    attempt,
                    outcome: outcome.unwrap(),
                    evidence: Some("status 409"),
                    heard: Instant::now(),
                    to: if to == Stage::Firing {
                        Stage::Confirming
                    } else {
                        to
                    },
                    progress: Some(b"settled"),
                    error: None,
                    until: ahead.map(|ahead| now + ahead),
                };
                let there = self.there.settle(&one, &outcomes(now)).await;
                let here = self.at_hand.settle(&other, &outcomes(here)).await;
                same("settle", there, here)
            }
            5 => self.settle_live(&one, &other, rng).await,
            6 => {
                let there = self.there.rewind(&one, "absent").await;
                same("rewind", there, self.at_hand.rewind(&other, "absent").await)
            }
            7 => {
                let there = self.there.go_on(&one, step).await;
                same("go on", there, self.at_hand.go_on(&other, step).await)?;
                let there = self.there.claimed(&one).await.map(sorted);
                same(
                    "claimed",
                    there,
                    self.at_hand.claimed(&other).await.map(sorted),
                )
            }
            _ => {
                let ends = [Stage::Failed, Stage::Missed, Stage::NeedsAttention];
                let to = rng.choice(ends).unwrap();
                let candidates = json!([{"id": "1"}]);
                let there = self.there.end(&one, to, &error, Some(&candidates)).await;
                let here = self.at_hand.end(&other, to, &error, Some(&candidates));
                same("end", there, here.await)
            }
        }
    }

    async fn settle_live(&self, one: &Work, other: &Work, rng: &mut Rng) -> Result<(), String> {
        let attempt = rng.choice(self.attempts.iter().copied());
        let live = Live {
            attempt: attempt.unwrap_or_else(AttemptId::mint),
            evidence: "status 201",
            heard: Instant::now(),
            external_id: rng.choice(["first", "second"]),
            external_url: None,
            standing: Standing::Live,
        };
        let there = self.there.settle_live(one, &live).await;
        let here = self.at_hand.settle_live(other, &live).await;
        same("settle live", there, here)
    }

    async fn edit(&mut self, post: PostId, rng: &mut Rng) -> Result<(), String> {
        self.edits += 1;
        // Beside each other: what the two clocks tell is never quite the same.
        let ahead = Duration::minutes(rng.i64(-1..5)) + Duration::milliseconds(5) * self.edits;
        let now = store::now(&self.pool).await.unwrap();
        let change = Change {
            caption: "other words".to_owned().try_into().unwrap(),
            media: json!([]),
            options: json!({}),
            scheduled_at: Some(now + ahead),
            prepare_at: None,
            max_lateness: None,
        };
        let mut link = self.pool.acquire().await.unwrap();
        let there = posts::edit(&mut link, self.user, post, None, &change).await;
        let there = there.map(|changed| matches!(changed, Changed::Done(_)));
        let due = self.clock.now() + ahead;
        let here = self.memory.edit(post, change.caption, json!({}), due);
        same("edit", there, Ok(here))
    }

    async fn cancel(&mut self, post: PostId) -> Result<(), String> {
        let was_canceled = self.memory.rows().posts[&post].post.stage == Stage::Canceled;
        let mut link = self.pool.acquire().await.unwrap();
        let there = posts::cancel(&mut link, self.user, post).await;
        let there = there.map(|changed| matches!(changed, Changed::Done(_)));
        let here = self.memory.cancel(post) || was_canceled;
        same("cancel", there, Ok(here))
    }

    async fn disconnect(&mut self, id: ConnectionId) -> Result<(), String> {
        let row = connections::find(&self.pool, self.user, id).await.unwrap();
        let is_open = row.is_some_and(|row| {
            matches!(
                row.health,
                ConnectionHealth::Active | ConnectionHealth::NeedsReconnect
            )
        });
        if is_open {
            sqlx::query("UPDATE connections SET health = 'disconnecting' WHERE id = $1")
                .bind(id.uuid())
                .execute(&self.pool)
                .await
                .unwrap();
            self.memory.disconnect(id);
        }
        Ok(())
    }

    async fn refresh(&mut self, id: ConnectionId, rng: &mut Rng) -> Result<(), String> {
        let user = self.user;
        let version = rng.i32(1..4);
        let patience = Duration::minutes(rng.i64(0..3)) + Duration::seconds(30);
        match rng.usize(0..4) {
            0 => {
                let (one, other) = self
                    .both(|books| books.begin_refresh(user, id, version, patience))
                    .await;
                same("begin refresh", one, other)
            }
            1 => {
                let sealed = tokens(store::now(&self.pool).await.unwrap());
                let (one, other) = self
                    .both(|books| books.finish_refresh(user, id, version, &sealed))
                    .await;
                same("finish refresh", one, other)
            }
            2 if rng.u8(0..5) == 0 => {
                let (one, other) = self
                    .both(|books| books.need_reconnect(user, id, version, "reason"))
                    .await;
                same("need reconnect", one, other)
            }
            _ => {
                let (one, other) = self.both(|books| books.tokens(user, id)).await;
                let version = |it: Option<store::tokens::Versioned>| it.map(|it| it.version);
                same("tokens", one.map(version), other.map(version))?;
                let (one, other) = self.both(|books| books.connection(id)).await;
                let seen = |it: Option<Connection>| it.map(|it| (it.health, it.token_version));
                same("connection", one.map(seen), other.map(seen))
            }
        }
    }

    async fn overdue(&mut self) -> Result<(), String> {
        // The database's clock goes on meanwhile.
        let turn = Duration::ZERO;
        let one = sweep::overdue(&self.pool, 1_000, turn).await;
        let other = Ok(self.memory.overdue(1_000, turn));
        let ids = |found: Vec<sweep::Overdue>| {
            let ids = found.into_iter().map(|late| late.id);
            // The database still holds those of other lives.
            let mut ids: Vec<_> = ids.filter(|id| self.posts.contains(id)).collect();
            ids.sort_unstable();
            ids
        };
        same("overdue", one.map(ids), other.map(ids))
    }

    async fn unsettled(&mut self) -> Result<(), String> {
        let own = |mut ids: Vec<PostId>| {
            ids.retain(|id| self.posts.contains(id));
            ids.sort_unstable();
            ids
        };
        let one = sweep::unsettled(&self.pool, 1_000).await.map(own);
        same("unsettled", one, Ok(own(self.memory.unsettled())))
    }

    /// Holds every row of both against each other.
    async fn compare(&self) -> Result<(), String> {
        let (now, here) = (store::now(&self.pool).await.unwrap(), self.clock.now());
        for id in &self.posts {
            let there = posts::find(&self.pool, self.user, *id).await.unwrap();
            let there = there.expect("a row");
            let row = self.memory.rows().posts[id].clone();
            same("a post", Ok(shown(&there, now)), Ok(shown(&row.post, here)))?;
            let arms = attempts::list(&self.pool, self.user, *id).await.unwrap();
            let arms: Vec<_> = arms
                .into_iter()
                .map(|arm| (arm.id, arm.number, arm.step, arm.outcome))
                .collect();
            let rows = self.memory.rows();
            let mut kept: Vec<_> = rows
                .attempts
                .iter()
                .filter(|arm| arm.post == *id)
                .map(|arm| {
                    let outcome = arm.outcome.map(|outcome| outcome.as_str().to_owned());
                    (arm.id, arm.number, arm.step.clone(), outcome)
                })
                .collect();
            kept.sort_by_key(|arm| arm.1);
            same("arms", Ok(arms), Ok(kept))?;
        }
        Ok(())
    }

    async fn both<'s, T>(
        &'s self,
        ask: impl Fn(&'s dyn Books) -> publishing::Asked<'s, T>,
    ) -> (Result<T, StoreError>, Result<T, StoreError>) {
        (ask(&self.there).await, ask(&*self.at_hand).await)
    }
}

/// What both must agree on of a post; times by the minute, seen from now.
fn shown(post: &Post, now: OffsetDateTime) -> String {
    let minutes = |at: OffsetDateTime| ((at - now) + Duration::seconds(30)).whole_minutes();
    format!(
        "{} r{} next {} due {} armed {:?} accepted {:?} published {:?} {:?} {:?} error {} candidates {}",
        post.stage,
        post.revision,
        minutes(post.next_attempt_at),
        minutes(post.due_at),
        post.armed_at.map(minutes),
        post.accepted_at.map(minutes),
        post.published_at.map(minutes),
        post.external_id,
        post.standing,
        post.error.is_some(),
        post.candidates.is_some(),
    )
}

fn same<T: Debug + PartialEq>(
    what: &str,
    there: Result<T, StoreError>,
    here: Result<T, StoreError>,
) -> Result<(), String> {
    let rule = |error: StoreError| match error {
        StoreError::Conflict(rule) => rule,
        error @ (StoreError::Database(_)
        | StoreError::Migrate(_)
        | StoreError::Row { .. }
        | StoreError::Shared(_)) => {
            panic!("{what}: {error:?}")
        }
    };
    let (there, here) = (there.map_err(rule), here.map_err(rule));
    if there == here {
        return Ok(());
    }
    Err(format!("{what}\n  database {there:?}\n  memory   {here:?}"))
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

fn told() -> PostError {
    PostError {
        code: "sample".to_owned(),
        message: "A sample.".to_owned(),
        evidence: None,
    }
}

fn tokens(now: OffsetDateTime) -> SealedTokens {
    SealedTokens {
        access: b"access".to_vec(),
        access_expires_at: Some(now + Duration::hours(1)),
        refresh: Some(b"refresh".to_vec()),
        refresh_expires_at: None,
    }
}

/// The database of the test, for a pool of our own.
async fn address(pool: &PgPool) -> String {
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(pool)
        .await
        .unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner of the tests says where the server is"
    )]
    let server = std::env::var("DATABASE_URL").unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    url.into()
}
