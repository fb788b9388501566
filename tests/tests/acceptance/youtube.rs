//! What is YouTube's alone: uploads that all accounts of an app share, day by day.

use domain::Platform;
use http::StatusCode;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, Time, format_description::well_known::Rfc3339};

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
