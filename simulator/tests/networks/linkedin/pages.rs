//! Pages: who has which role, and what that is good for.

use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::{linkedin::bench::*, rig::with_query};

async fn roles(rig: &crate::rig::Rig, token: &str, pairs: &[(&str, &str)]) -> Value {
    read(rig, &with_query(ROLES, pairs), token).await.json()
}

#[tokio::test]
async fn roles_are_listed_by_kind_and_state_and_in_pages() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    let q = ("q", "roleAssignee");
    assert_eq!(
        roles(
            &rig,
            &token,
            &[q, ("role", "ADMINISTRATOR"), ("state", "APPROVED")]
        )
        .await,
        json!({
            "elements": [{"organization": PAGE, "role": "ADMINISTRATOR",
                "roleAssignee": "urn:li:person:8sTd1oQx2z", "state": "APPROVED"}],
            "paging": {"start": 0, "count": 10, "total": 1},
        })
    );
    let all = roles(&rig, &token, &[q]).await;
    assert_eq!(all["paging"]["total"], 4);
    let part = roles(&rig, &token, &[q, ("start", "1"), ("count", "2")]).await;
    assert_eq!(part["elements"].as_array().map(Vec::len), Some(2));
    assert_eq!(part["elements"][0], all["elements"][1]);
    rig.simulator.world().states().linkedin().names_targets = true;
    let older = roles(&rig, &token, &[q]).await;
    assert_eq!(older["elements"][0]["organizationTarget"], PAGE);
    assert_eq!(older["elements"][0]["organization"], Value::Null);
    let bakery = token_for(&rig, "aB4k3ryW-7", PAGE_SCOPES).await;
    assert_eq!(roles(&rig, &bakery, &[q]).await["paging"]["total"], 0);
    let unknown = read(&rig, &with_query(ROLES, &[("q", "roles")]), &token).await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn pages_are_read_with_the_scope_by_those_with_a_role() {
    let rig = rig();
    let admin = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    let named = read(&rig, &format!("{ORGANIZATIONS}/2414183"), &admin).await;
    assert_eq!(
        named.json(),
        json!({"id": 2_414_183, "localizedName": "Sample Studio & Co", "vanityName": "sample-studio-co"})
    );
    let member = token(&rig).await;
    let bakery = token_for(&rig, "aB4k3ryW-7", PAGE_SCOPES).await;
    for token in [&member, &bakery] {
        let denied = read(&rig, &format!("{ORGANIZATIONS}/2414183"), token).await;
        assert_eq!(denied.status, 403);
        assert!(text(&denied).contains("organizations.GET"));
    }
    let denied = read(&rig, &with_query(ROLES, &[("q", "roleAssignee")]), &member).await;
    assert!(text(&denied).contains("organizationAcls.FINDER-roleAssignee"));
}

#[tokio::test]
async fn a_page_posts_by_its_roles() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    for (page, status) in [
        ("2414183", 201),
        ("5590506", 201),
        ("7700011", 403),
        ("8800022", 403),
    ] {
        let author = format!("urn:li:organization:{page}");
        let body = with(&json!({"author": author}));
        assert_eq!(publish(&rig, &token, &body).await.status, status, "{page}");
        let order = json!({"initializeUploadRequest": {"owner": author}});
        let image = action(&rig, IMAGES, &token, &order).await;
        assert_eq!(image.status == 200, status == 201, "{page}");
    }
    let live = rig.simulator.ledger().posts()[0].clone();
    assert_eq!(
        (live.account_id.as_str(), live.account_name.as_str()),
        ("2414183", "Sample Studio & Co")
    );
    let own = publish(&rig, &token, &post("Hello")).await;
    assert_eq!(own.status, 403, "the app may not post for members");
    let member = self::token(&rig).await;
    let body = with(&json!({"author": PAGE}));
    assert_eq!(
        publish(&rig, &member, &body).await.status,
        403,
        "the scope is missing"
    );
}

#[tokio::test]
async fn those_who_fill_a_page_may_not_upload_videos() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    for (owner, status) in [(PAGE, 200), (FILLED, 403)] {
        let mut order = video_order(80_000);
        order["initializeUploadRequest"]["owner"] = json!(owner);
        assert_eq!(action(&rig, VIDEOS, &token, &order).await.status, status);
    }
}

#[tokio::test]
async fn posts_of_pages_are_public() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    for visibility in ["CONNECTIONS", "LOGGED_IN"] {
        let body = with(&json!({"author": PAGE, "visibility": visibility}));
        let refused = publish(&rig, &token, &body).await;
        assert_eq!(code_of(&refused), "INVALID_VALUE_FOR_FIELD");
    }
}

#[tokio::test]
async fn posts_of_pages_are_listed_with_the_scope_and_perhaps_late() {
    let rig = rig();
    let token = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    rig.simulator
        .world()
        .set_listing_lag("linkedin", Duration::minutes(3));
    let body = with(&json!({"author": PAGE, "commentary": "Hello #all \\(of you\\)"}));
    let made = publish(&rig, &token, &body).await;
    let elements = async || listed(&rig, &token, PAGE).await.json()["elements"].clone();
    assert_eq!(elements().await, json!([]));
    rig.clock.advance(Duration::minutes(3));
    let told = elements().await;
    assert_eq!(told[0]["id"], made.header("x-restli-id"));
    assert_eq!(
        told[0]["commentary"],
        "Hello {hashtag|\\#|all} \\(of you\\)"
    );
    let path = format!("{POSTS}/{}", encoded(made.header("x-restli-id")));
    assert_eq!(read(&rig, &path, &token).await.json(), told[0]);
    let blind = "r_basicprofile w_organization_social rw_organization_admin";
    let blind = token_for(&rig, STUDIO, blind).await;
    let bakery = token_for(&rig, "aB4k3ryW-7", PAGE_SCOPES).await;
    for token in [&blind, &bakery] {
        let denied = listed(&rig, token, PAGE).await;
        assert!(text(&denied).contains("partnerApiPostsExternal.FINDER-author"));
        assert_eq!(read(&rig, &path, token).await.status, 403);
    }
    let unmarked = with_query(POSTS, &[("q", "author"), ("author", PAGE)]);
    assert_eq!(read(&rig, &unmarked, &token).await.status, 400);
    let foreign = send(&rig, Method::DELETE, &path, &versioned(&bakery), Vec::new()).await;
    assert_eq!(foreign.status, 403);
}
