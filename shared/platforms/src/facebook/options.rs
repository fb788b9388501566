//! What the author of a post to a Page chooses.

use domain::Violation;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::{Draft, parse_options, text_rule};

const LINK: usize = 2_048;
const TEXT: &str = "Facebook";
/// Links that lead back to Facebook are refused (1609008).
const OWN_HOSTS: &[&str] = &["facebook.com", "fb.com", "fb.me", "fb.watch"];

/// The options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// Shown as a card under the text.
    pub(super) link: Option<String>,
}

/// The options as they were accepted.
pub(super) fn read(options: &Value) -> Options {
    parse_options(options).unwrap_or_default()
}

/// Every rule of Facebook's own that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let options: Options = match parse_options(draft.options) {
        Ok(options) => options,
        Err(broken) => return vec![broken],
    };
    let Some(link) = options.link else {
        return Vec::new();
    };
    let mut broken = Vec::from_iter(text_rule("options.link", &link, LINK, TEXT));
    broken.extend(link_rule(&link));
    if !draft.media.is_empty() {
        broken.push(Violation::new(
            "options.link",
            "link_with_media",
            "stands beside media; Facebook shows a card for the link or the media, not both",
            "Leave out the link or the media, or write the link into the caption.",
        ));
    }
    broken
}

fn link_rule(link: &str) -> Option<Violation> {
    let url = Url::parse(link)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(host) = url.as_ref().and_then(Url::host_str) else {
        return Some(Violation::new(
            "options.link",
            "invalid_link",
            "is not a web address",
            "Write it as https://example.com/page.",
        ));
    };
    let is_own = OWN_HOSTS.iter().any(|own| {
        host == *own
            || host
                .strip_suffix(own)
                .is_some_and(|rest| rest.ends_with('.'))
    });
    is_own.then(|| {
        Violation::new(
            "options.link",
            "link_to_facebook",
            "leads to Facebook, which takes no links to itself",
            "Link to another site.",
        )
    })
}

#[cfg(test)]
mod tests {
    use domain::MediaKind;
    use serde_json::json;

    use super::*;
    use crate::DraftMedia;

    fn rules(options: &Value, media: &[DraftMedia]) -> Vec<String> {
        let draft = Draft {
            caption: "Words",
            media,
            options,
        };
        check(&draft)
            .into_iter()
            .map(|broken| format!("{} {}", broken.field, broken.rule))
            .collect()
    }

    #[test]
    fn each_rule_names_its_option() {
        let picture = [DraftMedia {
            kind: MediaKind::Image,
            facts: None,
            alt_text: None,
        }];
        assert!(rules(&Value::Null, &picture).is_empty());
        assert!(rules(&json!({"link": "https://example.com/a"}), &[]).is_empty());
        assert!(rules(&json!({"link": "https://notfacebook.com"}), &[]).is_empty());
        for (options, expected) in [
            (json!({"link": "dawn"}), "options.link invalid_link"),
            (
                json!({"link": "javascript:alert(1)"}),
                "options.link invalid_link",
            ),
            (
                json!({"link": "https://m.facebook.com/page"}),
                "options.link link_to_facebook",
            ),
            (
                json!({"link": format!("https://example.com/{}", "a".repeat(2_048))}),
                "options.link text_too_long",
            ),
            (json!({"place": "1"}), "options.place unknown_option"),
        ] {
            assert_eq!(rules(&options, &[]), [expected]);
        }
        assert_eq!(
            rules(&json!({"link": "https://example.com"}), &picture),
            ["options.link link_with_media"]
        );
    }
}
