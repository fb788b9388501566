//! Looks that ask at the same time: what one of them meets is nobody else's.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::HashSet,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use domain::{AttemptId, ConnectionId, LookId, PostId, Stage, Standing, UserId};
use futures_util::future::join_all;
use sqlx::{PgPool, query, query_scalar};
use store::{
    Pool, StoreError, Together, attempts,
    job_log::{self, Step},
    posts,
    work::{Armed, Live, Work},
};
use time::Duration;
use tokio::time::Instant;

const LEASE: Duration = Duration::minutes(5);
const CROWD: usize = 150;

/// A user, and posts of an account each.
struct House {
    pool: PgPool,
    store: Pool,
    together: Together,
    user: UserId,
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_crowd_is_served_by_few_statements(pool: PgPool) {
    let house = House::open(&pool).await;
    let mut posts = Vec::new();
    for _ in 0..CROWD {
        posts.push(house.post(house.account().await).await);
    }
    let leased = join_all(
        posts
            .iter()
            .map(|post| house.together.lease(*post, LookId::mint(), LEASE)),
    )
    .await;
    let works: Vec<_> = leased
        .into_iter()
        .map(|work| work.unwrap().unwrap())
        .collect();
    let ids: Vec<_> = works.iter().map(|work| work.post.id).collect();
    assert_eq!(ids, posts, "each has its own");
    // The database's clock stands still within a statement.
    let statements: HashSet<_> = works.iter().map(|work| work.now).collect();
    assert_eq!(statements.len(), 2, "a hundred go into one");
    let found = works
        .iter()
        .map(|work| house.together.connection(work.post.connection_id));
    for (work, found) in works.iter().zip(join_all(found).await) {
        assert_eq!(found.unwrap().unwrap().id, work.post.connection_id);
    }
    let tokens = works
        .iter()
        .map(|work| house.together.tokens(house.user, work.post.connection_id));
    for (work, tokens) in works.iter().zip(join_all(tokens).await) {
        let expected = work.post.connection_id.uuid().as_bytes().to_vec();
        assert_eq!(tokens.unwrap().unwrap().tokens.access, expected);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_who_want_the_same_lease_one_has_it(pool: PgPool) {
    let house = House::open(&pool).await;
    let post = house.post(house.account().await).await;
    let leased = join_all([0; 3].map(|_| house.together.lease(post, LookId::mint(), LEASE))).await;
    let leased = leased.into_iter().filter_map(Result::unwrap);
    assert_eq!(leased.count(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_row_that_somebody_holds_keeps_nobody_else_waiting(pool: PgPool) {
    let house = House::open(&pool).await;
    let (held, free) = (house.prepared().await, house.prepared().await);
    let mut holder = pool.begin().await.unwrap();
    query("SELECT id FROM posts WHERE id = $1 FOR UPDATE")
        .bind(held.post.id.uuid())
        .execute(&mut *holder)
        .await
        .unwrap();
    let mut waiting = pin!(async {
        let armed = house.arm(&held, AttemptId::mint()).await.unwrap();
        house.note(&held).await.unwrap();
        armed
    });
    assert!(is_waiting(&pool, waiting.as_mut()).await);
    let attempt = AttemptId::mint();
    let armed = house.arm(&free, attempt).await.unwrap();
    assert!(matches!(armed, Armed::Done(_)), "{armed:?}");
    house.note(&free).await.unwrap();
    assert!(house.live(&free, attempt, "other").await.unwrap());
    assert!(is_waiting(&pool, waiting.as_mut()).await);
    holder.rollback().await.unwrap();
    let armed = waiting.await;
    assert!(matches!(armed, Armed::Done(_)), "{armed:?}");
    for work in [&held, &free] {
        let steps = job_log::list(&house.store, house.user, work.post.id).await;
        assert_eq!(steps.unwrap().len(), 1);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_lease_waits_for_whoever_holds_the_row(pool: PgPool) {
    let house = House::open(&pool).await;
    let post = house.post(house.account().await).await;
    let mut holder = pool.begin().await.unwrap();
    query("UPDATE posts SET caption = 'other words' WHERE id = $1")
        .bind(post.uuid())
        .execute(&mut *holder)
        .await
        .unwrap();
    let mut waiting = pin!(house.together.lease(post, LookId::mint(), LEASE));
    assert!(is_waiting(&pool, waiting.as_mut()).await);
    holder.commit().await.unwrap();
    let work = waiting.await.unwrap().unwrap();
    assert_eq!(work.post.caption.as_str(), "other words");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_row_that_cannot_be_read_is_its_own_askers_affair(pool: PgPool) {
    let house = House::open(&pool).await;
    let good = house.post(house.account().await).await;
    let bad = house.post(house.account().await).await;
    query("UPDATE posts SET media = '7' WHERE id = $1")
        .bind(bad.uuid())
        .execute(&pool)
        .await
        .unwrap();
    let leased =
        join_all([good, bad].map(|post| house.together.lease(post, LookId::mint(), LEASE))).await;
    assert_eq!(leased[0].as_ref().unwrap().as_ref().unwrap().post.id, good);
    assert!(
        matches!(leased[1], Err(StoreError::Row { .. })),
        "{leased:?}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn each_arm_comes_to_what_it_would_alone(pool: PgPool) {
    let house = House::open(&pool).await;
    let account = house.account().await;
    let (first, second) = (
        house.prepared_at(account, 0).await,
        house.prepared_at(account, 0).await,
    );
    let (fine, other) = (house.prepared().await, house.prepared().await);
    let (mut stale, mut edited) = (other.clone(), house.prepared().await);
    stale.fence -= 1;
    edited.post.revision -= 1;
    let mut nobody = other.clone();
    nobody.post.id = PostId::mint();
    let works = [&second, &stale, &nobody, &fine, &edited, &first];
    let attempts = works.map(|_| AttemptId::mint());
    let asked = works.iter().zip(attempts);
    let armed = join_all(asked.map(|(work, attempt)| house.arm(work, attempt))).await;
    let armed: Vec<_> = armed.into_iter().map(Result::unwrap).collect();
    let (done, others): (Vec<_>, Vec<_>) = armed
        .iter()
        .enumerate()
        .partition(|(_, armed)| matches!(armed, Armed::Done(_)));
    let of = |list: &[(usize, &Armed)]| list.iter().map(|(at, _)| *at).collect::<Vec<_>>();
    assert_eq!(of(&done), [3, 5], "{armed:?}");
    assert_eq!(*others[0].1, Armed::Busy { before: 1 });
    assert!(others[1..].iter().all(|(_, armed)| **armed == Armed::Gone));
    for (at, attempt) in attempts.into_iter().enumerate() {
        let exists = attempts::exists(&house.store, attempt).await.unwrap();
        assert_eq!(exists, of(&done).contains(&at), "{at}");
    }
}

/// Those that are a minute late hold up nobody, so that none of them stands before another.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_an_account_one_is_armed_though_all_ask_at_once(pool: PgPool) {
    let house = House::open(&pool).await;
    let account = house.account().await;
    let mut works = Vec::new();
    for _ in 0..5 {
        works.push(house.prepared_at(account, 120).await);
    }
    works.push(house.prepared().await);
    let armed = join_all(works.iter().map(|work| house.arm(work, AttemptId::mint()))).await;
    let mut armed: Vec<_> = armed.into_iter().map(Result::unwrap).collect();
    assert!(matches!(armed.pop(), Some(Armed::Done(_))));
    let busy = |armed: &&Armed| **armed == Armed::Busy { before: 1 };
    assert_eq!(armed.iter().filter(busy).count(), 4, "{armed:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_halt_is_told_to_all(pool: PgPool) {
    let house = House::open(&pool).await;
    let works = [house.prepared().await, house.prepared().await];
    store::admin::halt(&house.store, true).await.unwrap();
    let armed = join_all(works.iter().map(|work| house.arm(work, AttemptId::mint()))).await;
    for armed in armed {
        assert_eq!(armed.unwrap(), Armed::Halted);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_id_that_is_another_posts_is_refused_to_one_alone(pool: PgPool) {
    let house = House::open(&pool).await;
    let account = house.account().await;
    let (earlier, attempt) = house.armed(account).await;
    assert!(house.live(&earlier, attempt, "taken").await.unwrap());
    let (twin, of_twin) = house.armed(account).await;
    let (fine, of_fine) = house.armed(house.account().await).await;
    let settled = join_all([
        house.live(&twin, of_twin, "taken"),
        house.live(&fine, of_fine, "taken"),
        house.live(&earlier, attempt, "taken"),
    ])
    .await;
    let [twin, fine_settled, again] = settled.try_into().unwrap();
    let error = twin.unwrap_err();
    assert!(error.is_conflict("posts_one_claim"), "{error}");
    assert!(fine_settled.unwrap());
    assert!(!again.unwrap(), "it was settled before");
    let post = posts::find(&house.store, house.user, fine.post.id).await;
    let post = post.unwrap().unwrap();
    assert_eq!(
        (post.stage, post.external_id.as_deref()),
        (Stage::Published, Some("taken"))
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn all_are_told_that_the_database_is_away(pool: PgPool) {
    let house = House::open(&pool).await;
    let works = [house.prepared().await, house.prepared().await];
    house.store.close().await;
    for noted in join_all(works.iter().map(|work| house.note(work))).await {
        let error = noted.unwrap_err();
        assert_eq!(error.to_string(), "the database failed");
    }
}

impl House {
    async fn open(pool: &PgPool) -> Self {
        let (store, user) = (Pool::from(pool.clone()), UserId::mint());
        store::users::add(pool, user, "a@picscripter.example", "-")
            .await
            .unwrap();
        Self {
            pool: pool.clone(),
            together: Together::from(store.clone()),
            store,
            user,
        }
    }

    /// An account whose access token is its id.
    async fn account(&self) -> ConnectionId {
        let id = ConnectionId::mint();
        query(
            "INSERT INTO connections (id, user_id, platform, external_id, display_name, grant_id, grant_family, subject,
                 access_token_ciphertext)
             VALUES ($1, $2, 'x', $3, 'A', $1, 'x', 'subject', $4)",
        )
        .bind(id.uuid())
        .bind(self.user.uuid())
        .bind(id.to_string())
        .bind(id.uuid().as_bytes())
        .execute(&self.pool)
        .await
        .unwrap();
        id
    }

    async fn post(&self, account: ConnectionId) -> PostId {
        self.post_of(account, "scheduled", 0).await
    }

    /// A post that was due so many seconds ago.
    async fn post_of(&self, account: ConnectionId, stage: &str, late: i32) -> PostId {
        let id = PostId::mint();
        query(
            "INSERT INTO posts (id, user_id, connection_id, platform, caption, fingerprint, stage, due_at, next_attempt_at)
             VALUES ($1, $2, $3, 'x', 'caption', '', $4, date_trunc('minute', now()) - make_interval(secs => $5), now())",
        )
        .bind(id.uuid())
        .bind(self.user.uuid())
        .bind(account.uuid())
        .bind(stage)
        .bind(late)
        .execute(&self.pool)
        .await
        .unwrap();
        id
    }

    /// A post under lease that may be armed, of an account of its own.
    async fn prepared(&self) -> Work {
        self.prepared_at(self.account().await, 0).await
    }

    async fn prepared_at(&self, account: ConnectionId, late: i32) -> Work {
        let post = self.post_of(account, "prepared", late).await;
        self.together
            .lease(post, LookId::mint(), LEASE)
            .await
            .unwrap()
            .unwrap()
    }

    async fn armed(&self, account: ConnectionId) -> (Work, AttemptId) {
        let (work, attempt) = (self.prepared_at(account, 0).await, AttemptId::mint());
        let armed = self.arm(&work, attempt).await.unwrap();
        assert!(matches!(armed, Armed::Done(_)), "{armed:?}");
        (work, attempt)
    }

    async fn arm(&self, work: &Work, attempt: AttemptId) -> Result<Armed, StoreError> {
        self.together.arm(work, attempt, "create", b"armed").await
    }

    async fn live(&self, work: &Work, attempt: AttemptId, id: &str) -> Result<bool, StoreError> {
        let live = Live {
            attempt,
            evidence: "status 201",
            heard: Instant::now(),
            external_id: Some(id),
            external_url: None,
            standing: Standing::Live,
        };
        self.together.settle_live(work, &live).await
    }

    async fn note(&self, work: &Work) -> Result<(), StoreError> {
        let step = Step {
            step: "create".to_owned(),
            outcome: "answered".to_owned(),
            http_status: None,
            duration_ms: None,
            detail: None,
        };
        let steps = [(work.now, step)];
        self.together.note(self.user, work.post.id, &steps).await
    }
}

/// Whether this comes to wait for a lock, and not to its end.
async fn is_waiting<F: Future>(pool: &PgPool, mut future: Pin<&mut F>) -> bool {
    let mut locked = pin!(async {
        let waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock')";
        while !query_scalar::<_, bool>(waiting)
            .fetch_one(pool)
            .await
            .unwrap()
        {}
    });
    poll_fn(|context| {
        if future.as_mut().poll(context).is_ready() {
            return Poll::Ready(false);
        }
        locked.as_mut().poll(context).map(|()| true)
    })
    .await
}
