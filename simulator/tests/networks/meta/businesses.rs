//! Whom simulated Meta shows businesses and the Pages that they hold.

use serde_json::Value;

use crate::meta::api::{self, Told, graph, page_tokens, person, rig};

const STUDIO: &str = "104482915678301";
const KITCHEN: &str = "104482915678302";
const HARBOUR: &str = "104482915678305";
const MARKET: &str = "104482915678306";
const MUSEUM: &str = "104482915678307";
const HOLDING: &str = "204482915678301";
const AGENCY: &str = "204482915678302";
const SCOPES: &str = "pages_show_list,pages_read_engagement,pages_manage_posts,business_management";
const FIELDS: &str = "fields=id,name,access_token,tasks&limit=100";

fn ids(told: &Told) -> Vec<&str> {
    let items = told.body["data"].as_array().expect("a list");
    items.iter().filter_map(|it| it["id"].as_str()).collect()
}

#[tokio::test]
async fn whoever_granted_it_sees_businesses_and_what_they_hold() {
    let rig = rig("facebook");
    let (person, _) = person(&rig, SCOPES, &[KITCHEN]).await;
    let told = api::get(&rig, &graph("me/businesses?fields=id,name"), &person).await;
    assert_eq!(ids(&told), [HOLDING, AGENCY, "204482915678303"]);
    assert_eq!(told.body["data"][0]["name"], "Sample Holding");
    for (path, expected, has_tokens) in [
        (
            format!("{HOLDING}/owned_pages"),
            vec![STUDIO, HARBOUR],
            true,
        ),
        (format!("{HOLDING}/client_pages"), vec![MARKET], false),
        (format!("{AGENCY}/owned_pages"), vec![], false),
        (
            format!("{AGENCY}/client_pages"),
            vec![MARKET, MUSEUM],
            false,
        ),
    ] {
        let path = graph(&format!("{path}?{FIELDS}"));
        let told = api::get(&rig, &path, &person).await;
        assert_eq!(ids(&told), expected, "{path}");
        for page in told.body["data"].as_array().expect("a list") {
            assert_eq!(page.get("access_token").is_some(), has_tokens, "{path}");
            assert!(page["tasks"].is_array());
        }
    }
    let own = page_tokens(&rig, &person).await;
    assert_eq!(own.keys().collect::<Vec<_>>(), [KITCHEN], "none of them");
    let path = graph(&format!("{MARKET}?fields=access_token"));
    let token = api::get(&rig, &path, &person).await.text("access_token");
    let feed = graph(&format!("{MARKET}/feed"));
    let said = api::post(&rig, &feed, &token, &[("message", "Fish")]).await;
    assert_eq!(said.status, 200);
}

#[tokio::test]
async fn nobody_else_sees_any_of_it() {
    let rig = rig("facebook");
    let without = SCOPES.replace(",business_management", "");
    let (stranger, _) = person(&rig, &without, &[STUDIO]).await;
    let (whole, _) = person(&rig, SCOPES, &[STUDIO]).await;
    let page = page_tokens(&rig, &whole).await[STUDIO].clone();
    let businesses = graph("me/businesses");
    let owned = graph(&format!("{HOLDING}/owned_pages"));
    let clients = graph(&format!("{HOLDING}/client_pages"));
    for path in [&businesses, &owned, &clients] {
        assert_eq!(api::get(&rig, path, &stranger).await.code(), 10, "{path}");
        assert_eq!(api::get(&rig, path, &page).await.code(), 100, "{path}");
        let misspelt = format!("{path}?field=id");
        assert_eq!(api::get(&rig, &misspelt, &whole).await.code(), 100);
    }
    let harbour = graph(&format!("{HARBOUR}?fields=access_token"));
    assert_eq!(api::get(&rig, &harbour, &stranger).await.subcode(), 33);
    for other in [STUDIO, "204482915678309"] {
        let path = graph(&format!("{other}/owned_pages"));
        assert_eq!(api::get(&rig, &path, &whole).await.subcode(), 33);
    }
    let world = rig.simulator.world();
    world.states().facebook().decline("business_management");
    assert_eq!(api::get(&rig, &businesses, &whole).await.code(), 10);
}

#[tokio::test]
async fn lists_of_businesses_come_in_pages() {
    let rig = rig("facebook");
    let (person, _) = person(&rig, SCOPES, &[STUDIO]).await;
    rig.simulator.world().states().facebook().show_pages(1);
    let first = graph(&format!("{HOLDING}/owned_pages?{FIELDS}"));
    let told = api::get(&rig, &first, &person).await;
    assert_eq!(ids(&told), [STUDIO]);
    assert!(told.body["paging"]["next"].is_string());
    let after = &told.body["paging"]["cursors"]["after"];
    let second = format!("{first}&after={}", after.as_str().expect("a cursor"));
    let told = api::get(&rig, &second, &person).await;
    assert_eq!(ids(&told), [HARBOUR]);
    assert_eq!(told.body["paging"].get("next"), None::<&Value>);
}
