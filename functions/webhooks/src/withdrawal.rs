//! Reading what a network signs about a person's grant.

use axum::{body::Bytes, extract::rejection::BytesRejection};
use domain::Platform;
use http::HeaderMap;
use platforms::{Login, Withdrawal};
use web::Problem;

use crate::{Env, news};

/// The network, the login that the grant came by, and what is said of it.
pub(crate) fn read(
    env: &Env,
    platform: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(Platform, &'static Login, Withdrawal), Problem> {
    let body = body.map_err(|rejection| news::unread(&rejection))?;
    let platform: Platform = platform.parse().map_err(|_| Problem::not_found())?;
    let incoming = news::Told {
        is_get: false,
        query: &[],
        headers,
        body: &body,
    };
    let (login, asked) = incoming
        .read(env, platform, platforms::withdrawal)
        .map_err(news::refused)?;
    Ok((platform, login, asked))
}
