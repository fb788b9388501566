//! LinkedIn, tried on the stage: how accounts are connected, what is said in each flow, and what holds whatever
//! breaks.

mod letters;
mod pages;
mod refusals;
mod trouble;
mod uploads;

use domain::Platform;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::Duration;

use crate::{
    flows::linkedin::*,
    harness::{Connection, Sample, Stage, conformance, jpeg, mp4, pdf},
};

#[tokio::test]
async fn a_consent_becomes_a_connection() {
    let stage = Stage::new();
    let (grant, transcript) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, STUDIO);
    let account = &grant.accounts[0];
    assert_eq!(account.external_id, format!("urn:li:person:{STUDIO}"));
    assert_eq!(account.display_name, "Sample Studio");
    assert!(account.tokens.refresh.is_none());
    let life = account.tokens.access_expires_at.expect("an end") - stage.now();
    assert!((Duration::days(59)..=Duration::days(60)).contains(&life));
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_token_that_is_called_revoked_at_first_is_tried_again() {
    for (trouble, connects) in [(1, true), (3, true), (60, false)] {
        let stage = Stage::new();
        stage
            .simulator
            .world()
            .states()
            .linkedin()
            .fresh_token_trouble = Duration::seconds(trouble);
        let (grant, transcript) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
        assert_eq!(grant.is_ok(), connects, "{trouble} s\n{transcript}");
    }
}

#[tokio::test]
async fn a_consent_without_posting_is_refused_with_the_way_out() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().withheld_scopes =
        vec!["w_member_social".to_owned()];
    let (result, _) = stage.try_connect(Platform::Linkedin, &[STUDIO]).await;
    assert_eq!(result.expect_err("no grant").code, "scope_missing");
}

#[tokio::test]
async fn a_denial_brings_the_browser_back_with_the_reason() {
    for reason in ["user_cancelled_authorize", "user_cancelled_login"] {
        let stage = Stage::new();
        stage.simulator.world().states().linkedin().denial = reason;
        let parameters = stage.deny(Platform::Linkedin).await;
        assert!(parameters.contains(&("error".to_owned(), reason.to_owned())));
    }
}

#[tokio::test]
async fn there_is_no_refresh_without_a_refresh_token() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    assert!(stage.refresh(&mut connection).await.is_none());
}

#[tokio::test]
async fn a_refresh_keeps_the_refresh_token_and_its_end() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .states()
        .linkedin()
        .gives_refresh_tokens = true;
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let before = connection.credentials.tokens.clone();
    stage.clock.advance(Duration::days(340));
    refreshed(&stage, &mut connection)
        .await
        .expect("new tokens");
    let after = &connection.credentials.tokens;
    let text = |token: &Option<secrecy::SecretString>| {
        token.as_ref().map(|token| token.expose_secret().to_owned())
    };
    assert_eq!(text(&after.refresh), text(&before.refresh));
    let moved = after.refresh_expires_at.expect("an end") - before.refresh_expires_at.expect("one");
    assert!(moved.abs() < Duration::minutes(1));
    assert!(
        after.access_expires_at <= after.refresh_expires_at,
        "the last access token ends with the refresh token"
    );
    stage.clock.advance(Duration::days(26));
    let fault = refreshed(&stage, &mut connection).await.expect_err("ended");
    assert_eq!(fault.code, "grant_ended");
}

#[tokio::test]
async fn revoking_twice_is_as_good_as_once() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    assert_eq!(stage.revoke(&connection).await, Some(Ok(())));
    let run = stage.publish(&mut connection, &text(&stage)).await;
    assert!(run.transcript.to_string().contains("connected again"));
    published(&stage, &run);
}

#[tokio::test]
async fn a_text_goes_out_whole() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let caption = "Launch (part 1) [draft] {x} <y> *bold* _it_ ~ | \\ @home 100% #done\nhttps://a.example/b_c?utm_source=x (and https://a.example/d)";
    let content = stage.content(caption, json!({ "visibility": "CONNECTIONS" }), vec![]);
    let run = stage.publish(&mut connection, &content).await;
    let live = published(&stage, &run);
    assert_eq!(live.text, caption);
    assert_eq!(live.details["visibility"], "CONNECTIONS");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn no_caption_is_cut_off() {
    let reserved = r"\|{}@[]()<>#*_~";
    let mut captions: Vec<String> = reserved
        .chars()
        .flat_map(|c| [format!("before {c} after"), format!("a{c}b{c}{c} {c}")])
        .collect();
    captions.extend(
        [
            reserved,
            "#a #b_c ##d a#e # f #café_culture",
            "(https://example.com/x_y~z#w@v) [https://example.com/]. <http://e.example>",
            "{hashtag|#|tag} {hashtag|\\#|} @[Name](https://e.example) @[Name",
            "https:// http://_ ¯\\_(ツ)_/¯ 🍟",
        ]
        .map(str::to_owned),
    );
    for caption in captions {
        let stage = Stage::new();
        let run = publish(&stage, &stage.content(&caption, Value::Null, vec![])).await;
        assert_eq!(published(&stage, &run).text, caption);
    }
}

#[tokio::test]
async fn markup_shows_what_it_stands_for() {
    let stage = Stage::new();
    let caption = "With @[Sample (Co)](urn:li:organization:2414183) at {hashtag|\\#|work} (now)";
    let run = publish(&stage, &stage.content(caption, Value::Null, vec![])).await;
    let shown = "With Sample (Co) at #work (now)";
    assert_eq!(published(&stage, &run).text, shown);
}

#[tokio::test]
async fn addresses_are_escaped_where_the_registration_says_so() {
    let stage = Stage::new().with_setting(Platform::Linkedin, "escape_addresses", "true");
    let caption = "See https://a.example/b_c?utm_source=x";
    let run = publish(&stage, &stage.content(caption, Value::Null, vec![])).await;
    published(&stage, &run);
    let sent = run.transcript.to_string();
    assert!(
        sent.contains(r"https://a.example/b\\_c?utm\\_source=x"),
        "{sent}"
    );
}

#[tokio::test]
async fn a_picture_goes_out_with_its_description() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let run = stage.publish(&mut connection, &picture(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!(live.kind, "image");
    assert_eq!(live.details["visibility"], "PUBLIC");
    assert_eq!(
        live.details["content"]["media"]["altText"],
        "A loaf (sliced)"
    );
    assert_eq!(live.media[0].content_type, "image/jpeg");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn several_pictures_keep_their_order() {
    let stage = Stage::new();
    let run = publish(&stage, &pictures(&stage)).await;
    let live = published(&stage, &run);
    let arrived: Vec<String> = live.media.iter().map(|file| file.digest.clone()).collect();
    assert_eq!(arrived, three().iter().map(digest).collect::<Vec<_>>());
    let images = &live.details["content"]["multiImage"]["images"];
    assert_eq!(images[0]["altText"], "one");
    assert_eq!(images[1]["altText"], Value::Null);
    assert_eq!(live.details["isReshareDisabledByAuthor"], true);
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn twenty_pictures_go_out_in_one_post() {
    let stage = Stage::new();
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let samples = (0..20)
        .map(|place| (jpeg(64, 64, 500 + place), None))
        .collect();
    let content = stage.content("", Value::Null, samples);
    let run = stage.publish(&mut connection, &content).await;
    let sizes: Vec<u64> = published(&stage, &run)
        .media
        .iter()
        .map(|file| file.bytes)
        .collect();
    assert_eq!(sizes, (500..520).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_video_arrives_part_by_part_and_in_order() {
    let stage = Stage::new();
    stage
        .simulator
        .world()
        .set_processing("linkedin", Duration::seconds(20));
    let mut connection = stage.connection(Platform::Linkedin, STUDIO).await;
    let sample = mp4(9_000_000);
    let content = stage.content("Moving", Value::Null, vec![(sample.clone(), None)]);
    let run = stage.publish(&mut connection, &content).await;
    let live = published(&stage, &run);
    assert_eq!(live.kind, "video");
    assert_eq!(live.media[0].digest, digest(&sample));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_video_has_its_title_and_gives_back_what_its_upload_was_given() {
    let stage = Stage::new();
    stage.simulator.world().states().linkedin().upload_token = "a token".to_owned();
    let run = publish(&stage, &titled_video(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!(
        live.details["content"]["media"]["title"],
        "Kneading (part 1)"
    );
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn a_document_goes_out_under_its_title() {
    let stage = Stage::new();
    slow(&stage, Duration::seconds(8));
    let run = publish(&stage, &document(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!(live.kind, "document");
    assert_eq!(
        live.details["content"]["media"]["title"],
        "The menu (spring)"
    );
    assert_eq!(live.media[0].digest, digest(&pdf(50_000)));
    assert_eq!(live.media[0].content_type, "application/pdf");
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn an_article_shows_a_card() {
    let stage = Stage::new();
    let run = publish(&stage, &article(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!(
        (live.kind.as_str(), live.text.as_str()),
        ("article", "Read on {here}")
    );
    assert_eq!(
        live.details["content"]["article"],
        article(&stage).options["article"].as_object().map(|article| json!({
            "source": article["url"], "title": article["title"], "description": article["description"],
        })).expect("an article"),
        "nothing of an article is escaped"
    );
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn an_article_shows_the_picture_on_its_card() {
    let stage = Stage::new();
    let run = publish(&stage, &article_with_picture(&stage)).await;
    let live = published(&stage, &run);
    assert_eq!((live.kind.as_str(), live.media.len()), ("article", 1));
    insta::assert_snapshot!(run.transcript);
}

#[tokio::test]
async fn members_choose_who_sees_a_post() {
    for visibility in ["PUBLIC", "CONNECTIONS", "LOGGED_IN"] {
        let stage = Stage::new();
        let options = json!({ "visibility": visibility });
        let run = publish(&stage, &stage.content("Seen", options, vec![])).await;
        assert_eq!(published(&stage, &run).details["visibility"], visibility);
    }
}

/// Breaks each of the flows everywhere, where LinkedIn works so long on each file.
async fn tried(flows: Vec<Flow>, processing: Duration) -> usize {
    let mut cases = 0;
    for flow in flows {
        let judged = conformance(flow.trial().processing(processing)).await;
        assert!(judged >= 11, "{}: {judged}", flow.name);
        cases += judged;
    }
    cases
}

/// Of the flows those with files, without the large one.
fn with_files(flows: Vec<Flow>) -> Vec<Flow> {
    let stage = Stage::new();
    let is_handy = |flow: &Flow| {
        let assets = (flow.content)(&stage).assets;
        !assets.is_empty() && assets.iter().all(|asset| asset.bytes() < 1_000_000)
    };
    flows.into_iter().filter(is_handy).collect()
}

#[tokio::test]
async fn whatever_breaks_a_members_post_is_posted_once_or_not_at_all() {
    let cases = tried(flows(), Duration::ZERO).await;
    assert!(cases >= 290, "{cases}");
}

#[tokio::test]
async fn whatever_breaks_a_pages_post_is_posted_once_or_not_at_all() {
    let cases = tried(flows_of_pages(), Duration::ZERO).await;
    assert!(cases >= 270, "{cases}");
}

#[tokio::test]
async fn whatever_breaks_while_linkedin_works_on_files_they_are_posted_once_or_not_at_all() {
    for flows in [flows(), flows_of_pages()] {
        let cases = tried(with_files(flows), Duration::seconds(20)).await;
        assert!(cases >= 190, "{cases}");
    }
}

async fn refreshed(stage: &Stage, connection: &mut Connection) -> Result<(), platforms::Fault> {
    stage.refresh(connection).await.expect("a refresh")
}

fn digest(sample: &Sample) -> String {
    hex::encode(Sha256::digest(&sample.bytes))
}
