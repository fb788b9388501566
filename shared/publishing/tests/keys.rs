//! The life of data keys over a real database: replaced by age or by order, what lay under them sealed anew,
//! and deleted when nothing lies under them any more.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Instant,
};

use domain::DataKeyId;
use doorbell::Doorbell;
use media::Library;
use publishing::{Parts, Publisher, Swept};
use secrecy::ExposeSecret as _;
use settings::{Networks, ObjectSettings, Reader, Vars, VaultSettings};
use sqlx::{ConnectOptions as _, PgPool};
use store::{
    Pool, PoolSettings, Pooler, Shift,
    data_keys::{self, Shelf},
};
use tests::survives;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vault::{
    Clock, KeyShelf, Place, ShelfFuture, Vault, WrappedKey, data_key_of,
    testing::{Health, SteeredWrapper},
};

/// In base64, 32 times the byte 3 and the byte 4.
const TOKEN_KEY: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
const MEDIA_KEY: &str = "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=";
const ROTATION_DAYS: i64 = 7;
/// As many rows of a kind as one sweep seals anew.
const AT_MOST: usize = 500;
const A_DAY: Duration = Duration::days(1);
const A_MINUTE: Duration = Duration::minutes(1);

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_key_goes_a_day_after_it_was_replaced_if_nothing_lies_under_it_and_not_before(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    for column in Column::ALL {
        let row = house.row(column).await;
        let used = house.fill(&row).await;
        let sealed = house.vault().sealer().seal(&row.place(), b"lost").await;
        let unused = data_key_of(&sealed.unwrap()).unwrap();
        let current = house.vault().rotate().await.unwrap();
        assert_eq!(house.retire().await, [], "{column:?}");
        house.time.advance(A_DAY - A_MINUTE);
        assert_eq!(house.retire().await, [], "{column:?}: too early");
        house.time.advance(A_MINUTE * 2);
        assert_eq!(house.retire().await, [unused], "{column:?}");
        house.time.advance(Duration::days(1_000));
        assert_eq!(house.retire().await, [], "{column:?}: it is needed");
        assert_eq!(house.secret(&row).await, row.secret(), "{column:?}");
        house.set(&row, None).await;
        assert_eq!(house.retire().await, [used], "{column:?}");
        assert_eq!(house.keys().await, BTreeSet::from([current]));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_sweep_seals_a_bounded_number_of_rows_anew_until_all_lies_under_the_current_key(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let rows = house.crowd(AT_MOST + 60, AT_MOST + 20).await;
    let before = house.marks().await;
    let publisher = house.publisher();
    assert_eq!(sweep(&publisher).await.resealed, 0, "nothing is old");
    let current = publisher.rotate_keys().await.unwrap();
    for resealed in [2 * AT_MOST, 60 + 20, 0, 0] {
        assert_eq!(sweep(&publisher).await.resealed, resealed);
    }
    assert_eq!(house.keys_of(&rows).await, BTreeSet::from([current]));
    assert_eq!(house.secrets(&rows).await, secrets_of(&rows));
    // No reader of a version or of a time of change notices.
    assert_eq!(house.marks().await, before);
    house.time.advance(A_DAY + A_MINUTE);
    assert_eq!(sweep(&publisher).await.retired, 1);
    assert_eq!(house.keys().await, BTreeSet::from([current]));
    assert_eq!(house.secrets(&rows).await, secrets_of(&rows));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_sweep_that_dies_anywhere_is_gone_on_with_where_it_stopped(pool: PgPool) {
    let house = House::open(pool).await;
    let rows = house.crowd(40, 40).await;
    let current = house.vault().rotate().await.unwrap();
    let (mut polls, mut left, mut halves) = (1, rows.len(), 0);
    loop {
        let publisher = house.publisher();
        let lived = survives(publisher.sweep(), polls).await;
        let blobs = house.blobs(&rows).await;
        let is_old = |blob: &&Vec<u8>| data_key_of(blob).unwrap() != current;
        let old = blobs.iter().filter(is_old).count();
        assert!(old <= left, "what was sealed anew lies under an old key");
        halves += usize::from(!lived && 0 < old && old < left);
        left = old;
        if lived {
            break;
        }
        polls += 1 + polls / 4;
    }
    assert!(halves > 1, "it never died in the middle");
    assert_eq!(left, 0, "the sweep that lived left {left}");
    assert_eq!(house.secrets(&rows).await, secrets_of(&rows));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_sweeps_at_once_share_the_work_and_undo_nothing(pool: PgPool) {
    let house = House::open(pool).await;
    let rows = house.crowd(120, 120).await;
    let (one, other) = (house.publisher(), house.publisher());
    let current = one.rotate_keys().await.unwrap();
    let (one, other) = tokio::join!(sweep(&one), sweep(&other));
    // Of tokens two rows are one.
    assert_eq!(one.resealed + other.resealed, 240, "{one:?} {other:?}");
    assert_eq!(house.keys_of(&rows).await, BTreeSet::from([current]));
    assert_eq!(house.secrets(&rows).await, secrets_of(&rows));
}

/// Between the reading of a row and its replacement somebody else changes it.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_changed_while_it_is_sealed_anew_stays_as_it_was_changed(pool: PgPool) {
    let house = House::open(pool).await;
    for column in Column::ALL {
        let row = house.row(column).await;
        let beside = column.beside().map(|beside| row.at(beside));
        for change in [
            Change::Refreshed,
            Change::RefreshedUnderTheOldKey,
            Change::Wiped,
        ] {
            let case = format!("{column:?} {change:?}");
            let old_key = house.fill(&row).await;
            if let Some(beside) = &beside {
                house.fill(beside).await;
            }
            let old = house.vault();
            let stale = old.seal(&row.place(), b"stale").await.unwrap();
            let current = house.vault().rotate().await.unwrap();
            let fresh = house.vault().seal(&row.place(), b"fresh").await.unwrap();
            let changed = match change {
                Change::Refreshed => Some(fresh),
                Change::RefreshedUnderTheOldKey => Some(stale),
                Change::Wiped => None,
            };
            let publisher = house.publisher_disturbed_by(old_key, row, changed.clone());
            assert_eq!(sweep(&publisher).await.resealed, 0, "{case}");
            assert_eq!(house.blob(&row).await, changed, "{case}: undone");
            // The next sweep takes what is left to do, and leaves what was done.
            let is_left = beside.is_some() || change == Change::RefreshedUnderTheOldKey;
            let publisher = house.publisher();
            assert_eq!(
                sweep(&publisher).await.resealed,
                usize::from(is_left),
                "{case}"
            );
            match change {
                Change::Refreshed => assert_eq!(house.blob(&row).await, changed, "{case}"),
                Change::RefreshedUnderTheOldKey => {
                    assert_eq!(house.key_of(&row).await, current, "{case}");
                    assert_eq!(house.secret(&row).await, b"stale", "{case}");
                }
                Change::Wiped => assert_eq!(house.blob(&row).await, None, "{case}"),
            }
            if let Some(beside) = &beside {
                assert_eq!(house.key_of(beside).await, current, "{case}");
                assert_eq!(house.secret(beside).await, beside.secret(), "{case}");
            }
        }
        for row in [Some(row), beside].into_iter().flatten() {
            house.set(&row, None).await;
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_does_not_open_stays_with_its_key_and_holds_nobody_up(pool: PgPool) {
    let house = House::open(pool).await;
    let rows = house.crowd(60, 60).await;
    let old = house.key_of(&rows[0]).await;
    let mut spoilt = Vec::new();
    for column in Column::ALL {
        let row = house.row(column).await;
        let mut blob = house.seal(&row).await;
        *blob.last_mut().unwrap() ^= 1;
        house.set(&row, Some(&blob)).await;
        spoilt.push((row, blob));
    }
    let publisher = house.publisher();
    let current = publisher.rotate_keys().await.unwrap();
    assert_eq!(sweep(&publisher).await.resealed, 120);
    assert_eq!(house.keys_of(&rows).await, BTreeSet::from([current]));
    house.time.advance(A_DAY * 2);
    let again = sweep(&publisher).await;
    assert_eq!((again.resealed, again.retired), (0, 0), "{again:?}");
    for (row, blob) in spoilt {
        assert_eq!(house.blob(&row).await, Some(blob));
    }
    assert_eq!(house.keys().await, BTreeSet::from([old, current]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn while_the_key_service_is_down_a_sweep_changes_nothing_and_the_next_catches_up(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let rows = house.crowd(3, 3).await;
    let old = house.key_of(&rows[0]).await;
    let current = house.vault().rotate().await.unwrap();
    for health in [Health::Down, Health::Refusing] {
        house.wrapper.set(health);
        let publisher = house.publisher();
        let swept = sweep(&publisher).await;
        assert_eq!((swept.resealed, swept.retired), (0, 0), "{health:?}");
        assert!(publisher.rotate_keys().await.is_err(), "{health:?}");
        house.time.advance(Duration::days(ROTATION_DAYS + 1));
        sweep(&publisher).await;
        let keys = house.keys_of(&rows).await;
        assert_eq!(keys, BTreeSet::from([old]), "{health:?}");
        assert_eq!(house.current().await, current, "{health:?}");
        house.wrapper.set(Health::Good);
    }
    let swept = sweep(&house.publisher()).await;
    assert_eq!(swept.resealed, 6);
    let replaced = house.current().await;
    assert_ne!(replaced, current, "it is older than keys may become");
    assert_eq!(house.keys_of(&rows).await, BTreeSet::from([replaced]));
    assert_eq!(house.secrets(&rows).await, secrets_of(&rows));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_key_is_replaced_at_the_age_that_the_settings_name_and_no_sooner(pool: PgPool) {
    let house = House::open(pool).await;
    let publisher = house.publisher();
    sweep(&publisher).await;
    assert_eq!(house.keys().await, BTreeSet::new(), "no key was needed");
    let rows = house.crowd(5, 5).await;
    let mut current = house.current().await;
    for _ in 0..3 {
        house
            .time
            .advance(Duration::days(ROTATION_DAYS) - A_MINUTE * 2);
        assert_eq!(sweep(&publisher).await.resealed, 0);
        assert_eq!(house.current().await, current, "too early");
        house.time.advance(A_MINUTE * 3);
        assert_eq!(sweep(&publisher).await.resealed, 10);
        assert_ne!(house.current().await, current, "it is too old");
        current = house.current().await;
        assert_eq!(sweep(&publisher).await.resealed, 0);
        assert_eq!(house.current().await, current, "once is enough");
        assert_eq!(house.keys_of(&rows).await, BTreeSet::from([current]));
    }
    assert_eq!(house.secrets(&rows).await, secrets_of(&rows));
}

/// What somebody else does to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Puts something new there, under the current key.
    Refreshed,
    /// The same, by a process that has not heard of the new key.
    RefreshedUnderTheOldKey,
    /// Removes it.
    Wiped,
}

/// Where something sealed rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Column {
    AccessToken,
    Progress,
    RefreshToken,
}

impl Column {
    const ALL: [Self; 3] = [Self::AccessToken, Self::Progress, Self::RefreshToken];

    const fn table(self) -> &'static str {
        match self {
            Self::AccessToken | Self::RefreshToken => "connections",
            Self::Progress => "posts",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token_ciphertext",
            Self::Progress => "progress",
            Self::RefreshToken => "refresh_token_ciphertext",
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::Progress => "progress",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// What else is sealed in the same row.
    const fn beside(self) -> Option<Self> {
        match self {
            Self::AccessToken => Some(Self::RefreshToken),
            Self::Progress => None,
            Self::RefreshToken => Some(Self::AccessToken),
        }
    }
}

/// A secret of a row.
#[derive(Debug, Clone, Copy)]
struct Row {
    column: Column,
    id: Uuid,
}

impl Row {
    const fn at(self, column: Column) -> Self {
        Self { column, ..self }
    }

    const fn place(&self) -> Place {
        Place {
            table: self.column.table(),
            row: self.id,
            user: USER,
            platform: "x",
            field: self.column.field(),
        }
    }

    fn secret(&self) -> Vec<u8> {
        format!("{} of {}", self.column.field(), self.id).into()
    }
}

fn secrets_of(rows: &[Row]) -> Vec<Vec<u8>> {
    rows.iter().map(Row::secret).collect()
}

const USER: Uuid = Uuid::from_u128(1);

/// A database, and processes over it whose clocks are moved together.
struct House {
    pool: Pool,
    time: Time,
    wrapper: SteeredWrapper,
    rows: Mutex<u128>,
    files: tempfile::TempDir,
}

impl House {
    async fn open(pool: PgPool) -> Self {
        let time = Time::default();
        let house = Self {
            pool: store::connect(&PoolSettings {
                url: pool.connect_options().to_url_lossy().into(),
                max_connections: 8,
                pooler: Pooler::Session,
                shift: Some(time.0.clone()),
            })
            .unwrap(),
            time,
            wrapper: SteeredWrapper::new([7; 32]),
            rows: Mutex::new(1),
            files: tempfile::tempdir().unwrap(),
        };
        sqlx::query("INSERT INTO users (id, email, password_hash) VALUES ($1, 'a@b.example', '')")
            .bind(USER)
            .execute(&house.pool)
            .await
            .unwrap();
        house
    }

    // -- processes --

    /// A vault that has no key in memory.
    fn vault(&self) -> Vault {
        self.vault_over(Arc::new(Shelf(self.pool.clone())))
    }

    fn vault_over(&self, keys: Arc<dyn KeyShelf>) -> Vault {
        Vault::new(self.wrapper.wrapper(), keys, Arc::new(self.time.clone()))
    }

    fn publisher(&self) -> Publisher {
        self.publisher_with(self.vault())
    }

    /// A publisher that, when it asks for this key, finds afterwards that a row has changed.
    fn publisher_disturbed_by(
        &self,
        key: DataKeyId,
        row: Row,
        changed: Option<Vec<u8>>,
    ) -> Publisher {
        self.publisher_with(self.vault_over(Arc::new(Disturbed {
            shelf: Shelf(self.pool.clone()),
            key,
            row,
            changed,
        })))
    }

    fn publisher_with(&self, vault: Vault) -> Publisher {
        let folder = self.files.path().to_str().unwrap();
        let vars = [
            ("APP_ENV", "development"),
            ("PUBLIC_URL", "http://api.picscripter.localhost"),
            ("TOKEN_KEY", TOKEN_KEY),
            ("MEDIA_KEY", MEDIA_KEY),
            ("MEDIA_DIR", folder),
            ("KEY_ROTATION_DAYS", &ROTATION_DAYS.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let vars = Vars::from_pairs(vars);
        let mut reader = Reader::new(&vars);
        let networks = Networks::from_vars(&mut reader);
        let settings = VaultSettings::from_vars(&mut reader);
        let objects = ObjectSettings::from_vars(&mut reader, networks.stage, &networks.public_url);
        let (networks, settings, objects) = reader.finish((networks, settings, objects)).unwrap();
        Publisher::new(Parts {
            vault,
            key_life: settings.key_life,
            wire: Arc::new(publishing::wire(&networks).unwrap()),
            courier: publishing::courier(&networks).unwrap(),
            apps: Arc::new(networks.apps),
            public_url: networks.public_url,
            library: Arc::new(Library::from_settings(&objects, None).unwrap()),
            doorbell: Doorbell::postgres(self.pool.clone()),
            pool: self.pool.clone(),
        })
    }

    // -- rows --

    /// A row that holds no secret.
    async fn row(&self, column: Column) -> Row {
        let id = {
            let mut rows = self.rows.lock().unwrap();
            *rows += 1;
            Uuid::from_u128(*rows)
        };
        match column {
            Column::AccessToken | Column::RefreshToken => self.insert_connection(id).await,
            Column::Progress => {
                self.insert_connection(id).await;
                sqlx::query(
                    "INSERT INTO posts (id, user_id, connection_id, platform, caption, fingerprint, stage,
                                        due_at, next_attempt_at)
                     VALUES ($1, $2, $1, 'x', '', '', 'prepared', 'infinity', 'infinity')",
                )
                .bind(id)
                .bind(USER)
                .execute(&self.pool)
                .await
                .unwrap();
            }
        }
        Row { column, id }
    }

    async fn insert_connection(&self, id: Uuid) {
        sqlx::query(
            "INSERT INTO connections (id, user_id, platform, external_id, display_name, grant_id,
                                      grant_family, subject)
             VALUES ($1, $2, 'x', $1::text, '', $1, 'x', $1::text)",
        )
        .bind(id)
        .bind(USER)
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// So many connections with both tokens and so many posts with progress, all under the current key.
    async fn crowd(&self, connections: usize, posts: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for _ in 0..connections {
            let row = self.row(Column::AccessToken).await;
            rows.extend([row, row.at(Column::RefreshToken)]);
        }
        for _ in 0..posts {
            rows.push(self.row(Column::Progress).await);
        }
        let vault = self.vault();
        for column in Column::ALL {
            let (mut ids, mut blobs) = (Vec::new(), Vec::new());
            for row in rows.iter().filter(|row| row.column == column) {
                ids.push(row.id);
                blobs.push(vault.seal(&row.place(), &row.secret()).await.unwrap());
            }
            let (table, name) = (column.table(), column.name());
            let query = format!(
                "UPDATE {table} t SET {name} = g.blob FROM unnest($1, $2) g (id, blob) WHERE t.id = g.id"
            );
            let set = sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(ids)
                .bind(blobs)
                .execute(&self.pool);
            set.await.unwrap();
        }
        rows
    }

    /// A row's own secret, sealed.
    async fn seal(&self, row: &Row) -> Vec<u8> {
        let vault = self.vault();
        vault.seal(&row.place(), &row.secret()).await.unwrap()
    }

    /// Seals a row's own secret in it; gives the key.
    async fn fill(&self, row: &Row) -> DataKeyId {
        let blob = self.seal(row).await;
        self.set(row, Some(&blob)).await;
        data_key_of(&blob).unwrap()
    }

    async fn set(&self, row: &Row, blob: Option<&[u8]>) {
        set(&self.pool, row, blob).await;
    }

    async fn blob(&self, row: &Row) -> Option<Vec<u8>> {
        let (table, name) = (row.column.table(), row.column.name());
        let query = format!("SELECT {name} FROM {table} WHERE id = $1");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .bind(row.id)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// The secrets of rows, sealed as they lie.
    async fn blobs(&self, rows: &[Row]) -> Vec<Vec<u8>> {
        let mut found = HashMap::new();
        for column in Column::ALL {
            let (table, name) = (column.table(), column.name());
            let query = format!("SELECT id, {name} FROM {table} WHERE {name} IS NOT NULL");
            let all: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(sqlx::AssertSqlSafe(query))
                .fetch_all(&self.pool)
                .await
                .unwrap();
            found.extend(all.into_iter().map(|(id, blob)| ((column, id), blob)));
        }
        let blobs = rows.iter().map(|row| found.remove(&(row.column, row.id)));
        blobs.collect::<Option<_>>().expect("a secret in each")
    }

    async fn keys_of(&self, rows: &[Row]) -> BTreeSet<DataKeyId> {
        let blobs = self.blobs(rows).await;
        blobs
            .iter()
            .map(|blob| data_key_of(blob).unwrap())
            .collect()
    }

    async fn key_of(&self, row: &Row) -> DataKeyId {
        data_key_of(&self.blob(row).await.expect("a secret")).unwrap()
    }

    /// The secret of a row, as a process opens it that has no key in memory.
    async fn secret(&self, row: &Row) -> Vec<u8> {
        self.secrets(std::slice::from_ref(row)).await.remove(0)
    }

    async fn secrets(&self, rows: &[Row]) -> Vec<Vec<u8>> {
        let vault = self.vault();
        let mut secrets = Vec::new();
        for (row, blob) in rows.iter().zip(self.blobs(rows).await) {
            let clear = vault.open(&row.place(), &blob).await.unwrap();
            secrets.push(clear.expose_secret().to_vec());
        }
        secrets
    }

    /// Versions and times of change of all rows.
    async fn marks(&self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT concat_ws(' ', id, token_version, updated_at) FROM connections
             UNION ALL SELECT concat_ws(' ', id, revision, fence, updated_at) FROM posts ORDER BY 1",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }

    // -- keys --

    async fn keys(&self) -> BTreeSet<DataKeyId> {
        let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM data_keys")
            .fetch_all(&self.pool)
            .await
            .unwrap();
        ids.into_iter().map(DataKeyId::from).collect()
    }

    async fn current(&self) -> DataKeyId {
        let current = data_keys::current(&self.pool).await.unwrap();
        current.expect("a current key").id
    }

    /// Retires; gives the keys that are gone.
    async fn retire(&self) -> Vec<DataKeyId> {
        let before = self.keys().await;
        let deleted = data_keys::retire(&self.pool).await.unwrap();
        let after = self.keys().await;
        let gone: Vec<_> = before.difference(&after).copied().collect();
        assert_eq!(gone.len() as u64, deleted);
        gone
    }
}

async fn sweep(publisher: &Publisher) -> Swept {
    publisher.sweep().await.unwrap()
}

async fn set(pool: &Pool, row: &Row, blob: Option<&[u8]>) {
    let (table, name) = (row.column.table(), row.column.name());
    let query = format!("UPDATE {table} SET {name} = $2 WHERE id = $1");
    let set = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(row.id)
        .bind(blob)
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(set.rows_affected(), 1);
}

/// One clock for the database and for every process.
#[derive(Clone, Default)]
struct Time(Shift);

impl Time {
    fn advance(&self, by: Duration) {
        self.0.advance(by);
    }
}

impl Clock for Time {
    fn instant(&self) -> Instant {
        Instant::now() + self.0.offset().unsigned_abs()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the database's clock is that of this machine, moved by as much"
    )]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + self.0.offset()
    }
}

/// A shelf that gives a key out only after a row was changed.
struct Disturbed {
    shelf: Shelf,
    key: DataKeyId,
    row: Row,
    changed: Option<Vec<u8>>,
}

impl KeyShelf for Disturbed {
    fn current(&self) -> ShelfFuture<'_, Option<WrappedKey>> {
        self.shelf.current()
    }

    fn find(&self, id: DataKeyId) -> ShelfFuture<'_, Option<WrappedKey>> {
        Box::pin(async move {
            if id == self.key {
                set(&self.shelf.0, &self.row, self.changed.as_deref()).await;
            }
            self.shelf.find(id).await
        })
    }

    fn add(&self, key: WrappedKey, replaces: Option<DataKeyId>) -> ShelfFuture<'_, bool> {
        self.shelf.add(key, replaces)
    }

    fn keep(&self, key: WrappedKey) -> ShelfFuture<'_, ()> {
        self.shelf.keep(key)
    }
}
