//! What TikTok tells us on its own (webhooks, read 2026-11-23).

use hmac::{Hmac, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;
use time::OffsetDateTime;

use super::wire::{Notice, NoticeOfPost};
use crate::{Happening, Incoming, Received, WebhookError, What, same};

/// How far the signed time may be from ours, in seconds.
const SKEW: i64 = 300;

/// Reads a request to our webhook address.
///
/// # Errors
/// [`WebhookError`] when it is unsigned, too old, or no event of ours. TikTok has no handshake.
pub fn receive(incoming: &Incoming<'_>) -> Result<Received, WebhookError> {
    if incoming.is_get {
        return Err(WebhookError::Unsupported);
    }
    verify(incoming).ok_or(WebhookError::Unsigned)?;
    let notice: Notice =
        serde_json::from_slice(incoming.body).map_err(|_| WebhookError::Malformed)?;
    if notice.client_key != incoming.app.client_id {
        return Err(WebhookError::Malformed);
    }
    Ok(Received::News(happening(&notice)?.into_iter().collect()))
}

fn verify(incoming: &Incoming<'_>) -> Option<()> {
    let header = incoming.header("tiktok-signature")?;
    let part = |name: &str| {
        header
            .split(',')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let (time, signature) = (part("t")?, part("s")?);
    let signed_at: i64 = time.parse().ok()?;
    let age = incoming.now.unix_timestamp().checked_sub(signed_at)?;
    if age.checked_abs()? > SKEW {
        return None;
    }
    let mut mac =
        Hmac::<Sha256>::new_from_slice(incoming.app.client_secret.expose_secret().as_bytes())
            .ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(incoming.body);
    let expected = mac.finalize().into_bytes();
    same(&hex::decode(signature).ok()?, &expected).then_some(())
}

fn happening(notice: &Notice) -> Result<Option<Happening>, WebhookError> {
    let what = match notice.event.as_str() {
        "authorization.removed" => Some((
            String::new(),
            What::AccessWithdrawn {
                subject: notice.user_openid.clone(),
                // News come up to three days late, and must not undo what was granted since.
                at: OffsetDateTime::from_unix_timestamp(notice.create_time).ok(),
            },
        )),
        "post.publish.complete"
        | "post.publish.failed"
        | "post.publish.inbox_delivered"
        | "post.publish.publicly_available"
        | "post.publish.no_longer_publicaly_available" => {
            let post: NoticeOfPost =
                serde_json::from_str(&notice.content).map_err(|_| WebhookError::Malformed)?;
            let post_id = post.post_id.map(|id| id.0).unwrap_or_default();
            Some((
                format!("{}/{post_id}", post.publish_id),
                What::PostMoved {
                    handle: post.publish_id,
                },
            ))
        }
        _ => None,
    };
    Ok(what.map(|(about, what)| Happening {
        key: format!(
            "{}/{}/{about}/{}",
            notice.event, notice.user_openid, notice.create_time
        ),
        what,
    }))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::App;

    const BODY: &str = r#"{"client_key":"ck_test","event":"post.publish.complete","create_time":1700000000,"user_openid":"open-1","content":"{\"publish_id\":\"v_pub_file~v2-1.1\",\"publish_type\":\"DIRECT_PUBLISH\"}"}"#;
    const SIGNATURE: &str = "fde9287470afec756e43ebe54f3a8356e1463931824aac9ae3d0c450fbba4b6f";

    fn received(header: Option<&str>, body: &str, late: i64) -> Result<Received, WebhookError> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert("tiktok-signature", header.parse().unwrap());
        }
        receive(&Incoming {
            is_get: false,
            query: &[],
            headers: &headers,
            body: body.as_bytes(),
            now: OffsetDateTime::from_unix_timestamp(1_700_000_000 + late).unwrap(),
            app: &app(),
        })
    }

    fn app() -> App {
        App {
            client_id: "ck_test".to_owned(),
            client_secret: "test_secret".into(),
            redirect_uri: "https://app.example/api/callback/tiktok".parse().unwrap(),
            version: String::new(),
            webhook_secret: None,
            webhook_verify_token: None,
            settings: std::collections::BTreeMap::new(),
        }
    }

    fn signed(body: &str) -> Result<Received, WebhookError> {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"test_secret").unwrap();
        mac.update(format!("1700000000.{body}").as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        received(Some(&format!("t=1700000000,s={signature}")), body, 0)
    }

    fn notice(event: &str, content: &str) -> String {
        serde_json::json!({
            "client_key": "ck_test", "event": event, "create_time": 1_700_000_000,
            "user_openid": "open-1", "content": content,
        })
        .to_string()
    }

    #[test]
    fn the_documented_vector_is_news_of_its_post() {
        let header = format!("t=1700000000,s={SIGNATURE}");
        for late in [-300, 0, 300] {
            assert_eq!(
                received(Some(&header), BODY, late),
                Ok(Received::News(vec![Happening {
                    key: "post.publish.complete/open-1/v_pub_file~v2-1.1//1700000000".to_owned(),
                    what: What::PostMoved {
                        handle: "v_pub_file~v2-1.1".to_owned(),
                    },
                }]))
            );
        }
    }

    #[test]
    fn what_is_unsigned_altered_or_old_is_refused() {
        let good = format!("t=1700000000,s={SIGNATURE}");
        let altered = BODY.replace("open-1", "open-2");
        let other_time = format!("t=1700000001,s={SIGNATURE}");
        let short = format!("t=1700000000,s={}", &SIGNATURE[..62]);
        let no_time = format!("s={SIGNATURE}");
        let huge = format!("t=-9223372036854775808,s={SIGNATURE}");
        for (header, body, late) in [
            (None, BODY, 0),
            (Some(""), BODY, 0),
            (Some("t=1700000000"), BODY, 0),
            (Some("t=1700000000,s="), BODY, 0),
            (Some("t=1700000000,s=zz"), BODY, 0),
            (Some(no_time.as_str()), BODY, 0),
            (Some(huge.as_str()), BODY, 0),
            (Some(short.as_str()), BODY, 0),
            (Some(other_time.as_str()), BODY, 0),
            (Some(good.as_str()), altered.as_str(), 0),
            (Some(good.as_str()), "", 0),
            (Some(good.as_str()), BODY, 301),
            (Some(good.as_str()), BODY, -301),
        ] {
            assert_eq!(
                received(header, body, late),
                Err(WebhookError::Unsigned),
                "{header:?} {late}"
            );
        }
    }

    #[test]
    fn every_event_is_mapped_or_ignored() {
        for event in [
            "post.publish.failed",
            "post.publish.inbox_delivered",
            "post.publish.publicly_available",
            "post.publish.no_longer_publicaly_available",
        ] {
            for post_id in ["7602997517160123666", "\"7602997517160123666\""] {
                let content = format!(r#"{{"publish_id":"p~1","post_id":{post_id}}}"#);
                let Ok(Received::News(news)) = signed(&notice(event, &content)) else {
                    panic!("{event}")
                };
                assert_eq!(
                    news[0].key,
                    format!("{event}/open-1/p~1/7602997517160123666/1700000000")
                );
            }
        }
        let Ok(Received::News(news)) = signed(&notice("authorization.removed", "{\"reason\":1}"))
        else {
            panic!("authorization.removed")
        };
        assert_eq!(
            news[0].what,
            What::AccessWithdrawn {
                subject: "open-1".to_owned(),
                at: Some(time::macros::datetime!(2023-11-14 22:13:20 UTC)),
            }
        );
        for event in [
            "video.upload.failed",
            "video.publish.completed",
            "portability.download.ready",
            "new",
        ] {
            assert_eq!(signed(&notice(event, "")), Ok(Received::News(Vec::new())));
        }
    }

    #[test]
    fn signed_nonsense_is_malformed() {
        for body in ["", "{}", "[]", &notice("post.publish.complete", "no json")] {
            assert_eq!(signed(body), Err(WebhookError::Malformed), "{body}");
        }
        let foreign = notice("authorization.removed", "").replace("ck_test", "ck_other");
        assert_eq!(signed(&foreign), Err(WebhookError::Malformed));
    }
}
