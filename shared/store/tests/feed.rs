//! The feed of events: nothing is passed by, whatever is committed when.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use domain::{Event, PostId, UserId};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Transaction};
use store::{Pool, events, sweep, users};

const WRITERS: usize = 6;
const EACH: usize = 40;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_committed_late_is_read_late_and_never_passed_by(pool: PgPool) {
    let user = somebody(&pool).await;
    let (early, late) = (PostId::mint(), PostId::mint());
    let mut first = pool.begin().await.unwrap();
    happens(&mut first, user, early).await;
    let mut second = pool.begin().await.unwrap();
    happens(&mut second, user, late).await;

    second.commit().await.unwrap();
    let (read, place) = read(&pool, user, 0).await;
    assert_eq!(posts(&read), [late]);
    first.commit().await.unwrap();
    let (read, _) = self::read(&pool, user, place).await;
    assert_eq!(posts(&read), [early]);
    // Read again it is what it was.
    let (all, _) = self::read(&pool, user, 0).await;
    assert_eq!(posts(&all), [late, early]);
    assert_eq!(places(&all), [1, 2]);
}

/// The number of a transaction is given out before its sequence, so neither tells the order by itself.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_began_first_and_tells_last_is_not_passed_by_either(pool: PgPool) {
    let user = somebody(&pool).await;
    let (slow, quick) = (PostId::mint(), PostId::mint());
    let mut first = pool.begin().await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()")
        .execute(&mut *first)
        .await
        .unwrap();
    let mut second = pool.begin().await.unwrap();
    happens(&mut second, user, quick).await;
    happens(&mut first, user, slow).await;
    first.commit().await.unwrap();
    let (read, place) = read(&pool, user, 0).await;
    assert_eq!(posts(&read), [slow]);
    second.commit().await.unwrap();
    let (read, _) = self::read(&pool, user, place).await;
    assert_eq!(posts(&read), [quick]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_undone_leaves_no_gap(pool: PgPool) {
    let user = somebody(&pool).await;
    let kept = PostId::mint();
    let mut undone = pool.begin().await.unwrap();
    happens(&mut undone, user, PostId::mint()).await;
    undone.rollback().await.unwrap();
    let mut done = pool.begin().await.unwrap();
    happens(&mut done, user, kept).await;
    done.commit().await.unwrap();
    let (read, _) = read(&pool, user, 0).await;
    assert_eq!((posts(&read), places(&read)), (vec![kept], vec![1]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn readers_beside_a_crowd_of_writers_read_everything_once_and_without_a_gap(pool: PgPool) {
    let user = somebody(&pool).await;
    let options = pool.connect_options();
    let writers = (0..WRITERS).map(|writer| {
        let options = options.clone();
        tokio::spawn(async move {
            let mut session = PgConnection::connect_with(&options).await.unwrap();
            for round in 0..EACH {
                let mut tx = session.begin().await.unwrap();
                happens(&mut tx, user, PostId::mint()).await;
                // Some stay open while others come and go.
                if (writer + round) % 3 == 0 {
                    sqlx::query("SELECT count(*) FROM generate_series(1, 30000)")
                        .execute(&mut *tx)
                        .await
                        .unwrap();
                }
                tx.commit().await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let readers = (0..3).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let (mut place, mut all) = (0, Vec::new());
            while all.len() < WRITERS * EACH {
                let (read, next) = read(&pool, user, place).await;
                all.extend(read);
                place = next;
            }
            all
        })
    });
    let readers: Vec<_> = readers.collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let expected: Vec<i64> = (1..).take(WRITERS * EACH).collect();
    let mut told = Vec::new();
    for reader in readers {
        let all = reader.await.unwrap();
        assert_eq!(places(&all), expected);
        told.push(all);
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_is_told_of_what_happened_to_others(pool: PgPool) {
    let (one, other) = (somebody(&pool).await, somebody(&pool).await);
    let (mine, theirs) = (PostId::mint(), PostId::mint());
    let mut tx = pool.begin().await.unwrap();
    happens(&mut tx, one, mine).await;
    happens(&mut tx, other, theirs).await;
    tx.commit().await.unwrap();
    for (user, post) in [(one, mine), (other, theirs)] {
        let (read, _) = read(&pool, user, 0).await;
        // Not even how much happens to others can be counted.
        assert_eq!((posts(&read), places(&read)), (vec![post], vec![1]));
    }
    let row: i64 = sqlx::query_scalar("SELECT sequence FROM events WHERE user_id = $1")
        .bind(other.uuid())
        .fetch_one(&pool)
        .await
        .unwrap();
    let pool = Pool::from(pool);
    assert_eq!(events::by_row(&pool, one, row).await.unwrap(), None);
    assert!(events::by_row(&pool, other, row).await.unwrap().is_some());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn old_events_are_forgotten_with_a_note_of_how_far(pool: PgPool) {
    let (user, idle) = (somebody(&pool).await, somebody(&pool).await);
    let mut tx = pool.begin().await.unwrap();
    for _ in 0..3 {
        happens(&mut tx, user, PostId::mint()).await;
    }
    happens(&mut tx, idle, PostId::mint()).await;
    tx.commit().await.unwrap();
    let store = Pool::from(pool.clone());
    // What has no place yet is not forgotten before it has one.
    age(&pool, idle, 31).await;
    sweep::forget(&store).await.unwrap();
    let (read, _) = read(&pool, idle, 0).await;
    assert_eq!(read.len(), 1);

    let (_, place) = self::read(&pool, user, 0).await;
    sqlx::query("UPDATE events SET created_at = created_at - interval '31 days' WHERE user_id = $1 AND place <= 2")
        .bind(user.uuid())
        .execute(&pool)
        .await
        .unwrap();
    sweep::forget(&store).await.unwrap();
    let span = events::span(&store, user).await.unwrap();
    assert_eq!((span.forgotten, span.last), (2, place));
    let (left, _) = self::read(&pool, user, 0).await;
    assert_eq!(places(&left), [3]);
}

/// Rows that older builds wrote have neither an id nor a place.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn events_of_before_are_given_ids_of_the_kind_and_time_of_ours(pool: PgPool) {
    let user = somebody(&pool).await;
    let mut tx = pool.begin().await.unwrap();
    happens(&mut tx, user, PostId::mint()).await;
    happens(&mut tx, user, PostId::mint()).await;
    tx.commit().await.unwrap();
    sqlx::query("UPDATE events SET id = NULL WHERE sequence = (SELECT min(sequence) FROM events)")
        .execute(&pool)
        .await
        .unwrap();
    let (read, _) = read(&pool, user, 0).await;
    let now = store::now(&Pool::from(pool)).await.unwrap();
    for event in &read {
        let id = event.id.uuid();
        assert_eq!(id.get_version_num(), 7, "{id}");
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122, "{id}");
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        let age = now.unix_timestamp() - i64::try_from(seconds).unwrap();
        assert!((0..60).contains(&age), "{id} is {age} s old");
    }
    assert_ne!(read[0].id, read[1].id);
}

async fn somebody(pool: &PgPool) -> UserId {
    let user = UserId::mint();
    let email = format!("{user}@picscripter.example");
    users::add(pool, user, &email, "-").await.unwrap();
    user
}

/// Something happens to a post of a user, once the transaction is committed.
async fn happens(tx: &mut Transaction<'_, Postgres>, user: UserId, post: PostId) {
    sqlx::query(
        "INSERT INTO events (user_id, kind, subject, data) VALUES ($1, 'post.queued', $2, '{}')",
    )
    .bind(user.uuid())
    .bind(post.uuid())
    .execute(&mut **tx)
    .await
    .unwrap();
}

async fn age(pool: &PgPool, user: UserId, days: i32) {
    sqlx::query(
        "UPDATE events SET created_at = created_at - make_interval(days => $2) WHERE user_id = $1",
    )
    .bind(user.uuid())
    .bind(days)
    .execute(pool)
    .await
    .unwrap();
}

/// What stands behind a place, and the place to go on from.
async fn read(pool: &PgPool, user: UserId, place: i64) -> (Vec<Event>, i64) {
    let pool = Pool::from(pool.clone());
    let (read, _) = events::after(&pool, user, place, 1_000).await.unwrap();
    let next = read.last().map_or(place, |event| event.sequence);
    (read, next)
}

fn posts(events: &[Event]) -> Vec<PostId> {
    events.iter().filter_map(|event| event.post_id).collect()
}

fn places(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.sequence).collect()
}
