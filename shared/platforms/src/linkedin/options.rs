//! What the author of a post chooses.

use domain::Violation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Draft, parse_options, text_rule};

const ALT_TEXT: usize = 4_086;

/// The options of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    /// Who may see it.
    pub(super) visibility: Visibility,
}

/// Who may see a post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Visibility {
    /// The member's connections.
    Connections,
    /// Everybody.
    #[default]
    Public,
}

/// The options as they were accepted.
pub(super) fn read(options: &Value) -> Options {
    parse_options(options).unwrap_or_default()
}

/// Every rule of LinkedIn's own that a draft breaks.
pub fn check(draft: &Draft<'_>) -> Vec<Violation> {
    let empty = Value::Object(serde_json::Map::new());
    let given = if draft.options.is_null() {
        &empty
    } else {
        draft.options
    };
    if let Err(broken) = parse_options::<Options>(given) {
        return vec![broken];
    }
    draft
        .media
        .iter()
        .enumerate()
        .filter_map(|(place, item)| {
            text_rule(
                &format!("media[{place}].altText"),
                item.alt_text.as_deref()?,
                ALT_TEXT,
                "LinkedIn",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_known_visibilities_are_taken() {
        for (options, count) in [
            (json!({}), 0),
            (Value::Null, 0),
            (json!({"visibility": "CONNECTIONS"}), 0),
            (json!({"visibility": "FRIENDS"}), 1),
            (json!({"audience": "PUBLIC"}), 1),
        ] {
            let broken = check(&Draft {
                caption: "x",
                media: &[],
                options: &options,
            });
            assert_eq!(broken.len(), count, "{options}");
        }
    }
}
