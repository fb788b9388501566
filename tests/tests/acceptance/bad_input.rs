//! What is wrong is refused, by its field, with the rule and what to do.

use domain::Platform;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    house::{House, Person},
    networks::{NETWORKS, Network, What},
};

/// What to change in a good post, where it goes, and what is answered: the field and the rule.
struct Case {
    path: &'static str,
    change: Value,
    field: &'static str,
    rule: &'static str,
}

const fn case(path: &'static str, change: Value, field: &'static str, rule: &'static str) -> Case {
    Case {
        path,
        change,
        field,
        rule,
    }
}

const NOW: &str = "/api/posts";
const LATER: &str = "/api/schedule";

fn cases() -> impl Iterator<Item = Case> {
    of_fields().into_iter().chain(of_files()).chain(of_times())
}

fn of_fields() -> Vec<Case> {
    vec![
        case(
            NOW,
            json!({"platform": "myspace"}),
            "platform",
            "unknown_platform",
        ),
        case(
            NOW,
            json!({"platform": "X"}),
            "platform",
            "unknown_platform",
        ),
        case(NOW, json!({"platform": null}), "platform", "invalid_field"),
        case(NOW, json!({"surprise": 1}), "surprise", "unknown_field"),
        case(NOW, json!({"caption": 7}), "caption", "invalid_field"),
        case(
            NOW,
            json!({"caption": "nul\u{0}"}),
            "caption",
            "invalid_caption",
        ),
        case(
            NOW,
            json!({"caption": "x".repeat(281)}),
            "caption",
            "caption_too_long",
        ),
        case(
            NOW,
            json!({"caption": "", "media": null}),
            "caption",
            "post_empty",
        ),
        case(
            NOW,
            json!({"connectionId": "1"}),
            "connectionId",
            "invalid_id",
        ),
        case(
            NOW,
            json!({"connectionId": "con_00000000000000000000000000000000"}),
            "connectionId",
            "connection_unknown",
        ),
        case(NOW, json!({"options": []}), "options", "invalid_field"),
        case(
            NOW,
            json!({"options": {"boardId": "1"}}),
            "options.boardId",
            "unknown_option",
        ),
        case(
            NOW,
            json!({"client_post_id": ""}),
            "client_post_id",
            "invalid_client_post_id",
        ),
        case(
            NOW,
            json!({"client_post_id": "x".repeat(201)}),
            "client_post_id",
            "invalid_client_post_id",
        ),
        case(
            NOW,
            json!({"maxLatenessMinutes": 0}),
            "maxLatenessMinutes",
            "out_of_range",
        ),
        case(
            NOW,
            json!({"maxLatenessMinutes": 1441}),
            "maxLatenessMinutes",
            "out_of_range",
        ),
    ]
}

fn of_files() -> Vec<Case> {
    let media = |value: Value| json!({"media": value});
    let url = |url: &str| json!({"media": {"type": "image", "url": url}});
    vec![
        case(NOW, media(json!("photo.jpg")), "media", "invalid_field"),
        case(
            NOW,
            media(json!({"type": "image"})),
            "media.url",
            "missing_field",
        ),
        case(
            NOW,
            media(json!({"type": "document", "url": "https://example.com/a.pdf"})),
            "media",
            "document_not_taken",
        ),
        case(
            NOW,
            media(json!({"type": "sound", "url": "https://example.com/a.mp3"})),
            "media.type",
            "invalid_field",
        ),
        case(
            NOW,
            media(
                json!({"type": "image", "url": "https://example.com/a", "mediaId": "med_00000000000000000000000000000000"}),
            ),
            "media",
            "invalid_field",
        ),
        case(
            NOW,
            media(json!({"type": "image", "mediaId": "med_00000000000000000000000000000000"})),
            "media.mediaId",
            "media_unknown",
        ),
        case(NOW, url("not an address"), "media.url", "media_url_invalid"),
        case(
            NOW,
            url("ftp://example.com/a.jpg"),
            "media.url",
            "media_url_invalid",
        ),
        case(
            NOW,
            url("http://example.com/a.jpg"),
            "media.url",
            "media_url_invalid",
        ),
        case(
            NOW,
            url("https://127.0.0.1/a.jpg"),
            "media.url",
            "media_url_private",
        ),
        case(
            NOW,
            url("https://169.254.169.254/latest"),
            "media.url",
            "media_url_private",
        ),
        case(
            NOW,
            url("https://[::1]/a.jpg"),
            "media.url",
            "media_url_private",
        ),
    ]
}

fn of_times() -> Vec<Case> {
    let when = |text: &str| json!({"scheduledAtISO": text});
    vec![
        case(
            NOW,
            json!({"scheduledAtISO": "2030-01-01T00:00:00Z"}),
            "scheduledAtISO",
            "unknown_field",
        ),
        case(LATER, json!({}), "scheduledAtISO", "missing_field"),
        case(LATER, when("tomorrow"), "scheduledAtISO", "invalid_time"),
        case(
            LATER,
            when("2026-12-01T09:30:00"),
            "scheduledAtISO",
            "invalid_time",
        ),
        case(
            LATER,
            when("2001-01-01T00:00:00Z"),
            "scheduledAtISO",
            "time_in_past",
        ),
        case(
            LATER,
            when("9000-01-01T00:00:00Z"),
            "scheduledAtISO",
            "time_too_far",
        ),
    ]
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_wrong_with_a_post_is_told_by_field_rule_and_remedy(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    house.connect(&author, Platform::X).await;
    let good = house.draft(Network::of(Platform::X), What::Picture, "All in order");
    let mut wrong = Vec::new();
    for Case {
        path,
        change,
        field,
        rule,
    } in cases()
    {
        let mut draft = good.clone();
        for (name, value) in change.as_object().unwrap() {
            draft[name] = value.clone();
        }
        let answer = house.send(&author, path, &draft).await;
        let told = answer.json();
        let kind = answer.headers[header::CONTENT_TYPE].to_str().unwrap();
        let first = &told["errors"][0];
        let is_whole = answer.status == StatusCode::UNPROCESSABLE_ENTITY
            && kind == "application/problem+json"
            && told["type"] == format!("/problems/{rule}")
            && told["status"] == 422
            && first["field"] == field
            && first["rule"] == rule
            && ["detail", "remedy"]
                .map(|name| first[name].as_str().is_some_and(|it| !it.is_empty()))
                == [true, true];
        if !is_whole {
            wrong.push(format!(
                "{path} {change} should be {field} {rule}: {}",
                answer.body
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    house.run_all().await;
    assert_eq!(house.networks.ledger().posts(), []);
    let listed = house.get(&author, "/api/posts").await;
    assert_eq!(listed.json()["posts"], json!([]), "nothing of it was kept");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn each_network_names_the_rule_of_its_own_that_is_broken(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    for network in NETWORKS {
        let platform = network.platform;
        let (what, _) = network.simplest();
        let draft = house.draft(network, what, "Before the account is there");
        let answer = house.send(&author, NOW, &draft).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{platform}");
        assert_eq!(answer.rule(), "not_connected", "{platform}");
        house.connect(&author, platform).await;
        let long = house.draft(network, what, &"long ".repeat(20_000));
        assert_names(&house, &author, &long, "caption").await;
        let mut strange = draft.clone();
        strange["options"]["noSuchOption"] = true.into();
        assert_names(&house, &author, &strange, "options.noSuchOption").await;
        let mut crowded = draft.clone();
        crowded["media"] = vec![draft["media"].clone(); 39].into();
        assert_names(&house, &author, &crowded, "media").await;
        for (name, _) in (network.options)().as_object().unwrap() {
            let mut lacking = draft.clone();
            lacking["options"].as_object_mut().unwrap().remove(name);
            assert_names(&house, &author, &lacking, &format!("options.{name}")).await;
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn bodies_that_are_none_are_refused_without_a_stumble(pool: PgPool) {
    let house = House::open(pool).await;
    let author = house.sign_up().await;
    let good = house.draft(Network::of(Platform::X), What::Picture, "And then some");
    let trailed = format!("{good} {{}}");
    let deep = format!("{{\"options\": {}", "[".repeat(100_000));
    let large = format!("{{\"caption\": \"{}\"}}", "x".repeat(2 << 20));
    for (body, status) in [
        ("", StatusCode::BAD_REQUEST),
        ("{", StatusCode::BAD_REQUEST),
        ("[[]]", StatusCode::UNPROCESSABLE_ENTITY),
        ("null", StatusCode::UNPROCESSABLE_ENTITY),
        ("\"text\"", StatusCode::UNPROCESSABLE_ENTITY),
        (&trailed, StatusCode::BAD_REQUEST),
        (
            "{\"platform\": \"x\", \"platform\": \"x\"}",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (&deep, StatusCode::BAD_REQUEST),
        (&large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        for path in [NOW, LATER, "/api/posts/validate"] {
            let request = author
                .request(Method::POST, path)
                .header(header::AUTHORIZATION, author.bearer())
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_owned().into())
                .unwrap();
            let answer = house.ask(request).await;
            let shown = body.chars().take(40).collect::<String>();
            assert_eq!(answer.status, status, "{path} {shown}: {}", answer.body);
            assert!(!answer.rule().is_empty());
        }
    }
    let plain = author
        .request(Method::POST, NOW)
        .header(header::AUTHORIZATION, author.bearer())
        .body("{}".into())
        .unwrap();
    let answer = house.ask(plain).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

async fn assert_names(house: &House, person: &Person, draft: &Value, field: &str) {
    let answer = house.send(person, NOW, draft).await;
    let what = format!("{} {field}: {}", draft["platform"], answer.body);
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
    let told = answer.json();
    let errors = told["errors"].as_array().unwrap();
    assert!(
        errors.iter().any(|error| error["field"] == field
            && error["rule"].as_str().is_some_and(|rule| !rule.is_empty())
            && error["remedy"].as_str().is_some_and(|it| !it.is_empty())),
        "{what}"
    );
}
