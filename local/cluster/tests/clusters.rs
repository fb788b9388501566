//! What a private Postgres promises, against real servers.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use cluster::{Cluster, ClusterSettings, Durability};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::{Instant, interval, timeout},
};

#[tokio::test]
async fn durable_data_and_its_url_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let first = start(folder.path(), Durability::Durable).await;
    let url = first.ensure_database("notes").await.unwrap();
    run(&url, "create table note (text text)").await;
    run(&url, "insert into note values ('kept')").await;
    first.stop().await.unwrap();

    let second = start(folder.path(), Durability::Durable).await;
    assert_eq!(second.ensure_database("notes").await.unwrap(), url);
    assert_eq!(ask(&url, "select text from note").await, "kept");
    assert_eq!(ask(&url, "show fsync").await, "on");
    second.stop().await.unwrap();
}

#[tokio::test]
async fn what_was_committed_outlives_a_crash_and_its_url_stays() {
    let folder = TempDir::new().unwrap();
    let mut cluster = start(folder.path(), Durability::Throwaway).await;
    let url = cluster.ensure_database("notes").await.unwrap();
    run(&url, "alter database notes set synchronous_commit = on").await;
    run(&url, "create table note (text text)").await;
    let mut open = PgConnection::connect(&url).await.unwrap();
    run(&url, "insert into note values ('kept')").await;
    cluster.crash().await.unwrap();
    assert!(open.ping().await.is_err(), "a session outlived the crash");
    assert_eq!(ask(&url, "select text from note").await, "kept");
    let mut guest = start(folder.path(), Durability::Throwaway).await;
    let refused = guest.crash().await.unwrap_err().to_string();
    assert!(refused.contains("another process"), "{refused}");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_project_in_a_closed_folder_gets_its_server_all_the_same() {
    let closed = TempDir::new().unwrap();
    std::fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
    let wanted = closed.path().join("project");
    let first = start(&wanted, Durability::Throwaway).await;
    assert_eq!(ask(&first.url("postgres"), "select 'here'").await, "here");
    let second = start(&wanted, Durability::Throwaway).await;
    assert_eq!(second.data_dir(), first.data_dir());
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_port_that_was_asked_for_is_used_and_one_that_is_taken_is_told() {
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = start(here.path(), Durability::Throwaway).await;
    let settings = ClusterSettings {
        data_dir: there.path().to_path_buf(),
        port: Some(first.port()),
        durability: Durability::Throwaway,
    };
    let error = Cluster::start(settings.clone())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("could not bind"), "{error}");
    first.stop().await.unwrap();
    let second = Cluster::start(settings.clone()).await.unwrap();
    assert_eq!(Some(second.port()), settings.port);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn two_clusters_live_side_by_side_without_sharing() {
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (first, second) = tokio::join!(
        start(here.path(), Durability::Throwaway),
        start(there.path(), Durability::Throwaway)
    );
    assert_ne!(first.port(), second.port());
    run(&first.url("postgres"), "create table only_here ()").await;
    let seen = "select count(*)::text from pg_class where relname = 'only_here'";
    assert_eq!(ask(&first.url("postgres"), seen).await, "1");
    assert_eq!(ask(&second.url("postgres"), seen).await, "0");
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_throw_away_cluster_flushes_nothing_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let cluster = start(&folder.path().join("nested"), Durability::Throwaway).await;
    assert_eq!(ask(&cluster.url("postgres"), "show fsync").await, "off");
    let data = cluster.data_dir().to_path_buf();
    cluster.stop().await.unwrap();
    assert!(!data.exists());
}

#[tokio::test]
async fn a_server_that_runs_already_is_joined_and_not_stopped() {
    let folder = TempDir::new().unwrap();
    let owner = start(folder.path(), Durability::Durable).await;
    let guest = start(folder.path(), Durability::Durable).await;
    assert!(guest.is_attached() && !owner.is_attached());
    assert_eq!(guest.url("postgres"), owner.url("postgres"));
    guest.stop().await.unwrap();
    assert_eq!(
        ask(&owner.url("postgres"), "select 'still here'").await,
        "still here"
    );
    owner.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_dead_server_left_behind_hinders_no_start() {
    let folder = TempDir::new().unwrap();
    start(folder.path(), Durability::Durable)
        .await
        .stop()
        .await
        .unwrap();
    // The number of a process that lives, but has nothing to do with this data.
    let left = format!(
        "{}\n/elsewhere\n0\n1\n\n127.0.0.1\n\nready\n",
        std::process::id()
    );
    std::fs::write(folder.path().join("data/postmaster.pid"), left).unwrap();
    let cluster = start(folder.path(), Durability::Durable).await;
    assert_eq!(ask(&cluster.url("postgres"), "select 'well'").await, "well");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_enters_without_the_password() {
    for durability in [Durability::Durable, Durability::Throwaway] {
        let folder = TempDir::new().unwrap();
        let cluster = start(folder.path(), durability).await;
        let guessed = format!(
            "postgres://postgres:guess@127.0.0.1:{}/postgres",
            cluster.port()
        );
        assert!(PgConnection::connect(&guessed).await.is_err());
        cluster.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_cluster_ends() {
    let folder = TempDir::new().unwrap();
    let cluster = start(folder.path(), Durability::Durable).await;
    let url = cluster.url("postgres");
    drop(cluster);
    wait_until_refused(&url).await;
}

#[tokio::test]
async fn a_server_ends_when_its_starter_is_killed() {
    let temporary = TempDir::new().unwrap();
    std::fs::set_permissions(temporary.path(), Permissions::from_mode(0o755)).unwrap();
    let mut starter = throwaway()
        .env("TMPDIR", temporary.path())
        .args(["--bare", "sh", "-c", "echo $DATABASE_URL; read -r _"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let url = BufReader::new(starter.stdout.take().unwrap())
        .lines()
        .next_line()
        .await;
    let url = url.unwrap().unwrap();
    assert_eq!(ask(&url, "select 'alive'").await, "alive");
    starter.kill().await.unwrap();
    wait_until_refused(&url).await;
}

#[tokio::test]
async fn a_command_gets_a_migrated_database_and_its_end_is_passed_on() {
    let migrations = TempDir::new().unwrap();
    std::fs::write(
        migrations.path().join("1_note.sql"),
        "create table note (text text);",
    )
    .unwrap();
    let told = throwaway()
        .arg("--migrations")
        .arg(migrations.path())
        .args(["sh", "-c", "echo $DATABASE_URL; exit 7"])
        .output()
        .await
        .unwrap();
    assert_eq!(told.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&told.stdout).contains("/picscripter"));
}

#[tokio::test]
async fn a_migration_that_fails_stops_the_command() {
    let migrations = TempDir::new().unwrap();
    std::fs::write(
        migrations.path().join("1_note.sql"),
        "create tabel note ();",
    )
    .unwrap();
    let told = throwaway()
        .arg("--migrations")
        .arg(migrations.path())
        .args(["sh", "-c", "echo ran"])
        .output()
        .await
        .unwrap();
    assert!(!told.status.success());
    assert!(told.stdout.is_empty());
    assert!(
        String::from_utf8_lossy(&told.stderr).contains("tabel"),
        "{told:?}"
    );
}

async fn start(data_dir: &Path, durability: Durability) -> Cluster {
    let settings = ClusterSettings {
        data_dir: PathBuf::from(data_dir),
        port: None,
        durability,
    };
    Cluster::start(settings).await.unwrap()
}

fn throwaway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_throwaway"));
    command.kill_on_drop(true);
    command
}

async fn run(url: &str, sql: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn ask(url: &str, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let answer = sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    answer
}

async fn wait_until_refused(url: &str) {
    let mut glances = interval(Duration::from_millis(20));
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        glances.tick().await;
        let answer = timeout(Duration::from_secs(5), PgConnection::connect(url)).await;
        if matches!(answer, Ok(Err(_))) {
            return;
        }
        assert!(Instant::now() < until, "the server is still there");
    }
}
