//! Which posts count where a network allows so many of a kind.

use serde_json::Value;

/// Which posts count, by one of their options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// All.
    All,
    /// Those whose option of that name has this value.
    With(&'static str, &'static str),
    /// Those whose option of that name has another value, or none.
    Without(&'static str, &'static str),
}

impl Counted {
    /// The option and its value, where one decides; and whether those count that have it.
    pub const fn parts(self) -> (Option<(&'static str, &'static str)>, bool) {
        match self {
            Self::All => (None, true),
            Self::With(option, value) => (Some((option, value)), true),
            Self::Without(option, value) => (Some((option, value)), false),
        }
    }

    /// Whether a post with these options counts.
    pub fn counts(self, options: &Value) -> bool {
        let has = |option, value| match &options[option] {
            Value::Bool(flag) => value == if *flag { "true" } else { "false" },
            Value::String(text) => text == value,
            Value::Array(_) | Value::Null | Value::Number(_) | Value::Object(_) => false,
        };
        match self {
            Self::All => true,
            Self::With(option, value) => has(option, value),
            Self::Without(option, value) => !has(option, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn posts_count_by_one_option() {
        let reel = Counted::With("reel", "true");
        let direct = Counted::Without("mode", "inbox");
        for (options, is_reel, is_direct) in [
            (json!({"reel": true, "mode": "inbox"}), true, false),
            (json!({"reel": false, "mode": "direct"}), false, true),
            (json!({"reel": "true"}), true, true),
            (json!({}), false, true),
            (Value::Null, false, true),
        ] {
            assert_eq!(reel.counts(&options), is_reel, "{options}");
            assert_eq!(direct.counts(&options), is_direct, "{options}");
            assert!(Counted::All.counts(&options));
        }
    }
}
