//! What simulated Facebook refuses.

use crate::meta::api::{self, Told, graph, jpeg, multipart, page_tokens, person, rig};
use crate::rig::{self, Rig};
use http::Method;
use serde_json::json;
use time::Duration;

const STUDIO: &str = "104482915678301";
const KITCHEN: &str = "104482915678302";
const ARCHIVE: &str = "104482915678303";
const SCOPES: &str = "pages_show_list,pages_read_engagement,pages_manage_posts";

/// The studio's Page and its token.
async fn studio(rig: &Rig) -> String {
    let (token, _) = person(rig, SCOPES, &[STUDIO]).await;
    page_tokens(rig, &token).await[STUDIO].clone()
}

async fn feed(rig: &Rig, token: &str, fields: &[(&str, &str)]) -> Told {
    api::post(rig, &graph(&format!("{STUDIO}/feed")), token, fields).await
}

async fn photo(rig: &Rig, token: &str, bytes: &[u8], published: &str) -> Told {
    let (kind, body) = multipart(&[("published", published)], Some(("source", bytes)));
    let path = graph(&format!("{STUDIO}/photos"));
    api::send(rig, Method::POST, &path, token, &kind, body).await
}

async fn videos(rig: &Rig, token: &str, fields: &[(&str, &str)], chunk: Option<&[u8]>) -> Told {
    let (kind, body) = multipart(fields, chunk.map(|bytes| ("video_file_chunk", bytes)));
    let path = format!("graph-video.facebook.com/v25.0/{STUDIO}/videos");
    api::send(rig, Method::POST, &path, token, &kind, body).await
}

#[tokio::test]
async fn the_dialog_checks_who_asks_and_for_what() {
    let rig = rig("facebook");
    let back = rig.approve(&api::dialog(SCOPES, &[]), STUDIO).await;
    assert_eq!(back["state"], "s");
    for (name, value, code) in [
        ("client_id", "other", 101),
        ("redirect_uri", "https://app.example/back/", 191),
        ("response_type", "token", 100),
        ("scope", "pages_do_everything", 100),
        ("auth_type", "reask", 100),
    ] {
        let page = api::dialog(SCOPES, &[(name, value)]);
        let said = rig.send(Method::GET, &page, &[], "").await;
        assert_eq!(said.json()["error"]["code"], code, "{name}={value}");
    }
    let old = api::dialog(SCOPES, &[]).replace("v25.0", "v19.0");
    let said = rig.send(Method::GET, &old, &[], "").await;
    assert_eq!(said.json()["error"]["code"], 2635);
}

#[tokio::test]
async fn a_code_works_once_for_its_way_back_and_only_with_the_secret() {
    let rig = rig("facebook");
    for (secret, back, code) in [
        ("wrong", rig::BACK, 101),
        ("secret", "https://app.example/other", 100),
    ] {
        let given = api::code(&rig, SCOPES, &[STUDIO]).await;
        let said = api::exchange(&rig, &given, secret, back).await;
        assert_eq!(said.code(), code, "{said:?}");
    }
    let given = api::code(&rig, SCOPES, &[STUDIO]).await;
    let said = api::exchange(&rig, &given, "secret", rig::BACK).await;
    assert_eq!(
        (said.status, said.body["expires_in"].as_i64()),
        (200, Some(3_600))
    );
    let again = api::exchange(&rig, &given, "secret", rig::BACK).await;
    assert_eq!(again.code(), 100);
}

#[tokio::test]
async fn a_short_token_becomes_a_long_one_until_it_ends() {
    let rig = rig("facebook");
    let given = api::code(&rig, SCOPES, &[STUDIO]).await;
    let short = api::exchange(&rig, &given, "secret", rig::BACK).await;
    let short = short.text("access_token");
    let long = api::extend(&rig, &short).await;
    assert_eq!(long.body["expires_in"], 5_183_944);
    rig.clock.advance(Duration::hours(2));
    assert_eq!(api::extend(&rig, &short).await.code(), 190);
    let me = api::get(&rig, &graph("me?fields=id,name"), &short).await;
    assert_eq!((me.code(), me.subcode()), (190, 463));
    let me = api::get(
        &rig,
        &graph("me?fields=id,name"),
        &long.text("access_token"),
    )
    .await;
    assert_eq!(me.status, 200);
}

#[tokio::test]
async fn pages_are_listed_in_pages_with_their_tasks() {
    let rig = rig("facebook");
    let (token, _) = person(&rig, SCOPES, &[STUDIO, KITCHEN, ARCHIVE]).await;
    let first = api::get(&rig, &graph("me/accounts?fields=id,tasks&limit=2"), &token).await;
    assert_eq!(
        first.body["data"][1]["tasks"],
        json!(["PROFILE_PLUS_CREATE_CONTENT"])
    );
    assert!(
        first.body["data"][0].get("access_token").is_none(),
        "only what was asked for"
    );
    let after = first.body["paging"]["cursors"]["after"]
        .as_str()
        .expect("a cursor");
    assert!(first.body["paging"]["next"].is_string());
    let path = graph(&format!("me/accounts?fields=id&limit=2&after={after}"));
    let second = api::get(&rig, &path, &token).await;
    assert_eq!(second.body["data"], json!([{ "id": ARCHIVE }]));
    assert!(second.body["paging"].get("next").is_none());
    let kitchen = page_tokens(&rig, &token).await[KITCHEN].clone();
    let said = api::post(
        &rig,
        &graph(&format!("{STUDIO}/feed")),
        &kitchen,
        &[("message", "a")],
    )
    .await;
    assert_eq!(
        (said.code(), said.subcode()),
        (100, 33),
        "another Page's token"
    );
}

#[tokio::test]
async fn proofs_of_the_secret_are_checked() {
    let rig = rig("facebook");
    let (token, _) = person(&rig, SCOPES, &[STUDIO]).await;
    let right = api::proof(&token, "secret");
    for (proof, status) in [(right.as_str(), 200), ("", 400), ("00", 400)] {
        let said = api::get(&rig, &graph(&format!("me?appsecret_proof={proof}")), &token).await;
        assert_eq!(said.status, status, "{said:?}");
    }
}

#[tokio::test]
async fn posts_need_the_pages_token_the_task_and_the_permission() {
    let rig = rig("facebook");
    let (token, _) = person(&rig, SCOPES, &[STUDIO, ARCHIVE]).await;
    let said = feed(&rig, &token, &[("message", "a")]).await;
    assert_eq!(
        (said.status, said.code()),
        (403, 200),
        "the person's own token"
    );
    let archive = page_tokens(&rig, &token).await[ARCHIVE].clone();
    let path = graph(&format!("{ARCHIVE}/feed"));
    let said = api::post(&rig, &path, &archive, &[("message", "a")]).await;
    assert_eq!(said.code(), 200, "no task");
    let (token, _) = person(&rig, "pages_show_list,pages_read_engagement", &[STUDIO]).await;
    let studio = page_tokens(&rig, &token).await[STUDIO].clone();
    assert_eq!(feed(&rig, &studio, &[("message", "a")]).await.code(), 10);
    assert_eq!(feed(&rig, "guessed", &[("message", "a")]).await.code(), 190);
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn a_withdrawn_grant_ends_every_token_of_it() {
    let rig = rig("facebook");
    let (token, id) = person(&rig, SCOPES, &[STUDIO]).await;
    let studio = page_tokens(&rig, &token).await[STUDIO].clone();
    let path = graph(&format!("{id}/permissions"));
    let said = api::send(&rig, Method::DELETE, &path, &token, "", Vec::new()).await;
    assert_eq!(said.body, json!({ "success": true }));
    for token in [token, studio] {
        let said = api::get(&rig, &graph("me"), &token).await;
        assert_eq!((said.code(), said.subcode()), (190, 458));
    }
}

#[tokio::test]
async fn what_a_feed_refuses() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    for (fields, code, subcode) in [
        (vec![], 100, 0),
        (vec![("mesage", "a")], 100, 0),
        (
            vec![
                ("message", "a"),
                ("attached_media", "[{\"media_fbid\":\"1\"}]"),
            ],
            100,
            0,
        ),
        (vec![("message", "a"), ("attached_media", "1")], 100, 0),
        (
            vec![("link", "https://www.facebook.com/samplestudio")],
            200,
            1_609_008,
        ),
        (vec![("link", "no address")], 1_500, 0),
    ] {
        let said = feed(&rig, &token, &fields).await;
        assert_eq!((said.code(), said.subcode()), (code, subcode), "{fields:?}");
    }
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn the_same_words_twice_are_a_twin_for_some_minutes() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    assert_eq!(feed(&rig, &token, &[("message", "a")]).await.status, 200);
    assert_eq!(feed(&rig, &token, &[("message", "a")]).await.code(), 506);
    assert_eq!(feed(&rig, &token, &[("message", "b")]).await.status, 200);
    rig.clock.advance(Duration::minutes(6));
    assert_eq!(feed(&rig, &token, &[("message", "a")]).await.status, 200);
    rig.simulator.world().states().facebook().take_twins();
    assert_eq!(feed(&rig, &token, &[("message", "a")]).await.status, 200);
    assert_eq!(rig.simulator.ledger().posts().len(), 4);
}

#[tokio::test]
async fn photos_are_pictures_of_less_than_four_megabytes() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    assert_eq!(
        photo(&rig, &token, b"no picture", "false").await.code(),
        324
    );
    let large = jpeg(100, 100, 4_000_001);
    assert_eq!(
        photo(&rig, &token, &large, "false").await.subcode(),
        1_366_046
    );
    let hidden = photo(&rig, &token, &jpeg(100, 100, 900), "false").await;
    assert!(hidden.body.get("post_id").is_none());
    assert!(rig.simulator.ledger().posts().is_empty(), "nobody sees it");
    let shown = photo(&rig, &token, &jpeg(100, 100, 900), "true").await;
    assert_eq!(
        rig.simulator.ledger().posts()[0].post_id,
        shown.text("post_id")
    );
}

#[tokio::test]
async fn posts_are_listed_newest_first_with_what_they_show_and_late_on_order() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    let one = photo(&rig, &token, &jpeg(100, 100, 900), "false")
        .await
        .text("id");
    feed(&rig, &token, &[("message", "a")]).await;
    rig.clock.advance(Duration::seconds(1));
    let attached = json!([{ "media_fbid": one }]).to_string();
    feed(
        &rig,
        &token,
        &[("message", "b"), ("attached_media", &attached)],
    )
    .await;
    let fields = "message,attachments{media_type,target{id}}";
    let path = graph(&format!("{STUDIO}/published_posts?fields={fields}"));
    let said = api::get(&rig, &path, &token).await;
    assert_eq!(said.body["data"][0]["message"], "b");
    assert_eq!(
        said.body["data"][0]["attachments"]["data"][0]["target"]["id"],
        one
    );
    assert_eq!(said.body["data"][1]["message"], "a");
    rig.simulator
        .world()
        .set_listing_lag("facebook", Duration::minutes(1));
    assert_eq!(api::get(&rig, &path, &token).await.body["data"], json!([]));
}

#[tokio::test]
async fn an_upload_takes_exactly_the_bytes_it_asks_for() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    for (size, subcode) in [("1023", 1_363_022), ("2000000001", 1_363_023)] {
        let fields = [("upload_phase", "start"), ("file_size", size)];
        assert_eq!(videos(&rig, &token, &fields, None).await.subcode(), subcode);
    }
    let file = api::mp4(3_000);
    let begun = videos(
        &rig,
        &token,
        &[("upload_phase", "start"), ("file_size", "3000")],
        None,
    )
    .await;
    assert_eq!(
        (begun.text("start_offset"), begun.text("end_offset")),
        ("0".to_owned(), "1501".to_owned())
    );
    let session = begun.text("upload_session_id");
    let transfer = |start: &'static str| {
        [
            ("upload_phase", "transfer"),
            ("upload_session_id", session.as_str()),
            ("start_offset", start),
        ]
    };
    for (start, chunk) in [("1", &file[1..1_502]), ("0", &file[..100])] {
        let said = videos(&rig, &token, &transfer(start), Some(chunk)).await;
        assert_eq!(said.subcode(), 1_363_037);
        let data = said.body["error"]["error_data"].as_str().expect("a text");
        assert!(data.contains("\"start_offset\":\"0\""), "{data}");
    }
    let finish = [
        ("upload_phase", "finish"),
        ("upload_session_id", session.as_str()),
    ];
    assert_eq!(
        videos(&rig, &token, &finish, None).await.subcode(),
        1_363_045
    );
    videos(&rig, &token, &transfer("0"), Some(&file[..1_501])).await;
    let last = videos(&rig, &token, &transfer("1501"), Some(&file[1_501..])).await;
    assert_eq!(last.text("start_offset"), last.text("end_offset"));
    for _ in 0..2 {
        let said = videos(&rig, &token, &finish, None).await;
        assert_eq!(said.body, json!({ "success": true }));
    }
    assert_eq!(
        rig.simulator.ledger().posts().len(),
        1,
        "finished twice, shown once"
    );
    rig.clock.advance(Duration::hours(25));
    assert_eq!(
        videos(&rig, &token, &finish, None).await.subcode(),
        1_363_041
    );
}

#[tokio::test]
async fn a_video_tells_how_far_it_is() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    rig.simulator
        .world()
        .set_processing("facebook", Duration::seconds(30));
    let file = api::mp4(2_000);
    let begun = videos(
        &rig,
        &token,
        &[("upload_phase", "start"), ("file_size", "2000")],
        None,
    )
    .await;
    let (id, session) = (begun.text("video_id"), begun.text("upload_session_id"));
    let ask = graph(&format!("{id}?fields=status,published,post_id"));
    let whole = |told: &Told| {
        told.body["status"]["video_status"]
            .as_str()
            .expect("a status")
            .to_owned()
    };
    assert_eq!(whole(&api::get(&rig, &ask, &token).await), "uploading");
    for (start, chunk) in [("0", &file[..1_001]), ("1001", &file[1_001..])] {
        let fields = [
            ("upload_phase", "transfer"),
            ("upload_session_id", session.as_str()),
            ("start_offset", start),
        ];
        assert_eq!(videos(&rig, &token, &fields, Some(chunk)).await.status, 200);
    }
    assert_eq!(
        whole(&api::get(&rig, &ask, &token).await),
        "upload_complete"
    );
    videos(
        &rig,
        &token,
        &[
            ("upload_phase", "finish"),
            ("upload_session_id", session.as_str()),
        ],
        None,
    )
    .await;
    let told = api::get(&rig, &ask, &token).await;
    assert_eq!(
        (whole(&told).as_str(), &told.body["published"]),
        ("processing", &json!(false))
    );
    rig.clock.advance(Duration::seconds(31));
    let told = api::get(&rig, &ask, &token).await;
    assert_eq!(whole(&told), "ready");
    assert_eq!(told.body["published"], true);
    assert!(!told.text("post_id").contains('_'), "the number alone");
}

/// Sends bytes to the host of uploads.
async fn bytes_of_reel(rig: &Rig, who: &str, video: &str, place: [&str; 2], bytes: &[u8]) -> Told {
    let path = format!("rupload.facebook.com/video-upload/v25.0/{video}");
    let headers = [
        ("authorization", who),
        ("offset", place[0]),
        ("file_size", place[1]),
    ];
    let said = rig
        .send(Method::POST, &path, &headers, bytes.to_vec())
        .await;
    Told {
        status: said.status,
        body: said.json(),
    }
}

#[tokio::test]
async fn a_reel_takes_its_bytes_elsewhere_and_from_where_they_stopped() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    let reels = graph(&format!("{STUDIO}/video_reels"));
    let begun = api::post(&rig, &reels, &token, &[("upload_phase", "start")]).await;
    let id = begun.text("video_id");
    assert!(begun.text("upload_url").ends_with(&id));
    let finish = [
        ("upload_phase", "finish"),
        ("video_id", id.as_str()),
        ("video_state", "PUBLISHED"),
    ];
    let early = api::post(&rig, &reels, &token, &finish).await;
    assert_eq!(early.subcode(), 1_363_045);
    let file = api::mp4(3_000);
    let who = format!("OAuth {token}");
    for (who, place, expected) in [
        (
            format!("Bearer {token}"),
            ["0", "3000"],
            "NotAuthorizedError",
        ),
        (
            "OAuth guessed".to_owned(),
            ["0", "3000"],
            "NotAuthorizedError",
        ),
        (who.clone(), ["5", "3000"], "OffsetInvalidError"),
        (who.clone(), ["0", ""], "PartialRequestError"),
        (who.clone(), ["0", "3000"], "PartialRequestError"),
    ] {
        let said = bytes_of_reel(&rig, &who, &id, place, &file[..1_000]).await;
        assert_eq!(said.body["debug_info"]["type"], expected, "{said:?}");
    }
    let ask = graph(&format!("{id}?fields=status"));
    let told = api::get(&rig, &ask, &token).await;
    assert_eq!(
        told.body["status"]["uploading_phase"]["bytes_transferred"],
        1_000
    );
    let said = bytes_of_reel(&rig, &who, &id, ["1000", "3000"], &file[1_000..]).await;
    assert_eq!(said.body, json!({ "success": true }));
    for _ in 0..2 {
        let said = api::post(&rig, &reels, &token, &finish).await;
        assert_eq!(said.body, json!({ "success": true }));
    }
    let ledger = rig.simulator.ledger();
    assert_eq!(
        (ledger.posts().len(), ledger.posts()[0].kind.as_str()),
        (1, "reel")
    );
}

#[tokio::test]
async fn a_day_holds_thirty_reels() {
    let rig = rig("facebook");
    let token = studio(&rig).await;
    let reels = graph(&format!("{STUDIO}/video_reels"));
    let file = api::mp4(2_000);
    for _ in 0..30 {
        let begun = api::post(&rig, &reels, &token, &[("upload_phase", "start")]).await;
        let id = begun.text("video_id");
        bytes_of_reel(&rig, &format!("OAuth {token}"), &id, ["0", "2000"], &file).await;
        let finish = [
            ("upload_phase", "finish"),
            ("video_id", id.as_str()),
            ("video_state", "PUBLISHED"),
        ];
        assert_eq!(api::post(&rig, &reels, &token, &finish).await.status, 200);
    }
    let start = [("upload_phase", "start")];
    assert_eq!(api::post(&rig, &reels, &token, &start).await.code(), 613);
    rig.clock.advance(Duration::hours(25));
    assert_eq!(api::post(&rig, &reels, &token, &start).await.status, 200);
}
