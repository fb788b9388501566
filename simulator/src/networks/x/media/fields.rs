//! The fields of a request, whatever it is encoded as.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{FromRequest as _, Multipart, Request},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;
use serde_json::Value;

use super::super::{caller::is_json, said::Said};

pub(super) fn json_of<T: serde::de::DeserializeOwned>(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, Said> {
    if !is_json(headers) {
        return Err(Said::invalid("Content-Type must be application/json"));
    }
    serde_json::from_slice(body).map_err(|error| Said::invalid(&error.to_string()))
}

pub(super) fn only(fields: &BTreeMap<String, Bytes>, known: &[&str]) -> Result<(), Said> {
    let unknown = fields.keys().find(|name| !known.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| {
        Err(Said::invalid(&format!(
            "{name}: property not defined in the schema"
        )))
    })
}

pub(super) fn text(fields: &BTreeMap<String, Bytes>, name: &str) -> Option<String> {
    let bytes = fields.get(name)?;
    String::from_utf8(bytes.to_vec()).ok()
}

pub(super) async fn fields_of_multipart(request: Request) -> Result<BTreeMap<String, Bytes>, Said> {
    let broken = || Said::invalid("The multipart body cannot be read.");
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| broken())?;
    let mut fields = BTreeMap::new();
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        let name = part.name().unwrap_or_default().to_owned();
        fields.insert(name, part.bytes().await.map_err(|_| broken())?);
    }
    Ok(fields)
}

pub(super) async fn fields_of_json(request: Request) -> Result<BTreeMap<String, Bytes>, Said> {
    let broken = || Said::invalid("The JSON body cannot be read.");
    let body = Bytes::from_request(request, &())
        .await
        .map_err(|_| broken())?;
    let object: BTreeMap<String, Value> = serde_json::from_slice(&body).map_err(|_| broken())?;
    object
        .into_iter()
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let bytes = if name == "media" {
                STANDARD.decode(text).map_err(|_| broken())?
            } else {
                text.into_bytes()
            };
            Ok((name, Bytes::from(bytes)))
        })
        .collect()
}
