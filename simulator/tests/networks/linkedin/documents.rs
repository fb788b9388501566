//! Documents: announced, uploaded, processed.

use http::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::{linkedin::bench::*, rig::Rig, samples::jpeg};

const DOCUMENTS: &str = "api.linkedin.com/rest/documents?action=initializeUpload";

async fn announced(rig: &Rig, token: &str) -> (String, String) {
    let order = json!({"initializeUploadRequest": {"owner": "urn:li:person:8sTd1oQx2z"}});
    let value = action(rig, DOCUMENTS, token, &order).await.json()["value"].clone();
    let text = |name: &str| value[name].as_str().expect("a text").to_owned();
    (text("document"), text("uploadUrl"))
}

async fn uploaded(rig: &Rig, token: &str, bytes: Vec<u8>) -> String {
    let (urn, url) = announced(rig, token).await;
    assert_eq!(put(rig, &url, &bearer(token), bytes).await.status, 201);
    urn
}

async fn told(rig: &Rig, token: &str, urn: &str) -> Value {
    let path = format!("api.linkedin.com/rest/documents/{}", encoded(urn));
    read(rig, &path, token).await.json()["status"].clone()
}

fn showing(urn: &str) -> Value {
    with(&json!({"content": {"media": {"id": urn, "title": "Menu"}}}))
}

#[tokio::test]
async fn a_document_needs_its_bytes_and_the_token() {
    let rig = rig();
    let token = token(&rig).await;
    let (urn, url) = announced(&rig, &token).await;
    assert_eq!(told(&rig, &token, &urn).await, "WAITING_UPLOAD");
    let early = publish(&rig, &token, &showing(&urn)).await;
    assert_eq!(code_of(&early), "MEDIA_ASSET_WAITING_UPLOAD");
    assert_eq!(put(&rig, &url, &[], pdf(3)).await.status, 401);
    assert_eq!(put(&rig, &url, &bearer(&token), pdf(3)).await.status, 201);
    assert_eq!(publish(&rig, &token, &showing(&urn)).await.status, 201);
    let live = rig.simulator.ledger().posts()[0].clone();
    assert_eq!((live.kind.as_str(), live.media.len()), ("document", 1));
    let (_, url) = announced(&rig, &token).await;
    rig.clock.advance(Duration::hours(25));
    let late = put(&rig, &url, &bearer(&token), pdf(3)).await;
    assert_eq!(code_of(&late), "EXPIRED_UPLOAD_URL");
}

#[tokio::test]
async fn each_kind_of_document_is_taken_and_nothing_else() {
    let rig = rig();
    let token = token(&rig).await;
    for (bytes, status) in [
        (pdf(300), "AVAILABLE"),
        (package("word"), "AVAILABLE"),
        (package("ppt"), "AVAILABLE"),
        (compound("WordDocument"), "AVAILABLE"),
        (compound("PowerPoint Document"), "AVAILABLE"),
        (pdf(301), "PROCESSING_FAILED"),
        (package("xl"), "PROCESSING_FAILED"),
        (compound("Workbook"), "PROCESSING_FAILED"),
        (jpeg(10, 10), "PROCESSING_FAILED"),
        (b"%PDF-1.7 cut".to_vec(), "PROCESSING_FAILED"),
        (Vec::new(), "PROCESSING_FAILED"),
    ] {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]).into_owned();
        let urn = uploaded(&rig, &token, bytes).await;
        assert_eq!(told(&rig, &token, &urn).await, status, "{shown}");
        let mut body = showing(&urn);
        body["commentary"] = urn.clone().into();
        let posted = publish(&rig, &token, &body).await;
        if status == "AVAILABLE" {
            assert_eq!(posted.status, 201, "{shown}");
        } else {
            assert_eq!(code_of(&posted), "MEDIA_ASSET_PROCESSING_FAILED", "{shown}");
        }
    }
}

#[tokio::test]
async fn a_document_takes_its_time() {
    let rig = rig();
    let token = token(&rig).await;
    let world = rig.simulator.world();
    world.set_processing("linkedin", Duration::seconds(30));
    let urn = uploaded(&rig, &token, pdf(3)).await;
    assert_eq!(told(&rig, &token, &urn).await, "PROCESSING");
    let early = publish(&rig, &token, &showing(&urn)).await;
    assert_eq!(code_of(&early), "MEDIA_ASSET_WAITING_UPLOAD");
    rig.clock.advance(Duration::seconds(30));
    assert_eq!(told(&rig, &token, &urn).await, "AVAILABLE");
    assert_eq!(publish(&rig, &token, &showing(&urn)).await.status, 201);
}

#[tokio::test]
async fn a_document_is_shown_under_a_title_and_alone() {
    let rig = rig();
    let token = token(&rig).await;
    let urn = uploaded(&rig, &token, pdf(3)).await;
    for media in [json!({"id": urn}), json!({"id": urn, "title": ""})] {
        let body = with(&json!({"content": {"media": media}}));
        assert_eq!(
            code_of(&publish(&rig, &token, &body).await),
            "MISSING_FIELD"
        );
    }
    let images = json!([{"id": urn, "title": "Menu"}, {"id": urn, "title": "Menu"}]);
    let body = with(&json!({"content": {"multiImage": {"images": images}}}));
    assert_eq!(
        code_of(&publish(&rig, &token, &body).await),
        "INVALID_IMAGE_ID"
    );
    let other = showing("urn:li:document:unknown");
    assert_eq!(
        code_of(&publish(&rig, &token, &other).await),
        "INVALID_URN_ID"
    );
}

#[tokio::test]
async fn a_document_that_is_too_large_is_refused() {
    let rig = rig();
    let token = token(&rig).await;
    let bytes = pdf(3);
    let world = rig.simulator.world();
    world.states().linkedin().max_document_bytes = bytes.len() - 1;
    let (urn, url) = announced(&rig, &token).await;
    assert_eq!(put(&rig, &url, &bearer(&token), bytes).await.status, 413);
    assert_eq!(told(&rig, &token, &urn).await, "WAITING_UPLOAD");
}

#[tokio::test]
async fn a_document_is_its_owners_and_of_a_page_only_for_those_who_may_post_all() {
    let rig = rig();
    let (studio, bakery) = (
        token(&rig).await,
        token_for(&rig, "aB4k3ryW-7", SCOPES).await,
    );
    let order = |owner: &str| json!({"initializeUploadRequest": {"owner": owner}});
    let foreign = order("urn:li:person:8sTd1oQx2z");
    let denied = action(&rig, DOCUMENTS, &bakery, &foreign).await;
    assert_eq!(denied.status, 403);
    assert!(text(&denied).contains("resource is forbidden"));
    let (urn, url) = announced(&rig, &studio).await;
    assert_eq!(put(&rig, &url, &bearer(&bakery), pdf(3)).await.status, 403);
    assert_eq!(told(&rig, &bakery, &urn).await, 403);
    let pages = token_for(&rig, STUDIO, PAGE_SCOPES).await;
    for (page, status) in [(PAGE, 200), (FILLED, 403)] {
        let answer = action(&rig, DOCUMENTS, &pages, &order(page)).await;
        assert_eq!(answer.status, status, "{page}");
    }
    for (order, path) in [
        (json!({"initializeUploadRequest": {}}), DOCUMENTS),
        (
            foreign,
            "api.linkedin.com/rest/documents?action=finalizeUpload",
        ),
    ] {
        assert_eq!(action(&rig, path, &studio, &order).await.status, 400);
    }
    let bare = format!("api.linkedin.com/rest/documents/{urn}");
    let reply = send(&rig, Method::GET, &bare, &versioned(&studio), Vec::new()).await;
    assert_eq!(reply.status, 400, "a URN in a path is encoded");
}

/// A PDF of that many pages, as far as networks look.
fn pdf(pages: usize) -> Vec<u8> {
    let page = b"<< /Type /Page >>\n".repeat(pages);
    let start = b"%PDF-1.7\n<< /Type /Pages >>\n".as_slice();
    [start, &page, b"%%EOF\n"].concat()
}

/// An Office file whose main part lies in that folder, as far as networks look.
fn package(folder: &str) -> Vec<u8> {
    let names = format!("[Content_Types].xml {folder}/main.xml");
    [b"PK\x03\x04".as_slice(), names.as_bytes()].concat()
}

/// An old Office file with that stream, as far as networks look.
fn compound(stream: &str) -> Vec<u8> {
    let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &name].concat()
}
