//! LinkedIn's Pages: who may post for them, how they are connected, what is said for them.

use domain::Platform;
use platforms::{AuthorizeRequest, Fault as Told, Grant, authorize_url};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript, networks::linkedin::Role};

use crate::{
    flows::linkedin::*,
    harness::{Stage, Transcript},
};

const ROLES: &str = "GET /rest/organizationAcls";
const ORGANIZATION: &str = "GET /rest/organizations/{id}";
/// What an app with every product asks for beside the usual.
const EXTRA: &str = "w_organization_social r_organization_social rw_organization_admin";

fn both(stage: Stage) -> Stage {
    stage.with_setting(Platform::Linkedin, "extra_scopes", EXTRA)
}

async fn try_connect(stage: &Stage) -> (Result<Grant, Told>, Transcript) {
    stage.try_connect(Platform::Linkedin, &[STUDIO]).await
}

async fn ids(stage: &Stage) -> Vec<String> {
    let (grant, transcript) = try_connect(stage).await;
    let grant = grant.unwrap_or_else(|fault| panic!("{fault}\n{transcript}"));
    let ids = grant.accounts.into_iter();
    ids.map(|account| account.external_id).collect()
}

fn member_urn() -> String {
    format!("urn:li:person:{STUDIO}")
}

fn hit(stage: &Stage, route: &str, fault: Fault) {
    let script = FaultScript::first(API, route, fault);
    stage.simulator.script(script);
}

#[tokio::test]
async fn a_consent_brings_the_member_and_every_page_that_may_be_posted_for() {
    let stage = both(Stage::new());
    let (grant, transcript) = try_connect(&stage).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, STUDIO);
    let [member, led, filled] = grant.accounts.as_slice() else {
        panic!("{:?}", grant.accounts)
    };
    assert_eq!(member.external_id, member_urn());
    assert_eq!(member.facts, json!({}));
    assert_eq!(
        (led.external_id.as_str(), led.display_name.as_str()),
        (PAGE, "Sample Studio & Co")
    );
    assert_eq!(led.username.as_deref(), Some("sample-studio-co"));
    assert_eq!(
        led.facts,
        json!({"kind": "page", "roles": ["ADMINISTRATOR"]})
    );
    assert_eq!(filled.external_id, "urn:li:organization:5590506");
    assert_eq!(filled.facts["roles"], json!(["CONTENT_ADMIN"]));
    for page in [led, filled] {
        assert_eq!(
            page.tokens.access_expires_at,
            member.tokens.access_expires_at
        );
    }
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn an_app_for_pages_alone_connects_pages_alone() {
    let stage = page(Stage::new());
    let (grant, transcript) = try_connect(&stage).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.subject, STUDIO);
    let ids: Vec<&str> = grant
        .accounts
        .iter()
        .map(|account| account.external_id.as_str())
        .collect();
    assert_eq!(ids, [PAGE, "urn:li:organization:5590506"]);
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn an_app_for_pages_that_may_post_for_members_connects_both() {
    let scopes = format!("w_member_social {PAGE_SCOPES}");
    let stage = Stage::new().with_setting(Platform::Linkedin, "scopes", &scopes);
    assert_eq!(ids(&stage).await.len(), 3);
    let (grant, _) = try_connect(&stage).await;
    let member = grant.expect("a grant").accounts.remove(0);
    assert_eq!(member.external_id, member_urn());
    assert_eq!(member.display_name, "Sample Studio");
    assert_eq!(member.username.as_deref(), Some("sample-studio"));
}

#[tokio::test]
async fn without_the_scopes_for_pages_the_member_is_connected_alone() {
    for withheld in [
        vec!["w_organization_social"],
        vec!["rw_organization_admin"],
        vec![
            "w_organization_social",
            "r_organization_social",
            "rw_organization_admin",
        ],
    ] {
        let stage = both(Stage::new());
        stage.simulator.world().states().linkedin().withheld_scopes =
            withheld.iter().map(|scope| (*scope).to_owned()).collect();
        let (grant, transcript) = try_connect(&stage).await;
        let grant = grant.expect("a grant");
        assert_eq!(grant.accounts.len(), 1);
        assert_eq!(grant.accounts[0].external_id, member_urn());
        assert!(!transcript.to_string().contains("list_pages"));
    }
}

#[tokio::test]
async fn the_narrower_scope_lists_pages_too() {
    let extra = "w_organization_social r_organization_social r_organization_admin";
    let stage = Stage::new().with_setting(Platform::Linkedin, "extra_scopes", extra);
    assert_eq!(ids(&stage).await.len(), 3);
}

#[tokio::test]
async fn who_may_post_for_nobody_is_told_so() {
    let stage = page(Stage::new());
    stage.simulator.world().states().linkedin().roles.clear();
    let (grant, _) = try_connect(&stage).await;
    assert_eq!(grant.expect_err("no grant").code, "no_account");
    // Without the scope for the list nothing could ever be found.
    for withheld in ["rw_organization_admin", "r_basicprofile"] {
        let stage = page(Stage::new());
        stage.simulator.world().states().linkedin().withheld_scopes = vec![withheld.to_owned()];
        let (grant, _) = try_connect(&stage).await;
        assert_eq!(grant.expect_err("no grant").code, "scope_missing");
    }
}

#[tokio::test]
async fn a_page_with_two_roles_is_connected_once_and_older_answers_are_read() {
    let stage = both(Stage::new());
    {
        let mut network = stage.simulator.world().states().linkedin();
        network.names_targets = true;
        network.roles.push(Role {
            member: STUDIO.to_owned(),
            page: "2414183".to_owned(),
            role: "DIRECT_SPONSORED_CONTENT_POSTER",
            state: "APPROVED",
        });
    }
    let (grant, _) = try_connect(&stage).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.accounts.len(), 3);
    assert_eq!(
        grant.accounts[1].facts["roles"],
        json!(["ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER"])
    );
}

#[tokio::test]
async fn many_pages_are_listed_to_the_end_and_the_last_ones_go_without_names() {
    let stage = both(Stage::new());
    let roles = (0..230).map(|number| Role {
        member: STUDIO.to_owned(),
        page: (1000 + number).to_string(),
        role: "ADMINISTRATOR",
        state: "APPROVED",
    });
    {
        let mut network = stage.simulator.world().states().linkedin();
        network.roles = roles.collect();
        network.member_calls_a_day = 10_000;
    }
    let (grant, _) = try_connect(&stage).await;
    let grant = grant.expect("a grant");
    assert_eq!(grant.accounts.len(), 231);
    assert_eq!(grant.accounts[1].display_name, "Sample Page 1000");
    assert_eq!(grant.accounts[230].display_name, "LinkedIn Page 1229");
    assert!(stage.calls().len() < 60, "a person waits for it");
}

#[tokio::test]
async fn what_goes_wrong_with_the_list_is_told_and_with_a_name_is_not() {
    for (fault, code) in [
        (answer(503, Value::Null), "unavailable"),
        (
            answer(426, refused(426, "NONEXISTENT_VERSION")),
            "version_retired",
        ),
        (answer(429, limited()), "daily_limit"),
        (answer(200, json!("a list")), "unreadable_answer"),
    ] {
        let stage = both(Stage::new());
        hit(&stage, ROLES, fault);
        let (grant, _) = try_connect(&stage).await;
        assert_eq!(grant.expect_err("no grant").code, code);
    }
    for fault in [
        Fault::LoseAnswer,
        answer(403, refused(403, "ACCESS_DENIED")),
        answer(200, json!({"id": 1})),
        answer(200, json!("nothing")),
    ] {
        let stage = both(Stage::new());
        hit(&stage, ORGANIZATION, fault);
        let (grant, _) = try_connect(&stage).await;
        let grant = grant.expect("a grant");
        assert_eq!(grant.accounts[1].display_name, "LinkedIn Page 2414183");
        assert_eq!(grant.accounts[2].display_name, "Sample Gallery");
    }
}

#[tokio::test]
async fn a_list_that_is_denied_leaves_the_member() {
    let stage = both(Stage::new());
    hit(&stage, ROLES, answer(403, refused(403, "ACCESS_DENIED")));
    assert_eq!(ids(&stage).await, [member_urn()]);
    let stage = page(Stage::new());
    hit(&stage, ROLES, answer(403, refused(403, "ACCESS_DENIED")));
    let (grant, _) = try_connect(&stage).await;
    assert_eq!(grant.expect_err("no grant").code, "no_account");
}

#[tokio::test]
async fn strange_urns_are_no_pages() {
    let stage = both(Stage::new());
    let element = |urn: &str| json!({"organization": urn, "state": "APPROVED"});
    let listed = json!({"elements": [
        element("urn:li:organization:"), element("urn:li:organization:1/../2"),
        element("urn:li:person:1"), json!({"state": "APPROVED"}),
        json!({"organization": "urn:li:organization:3", "state": "REVOKED"}),
        element("urn:li:organization:4"),
    ]});
    hit(&stage, ROLES, answer(200, listed));
    let found = ids(&stage).await;
    assert_eq!(found[1], "urn:li:organization:4");
    assert!(!found.contains(&"urn:li:organization:3".to_owned()));
}

#[tokio::test]
async fn posts_of_a_page_are_the_pages() {
    for (content, kind) in [
        (text as crate::flows::Make, "text"),
        (picture, "image"),
        (pictures, "carousel"),
        (titled_video, "video"),
        (document, "document"),
        (article_with_picture, "article"),
    ] {
        let stage = page(Stage::new());
        let run = publish(&stage, &content(&stage)).await;
        let live = published(&stage, &run);
        assert_eq!(
            (live.account_id.as_str(), live.kind.as_str()),
            ("2414183", kind)
        );
        insta::assert_snapshot!(format!("a_page_posts_{kind}"), run.transcript);
    }
}

#[tokio::test]
async fn a_lost_post_of_a_page_is_read_among_its_posts() {
    let stage = page(Stage::new());
    hit(&stage, POST, Fault::LoseAnswer);
    let run = publish(&stage, &picture(&stage)).await;
    published(&stage, &run);
    insta::assert_snapshot!(run.transcript);
}

#[test]
fn the_consent_page_is_asked_for_what_the_registration_says() {
    let asked = |settings: &[(&str, &str)]| {
        let stage = settings.iter().fold(Stage::new(), |stage, (name, value)| {
            stage.with_setting(Platform::Linkedin, name, value)
        });
        let request = AuthorizeRequest {
            state: "a state".into(),
            verifier: "a verifier".into(),
        };
        let login = stage.login(Platform::Linkedin);
        let url = authorize_url(login, stage.app(Platform::Linkedin), &request);
        let query = url.query().unwrap_or_default().to_owned();
        let scopes: Vec<String> = query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("scope="))
            .map(str::to_owned)
            .collect();
        assert!(query.contains("state=a%20state"), "{query}");
        assert!(query.contains("response_type=code"), "{query}");
        assert!(!query.contains("code_challenge"), "{query}");
        scopes
    };
    let usual = "openid%20profile%20w_member_social";
    for (settings, scopes) in [
        (vec![], usual.to_owned()),
        (vec![("scopes", " ")], usual.to_owned()),
        (
            vec![("extra_scopes", "w_organization_social")],
            format!("{usual}%20w_organization_social"),
        ),
        (
            vec![("scopes", "r_basicprofile, w_member_social")],
            "r_basicprofile%20w_member_social".to_owned(),
        ),
    ] {
        assert_eq!(asked(&settings), [scopes], "{settings:?}");
    }
}
