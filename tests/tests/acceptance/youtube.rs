//! What is YouTube's alone: uploads that all accounts of an app share, day by day.

use domain::Platform;
use http::StatusCode;
use serde_json::json;
use simulator::{Fault, FaultScript};
use sqlx::PgPool;
use store::rings;
use time::{Duration, OffsetDateTime, Time, format_description::well_known::Rfc3339};
use vault::testing::Health;

use crate::{
    house::{Answer, House, Person},
    networks::{Network, What},
};

/// So many uploads a day may all accounts together begin.
const TWO: (&str, &str) = ("YOUTUBE_SETTING_UPLOADS_PER_DAY", "2");

async fn plan(house: &House, person: &Person, at: OffsetDateTime) -> Answer {
    let mut draft = house.draft(Network::of(Platform::Youtube), What::Video, "Words");
    draft["scheduledAtISO"] = at.format(&Rfc3339).unwrap().into();
    house.send(person, "/api/schedule", &draft).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_day_whose_uploads_are_planned_takes_no_more_of_anybody(pool: PgPool) {
    let house = House::open_with(pool, &[TWO]).await;
    // The sweeper tells the other functions what is set.
    house.sweep().await;
    let (one, other) = (house.sign_up().await, house.sign_up().await);
    house.connect(&one, Platform::Youtube).await;
    house.connect(&other, Platform::Youtube).await;
    // Eight in the evening by UTC is the middle of a day in California, summer or winter.
    let day = (house.now() + Duration::days(3)).replace_time(Time::from_hms(20, 0, 0).unwrap());
    assert_eq!(plan(&house, &one, day).await.status, StatusCode::ACCEPTED);
    let second = plan(&house, &other, day + Duration::HOUR).await;
    assert_eq!(second.status, StatusCode::ACCEPTED, "{}", second.body);
    let third = plan(&house, &one, day + Duration::hours(2)).await;
    assert_eq!(third.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = third.json()["errors"][0].clone();
    assert_eq!(told["rule"], "daily_limit", "{told}");
    assert!(told["detail"].as_str().unwrap().contains("2 uploads a day"));
    // The time that is told is free; so is the day before.
    let free = told["remedy"].as_str().unwrap();
    let free = OffsetDateTime::parse(free.split_whitespace().nth(3).unwrap(), &Rfc3339).unwrap();
    assert!(free > day && free - day <= Duration::hours(24), "{free}");
    for at in [free, day - Duration::DAY] {
        let taken = plan(&house, &one, at).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.body);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_who_ask_for_the_last_upload_at_once_do_not_both_get_it(pool: PgPool) {
    let house = House::open_with(pool, &[("YOUTUBE_SETTING_UPLOADS_PER_DAY", "1")]).await;
    house.sweep().await;
    let people = [house.sign_up().await, house.sign_up().await];
    for person in &people {
        house.connect(person, Platform::Youtube).await;
    }
    let day = (house.now() + Duration::days(3)).replace_time(Time::from_hms(20, 0, 0).unwrap());
    let (one, other) = tokio::join!(plan(&house, &people[0], day), plan(&house, &people[1], day));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [StatusCode::ACCEPTED, StatusCode::UNPROCESSABLE_ENTITY]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_video_with_a_time_of_its_own_is_called_scheduled_until_others_can_see_it(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Youtube).await;
    let mut draft = house.draft(Network::of(Platform::Youtube), What::Video, "Words");
    let time = house.now() + Duration::days(2);
    draft["options"] = json!({ "privacy": "private", "publishAt": time.format(&Rfc3339).unwrap() });
    let id = house.post(&author, &draft).await;
    let path = format!("/api/posts/{id}");
    while house.status(&author, &id).await["status"] != "published" {
        house.hear_next_and_run().await;
    }
    let shown = house.get(&author, &path).await.json();
    assert_eq!(shown["standing"], "scheduled", "{shown}");
    // Every ring is lost; the sweeper finds what is overdue, but not before YouTube had a minute for it.
    house.lose_all_rings().await;
    for (after, standing) in [(45, "scheduled"), (120, "live")] {
        house.advance_to(time + Duration::seconds(after));
        house.sweep().await;
        house.run_all().await;
        let shown = house.get(&author, &path).await.json();
        assert_eq!(shown["standing"], standing, "{shown}");
    }

    draft["options"]["publishAt"] = (house.now() - Duration::SECOND)
        .format(&Rfc3339)
        .unwrap()
        .into();
    let refused = house.send(&author, "/api/posts", &draft).await;
    assert!(refused.body.contains("publish_at_over"), "{}", refused.body);
}

/// Nobody waits for a follow-up, and nothing else finds out what it asks: whatever is in its way, it is asked again.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_video_is_followed_up_until_others_can_see_it(pool: PgPool) {
    let house = House::open(pool.clone()).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Youtube).await;
    let mut draft = house.draft(Network::of(Platform::Youtube), What::Video, "Kept back");
    let time = house.now() + Duration::days(1);
    draft["options"] = json!({ "privacy": "private", "publishAt": time.format(&Rfc3339).unwrap() });
    let id = house.post(&author, &draft).await;
    while house.status(&author, &id).await["status"] != "published" {
        house.hear_next_and_run().await;
    }
    let video = house.live("Kept back")[0].post_id.clone();
    let is_private =
        json!({ "items": [{ "id": video, "status": { "privacyStatus": "private" } }] });
    let answers = |status, body, times| {
        let headers = Vec::new();
        let answer = Fault::Answer {
            status,
            headers,
            body,
        };
        let first = FaultScript::first("www.googleapis.com", "GET /youtube/v3/videos", answer);
        house.script(first.times(times));
    };
    let healthy = async |health: &str| {
        let set = sqlx::query("UPDATE connections SET health = $1").bind(health);
        set.execute(&pool).await.unwrap();
    };
    let path = format!("/api/posts/{id}");
    let mut asked_at = time;
    // A ring that came to nothing, for want of keys, comes again six minutes later.
    for (trouble, after) in [1, 10, 10, 10, 6, 10, 60, 60].into_iter().enumerate() {
        match trouble {
            // What is read is asked for twice at once.
            0 => answers(503, json!({}), 2),
            1 => answers(200, is_private.clone(), 1),
            2 => healthy("needs_reconnect").await,
            3 => house.keys.set(Health::Down),
            _ => answers(429, json!({}), 1),
        }
        house.hear_next_and_run().await;
        healthy("active").await;
        house.keys.set(Health::Good);
        let shown = house.get(&author, &path).await.json();
        assert_eq!(shown["standing"], "scheduled", "{trouble}: {shown}");
        let pause = house.now() - asked_at - Duration::minutes(after);
        assert!(pause.abs() < Duration::seconds(20), "{trouble}: {pause}");
        asked_at = house.now();
    }
    house.hear_next_and_run().await;
    let shown = house.get(&author, &path).await.json();
    assert_eq!(shown["standing"], "live", "{shown}");
    assert_eq!(rings::next_due(&house.pool).await.unwrap(), None);
}

/// A thumbnail that YouTube does not take keeps no video from going live; its author reads why in the log.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_could_not_be_set_beside_a_video_is_told_in_its_log(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::Youtube).await;
    house.networks.world().states().youtube().thumbnails = 0;
    let network = Network::of(Platform::Youtube);
    let mut draft = house.draft(network, What::Video, "With a picture");
    let picture = house.draft(network, What::Picture, "")["media"].take();
    draft["media"] = json!([draft["media"].take(), picture]);
    draft["options"]["thumbnail"] = true.into();
    let id = house.post(&author, &draft).await;
    while house.status(&author, &id).await["status"] != "published" {
        house.hear_next_and_run().await;
    }
    let log = house.get(&author, &format!("/api/posts/{id}/log")).await;
    let steps = log.json();
    let remark = steps
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["step"] == "remark");
    let detail = remark.unwrap()["detail"].as_str().unwrap();
    assert!(detail.starts_with("The thumbnail was not set"), "{detail}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_feed_of_a_connected_channel_is_asked_for_kept_and_called_off(pool: PgPool) {
    let public = ("PUBLIC_URL", "https://api.picscripter.localhost");
    let house = House::open_with(pool.clone(), &[public]).await;
    let author = house.sign_up().await;
    let connected = house.connect(&author, Platform::Youtube).await;
    let lease = async || -> Option<OffsetDateTime> {
        sqlx::query_scalar("SELECT lease_until FROM subscriptions")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    assert_eq!(house.publisher.look_after_feeds().await.unwrap(), 1);
    assert_eq!(lease().await, None, "asked, not yet confirmed");
    assert!(answer_hub(&house).await);
    let first = lease().await.unwrap();
    // Nothing is asked anew before its end comes near; then it is.
    house.sweep().await;
    assert!(!answer_hub(&house).await);
    house.advance_to(first - Duration::hours(12));
    house.sweep().await;
    assert!(answer_hub(&house).await);
    assert!(lease().await.unwrap() > first);

    house
        .send(
            &author,
            "/api/disconnect/youtube",
            &json!({ "connectionId": connected["id"] }),
        )
        .await;
    house.run_all().await;
    house.advance(Duration::hours(2));
    assert_eq!(house.publisher.look_after_feeds().await.unwrap(), 1);
    assert!(answer_hub(&house).await);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM subscriptions")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// Answers what the hub asks; tells whether it asked and was content.
async fn answer_hub(house: &House) -> bool {
    let world = house.networks.world();
    let questions = world.states().youtube().questions();
    let mut content = !questions.is_empty();
    for question in questions {
        let mut url = url::Url::parse("https://app.example/api/webhooks/youtube").unwrap();
        url.query_pairs_mut().extend_pairs(&question.query);
        let path = format!("{}?{}", url.path(), url.query().unwrap());
        let answer = house
            .ask(
                http::Request::get(path)
                    .body(axum::body::Body::empty())
                    .unwrap(),
            )
            .await;
        let (status, body) = (answer.status.as_u16(), answer.body.as_bytes());
        let now = house.now();
        content &= world
            .states()
            .youtube()
            .answered(&question, status, body, now);
    }
    content
}
