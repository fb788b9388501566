//! What is LinkedIn's alone: an access that nothing renews, and documents.

use domain::Platform;
use http::StatusCode;
use serde_json::{Value, json};
use simulator::Fault;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, Time, format_description::well_known::Rfc3339};

use crate::{
    house::House,
    networks::{NETWORKS, Network, What},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_beyond_the_end_of_the_access_is_accepted_with_a_warning(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Linkedin).await;
    sqlx::query(
        "UPDATE connections SET refresh_token_ciphertext = NULL, refresh_expires_at = NULL",
    )
    .execute(&pool)
    .await
    .unwrap();
    let end: OffsetDateTime = sqlx::query_scalar("SELECT access_expires_at FROM connections")
        .fetch_one(&pool)
        .await
        .unwrap();
    let network = Network::of(Platform::Linkedin);
    let mut draft = house.draft(network, What::Picture, "Words");
    draft["scheduledAtISO"] = (end + Duration::HOUR).format(&Rfc3339).unwrap().into();
    let taken = house.send(&author, "/api/schedule", &draft).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
    let warning = taken.json()["warnings"][0].clone();
    assert_eq!(warning["code"], "access_ends_before", "{}", taken.body);
    assert!(
        warning["message"]
            .as_str()
            .unwrap()
            .contains("connect the account again")
    );
    let tried = house.send(&author, "/api/posts/validate", &draft).await;
    assert_eq!(tried.json()["warnings"][0], warning, "{}", tried.body);

    draft["scheduledAtISO"] = (end - Duration::HOUR).format(&Rfc3339).unwrap().into();
    let taken = house.send(&author, "/api/schedule", &draft).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
    assert!(taken.json()["warnings"].is_null(), "{}", taken.body);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_full_day_of_one_account_leaves_the_days_of_others_free(pool: PgPool) {
    let house = House::open_with(pool, &[("LINKEDIN_SETTING_CALLS_PER_DAY", "1")]).await;
    // The sweeper tells the other functions what is set.
    house.sweep().await;
    let network = Network::of(Platform::Linkedin);
    let noon = (house.now() + Duration::days(3)).replace_time(Time::from_hms(12, 0, 0).unwrap());
    for _ in 0..2 {
        let author = house.sign_up().await;
        let connected = house.connect(&author, Platform::Linkedin).await;
        let plan = async |at: OffsetDateTime| {
            let mut draft = house.draft(network, What::Picture, "Words");
            draft["connectionId"] = connected["id"].clone();
            draft["scheduledAtISO"] = at.format(&Rfc3339).unwrap().into();
            house.send(&author, "/api/schedule", &draft).await
        };
        assert_eq!(plan(noon).await.status, StatusCode::ACCEPTED);
        let refused = plan(noon + Duration::HOUR).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("daily_limit"), "{}", refused.body);
        assert!(refused.body.contains("this account"), "{}", refused.body);
        let next = plan(noon + Duration::DAY).await;
        assert_eq!(next.status, StatusCode::ACCEPTED, "{}", next.body);
        let path = format!(
            "/api/connections/{}/allowances?at={}",
            connected["id"].as_str().unwrap(),
            noon.to_offset(time::UtcOffset::UTC)
                .format(&Rfc3339)
                .unwrap()
        );
        let told = house.get(&author, &path).await.json()["allowances"][0].clone();
        assert_eq!((&told["limit"], &told["planned"]), (&1.into(), &1.into()));
    }
}

/// A post with a document, as the app would write it.
fn with_document(house: &House, network: &Network, words: &str) -> Value {
    let mut draft = house.draft(network, What::Picture, words);
    draft["media"] = json!({"type": "document", "url": format!("{}/pages.pdf", house.samples)});
    draft
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_document_goes_out_whole_under_its_title(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Linkedin).await;
    let world = house.networks.world();
    world.set_processing("linkedin", Duration::seconds(20));
    let mut draft = with_document(&house, Network::of(Platform::Linkedin), "The new menu");
    draft["options"]["title"] = "Menu (spring)".into();
    let id = house.post(&author, &draft).await;
    house.run_all().await;
    let told = house.status(&author, &id).await;
    assert_eq!(told["status"], "published", "{told}");
    let live = house.live("The new menu");
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0].kind, "document");
    assert_eq!(
        live[0].details["content"]["media"]["title"],
        "Menu (spring)"
    );
    let (kind, bytes) = world.kept(&live[0].media[0].digest).unwrap();
    assert_eq!(kind, "application/pdf");
    assert_eq!(bytes, media::samples::pages_pdf());
    let shown = house.get(&author, &format!("/api/posts/{id}")).await;
    assert_eq!(shown.json()["media"][0]["type"], "document");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_document_is_refused_where_it_has_no_place(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        house.connect(&author, network.platform).await;
        let draft = with_document(&house, network, "Nothing of this");
        let refused = house.send(&author, "/api/posts", &draft).await;
        let what = format!("{}: {}", network.platform, refused.body);
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        let (field, rule) = if network.platform == Platform::Linkedin {
            ("options.title", "missing_option")
        } else {
            ("media", "document_not_taken")
        };
        let told = refused.json()["errors"].clone();
        let is_named = |error: &Value| error["field"] == field && error["rule"] == rule;
        assert!(told.as_array().unwrap().iter().any(is_named), "{what}");
    }
    let network = Network::of(Platform::Linkedin);
    let mut document = with_document(&house, network, "Nor of this");
    document["options"]["title"] = "Menu".into();
    let picture = house.draft(network, What::Picture, "Nor of this");
    let address = |file: &str| format!("{}/{file}", house.samples);
    for (media, rule) in [
        (
            json!([document["media"], picture["media"]]),
            "document_not_alone",
        ),
        (
            json!([document["media"], document["media"]]),
            "document_not_alone",
        ),
        (
            json!({"type": "document", "url": address("photo.jpg")}),
            "media_type_differs",
        ),
        (
            json!({"type": "document", "url": address("clip.mp4")}),
            "media_type_differs",
        ),
    ] {
        document["media"] = media;
        let refused = house.send(&author, "/api/posts", &document).await;
        assert_eq!(refused.rule(), rule, "{}", refused.body);
    }
    let mut picture = picture;
    picture["media"]["url"] = address("pages.pdf").into();
    let refused = house.send(&author, "/api/posts", &picture).await;
    assert_eq!(refused.rule(), "media_type_differs", "{}", refused.body);
    house.run_all().await;
    assert_eq!(house.networks.ledger().posts(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_posts_while_the_network_asks_for_a_moments_rest_is_not_told_that_the_day_is_full(
    pool: PgPool,
) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Linkedin).await;
    let network = Network::of(Platform::Linkedin);
    let (what, commit) = network.simplest();
    for (wait, expected) in [
        ("30", StatusCode::ACCEPTED),
        ("7200", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        house.script(commit.goes_wrong(Fault::Answer {
            status: 429,
            headers: vec![("retry-after".to_owned(), wait.to_owned())],
            body: Value::Null,
        }));
        let draft = house.draft(network, what, &format!("Held up for {wait} s"));
        let held = house.post(&author, &draft).await;
        house.run_due().await;
        house.networks.clear_faults();
        let told = house.status(&author, &held).await;
        assert_eq!(told["status"], "publishing", "{told}");
        let draft = house.draft(network, what, &format!("While it rests for {wait} s"));
        let answer = house.send(&author, "/api/posts", &draft).await;
        assert_eq!(answer.status, expected, "{wait}: {}", answer.body);
        if expected == StatusCode::UNPROCESSABLE_ENTITY {
            let told = answer.json()["errors"][0]["detail"].to_string();
            assert!(told.contains("LinkedIn takes no more"), "{told}");
        }
        house.run_all().await;
    }
    assert_eq!(house.live("While it rests for 30 s").len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_post_that_waits_while_the_network_rests_can_be_given_other_words(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Linkedin).await;
    let network = Network::of(Platform::Linkedin);
    let (what, commit) = network.simplest();
    // Nobody was there at its time, and ten minutes later the network wants half an hour's rest.
    let due = house.now() + Duration::minutes(30);
    let planned = house.draft(network, what, "Planned before");
    let planned = house.schedule(&author, &planned, due).await;
    house.advance_to(due + Duration::minutes(10));
    house.script(commit.goes_wrong(Fault::Answer {
        status: 429,
        headers: vec![("retry-after".to_owned(), "1800".to_owned())],
        body: json!({
            "serviceErrorCode": 101,
            "message": "Resource level throttle MEMBER DAY limit for calls to this resource is reached.",
            "status": 429
        }),
    }));
    let held = house.draft(network, what, "Held up before");
    let held = house.post(&author, &held).await;
    house.publisher.answer(&held).await;
    house.networks.clear_faults();
    for (id, words) in [(&planned, "Planned after"), (&held, "Held up after")] {
        let change = json!({"caption": words});
        let edited = house.edit(&author, id, &change).await;
        assert_eq!(edited.status, StatusCode::OK, "{words}: {}", edited.body);
    }
    // Another time is another promise.
    let sooner = (house.now() + Duration::minutes(20))
        .format(&Rfc3339)
        .unwrap();
    let change = json!({"scheduledAtISO": sooner});
    let refused = house.edit(&author, &planned, &change).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.rule(), "daily_limit", "{}", refused.body);
    house.run_all().await;
    for words in ["Planned after", "Held up after"] {
        assert_eq!(house.live(words).len(), 1, "{words}");
    }
    assert_eq!(house.live("before"), []);
}
