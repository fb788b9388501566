//! How many files and sockets a process may hold open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as macOS grants anybody; each of some hundred looks at posts holds a socket or two.
const ENOUGH: u64 = 10_240;

/// Asks for enough of them, as far as the system grants that: what a login shell gives may be 256.
pub(crate) fn ask_for_enough() {
    let granted = getrlimit(Resource::Nofile);
    let most = granted.maximum.unwrap_or(u64::MAX).min(ENOUGH);
    let Some(current) = granted.current.filter(|current| *current < most) else {
        return;
    };
    let wanted = Rlimit {
        current: Some(most),
        maximum: granted.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "this process may open {current} files and sockets, and not more"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_left_low_is_raised() {
        let granted = getrlimit(Resource::Nofile);
        let low = Rlimit {
            current: Some(200),
            ..granted
        };
        setrlimit(Resource::Nofile, low).unwrap();
        ask_for_enough();
        let now = getrlimit(Resource::Nofile).current.unwrap();
        assert_eq!(now, granted.maximum.unwrap_or(u64::MAX).min(ENOUGH));
    }
}
