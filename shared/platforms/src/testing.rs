//! What the tests of several networks use.

use http::HeaderMap;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Answer, Fault, FaultKind};

/// An answer without headers.
pub(crate) fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: HeaderMap::new(),
        body: body.to_string().into_bytes(),
    }
}

/// The kind of a fault, whatever it holds.
pub(crate) const fn kind_of(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::Content => "content",
        FaultKind::Operator => "operator",
        FaultKind::Quota { .. } => "quota",
        FaultKind::Reconnect => "reconnect",
        FaultKind::Retry { .. } => "retry",
        FaultKind::Unauthorized => "unauthorized",
        FaultKind::Unconfirmed { .. } => "unconfirmed",
    }
}

/// Reads states of a machine as older builds stored them: none of their fields may be lost.
pub(crate) fn read_stored<M>(states: &str)
where
    M: std::fmt::Debug + DeserializeOwned + PartialEq + Serialize,
{
    let states: Vec<Value> = serde_json::from_str(states).unwrap();
    assert!(!states.is_empty());
    for state in states {
        let read: M = serde_json::from_value(state.clone()).unwrap();
        let written = serde_json::to_value(&read).unwrap();
        assert!(holds(&written, &state), "{state} became {written}");
        assert_eq!(serde_json::from_value::<M>(written).unwrap(), read);
    }
}

/// Whether all that `old` says is said by `new`, which may say more.
fn holds(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => old
            .iter()
            .all(|(name, value)| new.get(name).is_some_and(|new| holds(new, value))),
        _ => new == old,
    }
}
