//! Reading a network's own options out of a request.

use domain::Violation;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads options of the type `T` (which refuses unknown fields); `null` is no options.
///
/// # Errors
/// The broken rule, with the option's path as its field.
pub fn parse<T: DeserializeOwned>(options: &Value) -> Result<T, Violation> {
    let none = Value::Object(serde_json::Map::new());
    let given = if options.is_null() { &none } else { options };
    serde_path_to_error::deserialize(given).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." {
            "options".to_owned()
        } else {
            format!("options.{path}")
        };
        let reason = error.into_inner().to_string();
        let (rule, remedy) = if reason.starts_with("unknown field") {
            (
                "unknown_option",
                "Leave it out, or use one of the options named here.",
            )
        } else if reason.starts_with("missing field") {
            (
                "missing_option",
                "Add it; see the options of this network in the API description.",
            )
        } else {
            ("invalid_option", "Give it as the API description shows.")
        };
        Violation::new(field, rule, reason, remedy)
    })
}

/// The violation of a text option that is too long, counted in Unicode scalar values; `None` when it fits.
pub fn text_rule(field: &str, text: &str, max: usize, network: &str) -> Option<Violation> {
    let length = text.chars().count();
    (length > max).then(|| {
        Violation::new(
            field,
            "text_too_long",
            format!("is {length} characters long; {network} takes {max}"),
            format!("Shorten it by {}.", length - max),
        )
    })
}
