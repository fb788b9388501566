//! What we lean on is away for a while: nothing is lost, nothing is called a failure, and work waits.

use domain::Platform;
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use simulator::Fault;
use sqlx::PgPool;
use time::Duration;
use vault::testing::Health;

use crate::{
    house::{House, Person},
    networks::{NETWORKS, Network},
};

/// Longer than a key stays in memory.
const KEYS_FORGOTTEN: Duration = Duration::minutes(6);

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_waits_an_hour_for_its_files_and_is_published(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let mut posts = Vec::new();
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
        let words = format!("Worth waiting for on {}", network.platform);
        let mut draft = house.draft(network, network.simplest().0, &words);
        draft["maxLatenessMinutes"] = json!(120);
        let due = house.now() + Duration::minutes(20);
        posts.push((house.schedule(&author, &draft, due).await, words));
    }
    house.lose_files();
    house.live_through(80).await;
    for (id, words) in &posts {
        let told = house.status(&author, id).await;
        assert_ne!(told["status"], "failed", "{words}: {told}");
        assert_eq!(house.live(words), [], "{words}");
    }
    house.find_files();
    house.live_through(15).await;
    for (id, words) in &posts {
        house.assert_published(&author, id, words).await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_whose_files_stay_away_is_missed_when_its_grace_ends(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let network = Network::of(Platform::X);
    let id = house
        .post(
            &author,
            &house.draft(network, network.simplest().0, "Never to be"),
        )
        .await;
    house.lose_files();
    house.live_through(58).await;
    let told = house.status(&author, &id).await;
    assert_eq!(told["status"], "queued", "{told}");
    assert_eq!(told["error"]["code"], "files_unavailable", "{told}");
    house.live_through(3).await;
    let told = house.status(&author, &id).await;
    assert_eq!(told["error"]["code"], "missed", "{told}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn where_the_key_service_is_down_nothing_is_lost_and_work_waits(pool: PgPool) {
    let house = House::open(pool).await;
    let (author, leaver, comer) = (
        house.sign_up().await,
        house.sign_up().await,
        house.sign_up().await,
    );
    let mut posts = Vec::new();
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
        house.connect(&leaver, network.platform).await;
        posts.push(accepted(&house, &author, network, "before it went down").await);
    }
    house.advance(KEYS_FORGOTTEN);
    house.keys.set(Health::Down);
    let asked = house.networks.calls().len();

    // Schedules are accepted.
    for network in NETWORKS {
        posts.push(accepted(&house, &author, network, "while it is down").await);
    }
    // Publishing and renewing wait, longer than most tokens last.
    for _ in 0..15 {
        house.live_through(1).await;
        house.advance(Duration::minutes(9));
    }
    for (id, words) in &posts {
        let told = house.status(&author, id).await;
        assert!(
            ["queued", "publishing"].contains(&told["status"].as_str().unwrap()),
            "{words}: {told}"
        );
    }
    // Disconnecting does not wait for it.
    for network in NETWORKS {
        let path = format!("/api/disconnect/{}", network.platform);
        let answer = house.send(&leaver, &path, &json!({})).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    }
    house.live_through(1).await;
    assert_eq!(secrets_of_the_disconnected(&house).await, (7, 0));
    // Connecting can be done once it is back.
    let mut heard = house.networks.calls()[asked..].to_vec();
    let mut ways_back = Vec::new();
    for network in NETWORKS {
        let (back, cookie) = house.consent(&comer, network.platform).await;
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let asked = house.networks.calls().len();
        let answer = come_back(&house, &comer, &path, &cookie).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.rule(), "keys_unavailable", "{path}");
        ways_back.push((path, cookie));
        heard.extend_from_slice(&house.networks.calls()[asked..]);
    }
    assert_eq!(heard, Vec::<String>::new(), "nothing is asked of a network");

    house.keys.set(Health::Good);
    for (path, cookie) in &ways_back {
        let answer = come_back(&house, &comer, path, cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    }
    house.live_through(15).await;
    house.run_all().await;
    for (id, words) in &posts {
        house.assert_published(&author, id, words).await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_key_service_that_goes_down_while_tokens_are_renewed_costs_no_token(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
    }
    // Most tokens end within the day; a post, then, is what needs them.
    house.advance(Duration::hours(23));
    let renewed = house.networks.world().oauth().texts().len();
    house.keys.go_down_after(1);
    house.sweep().await;
    house.advance(KEYS_FORGOTTEN);
    for network in NETWORKS {
        house.keys.set(Health::Good);
        house.keys.go_down_after(1);
        let words = format!("To {} all the same", network.platform);
        let draft = house.draft(network, network.simplest().0, &words);
        house.post(&author, &draft).await;
        house.run_due().await;
        house.advance(KEYS_FORGOTTEN);
    }
    let texts = house.networks.world().oauth().texts().len();
    assert_eq!(texts, renewed, "no network gave a token that was not kept");
    house.keys.set(Health::Good);
    house.live_through(15).await;
    for network in NETWORKS {
        let words = format!("To {} all the same", network.platform);
        assert_eq!(house.live(&words).len(), 1, "{words}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_commit_is_known_to_be_refused_though_no_key_is_to_be_had(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let network = Network::of(Platform::X);
    let (what, commit) = network.simplest();
    let draft = house.draft(network, what, "Refused at first");
    // Prepared so long before that the keys in memory last for the commit, but not for new tokens.
    let due = house.now() + Duration::seconds(150);
    let id = house.schedule(&author, &draft, due).await;
    house.run_due().await;
    house.advance_to(due + Duration::seconds(1));
    house.keys.set(Health::Down);
    house.script(commit.goes_wrong(Fault::Answer {
        status: 401,
        headers: Vec::new(),
        body: json!({"title": "Unauthorized", "detail": "Unauthorized", "status": 401}),
    }));
    house.run_due().await;
    assert_eq!(house.status(&author, &id).await["status"], "publishing");
    house.keys.set(Health::Good);
    house.live_through(10).await;
    house
        .assert_published(&author, &id, "Refused at first")
        .await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_log_that_takes_nothing_keeps_no_post_from_going_live(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
         AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON job_log FOR EACH ROW EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(statement).execute(&house.pool).await.unwrap();
    }
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
        for (what, commit) in network.kinds() {
            let words = format!("{what:?} to {}, unrecorded", network.platform);
            let sent = house.calls(commit);
            let id = house
                .post(&author, &house.draft(network, what, &words))
                .await;
            house.run_all().await;
            house.assert_published(&author, &id, &words).await;
            let sent = house.calls(commit) - sent;
            assert_eq!(sent, commit.nth as usize, "{words} went out at once");
        }
    }
}

/// A schedule that is accepted for in twenty minutes: its id and words.
async fn accepted(
    house: &House,
    author: &Person,
    network: &Network,
    words: &str,
) -> (String, String) {
    let words = format!("Accepted {words}, for {}", network.platform);
    let mut draft = house.draft(network, network.simplest().0, &words);
    draft["maxLatenessMinutes"] = json!(600);
    let due = house.now() + Duration::minutes(20);
    (house.schedule(author, &draft, due).await, words)
}

/// A browser comes back from a consent page.
async fn come_back(
    house: &House,
    person: &Person,
    path: &str,
    cookie: &str,
) -> crate::house::Answer {
    let request: Request<_> = person
        .request(Method::GET, path)
        .header(header::COOKIE, cookie)
        .body(axum::body::Body::empty())
        .unwrap();
    house.ask(request).await
}

/// How many connections are disconnected, and how many secrets are kept of them.
async fn secrets_of_the_disconnected(house: &House) -> (i64, i64) {
    sqlx::query_as(
        "SELECT count(*), coalesce(sum(num_nonnulls(access_token_ciphertext, refresh_token_ciphertext)), 0)
         FROM connections WHERE health IN ('disconnected', 'disconnecting')",
    )
    .fetch_one(&house.pool)
    .await
    .unwrap()
}
