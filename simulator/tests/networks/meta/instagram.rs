//! What simulated Instagram refuses, and how posts come about.

use crate::meta::api::{self, JPEG, LARGE, PNG, Told, VIDEO, WIDE, graph, page_tokens, person};
use crate::rig::Rig;
use serde_json::json;
use time::Duration;

pub const STUDIO: &str = "17841405822304914";
const ARCHIVE: &str = "17841405822304915";
const GARDEN: &str = "17841405822304916";
pub const PAGE: &str = "104482915678301";
pub const SCOPES: &str =
    "instagram_basic,instagram_content_publish,pages_show_list,pages_read_engagement";

pub async fn studio() -> (Rig, String) {
    let rig = api::rig("instagram");
    let (token, _) = person(&rig, SCOPES, &[STUDIO]).await;
    let token = page_tokens(&rig, &token).await[PAGE].clone();
    (rig, token)
}

pub async fn create(rig: &Rig, token: &str, fields: &[(&str, &str)]) -> Told {
    api::post(rig, &graph(&format!("{STUDIO}/media")), token, fields).await
}

pub async fn publish(rig: &Rig, token: &str, container: &str) -> Told {
    let path = graph(&format!("{STUDIO}/media_publish"));
    api::post(rig, &path, token, &[("creation_id", container)]).await
}

pub async fn status(rig: &Rig, token: &str, container: &str) -> Told {
    api::get(
        rig,
        &graph(&format!("{container}?fields=status_code,status")),
        token,
    )
    .await
}

#[tokio::test]
async fn an_account_stands_behind_its_page_for_whoever_may_see_it() {
    let rig = api::rig("instagram");
    let (token, _) = person(&rig, SCOPES, &[STUDIO, GARDEN]).await;
    let path = graph("me/accounts?fields=id,instagram_business_account{id,username}&limit=100");
    let told = api::get(&rig, &path, &token).await;
    let pages = told.body["data"].as_array().expect("pages").clone();
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0]["instagram_business_account"]["id"], STUDIO);
    let (token, _) = person(&rig, "pages_show_list", &[STUDIO]).await;
    let told = api::get(&rig, &path, &token).await;
    assert!(
        told.body["data"][0]
            .get("instagram_business_account")
            .is_none()
    );
}

#[tokio::test]
async fn containers_need_the_account_the_task_and_the_permission() {
    let rig = api::rig("instagram");
    let (token, _) = person(&rig, SCOPES, &[STUDIO, ARCHIVE]).await;
    let picture = [("image_url", JPEG)];
    let path = |account: &str| graph(&format!("{account}/media"));
    assert_eq!(
        api::post(&rig, &path(GARDEN), &token, &picture)
            .await
            .subcode(),
        33
    );
    assert_eq!(
        api::post(&rig, &path(ARCHIVE), &token, &picture)
            .await
            .code(),
        200
    );
    assert_eq!(
        api::post(&rig, &path(STUDIO), &token, &picture)
            .await
            .status,
        200
    );
    let scopes = "instagram_basic,pages_show_list,pages_read_engagement";
    let (token, _) = person(&rig, scopes, &[STUDIO]).await;
    assert_eq!(
        api::post(&rig, &path(STUDIO), &token, &picture)
            .await
            .code(),
        10
    );
}

#[tokio::test]
async fn what_a_container_refuses() {
    let (rig, token) = studio().await;
    let long = "a".repeat(2_201);
    let (tags, names) = ("#a ".repeat(31), "@a ".repeat(21));
    let described = "a".repeat(1_001);
    for (fields, code, subcode) in [
        (vec![], 9_004, 2_207_052),
        (
            vec![("image_url", "https://media.example/none.jpg")],
            9_004,
            2_207_052,
        ),
        (
            vec![("image_url", "http://media.example/1.jpg")],
            9_004,
            2_207_052,
        ),
        (vec![("image_url", PNG)], 36_001, 2_207_005),
        (vec![("image_url", WIDE)], 36_003, 2_207_009),
        (vec![("image_url", LARGE)], 36_000, 2_207_004),
        (vec![("image_url", VIDEO)], 36_001, 2_207_005),
        (
            vec![("media_type", "VIDEO"), ("video_url", VIDEO)],
            100,
            2_207_023,
        ),
        (
            vec![("media_type", "REELS"), ("image_url", JPEG)],
            9_004,
            2_207_052,
        ),
        (
            vec![("image_url", JPEG), ("caption", &long)],
            36_004,
            2_207_010,
        ),
        (
            vec![("image_url", JPEG), ("caption", &names)],
            100,
            2_207_040,
        ),
        (vec![("image_url", JPEG), ("caption", &tags)], 100, 0),
        (vec![("image_url", JPEG), ("alt_text", &described)], 100, 0),
        (vec![("image_url", JPEG), ("share_to_feed", "true")], 100, 0),
        (vec![("image_url", JPEG), ("thumb_offset", "1")], 100, 0),
        (vec![("image_url", JPEG), ("collaborators", "a,b")], 100, 0),
        (vec![("image_url", JPEG), ("capton", "a")], 100, 0),
        (vec![("image_url", JPEG), ("audio_name", "a")], 100, 0),
        (vec![("image_url", JPEG), ("location_id", "here")], 100, 0),
        (
            vec![("image_url", JPEG), ("user_tags", "[{\"username\":\"a\"}]")],
            100,
            0,
        ),
        (
            vec![
                ("media_type", "REELS"),
                ("video_url", VIDEO),
                ("thumb_offset", "x"),
            ],
            1,
            2_207_057,
        ),
    ] {
        let said = create(&rig, &token, &fields).await;
        assert_eq!(
            (said.code(), said.subcode()),
            (code, subcode),
            "{:?}",
            fields.first()
        );
    }
}

#[tokio::test]
async fn a_container_is_worked_on_published_and_never_tells_of_its_post() {
    let (rig, token) = studio().await;
    rig.simulator
        .world()
        .set_processing("instagram", Duration::seconds(10));
    let id = create(&rig, &token, &[("image_url", JPEG), ("caption", "a")])
        .await
        .text("id");
    let told = status(&rig, &token, &id).await;
    assert_eq!(told.text("status_code"), "IN_PROGRESS");
    let early = publish(&rig, &token, &id).await;
    assert_eq!((early.code(), early.subcode()), (9_007, 2_207_027));
    rig.clock.advance(Duration::seconds(11));
    assert_eq!(
        status(&rig, &token, &id).await.text("status_code"),
        "FINISHED"
    );
    let post = publish(&rig, &token, &id).await.text("id");
    let told = status(&rig, &token, &id).await;
    assert_eq!(
        told.body,
        json!({ "id": id, "status_code": "PUBLISHED", "status": "PUBLISHED" })
    );
    let path = graph(&format!(
        "{post}?fields=permalink,media_type,media_product_type"
    ));
    let told = api::get(&rig, &path, &token).await;
    assert_eq!(
        told.text("permalink"),
        rig.simulator.ledger().posts()[0].url
    );
    assert_eq!(
        (told.text("media_type"), told.text("media_product_type")),
        ("IMAGE".to_owned(), "FEED".to_owned())
    );
}

#[tokio::test]
async fn a_container_can_fail_expire_and_be_unknown() {
    let (rig, token) = studio().await;
    let reel = [("media_type", "REELS"), ("video_url", JPEG)];
    let broken = create(&rig, &token, &reel).await.text("id");
    let told = status(&rig, &token, &broken).await;
    assert_eq!(
        told.text("status"),
        "Error: Media upload has failed with error code 2207026"
    );
    assert_eq!(publish(&rig, &token, &broken).await.code(), 9_007);
    let id = create(&rig, &token, &[("image_url", JPEG)])
        .await
        .text("id");
    rig.clock.advance(Duration::hours(24));
    assert_eq!(
        status(&rig, &token, &id).await.text("status_code"),
        "EXPIRED"
    );
    for container in [id.as_str(), "1", ""] {
        let said = publish(&rig, &token, container).await;
        assert_eq!(
            (said.code(), said.subcode()),
            (24, 2_207_008),
            "{container}"
        );
    }
    let hidden = create(&rig, &token, &[("image_url", JPEG)])
        .await
        .text("id");
    rig.simulator
        .world()
        .states()
        .instagram()
        .hide_new(Duration::hours(1));
    assert_eq!(status(&rig, &token, &hidden).await.subcode(), 33);
}

#[tokio::test]
async fn a_carousel_takes_two_to_ten_ready_children_of_its_own_account() {
    let (rig, token) = studio().await;
    let picture = [("image_url", JPEG), ("is_carousel_item", "true")];
    let video = [
        ("media_type", "VIDEO"),
        ("video_url", VIDEO),
        ("is_carousel_item", "true"),
    ];
    let first = create(&rig, &token, &picture).await.text("id");
    let second = create(&rig, &token, &video).await.text("id");
    let alone = create(&rig, &token, &[("image_url", JPEG)])
        .await
        .text("id");
    let eleven = [first.as_str(); 11].join(",");
    for children in [
        "",
        &first,
        &eleven,
        &format!("{first},{alone}"),
        &format!("{first},1"),
    ] {
        let fields = [("media_type", "CAROUSEL"), ("children", children)];
        assert_eq!(
            create(&rig, &token, &fields).await.subcode(),
            2_207_028,
            "{children}"
        );
    }
    let captioned = [
        ("image_url", JPEG),
        ("is_carousel_item", "true"),
        ("caption", "a"),
    ];
    assert_eq!(create(&rig, &token, &captioned).await.code(), 100);
    assert_eq!(
        publish(&rig, &token, &first).await.subcode(),
        2_207_008,
        "a child"
    );
    let both = format!("{first},{second}");
    let fields = [
        ("media_type", "CAROUSEL"),
        ("children", both.as_str()),
        ("caption", "a"),
    ];
    let whole = create(&rig, &token, &fields).await.text("id");
    assert_eq!(publish(&rig, &token, &whole).await.status, 200);
    let ledger = rig.simulator.ledger();
    assert_eq!(
        (
            ledger.posts()[0].kind.as_str(),
            ledger.posts()[0].media.len()
        ),
        ("carousel", 2)
    );
}

#[tokio::test]
async fn a_day_holds_so_many_posts_and_tells_it() {
    let (rig, token) = studio().await;
    rig.simulator.world().states().instagram().allow_posts(2);
    let limit = graph(&format!(
        "{STUDIO}/content_publishing_limit?fields=quota_usage,config"
    ));
    for used in 0..2 {
        let told = api::get(&rig, &limit, &token).await;
        assert_eq!(told.body["data"][0]["quota_usage"], used);
        assert_eq!(told.body["data"][0]["config"]["quota_total"], 2);
        let id = create(&rig, &token, &[("image_url", JPEG)])
            .await
            .text("id");
        assert_eq!(publish(&rig, &token, &id).await.status, 200);
    }
    let id = create(&rig, &token, &[("image_url", JPEG)])
        .await
        .text("id");
    let said = publish(&rig, &token, &id).await;
    assert_eq!((said.code(), said.subcode()), (9, 2_207_042));
    rig.clock.advance(Duration::hours(25));
    assert_eq!(
        api::get(&rig, &limit, &token).await.body["data"][0]["quota_usage"],
        0
    );
}

#[tokio::test]
async fn posts_are_listed_newest_first_in_pages() {
    let (rig, token) = studio().await;
    for caption in ["a", "b", "c"] {
        let id = create(&rig, &token, &[("image_url", JPEG), ("caption", caption)])
            .await
            .text("id");
        publish(&rig, &token, &id).await;
    }
    let path = |after: &str| {
        graph(&format!(
            "{STUDIO}/media?fields=caption&limit=2&after={after}"
        ))
    };
    let first = api::get(&rig, &path(""), &token).await;
    assert_eq!(first.body["data"][0]["caption"], "c");
    let after = first.body["paging"]["cursors"]["after"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    let second = api::get(&rig, &path(&after), &token).await;
    assert_eq!(second.body["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(second.body["data"][0]["caption"], "a");
    assert_eq!(api::get(&rig, &path("1"), &token).await.code(), 100);
    let lag = Duration::minutes(1);
    rig.simulator.world().set_listing_lag("instagram", lag);
    let none = api::get(&rig, &path(""), &token).await;
    assert_eq!(none.body["data"].as_array().map(Vec::len), Some(0));
    rig.clock.advance(lag);
    assert_eq!(api::get(&rig, &path(""), &token).await.body, first.body);
}
