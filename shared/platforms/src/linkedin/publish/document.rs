//! A document on its way to LinkedIn: announced, uploaded.

use serde_json::json;

use super::{Publish, again, confirm::author, of_linkedin, processing::Work, success};
use crate::{
    Answer, Asset, Auth, Call, Fault, PublishContext, UploadUrl,
    linkedin::{
        fault,
        profile::{api, versioned},
        wire::{DocumentUpload, Wrapped},
    },
};

/// Announces the document.
pub(super) fn initialize(cx: &PublishContext<'_>) -> Call {
    let url = api(cx.app, "/rest/documents?action=initializeUpload");
    versioned(cx.app, Call::post("initialize_document", url)).json(json!({
        "initializeUploadRequest": { "owner": author(cx) },
    }))
}

/// What came of the announcement.
pub(super) fn initialized(
    cx: &PublishContext<'_>,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    let Wrapped { value }: Wrapped<DocumentUpload> = success(answer, cx, "documents")?;
    Ok(Publish::UploadDocument {
        document: value.document,
        url: of_linkedin(&value.upload_url)?,
        tries,
    })
}

/// Sends the document.
pub(super) fn upload(cx: &PublishContext<'_>, url: &UploadUrl) -> Call {
    let asset = cx.content.assets.first();
    let content_type = asset.map_or("application/octet-stream", |asset| {
        asset.facts.content_type()
    });
    Call::put("upload_document", url.expose().clone())
        .auth(Auth::Bearer)
        .header("content-type", content_type)
        .file(0, 0..asset.map_or(0, Asset::bytes))
}

/// What came of it.
pub(super) fn uploaded(
    cx: &PublishContext<'_>,
    document: String,
    tries: u8,
    answer: &Answer,
) -> Result<Publish, Fault> {
    if answer.is_success() {
        return Ok(Work::Document.begin(cx, document, true, tries));
    }
    if fault::is_ended_address(answer) {
        return again(tries, answer, |tries| Publish::InitializeDocument { tries });
    }
    Err(fault::read(answer, cx.now))
}
