//! What TikTok fetches itself: which addresses it takes, and what it looks at.

use serde_json::Value;
use url::{Host, Url};

use super::{State, rules::Refused, upload::is_video, wire::refusal};
use crate::{LiveMedia, World};

/// What is to be fetched.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Picture,
    Video,
}

impl Kind {
    pub(super) const fn pull_failed(self) -> &'static str {
        match self {
            Self::Picture => "photo_pull_failed",
            Self::Video => "video_pull_failed",
        }
    }
}

/// An address that may be fetched: https, a domain, verified in the portal.
pub(super) fn address(world: &World, given: &Value, field: &str) -> Refused<String> {
    let text = given.as_str().unwrap_or_default();
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https");
    let Some(Host::Domain(host)) = url.as_ref().and_then(Url::host) else {
        return Err(Box::new(refusal(
            world,
            400,
            "invalid_params",
            &format!("{field} must be https addresses of a domain"),
        )));
    };
    if !is_verified(&world.states().tiktok(), host, text) {
        return Err(Box::new(refusal(
            world,
            403,
            "url_ownership_unverified",
            "Please review our URL ownership verification rules at https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide",
        )));
    }
    Ok(text.to_owned())
}

fn is_verified(state: &State, host: &str, text: &str) -> bool {
    if state.properties.is_empty() {
        return !state.unverified_hosts.contains(host);
    }
    state.properties.iter().any(|property| {
        if property.starts_with("https://") {
            return text.starts_with(property.as_str());
        }
        host.strip_suffix(property.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether one of these files never arrives whole.
pub(super) fn hangs(state: &State, urls: &[String]) -> bool {
    urls.iter()
        .filter_map(|url| Url::parse(url).ok())
        .any(|url| {
            url.host_str()
                .is_some_and(|host| state.hanging_hosts.contains(host))
        })
}

/// Fetches the files; the error is the `fail_reason`. A redirect is not followed.
pub(super) async fn fetch(
    world: &World,
    urls: &[String],
    kind: Kind,
) -> Result<Vec<LiveMedia>, String> {
    let mut media = Vec::new();
    for url in urls {
        let pulled = world
            .pull(url)
            .await
            .ok()
            .filter(|pulled| pulled.status == 200)
            .ok_or_else(|| kind.pull_failed())?;
        let content_type = match kind {
            Kind::Picture => picture(&pulled.bytes)?,
            Kind::Video if is_video(&pulled.bytes) => "video/mp4",
            Kind::Video => return Err("file_format_check_failed".to_owned()),
        };
        media.push(world.keep(content_type, pulled.bytes));
    }
    Ok(media)
}

fn picture(bytes: &[u8]) -> Result<&'static str, String> {
    let content_type = match imagesize::image_type(bytes) {
        Ok(imagesize::ImageType::Jpeg) => "image/jpeg",
        Ok(imagesize::ImageType::Webp) => "image/webp",
        Ok(_) | Err(_) => return Err("file_format_check_failed".to_owned()),
    };
    let size = imagesize::blob_size(bytes).map_err(|_| "file_format_check_failed")?;
    let (short, long) = (size.width.min(size.height), size.width.max(size.height));
    if bytes.len() > 20 << 20 || short > 1080 || long > 1920 {
        return Err("picture_size_check_failed".to_owned());
    }
    Ok(content_type)
}
