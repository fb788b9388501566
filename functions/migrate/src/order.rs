//! What the function is asked for.

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What the function is asked for.
#[derive(Debug)]
pub enum Order {
    /// By an operator: nothing goes out until it is resumed.
    Halt,
    /// By an operator: the schema.
    Migrate,
    /// By `CloudFormation`: the schema, and an answer.
    Resource(Request),
    /// By an operator: the database's state is that of this time, so what may have gone out since waits for
    /// its authors, and nothing goes out until it is resumed.
    Restored(OffsetDateTime),
    /// By an operator: posts go out again.
    Resume,
}

/// What `CloudFormation` sends for a custom resource.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html> (read 2026-11-24)
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// Why it asks.
    pub request_type: RequestType,
    /// Where the answer goes. Whoever has the address may answer, so it is a secret.
    #[serde(rename = "ResponseURL")]
    pub response_url: SecretString,
    /// The stack.
    pub stack_id: String,
    /// This request.
    pub request_id: String,
    /// The resource's name in the template.
    pub logical_resource_id: String,
    /// The resource's name that an answer gave it; absent while it is created.
    pub physical_resource_id: Option<String>,
}

/// Why `CloudFormation` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum RequestType {
    /// The stack is new.
    Create,
    /// The stack goes.
    Delete,
    /// The build is another.
    Update,
}

/// What a database was restored from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Backup {
    /// The time of its state.
    from: String,
}

/// It is not known what was asked for.
#[derive(Debug, thiserror::Error)]
pub struct OrderError(Option<serde_json::Error>);

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(_) => f.write_str("this is no request of CloudFormation"),
            None => f.write_str(
                r#"ask with {}, {"halt":true}, {"resume":true} or {"restored":{"from":"2026-11-28T14:05:00Z"}}"#,
            ),
        }
    }
}

impl TryFrom<Value> for Order {
    type Error = OrderError;

    fn try_from(payload: Value) -> Result<Self, OrderError> {
        if payload.get("RequestType").is_some() {
            let request = serde_json::from_value(payload);
            return request
                .map(Self::Resource)
                .map_err(|error| OrderError(Some(error)));
        }
        let Value::Object(words) = payload else {
            return Err(OrderError(None));
        };
        let mut words = words.iter().map(|(word, value)| (word.as_str(), value));
        match (words.next(), words.next()) {
            (None, None) => Ok(Self::Migrate),
            (Some(("halt", Value::Bool(true))), None) => Ok(Self::Halt),
            (Some(("restored", value)), None) => {
                let backup: Backup =
                    serde_json::from_value(value.clone()).map_err(|_| OrderError(None))?;
                OffsetDateTime::parse(&backup.from, &Rfc3339)
                    .map(Self::Restored)
                    .map_err(|_| OrderError(None))
            }
            (Some(("resume", Value::Bool(true))), None) => Ok(Self::Resume),
            (Some(_) | None, Some(_) | None) => Err(OrderError(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_order_has_one_way_to_be_given() {
        assert!(matches!(json!({}).try_into(), Ok(Order::Migrate)));
        assert!(matches!(
            json!({ "halt": true }).try_into(),
            Ok(Order::Halt)
        ));
        assert!(matches!(
            json!({ "resume": true }).try_into(),
            Ok(Order::Resume)
        ));
    }

    #[test]
    fn the_time_of_a_backup_is_exact() {
        let order = json!({ "restored": { "from": "2026-11-28T15:05:00.5+01:00" } });
        let Ok(Order::Restored(from)) = Order::try_from(order) else {
            panic!("it is an order");
        };
        assert_eq!(from, time::macros::datetime!(2026-11-28 14:05:00.5 UTC));
    }

    #[test]
    fn what_could_mean_two_things_means_nothing() {
        for payload in [
            json!(null),
            json!([]),
            json!("halt"),
            json!({ "halt": false }),
            json!({ "halt": true, "resume": true }),
            json!({ "hold": true }),
            json!({ "restored": true }),
            json!({ "restored": {} }),
            json!({ "restored": { "from": "2026-11-28" } }),
            json!({ "restored": { "from": "2026-11-28T14:05:00" } }),
            json!({ "restored": { "from": 1_764_338_700 } }),
            json!({ "restored": { "from": "2026-11-28T14:05:00Z", "to": "2026-11-28T15:05:00Z" } }),
            json!({ "restored": { "from": "2026-11-28T14:05:00Z" }, "resume": true }),
            json!({ "RequestType": "Create" }),
            json!({ "RequestType": "Burn" }),
        ] {
            assert!(Order::try_from(payload.clone()).is_err(), "{payload}");
        }
    }
}
