//! Everything that the store is asked in the life of a user and of what they post.

use domain::{
    AttemptId, ConnectionHealth, ConnectionId, Counted, DataKeyId, GrantId, LookId, MediaFacts,
    MediaId, MediaKind, OauthAttemptId, Platform, Post, PostError, PostId, SessionId, Stage,
    Standing, UserId, WebhookEndpointId, WebhookSecretId,
};
use serde_json::json;
use store::{
    Pool, StoreError, Together, admin,
    attempts::{self, Outcome},
    budgets::{self, Holder},
    connections::{self, Granted, SealedTokens},
    data_keys, deletions,
    deliveries::{self, Again},
    dispatch::{self, Failure},
    errands::{self, Asked},
    events,
    job_log::{self, Step},
    login_delays,
    media::{self, Media, Stored},
    oauth_attempts::{self, Visit},
    posts::{self, Change, Changed, Filter, NewPost, Resolution},
    punctuality,
    rate_limits::{self, Limit},
    registrations, rings, sealed,
    sessions::{self, Rotation},
    subscriptions, sweep,
    tokens::{self, Margin},
    users,
    webhook_endpoints::{self, SealedSecret},
    webhook_receipts,
    work::{self, Armed, Live, Outcomes, Save, Settled, Work},
};
use time::Duration;
use tokio::time::Instant;

const LEASE: Duration = Duration::minutes(5);
const PLATFORM: Platform = Platform::X;

/// Signs up, connects an account, posts in all ways and leaves again.
pub async fn live(pool: &Pool) -> Result<(), StoreError> {
    let user = sign_in(pool).await?;
    let connection = connect(pool, user).await?;
    files(pool, user).await?;
    ask(pool, user, connection).await?;
    listen(pool, user).await?;
    publish(pool, user, connection).await?;
    publish_at_once(pool, user, connection).await?;
    edit_and_cancel(pool, user, connection).await?;
    give_up(pool, user, connection).await?;
    resolve(pool, user, connection).await?;
    deliver(pool, user).await?;
    ring(pool).await?;
    keys(pool).await?;
    sweep(pool).await?;
    leave(pool, user, connection).await
}

async fn sign_in(pool: &Pool) -> Result<UserId, StoreError> {
    let (user, session) = (UserId::mint(), SessionId::mint());
    let email = format!("{user}@picscripter.example");
    users::add(pool, user, &email, "hash").await?;
    match users::add(pool, UserId::mint(), &email, "hash").await {
        Err(StoreError::Conflict(_)) => {}
        Err(error) => return Err(error),
        Ok(twin) => panic!("{twin:?}"),
    }
    let (found, _) = users::find_by_email(pool, &email).await?.unwrap();
    assert_eq!(found.id, user);
    let keys = [email.clone(), "address".to_owned() + &email];
    login_delays::fail(pool, &keys).await?;
    login_delays::blocked_until(pool, &keys).await?;
    login_delays::clear(pool, &email).await?;
    sessions::open(pool, user, session, b"one", Duration::days(1)).await?;
    let mut link = pool.acquire().await?;
    assert_eq!(
        sessions::rotate(&mut link, session, b"one", b"two").await?,
        Rotation::Done(user)
    );
    assert_eq!(
        sessions::rotate(&mut link, session, b"one", b"three").await?,
        Rotation::Reused
    );
    drop(link);
    assert_eq!(sessions::role(pool, user, session).await?, None);
    assert!(!sessions::close(pool, user, session).await?);
    let limit = Limit {
        burst: 1,
        every: Duration::hours(1),
    };
    assert!(rate_limits::take(pool, &email, limit).await?.is_ok());
    assert!(rate_limits::take(pool, &email, limit).await?.is_err());
    admin::grant(pool, &email).await?;
    assert!(users::find(pool, user).await?.unwrap().is_admin);
    Ok(user)
}

async fn connect(pool: &Pool, user: UserId) -> Result<ConnectionId, StoreError> {
    let (state, browser) = (user.to_string().into_bytes(), b"browser");
    let visit = OauthAttemptId::mint();
    let begun = Visit {
        platform: PLATFORM,
        login: "usual",
        state_hash: &state,
        browser_hash: browser,
    };
    oauth_attempts::begin(pool, user, visit, &begun, Duration::minutes(10)).await?;
    for expected in [Some(user), None] {
        let taken = oauth_attempts::take(pool, PLATFORM, &state, browser).await?;
        assert_eq!(taken.map(|taken| taken.user), expected);
    }
    let account = user.to_string();
    let id = connections::id_for(pool, user, PLATFORM, &account).await?;
    let granted = Granted {
        platform: PLATFORM,
        external_id: &account,
        username: Some("@sample"),
        display_name: "Sample",
        avatar_url: None,
        facts: &json!({"kind": "sample"}),
        scopes: &["read".to_owned(), "write".to_owned()],
        grant_id: GrantId::mint(),
        grant_family: PLATFORM.as_str(),
        subject: &account,
    };
    let sealed = SealedTokens {
        access: b"access".to_vec(),
        access_expires_at: Some(store::now(pool).await? + Duration::hours(1)),
        refresh: Some(b"refresh".to_vec()),
        refresh_expires_at: None,
    };
    assert!(connections::connect(pool, user, id, &granted, &sealed).await?);
    assert_eq!(connections::list(pool, user).await?.len(), 1);
    let found = connections::by_message(pool, id).await?.unwrap();
    assert_eq!(found.scopes, ["read", "write"]);
    let versioned = Together::from(pool.clone())
        .tokens(user, id)
        .await?
        .unwrap();
    let version = versioned.version;
    assert!(tokens::begin_refresh(pool, user, id, version, LEASE).await?);
    assert!(!tokens::begin_refresh(pool, user, id, version, LEASE).await?);
    tokens::abandon_refresh(pool, user, id, version).await?;
    assert!(tokens::begin_refresh(pool, user, id, version, LEASE).await?);
    assert!(tokens::need_reconnect(pool, user, id, version, "the old ones were refused").await?);
    assert!(tokens::finish_refresh(pool, user, id, version, &sealed).await?);
    let found = connections::find(pool, user, id).await?.unwrap();
    assert_eq!(found.health, ConnectionHealth::Active);
    assert!(!tokens::need_reconnect(pool, user, id, version, "stale").await?);
    Ok(id)
}

async fn files(pool: &Pool, user: UserId) -> Result<(), StoreError> {
    let id = MediaId::mint();
    let mut tx = pool.begin().await?;
    let file = Media {
        id,
        kind: MediaKind::Image,
        source_url: "https://files.picscripter.example/1.png".to_owned(),
        stored: None,
    };
    media::add(&mut tx, user, &file).await?;
    tx.commit().await?;
    let stored = Stored {
        object_key: format!("{user}/{id}"),
        facts: MediaFacts::Image {
            format: domain::ImageFormat::Png,
            bytes: 1_000,
            width: 10,
            height: 10,
            animated: false,
        },
        sha256: vec![7; 32],
    };
    media::store(pool, user, id, &stored).await?;
    let found = media::find(pool, user, id).await?.unwrap();
    assert_eq!(found.stored.unwrap().sha256, [7; 32]);
    Ok(())
}

async fn publish(pool: &Pool, user: UserId, connection: ConnectionId) -> Result<(), StoreError> {
    let together = Together::from(pool.clone());
    let work = prepared(pool, user, connection).await?;
    let id = work.post.id;
    let filter = Filter {
        platform: Some(PLATFORM),
        status: Some("publishing".to_owned()),
        before: None,
    };
    assert_eq!(posts::list(pool, user, &filter, 10).await?.len(), 1);
    let (now, week) = (store::now(pool).await?, Duration::WEEK);
    let around = (now - week, now + week);
    let reels = Counted::With("reel", "true");
    posts::times(pool, user, connection, around, reels, None).await?;
    let mut tx = pool.begin().await?;
    assert!(posts::count(&mut tx, user, connection, around, None).await? > 0);
    posts::count_alone(&mut tx, "posts of a network").await?;
    assert!(posts::count_of_network(&mut tx, PLATFORM, around, Some(id)).await? < 1_000_000);
    drop(tx);
    assert_eq!(work::before(pool, &work).await?, 0);
    let attempt = AttemptId::mint();
    let armed = together.arm(&work, attempt, "create", b"armed").await?;
    assert!(matches!(armed, Armed::Done(_)), "{armed:?}");
    assert!(attempts::exists(pool, attempt).await?);
    let again = together
        .arm(&work, AttemptId::mint(), "create", b"armed")
        .await?;
    assert_eq!(again, Armed::Gone);
    let firing = work_at(&work, Stage::Firing);
    let accepted = Outcomes {
        attempt: None,
        outcome: Outcome::Accepted,
        evidence: Some("201"),
        heard: Instant::now(),
        to: Stage::Confirming,
        progress: Some(b"sent"),
        error: None,
        until: Some(store::now(pool).await?),
    };
    // Asked again, as by one whose answer was lost, it comes to the same.
    for _ in 0..2 {
        let settled = together.settle(&firing, &accepted).await?;
        assert_eq!(settled, Settled::InTime);
    }
    let external = format!("external {id}");
    let mut tx = pool.begin().await?;
    assert!(webhook_receipts::first_time(&mut tx, PLATFORM, &external).await?);
    let moved = work::by_handle(&mut tx, PLATFORM, &format!("handle {id}")).await?;
    store::now(&mut tx).await?;
    tx.commit().await?;
    assert_eq!(moved, [id]);
    assert!(!webhook_receipts::first_time(pool, PLATFORM, &external).await?);
    let confirming = together.lease(id, LookId::mint(), LEASE).await?.unwrap();
    assert_eq!(confirming.progress.as_deref(), Some(&b"sent"[..]));
    let settled = together.settle(&firing, &accepted).await?;
    assert_eq!(settled, Settled::Gone, "others went on");
    assert!(work::claimed(pool, &confirming).await?.is_empty());
    assert!(
        together
            .published(id, Some(&external), None, Standing::Live)
            .await?
    );
    let post = posts::find(pool, user, id).await?.unwrap();
    assert_eq!(
        (post.stage, post.external_id),
        (Stage::Published, Some(external))
    );
    let step = Step {
        step: "create".to_owned(),
        outcome: "answered".to_owned(),
        http_status: Some(201),
        duration_ms: Some(20),
        detail: None,
    };
    let steps = [(now, step.clone()), (now + Duration::SECOND, step)];
    together.note(user, id, &steps).await?;
    let listed = job_log::list(pool, user, id).await?;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1].0 - listed[0].0, Duration::SECOND);
    let attempts = attempts::list(pool, user, id).await?;
    assert_eq!(attempts[0].outcome.as_deref(), Some("accepted"));
    let (told, span) = events::after(pool, user, 0, 100).await?;
    assert_eq!(told.last().map(|event| event.sequence), Some(span.last));
    assert!(told.iter().any(|event| event.post_id == Some(id)));
    Ok(())
}

/// Where the answer tells the id, outcome and id are stored in one go.
async fn publish_at_once(
    pool: &Pool,
    user: UserId,
    connection: ConnectionId,
) -> Result<(), StoreError> {
    let begun = Instant::now();
    let together = Together::from(pool.clone());
    let work = prepared(pool, user, connection).await?;
    let id = work.post.id;
    let attempt = AttemptId::mint();
    let armed = together.arm(&work, attempt, "create", b"armed").await?;
    let Armed::Done(armed_at) = armed else {
        panic!("{armed:?}");
    };
    let external = format!("external {id}");
    let live = Live {
        attempt,
        evidence: "status 201",
        heard: begun,
        external_id: Some(&external),
        external_url: None,
        standing: Standing::Live,
    };
    for expected in [true, false] {
        assert_eq!(together.settle_live(&work, &live).await?, expected);
    }
    let post = posts::find(pool, user, id).await?.unwrap();
    assert_eq!(post.stage, Stage::Published);
    assert_eq!(post.external_id.as_ref(), Some(&external));
    assert_eq!(post.accepted_at, Some(armed_at), "not before the arm");
    let attempts = attempts::list(pool, user, id).await?;
    assert_eq!(attempts[0].outcome.as_deref(), Some("accepted"));
    let work = prepared(pool, user, connection).await?;
    let attempt = AttemptId::mint();
    together.arm(&work, attempt, "create", b"armed").await?;
    let taken = Live { attempt, ..live };
    match together.settle_live(&work, &taken).await {
        Err(error) => assert!(error.is_conflict("posts_one_claim"), "{error}"),
        Ok(settled) => panic!("another post has that id: {settled}"),
    }
    let firing = work_at(&work, Stage::Firing);
    assert!(work::end(pool, &firing, Stage::NeedsAttention, &fault(), None).await?);
    Ok(())
}

async fn edit_and_cancel(
    pool: &Pool,
    user: UserId,
    connection: ConnectionId,
) -> Result<(), StoreError> {
    let together = Together::from(pool.clone());
    let post = accept(pool, user, connection).await?;
    let change = Change {
        caption: "other words".to_owned().try_into().unwrap(),
        media: json!([]),
        options: json!({}),
        scheduled_at: None,
        prepare_at: None,
        max_lateness: None,
    };
    for expected in [true, false] {
        let mut tx = pool.begin().await?;
        let changed = posts::edit(&mut tx, user, post.id, Some(1), &change).await?;
        tx.commit().await?;
        assert_eq!(matches!(changed, Changed::Done(_)), expected, "{changed:?}");
    }
    let mut link = pool.acquire().await?;
    for _ in 0..2 {
        let changed = posts::cancel(&mut link, user, post.id).await?;
        assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
    }
    let changed = posts::cancel(&mut link, UserId::mint(), post.id).await?;
    assert_eq!(changed, Changed::Missing);
    drop(link);
    assert!(
        together
            .lease(post.id, LookId::mint(), LEASE)
            .await?
            .is_none()
    );
    let seen = work::glance(pool, post.id).await?.unwrap();
    assert_eq!(seen.stage, Stage::Canceled);
    Ok(())
}

async fn give_up(pool: &Pool, user: UserId, connection: ConnectionId) -> Result<(), StoreError> {
    let work = prepared(pool, user, connection).await?;
    let mut link = pool.acquire().await?;
    assert!(work::end(&mut link, &work, Stage::Failed, &fault(), None).await?);
    let requeued = admin::requeue(&mut link, work.post.id, true).await?;
    assert_eq!(requeued, admin::Requeued::Done(user));
    let missing = admin::requeue(&mut link, PostId::mint(), true).await?;
    assert_eq!(missing, admin::Requeued::Missing);
    let now = store::now(&mut link).await?;
    let all = punctuality::punctuality(&mut link, now - Duration::DAY, now).await?;
    assert_eq!(all[0].platform, None);
    let changed = posts::cancel(&mut link, user, work.post.id).await?;
    assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
    Ok(())
}

async fn resolve(pool: &Pool, user: UserId, connection: ConnectionId) -> Result<(), StoreError> {
    let together = Together::from(pool.clone());
    let work = prepared(pool, user, connection).await?;
    let armed = together
        .arm(&work, AttemptId::mint(), "create", b"armed")
        .await?;
    assert!(matches!(armed, Armed::Done(_)), "{armed:?}");
    let firing = work_at(&work, Stage::Firing);
    let candidates = json!([{"id": "1"}]);
    let mut link = pool.acquire().await?;
    assert!(
        work::end(
            &mut link,
            &firing,
            Stage::NeedsAttention,
            &fault(),
            Some(&candidates)
        )
        .await?
    );
    attempts::close(
        &mut link,
        user,
        work.post.id,
        Outcome::Unknown,
        Some("lost"),
    )
    .await?;
    let resolution = Resolution::Dismiss;
    let changed = posts::resolve(&mut link, user, work.post.id, &resolution).await?;
    assert!(matches!(changed, Changed::Done(_)), "{changed:?}");
    let changed = posts::resolve(&mut link, user, work.post.id, &resolution).await?;
    assert_eq!(changed, Changed::TooLate(Stage::Dismissed));
    Ok(())
}

async fn ring(pool: &Pool) -> Result<(), StoreError> {
    let subject = PostId::mint().to_string();
    let now = store::now(pool).await?;
    let owner = UserId::mint();
    rings::ring(pool, &subject, Some(owner), now).await?;
    rings::ring(pool, &subject, None, now).await?;
    // The crowd shares the table: what is taken may be anybody's.
    let others = rings::take(pool, 3, LEASE, &[owner], &[]).await?;
    rings::take(pool, 3, LEASE, &[owner], &others).await?;
    for taken in others {
        rings::answer(pool, &[taken]).await?;
    }
    rings::next_due(pool).await?;
    rings::silence(pool, &subject).await
}

async fn keys(pool: &Pool) -> Result<(), StoreError> {
    let id = DataKeyId::mint();
    let now = store::now(pool).await?;
    let made = data_keys::replace(pool, None, id, &[1; 40], now).await?;
    assert_eq!(data_keys::find(pool, id).await?.is_some(), made);
    assert!(data_keys::current(pool).await?.is_some());
    Ok(())
}

async fn ask(pool: &Pool, user: UserId, connection: ConnectionId) -> Result<(), StoreError> {
    let (wish, answer) = (json!({"kind": "creator_info"}), json!({"username": "one"}));
    let mut tx = pool.begin().await?;
    let asked = errands::ask(&mut tx, user, connection, &wish, Duration::MINUTE).await?;
    let again = errands::ask(&mut tx, user, connection, &wish, Duration::MINUTE).await?;
    tx.commit().await?;
    let Asked::Anew(id) = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(again, Asked::Already(id));
    let run = errands::take(pool, id, LEASE).await?.unwrap();
    assert_eq!(
        (run.connection_id, &run.wish, run.tries),
        (connection, &wish, 1)
    );
    assert_eq!(errands::take(pool, id, LEASE).await?, None);
    errands::put_down(pool, id, run.now).await?;
    assert!(errands::take(pool, id, LEASE).await?.is_some());
    let open = errands::outcome(pool, user, id).await?;
    assert_eq!(open, Some(errands::Outcome::Open));
    errands::end(pool, id, Ok(&answer)).await?;
    let done = errands::outcome(pool, user, id).await?;
    assert_eq!(done, Some(errands::Outcome::Done(answer)));
    Ok(())
}

fn endpoint() -> webhook_endpoints::Wish<'static> {
    webhook_endpoints::Wish {
        url: "https://hooks.picscripter.example/",
        description: Some("sample"),
        event_types: &[],
        enabled: true,
    }
}

fn secret() -> SealedSecret {
    SealedSecret {
        id: WebhookSecretId::mint(),
        ciphertext: vec![1; 40],
    }
}

/// Makes two endpoints, of which one is removed again.
async fn listen(pool: &Pool, user: UserId) -> Result<(), StoreError> {
    let (kept, removed) = (WebhookEndpointId::mint(), WebhookEndpointId::mint());
    for (id, most, expected) in [(kept, 2, true), (removed, 2, true), (removed, 2, false)] {
        let mut tx = pool.begin().await?;
        let made = webhook_endpoints::add(&mut tx, user, id, &endpoint(), &secret(), most).await?;
        tx.commit().await?;
        assert_eq!(made, expected);
    }
    assert!(webhook_endpoints::remove(pool, user, removed).await?);
    assert!(!webhook_endpoints::remove(pool, user, removed).await?);
    assert!(
        webhook_endpoints::find(pool, user, removed)
            .await?
            .is_none()
    );
    let mut tx = pool.begin().await?;
    let ends = webhook_endpoints::rotate(&mut tx, user, kept, &secret(), Duration::DAY).await?;
    assert!(ends.is_some());
    tx.commit().await?;
    assert_eq!(webhook_endpoints::secrets(pool, user, kept).await?.len(), 2);
    Ok(())
}

const PATIENCE: dispatch::Patience = dispatch::Patience {
    time: Duration::DAY,
    attempts: 10,
};

/// Delivers one event, fails at another, and gives the rest up.
async fn deliver(pool: &Pool, user: UserId) -> Result<(), StoreError> {
    let endpoint_id = webhook_endpoints::list(pool, user).await?[0].id;
    let planned = dispatch::unrung(pool, Some(user), 1_000).await?;
    assert!(planned.len() > 3, "{}", planned.len());
    dispatch::unrung(pool, None, 1).await?;
    let attempt = json!({"status": 200});
    let run = dispatch::take(pool, planned[0], 1, LEASE).await?.unwrap();
    assert_eq!(dispatch::take(pool, planned[1], 1, LEASE).await?, None);
    let event = events::by_row(pool, user, run.event.unwrap()).await?;
    assert!(event.is_some());
    dispatch::delivered(pool, &run, &attempt).await?;
    let next = dispatch::next(pool, endpoint_id).await?.unwrap();
    let run = dispatch::take(pool, next, 1, LEASE).await?.unwrap();
    let standing = dispatch::failed(
        pool,
        &run,
        &attempt,
        Failure::Failed,
        Some(Duration::HOUR),
        PATIENCE,
    );
    assert_eq!(standing.await?, dispatch::Standing::Same);
    let filter = deliveries::Filter {
        state: Some("delivered".to_owned()),
        before: None,
    };
    let listed = deliveries::list(pool, user, endpoint_id, &filter, 10).await?;
    assert_eq!(listed.len(), 1);
    let again = deliveries::again(pool, user, endpoint_id, listed[0].id).await?;
    assert!(matches!(again, Again::Ordered(_)), "{again:?}");
    let ping = deliveries::ping(pool, user, endpoint_id).await?.unwrap();
    assert_eq!(ping.event, None);
    let replayed = deliveries::replay(pool, user, endpoint_id, 0, None, 10).await?;
    // Of what happened before there was an endpoint it was not told.
    assert_eq!((replayed.found, replayed.planned), (10, 3));
    let run = dispatch::take(pool, ping.id, 1, LEASE).await?.unwrap();
    let gone = dispatch::failed(pool, &run, &attempt, Failure::Gone, None, PATIENCE).await?;
    assert_eq!(gone, dispatch::Standing::Disabled("gone"));
    let mut tx = pool.begin().await?;
    let locked = webhook_endpoints::lock(&mut tx, user, endpoint_id).await?;
    assert_eq!(locked.unwrap().disabled_reason.as_deref(), Some("gone"));
    webhook_endpoints::change(&mut tx, user, endpoint_id, &endpoint()).await?;
    tx.commit().await?;
    Ok(())
}

async fn sweep(pool: &Pool) -> Result<(), StoreError> {
    let holder = Holder::App(PLATFORM);
    budgets::tell(pool, holder, 96, Duration::ZERO).await?;
    budgets::free_at(pool, holder).await?;
    let known = registrations::Settings::from([("audited".to_owned(), "false".to_owned())]);
    registrations::tell(pool, &[("TIKTOK", &known)]).await?;
    subscriptions::wanted(pool, PLATFORM, Duration::DAY, 10).await?;
    subscriptions::unwanted(pool, PLATFORM, 10).await?;
    let (topic, lease) = ("nobody's", Duration::DAY);
    assert!(!subscriptions::confirm(pool, PLATFORM, topic, lease).await?);
    assert!(!subscriptions::forget(pool, PLATFORM, topic).await?);
    assert_eq!(registrations::settings(pool, "TIKTOK").await?, known);
    sweep::overdue(pool, 10, Duration::SECOND).await?;
    sweep::unsettled(pool, 10).await?;
    sweep::overdue_deliveries(pool, 2, 10).await?;
    for user in events::without_place(pool, 10).await? {
        events::give_places(pool, user).await?;
    }
    sealed::old_webhook_secrets(pool, &[], 10).await?;
    sweep::disconnecting(pool, 10).await?;
    sweep::outlived_media(pool, 10).await?;
    sweep::forget(pool).await?;
    let margin = Margin {
        platform: PLATFORM,
        login: "",
        access: Duration::HOUR,
        refresh: Duration::DAY,
    };
    tokens::ending(pool, &[margin], 10).await?;
    tokens::warn(pool, Duration::WEEK).await?;
    assert!(store::ping(pool).await?);
    Ok(())
}

async fn leave(pool: &Pool, user: UserId, id: ConnectionId) -> Result<(), StoreError> {
    let mut undone = pool.begin().await?;
    assert!(connections::begin_disconnect(&mut undone, user, id).await?);
    drop(undone);
    let mut tx = pool.begin().await?;
    assert!(connections::begin_disconnect(&mut tx, user, id).await?);
    tx.commit().await?;
    let found = connections::find(pool, user, id).await?.unwrap();
    assert!(!connections::shares_grant(pool, &found).await?);
    assert!(connections::finish_disconnect(pool, user, id).await?);
    let family = PLATFORM.as_str();
    let withdrawn = connections::withdraw(pool, family, &user.to_string(), None).await?;
    assert!(withdrawn.is_empty());
    let (code, now) = (id.to_string(), store::now(pool).await?);
    let mut tx = pool.begin().await?;
    deletions::delete(&mut tx, &code, PLATFORM, family, &user.to_string(), now).await?;
    tx.commit().await?;
    assert!(deletions::find(pool, &code).await?.is_some());
    Ok(())
}

/// Accepts a post that is due at once.
async fn accept(pool: &Pool, user: UserId, connection: ConnectionId) -> Result<Post, StoreError> {
    let id = PostId::mint();
    let new = NewPost {
        id,
        connection_id: connection,
        platform: PLATFORM,
        caption: "words".to_owned().try_into().unwrap(),
        media: json!([]),
        options: json!({"visibility": "public"}),
        client_post_id: Some(id.to_string()),
        idempotency_key: None,
        fingerprint: vec![3; 32],
        scheduled_at: None,
        prepare_at: None,
        max_lateness: Duration::hours(1),
    };
    let mut tx = pool.begin().await?;
    let post = posts::add(&mut tx, user, &new).await?;
    tx.commit().await?;
    let twin = posts::twin(pool, user, Some(&id.to_string()), None).await?;
    assert_eq!(twin, Some((id, vec![3; 32])));
    Ok(post)
}

/// A post under lease that may be armed.
async fn prepared(pool: &Pool, user: UserId, id: ConnectionId) -> Result<Work, StoreError> {
    let together = Together::from(pool.clone());
    let post = accept(pool, user, id).await?;
    let look = LookId::mint();
    let first = together.lease(post.id, look, LEASE).await?.unwrap();
    let work = together.lease(post.id, look, LEASE).await?.unwrap();
    assert_eq!(
        (work.fence, work.crash_count),
        (first.fence + 1, first.crash_count),
        "the same look, whose answer was lost"
    );
    assert!(
        together
            .lease(post.id, LookId::mint(), LEASE)
            .await?
            .is_none()
    );
    let handle = format!("handle {}", post.id);
    let save = Save {
        from: Stage::Scheduled,
        to: Stage::Prepared,
        progress: Some(b"prepared"),
        handle: Some(&handle),
        error: None,
        tries: 0,
        until: None,
    };
    for _ in 0..2 {
        assert!(
            work::save(pool, &work, &save).await?,
            "also when asked again"
        );
    }
    Ok(work_at(&work, Stage::Prepared))
}

fn work_at(work: &Work, stage: Stage) -> Work {
    let mut work = work.clone();
    work.post.stage = stage;
    work
}

fn fault() -> PostError {
    PostError {
        code: "sample".to_owned(),
        message: "It did not work.".to_owned(),
        evidence: None,
    }
}
