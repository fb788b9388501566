//! Pages, and accounts of Instagram behind them, that a person reaches through a business alone.

use domain::Platform;
use platforms::{Account, Credentials, Grant};
use serde_json::{Value, json};
use simulator::{Fault, FaultScript};

use crate::harness::{Connection, Stage, jpeg};

const SCOPE: &str = "business_management";
const GRAPH: &str = "graph.facebook.com";
const STUDIO: &str = "104482915678301";
const ARCHIVE: &str = "104482915678303";
const HARBOUR: &str = "104482915678305";
const MARKET: &str = "104482915678306";
const STUDIO_ACCOUNT: &str = "17841405822304914";
const HARBOUR_ACCOUNT: &str = "17841405822304925";
const MARKET_ACCOUNT: &str = "17841405822304926";

/// A stage where our app asks for what businesses hold.
fn stage(platform: Platform) -> Stage {
    Stage::new().with_setting(platform, "extra_scopes", SCOPE)
}

fn ids(grant: &Grant) -> Vec<&str> {
    let accounts = grant.accounts.iter();
    accounts.map(|it| it.external_id.as_str()).collect()
}

/// How many calls of a consent went to this path.
fn asked(stage: &Stage, path: &str) -> usize {
    let calls = stage.calls();
    let meant = |call: &&platforms::Call| call.url.path().ends_with(path);
    calls.iter().filter(meant).count()
}

#[tokio::test]
async fn a_consent_brings_pages_of_businesses_too_and_none_twice() {
    let stage = stage(Platform::Facebook);
    let (grant, transcript) = stage.try_connect(Platform::Facebook, &[STUDIO]).await;
    let grant = grant.expect("a grant");
    assert_eq!(ids(&grant), [STUDIO, HARBOUR, MARKET]);
    let names = grant.accounts.iter().map(|it| it.display_name.as_str());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["Sample Studio", "Sample Harbour", "Sample Market"]
    );
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_consent_brings_accounts_behind_pages_of_businesses_too() {
    let stage = stage(Platform::Instagram);
    let chosen = [STUDIO_ACCOUNT];
    let (grant, transcript) = stage.try_connect(Platform::Instagram, &chosen).await;
    let grant = grant.expect("a grant");
    assert_eq!(
        ids(&grant),
        [STUDIO_ACCOUNT, HARBOUR_ACCOUNT, MARKET_ACCOUNT]
    );
    assert_eq!(grant.accounts[2].facts["pageId"], MARKET);
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn businesses_are_not_asked_for_without_the_permission() {
    for (platform, own) in [
        (Platform::Facebook, STUDIO),
        (Platform::Instagram, STUDIO_ACCOUNT),
    ] {
        let silent = Stage::new();
        let declined = stage(platform);
        let world = declined.simulator.world();
        world.states().facebook().decline(SCOPE);
        for stage in [silent, declined] {
            let grant = stage.connect(platform, &[own]).await;
            assert_eq!(ids(&grant), [own]);
            assert_eq!(asked(&stage, "/me/businesses"), 0);
        }
    }
}

#[tokio::test]
async fn lists_of_businesses_are_read_to_their_end() {
    let stage = stage(Platform::Facebook);
    stage.simulator.world().states().facebook().show_pages(1);
    let grant = stage.connect(Platform::Facebook, &[STUDIO]).await;
    assert_eq!(ids(&grant), [STUDIO, HARBOUR, MARKET]);
    assert_eq!(asked(&stage, "/me/businesses"), 3);
    assert_eq!(asked(&stage, "/owned_pages"), 2 + 1 + 1);
    assert_eq!(asked(&stage, "/client_pages"), 1 + 2 + 1);
    assert_eq!(asked(&stage, MARKET), 1, "its token is read once");
}

#[tokio::test]
async fn a_person_without_a_page_of_their_own_has_those_of_businesses() {
    let stage = stage(Platform::Facebook);
    let grant = stage.connect(Platform::Facebook, &[ARCHIVE]).await;
    let mut found = ids(&grant);
    found.sort_unstable();
    assert_eq!(found, [STUDIO, HARBOUR, MARKET]);
}

#[tokio::test]
async fn what_fails_among_businesses_never_keeps_back_what_was_found() {
    let refusal = json!({ "error": { "message": "Words", "code": 10 } });
    let answer = |status: u16, body: &Value| Fault::Answer {
        status,
        headers: Vec::new(),
        body: body.clone(),
    };
    for fault in [
        Fault::LoseAnswer,
        Fault::LoseRequest,
        Fault::Truncate,
        answer(403, &refusal),
        answer(500, &json!({})),
        answer(200, &json!("?")),
        answer(200, &json!({ "data": [] })),
    ] {
        for (platform, own, most) in [
            (Platform::Facebook, STUDIO, 3),
            (Platform::Instagram, STUDIO_ACCOUNT, 3),
        ] {
            for (route, nth) in [
                ("GET /{version}/me/businesses", 1),
                ("GET /{version}/{id}/owned_pages", 1),
                ("GET /{version}/{id}/client_pages", 2),
                ("GET /{version}/{id}", 1),
            ] {
                let stage = stage(platform);
                let script = FaultScript::first(GRAPH, route, fault.clone());
                stage.simulator.script(script.nth(nth));
                let grant = stage.connect(platform, &[own]).await;
                let found = ids(&grant);
                assert_eq!(found[0], own, "{route} {fault:?}");
                assert!(found.len() <= most, "{route} {fault:?}");
            }
            let stage = stage(platform);
            for edge in ["me/businesses", "{id}/owned_pages", "{id}/client_pages"] {
                let route = format!("GET /{{version}}/{edge}");
                let script = FaultScript::first(GRAPH, &route, fault.clone());
                stage.simulator.script(script.times(100));
            }
            let grant = stage.connect(platform, &[own]).await;
            assert_eq!(ids(&grant), [own], "{fault:?}");
        }
    }
}

#[tokio::test]
async fn what_a_business_holds_is_posted_to_and_its_token_renewed_as_any() {
    for (platform, own, account) in [
        (Platform::Facebook, STUDIO, MARKET),
        (Platform::Instagram, STUDIO_ACCOUNT, MARKET_ACCOUNT),
    ] {
        let stage = stage(platform);
        let grant = stage.connect(platform, &[own]).await;
        let mut connection = connection(platform, own, account, &grant);
        let file = jpeg(1_080, 1_080, 4_000);
        let content = stage.content("Fish at dawn", json!({}), vec![(file, None)]);
        stage.publish(&mut connection, &content).await.receipt();
        let renewed = stage.refresh(&mut connection).await;
        renewed.expect("a renewal").expect("a token");
        let posts = stage.simulator.ledger().posts().to_vec();
        assert_eq!((posts.len(), posts[0].account_id.as_str()), (1, account));
    }
}

/// The connection of a granted account that no consent page offers.
fn connection(platform: Platform, chosen: &str, account: &str, grant: &Grant) -> Connection {
    let granted = grant.accounts.iter().find(|it| it.external_id == account);
    let granted = granted.expect("the account").clone();
    Connection {
        platform,
        account: Account {
            external_id: granted.external_id.clone(),
            username: granted.username.clone(),
            facts: granted.facts.clone(),
        },
        credentials: Credentials {
            external_id: granted.external_id,
            username: granted.username,
            facts: granted.facts,
            subject: grant.subject.clone(),
            tokens: granted.tokens,
        },
        chosen: vec![chosen.to_owned()],
    }
}
