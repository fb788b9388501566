//! Posts: what is checked, what is shown, what is told.

use http::Method;
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};
use time::Duration;

use crate::{linkedin::bench::*, samples::jpeg};

#[tokio::test]
async fn a_post_is_answered_with_its_id_and_shows_up() {
    let rig = rig();
    let token = token(&rig).await;
    let reply = publish(&rig, &token, &post("Hello \\(all\\)")).await;
    assert_eq!((reply.status, text(&reply).as_str()), (201, ""));
    let urn = reply.header("x-restli-id").to_owned();
    assert!(urn.starts_with("urn:li:share:"));
    let live = rig.simulator.ledger().posts()[0].clone();
    assert_eq!((live.post_id, live.text.as_str()), (urn, "Hello (all)"));
}

#[tokio::test]
async fn an_unescaped_character_truncates_and_is_answered_all_the_same() {
    let rig = rig();
    let token = token(&rig).await;
    assert_eq!(
        publish(&rig, &token, &post("Hello (all) of you"))
            .await
            .status,
        201
    );
    assert_eq!(rig.simulator.ledger().posts()[0].text, "Hello ");
}

#[tokio::test]
async fn an_equal_post_is_refused_for_ten_minutes_and_names_the_first() {
    let rig = rig();
    let token = token(&rig).await;
    let first = publish(&rig, &token, &post("Hello")).await;
    let second = publish(&rig, &token, &post("Hello")).await;
    assert_eq!(second.status, 422);
    let urn = first.header("x-restli-id");
    let body = second.json();
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|text| text.ends_with(urn))
    );
    assert_eq!(
        body["errorDetails"]["inputErrors"][0]["code"],
        "DUPLICATE_POST"
    );
    rig.clock.advance(Duration::minutes(11));
    assert_eq!(publish(&rig, &token, &post("Hello")).await.status, 201);
}

#[tokio::test]
async fn a_stored_post_may_lose_its_answer_or_its_id() {
    let rig = rig();
    let token = token(&rig).await;
    rig.simulator.script(FaultScript::first(
        "api.linkedin.com",
        "POST /rest/posts",
        Fault::LoseAnswer,
    ));
    publish(&rig, &token, &post("Lost")).await;
    assert_eq!(rig.simulator.ledger().posts().len(), 1);
    rig.simulator.world().states().linkedin().hides_post_ids = true;
    let bare = publish(&rig, &token, &post("Bare")).await;
    assert_eq!((bare.status, bare.header("x-restli-id")), (201, ""));
}

#[tokio::test]
async fn each_field_of_a_post_is_checked() {
    let rig = rig();
    let token = token(&rig).await;
    let with = |name: &str, value: Value| with(&json!({ name: value }));
    let image = |id: &str| json!({"media": {"id": id}});
    let images = |count: usize| json!({"multiImage": {"images": vec![json!({"id": "urn:li:image:1"}); count]}});
    for (body, status, code) in [
        (with("author", Value::Null), 400, "MISSING_FIELD"),
        (with("author", json!("8sTd1oQx2z")), 400, "INVALID_URN_ID"),
        (
            with("author", json!("urn:li:group:1")),
            400,
            "INVALID_URN_TYPE",
        ),
        (
            with("author", json!("urn:li:person:other")),
            403,
            "ACCESS_DENIED",
        ),
        (
            with("visibility", json!("FRIENDS")),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
        (
            with("lifecycleState", json!("DRAFT")),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
        (
            with("distribution", json!({})),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
        (with("surprise", json!(1)), 400, "INVALID_VALUE_FOR_FIELD"),
        (with("commentary", json!("")), 400, "MISSING_FIELD"),
        (
            with("commentary", json!("a".repeat(3001))),
            400,
            "FIELD_LENGTH_TOO_LONG",
        ),
        (
            with("content", image("urn:li:image:1")),
            400,
            "INVALID_IMAGE_ID",
        ),
        (
            with("content", image("urn:li:video:1")),
            400,
            "INVALID_VIDEO_ID",
        ),
        (
            with("visibility", json!("CONTAINER")),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
        (with("content", images(1)), 400, "INVALID_VALUE_FOR_FIELD"),
        (with("content", images(21)), 400, "INVALID_VALUE_FOR_FIELD"),
        (with("content", images(2)), 400, "INVALID_IMAGE_ID"),
        (
            with("content", json!({"media": {}, "multiImage": {}})),
            400,
            "INVALID_VALUE_FOR_FIELD",
        ),
    ] {
        let reply = publish(&rig, &token, &body).await;
        assert_eq!(
            (reply.status, code_of(&reply).as_str()),
            (status, code),
            "{body}"
        );
    }
    assert!(rig.simulator.ledger().posts().is_empty());
}

/// A card with other fields.
fn article(fields: &Value) -> Value {
    let mut article = json!({"source": "https://example.com", "title": "A"});
    for (name, value) in fields.as_object().expect("fields") {
        article[name] = value.clone();
    }
    json!({ "article": article })
}

#[tokio::test]
async fn each_field_of_an_article_is_checked() {
    let rig = rig();
    let token = token(&rig).await;
    for (fields, code) in [
        (json!({"source": "example.com"}), "INVALID_VALUE_FOR_FIELD"),
        (json!({"title": ""}), "MISSING_FIELD"),
        (json!({"title": "a".repeat(400)}), "FIELD_LENGTH_TOO_LONG"),
        (
            json!({"description": "a".repeat(4086)}),
            "FIELD_LENGTH_TOO_LONG",
        ),
        (json!({"thumbnail": "urn:li:image:1"}), "INVALID_IMAGE_ID"),
        (json!({"thumbnail": "urn:li:video:1"}), "INVALID_IMAGE_ID"),
    ] {
        let body = with(&json!({ "content": article(&fields) }));
        let reply = publish(&rig, &token, &body).await;
        assert_eq!(
            (reply.status, code_of(&reply).as_str()),
            (400, code),
            "{fields}"
        );
    }
    assert!(rig.simulator.ledger().posts().is_empty());
}

#[tokio::test]
async fn every_reserved_character_cuts_unless_it_is_escaped() {
    for reserved in r"\|{}@[]()<>#*_~".chars() {
        let rig = rig();
        let token = token(&rig).await;
        for (sent, shown) in [
            (format!("a {reserved} b"), "a ".to_owned()),
            (format!("a \\{reserved} b"), format!("a {reserved} b")),
        ] {
            // A backslash before a space is a backslash that escapes nothing.
            let reply = publish(&rig, &token, &post(&sent)).await;
            assert_eq!(reply.status, 201);
            let live = rig
                .simulator
                .ledger()
                .posts()
                .last()
                .cloned()
                .expect("a post");
            assert_eq!(live.text, shown, "{sent}");
        }
    }
}

#[tokio::test]
async fn an_article_shows_its_card_and_its_picture() {
    let rig = rig();
    let token = token(&rig).await;
    let (image, url) = announced_image(&rig, &token).await;
    put(&rig, &url, &bearer(&token), jpeg(10, 10)).await;
    let body = with(&json!({"content": article(&json!({"thumbnail": image}))}));
    assert_eq!(publish(&rig, &token, &body).await.status, 201);
    let live = rig.simulator.ledger().posts()[0].clone();
    assert_eq!((live.kind.as_str(), live.media.len()), ("article", 1));
    assert_eq!(live.details["content"], body["content"]);
}

#[tokio::test]
async fn posts_that_differ_in_words_card_files_or_author_are_no_copies() {
    let rig = rig();
    let scopes = format!("w_member_social {PAGE_SCOPES}");
    let token = token_for(&rig, STUDIO, &scopes).await;
    let (first, url) = announced_image(&rig, &token).await;
    put(&rig, &url, &bearer(&token), jpeg(10, 10)).await;
    let (again, url) = announced_image(&rig, &token).await;
    put(&rig, &url, &bearer(&token), jpeg(10, 10)).await;
    let (other, url) = announced_image(&rig, &token).await;
    put(&rig, &url, &bearer(&token), jpeg(20, 20)).await;
    for (fields, status) in [
        (json!({}), 201),
        (json!({"commentary": "Hello!"}), 201),
        (json!({"author": PAGE}), 201),
        (json!({"content": article(&json!({}))}), 201),
        (
            json!({"content": article(&json!({"source": "https://example.org"}))}),
            201,
        ),
        (json!({"content": {"media": {"id": first}}}), 201),
        (json!({"content": {"media": {"id": other}}}), 201),
        (json!({"content": {"media": {"id": again}}}), 422),
        (json!({"content": article(&json!({"title": "B"}))}), 422),
        (json!({"visibility": "CONNECTIONS"}), 422),
    ] {
        let reply = publish(&rig, &token, &with(&fields)).await;
        assert_eq!(reply.status, status, "{fields}");
    }
}

#[tokio::test]
async fn a_copy_may_be_refused_in_the_name_of_nothing() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    let body = with(&json!({"author": PAGE}));
    assert_eq!(publish(&rig, &token, &body).await.status, 201);
    rig.simulator.world().states().linkedin().names_no_originals = true;
    let mut named = Vec::new();
    for _ in 0..2 {
        let refused = publish(&rig, &token, &body).await;
        assert_eq!(refused.status, 422);
        let message = refused.json()["message"]
            .as_str()
            .expect("words")
            .to_owned();
        let urn = message.rsplit(' ').next().expect("a URN").to_owned();
        let path = format!("{POSTS}/{}", encoded(&urn));
        assert_eq!(read(&rig, &path, &token).await.status, 404);
        named.push(urn);
    }
    assert_ne!(named[0], named[1]);
}

#[tokio::test]
async fn what_is_deleted_is_gone_however_often() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    let made = publish(&rig, &token, &with(&json!({"author": PAGE}))).await;
    let path = format!("{POSTS}/{}", encoded(made.header("x-restli-id")));
    assert_eq!(read(&rig, &path, &token).await.status, 200);
    for _ in 0..2 {
        let reply = send(&rig, Method::DELETE, &path, &versioned(&token), Vec::new()).await;
        assert_eq!(reply.status, 204);
    }
    assert_eq!(read(&rig, &path, &token).await.status, 404);
    assert!(rig.simulator.ledger().posts().is_empty());
}
