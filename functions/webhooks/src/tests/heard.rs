//! What genuine news does, once.

use domain::Platform;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use super::house::{HANDLE, House, SUBJECT, Signer, feed, now, tiktok};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn withdrawn_access_marks_the_connections_of_that_person_at_that_network(pool: PgPool) {
    for signer in [Signer::Tiktok, Signer::X] {
        let house = House::open(pool.clone());
        let platform = signer.platform();
        let hit = [
            house.connection(platform, SUBJECT).await,
            house.connection(platform, SUBJECT).await,
        ];
        let missed = [
            house.connection(platform, "22449949450").await,
            house.connection(Platform::Pinterest, SUBJECT).await,
        ];
        let answer = house.tell(signer, &signer.news("once")).await;
        assert_eq!(answer.status, StatusCode::OK, "{signer:?}: {answer:?}");
        assert_eq!(answer.body, "");
        for id in hit {
            assert_eq!(house.health(id).await, "needs_reconnect", "{signer:?}");
        }
        for id in missed {
            assert_eq!(house.health(id).await, "active", "{signer:?}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connection_that_is_going_is_not_called_back_by_withdrawn_access(pool: PgPool) {
    let house = House::open(pool);
    let id = house.connection(Platform::X, SUBJECT).await;
    for health in ["disconnecting", "disconnected"] {
        sqlx::query("UPDATE connections SET health = $2 WHERE id = $1")
            .bind(id.uuid())
            .bind(health)
            .execute(&house.pool)
            .await
            .unwrap();
        let answer = house.tell(Signer::X, &Signer::X.news(health)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(house.health(id).await, health);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_that_moved_is_looked_at_if_its_outcome_is_open(pool: PgPool) {
    let house = House::open(pool);
    let youtube = house.connection(Platform::Youtube, "UC1").await;
    let tiktok_account = house.connection(Platform::Tiktok, "open-1").await;
    let of_youtube = house
        .post_at(youtube, Platform::Youtube, "confirming", HANDLE)
        .await;
    let of_tiktok = house
        .post_at(tiktok_account, Platform::Tiktok, "confirming", "v_pub~1")
        .await;
    let mut others = Vec::new();
    for stage in [
        "scheduled",
        "prepared",
        "published",
        "canceled",
        "needs_attention",
    ] {
        others.push(
            house
                .post_at(youtube, Platform::Youtube, stage, HANDLE)
                .await,
        );
    }
    others.push(
        house
            .post_at(youtube, Platform::Youtube, "confirming", "AAAAAAAAAAA")
            .await,
    );
    others.push(
        house
            .post_at(tiktok_account, Platform::Tiktok, "confirming", HANDLE)
            .await,
    );

    assert_eq!(
        house
            .tell(Signer::Youtube, &feed(HANDLE, "2026"))
            .await
            .status,
        StatusCode::OK
    );
    let notice = tiktok(
        "post.publish.complete",
        "open-1",
        "a",
        "{\"publish_id\":\"v_pub~1\"}",
    );
    assert_eq!(
        house.tell(Signer::Tiktok, &notice).await.status,
        StatusCode::OK
    );
    for post in [of_youtube, of_tiktok] {
        assert_eq!(house.rang(post).await, 1);
        let due: bool =
            sqlx::query_scalar("SELECT next_attempt_at <= now() FROM posts WHERE id = $1")
                .bind(post.uuid())
                .fetch_one(&house.pool)
                .await
                .unwrap();
        assert!(due);
    }
    for post in others {
        assert_eq!(house.rang(post).await, 0);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_that_was_kept_back_is_asked_after(pool: PgPool) {
    let house = House::open(pool.clone());
    let account = house.connection(Platform::Tiktok, "open-1").await;
    let draft = house
        .post_at(account, Platform::Tiktok, "published", "v_inbox~1")
        .await;
    let live = house
        .post_at(account, Platform::Tiktok, "published", "v_pub~1")
        .await;
    for (post, standing) in [(draft, "draft"), (live, "live")] {
        sqlx::query("UPDATE posts SET standing = $2 WHERE id = $1")
            .bind(post.uuid())
            .bind(standing)
            .execute(&pool)
            .await
            .unwrap();
    }
    for publish_id in ["v_inbox~1", "v_pub~1", "v_inbox~1"] {
        let content = format!("{{\"publish_id\":\"{publish_id}\"}}");
        let notice = tiktok("post.publish.complete", "open-1", "a", &content);
        let answer = house.tell(Signer::Tiktok, &notice).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let wishes: Vec<serde_json::Value> = sqlx::query_scalar("SELECT wish FROM errands")
        .fetch_all(&pool)
        .await
        .unwrap();
    let [wish] = wishes.as_slice() else {
        panic!("{wishes:?}");
    };
    assert_eq!(wish["post"], draft.to_string());
    let rung: i64 = sqlx::query_scalar("SELECT count(*) FROM rings WHERE subject LIKE 'ern_%'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rung, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn news_told_a_thousand_times_has_the_effect_of_once(pool: PgPool) {
    let house = House::open(pool);
    for signer in Signer::ALL {
        let connection = house.connection(signer.platform(), SUBJECT).await;
        let post = house
            .post_at(connection, signer.platform(), "confirming", HANDLE)
            .await;
        let news = signer.news("again");
        for _ in 0..50 {
            let told = join_all((0..20).map(|_| house.tell(signer, &news))).await;
            assert!(told.iter().all(|answer| answer.status == StatusCode::OK));
        }
        match signer {
            Signer::Tiktok | Signer::X => {
                assert_eq!(house.health(connection).await, "needs_reconnect");
                // Connected again since: the old news must not take it away once more.
                sqlx::query("UPDATE connections SET health = 'active' WHERE id = $1")
                    .bind(connection.uuid())
                    .execute(&house.pool)
                    .await
                    .unwrap();
                house.tell(signer, &news).await;
                assert_eq!(house.health(connection).await, "active", "{signer:?}");
            }
            Signer::Facebook | Signer::Youtube => assert_eq!(house.rang(post).await, 1),
            Signer::Linkedin => assert_eq!(house.health(connection).await, "active"),
        }
    }
    assert_eq!(house.count("webhook_receipts").await, 4);
    assert_eq!(
        house
            .count("events WHERE kind = 'connection.needs_reconnect'")
            .await,
        2
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_key_at_two_networks_is_two_pieces_of_news(pool: PgPool) {
    let house = House::open(pool);
    let id = house.connection(Platform::X, SUBJECT).await;
    let told = store::webhook_receipts::first_time(&house.pool, Platform::Youtube, "same")
        .await
        .unwrap();
    assert!(told);
    house.tell(Signer::X, &Signer::X.news("same")).await;
    assert_eq!(house.health(id).await, "needs_reconnect");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn news_whose_effect_failed_is_heard_when_it_is_told_again(pool: PgPool) {
    let house = House::open(pool);
    for signer in Signer::HEARD {
        let connection = house.connection(signer.platform(), SUBJECT).await;
        let post = house
            .post_at(connection, signer.platform(), "confirming", HANDLE)
            .await;
        for table in ["connections", "posts"] {
            refuse_changes(&house, table).await;
        }
        let news = signer.news("later");
        let failed = house.tell(signer, &news).await;
        assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(failed.rule(), "internal");
        assert!(!failed.body.contains("no changes"), "{}", failed.body);
        for table in ["connections", "posts"] {
            allow_changes(&house, table).await;
        }
        assert_eq!(house.tell(signer, &news).await.status, StatusCode::OK);
        match signer {
            Signer::Tiktok | Signer::X => {
                assert_eq!(
                    house.health(connection).await,
                    "needs_reconnect",
                    "{signer:?}"
                );
            }
            Signer::Facebook | Signer::Youtube => assert_eq!(house.rang(post).await, 1),
            Signer::Linkedin => assert_eq!(house.health(connection).await, "active"),
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn events_that_we_have_no_use_for_are_accepted_and_leave_nothing(pool: PgPool) {
    let house = House::open(pool);
    let unknown = json!({"data": {"event_uuid": "u", "event_type": "post.create", "payload": {}}});
    for (signer, body) in [
        (Signer::X, unknown.to_string()),
        (Signer::X, "{}".to_owned()),
        (Signer::Linkedin, Signer::Linkedin.news("like")),
        (
            Signer::Tiktok,
            tiktok("portability.download.ready", "o", "a", ""),
        ),
        (
            Signer::Youtube,
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>".to_owned(),
        ),
    ] {
        let answer = house.tell(signer, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{body}: {answer:?}");
    }
    assert_eq!(house.count("webhook_receipts").await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_body_of_a_mebibyte_is_read_and_a_larger_one_is_not(pool: PgPool) {
    let house = House::open(pool);
    let most = 1024 * 1024;
    for signer in Signer::ALL {
        for (size, status, rule) in [
            (most, StatusCode::BAD_REQUEST, "malformed_event"),
            (most + 1, StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            (3 * most, StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        ] {
            let body = vec![b'x'; size];
            let headers = [(signer.header(), signer.sign(&body, now()))];
            let answer = house.post(signer.platform(), &headers, body).await;
            assert_eq!(answer.status, status, "{signer:?} {size}");
            assert_eq!(answer.rule(), rule, "{signer:?} {size}");
        }
    }
}

async fn refuse_changes(house: &House, table: &str) {
    run(
        house,
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'no changes'; END $$"
            .to_owned(),
    )
    .await;
    run(
        house,
        format!(
            "CREATE TRIGGER refuse BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        ),
    )
    .await;
}

async fn allow_changes(house: &House, table: &str) {
    run(house, format!("DROP TRIGGER refuse ON {table}")).await;
}

async fn run(house: &House, statement: String) {
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(&house.pool)
        .await
        .unwrap();
}
