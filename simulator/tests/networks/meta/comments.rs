//! Comments under posts, at both networks.

use crate::meta::api::{self, JPEG, graph, page_tokens, person, rig};
use serde_json::json;

const STUDIO: &str = "104482915678301";
const KITCHEN: &str = "104482915678302";
const ACCOUNT: &str = "17841405822304914";
const FACEBOOK: &str = "pages_show_list,pages_read_engagement,pages_manage_posts";
const INSTAGRAM: &str =
    "instagram_basic,instagram_content_publish,pages_show_list,pages_read_engagement";

#[tokio::test]
async fn a_comment_under_a_page_post_needs_a_permission_of_its_own() {
    let rig = rig("facebook");
    let (token, _) = person(&rig, FACEBOOK, &[STUDIO, KITCHEN]).await;
    let tokens = page_tokens(&rig, &token).await;
    let feed = graph(&format!("{STUDIO}/feed"));
    let made = api::post(&rig, &feed, &tokens[STUDIO], &[("message", "a")]).await;
    let comments = graph(&format!("{}/comments", made.text("id")));
    let words = [("message", "More here")];
    let said = api::post(&rig, &comments, &tokens[STUDIO], &words).await;
    assert_eq!((said.status, said.code()), (403, 10));
    let meta = rig.simulator.world().states();
    meta.meta().allow("pages_manage_engagement");
    let foreign = api::post(&rig, &comments, &tokens[KITCHEN], &words).await;
    assert_eq!((foreign.code(), foreign.subcode()), (100, 33));
    for wrong in [vec![], vec![("message", " ")], vec![("text", "a")]] {
        let said = api::post(&rig, &comments, &tokens[STUDIO], &wrong).await;
        assert_eq!(said.code(), 100, "{wrong:?}");
    }
    let written = api::post(&rig, &comments, &tokens[STUDIO], &words).await;
    meta.meta()
        .comment_as_a_stranger(&made.text("id"), "First!");
    let path = format!("{comments}?fields=id,message,from{{id}}");
    let told = api::get(&rig, &path, &tokens[STUDIO]).await;
    assert_eq!(told.body["data"][0]["id"], written.text("id"));
    assert_eq!(told.body["data"][0]["message"], "More here");
    assert_eq!(told.body["data"][0]["from"]["id"], STUDIO);
    assert_ne!(told.body["data"][1]["from"]["id"], STUDIO);
    let path = format!("{comments}?fields=id,text");
    assert_eq!(api::get(&rig, &path, &tokens[STUDIO]).await.code(), 100);
}

#[tokio::test]
async fn instagram_keeps_the_words_of_a_comment_under_another_name() {
    let rig = rig("instagram");
    let scopes = format!("{INSTAGRAM},instagram_manage_comments");
    let (token, _) = person(&rig, &scopes, &[ACCOUNT]).await;
    let token = page_tokens(&rig, &token).await[STUDIO].clone();
    let media = graph(&format!("{ACCOUNT}/media"));
    let made = api::post(&rig, &media, &token, &[("image_url", JPEG)]).await;
    let publish = graph(&format!("{ACCOUNT}/media_publish"));
    let creation = made.text("id");
    let post = api::post(&rig, &publish, &token, &[("creation_id", &creation)]).await;
    let comments = graph(&format!("{}/comments", post.text("id")));
    let said = api::post(&rig, &comments, &token, &[("message", "More here")]).await;
    assert_eq!(said.status, 200, "{said:?}");
    let path = format!("{comments}?fields=id,text,from{{id,username}}");
    let told = api::get(&rig, &path, &token).await;
    let comment = &told.body["data"][0];
    assert_eq!(comment["text"], "More here");
    assert_eq!(comment["from"]["username"], "sample_studio");
    assert_eq!(
        rig.simulator.world().states().meta().comments()[0].author,
        ACCOUNT
    );
    let path = format!("{comments}?fields=message");
    assert_eq!(
        api::get(&rig, &path, &token).await.body["error"]["code"],
        json!(100)
    );
}
