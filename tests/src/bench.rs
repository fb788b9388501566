//! Which benchmark is asked for.

/// What is asked of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Of how many, where that is said.
    pub count: Option<usize>,
}

/// Whether a benchmark of this name is asked for, and of how many, where that is said: `cargo bench` names none or
/// parts of names, with numbers between them. `cargo test` would run it for nothing.
pub fn asked(name: &str) -> Option<Asked> {
    of(name, std::env::args().skip(1))
}

fn of(name: &str, arguments: impl Iterator<Item = String>) -> Option<Asked> {
    let (flags, words): (Vec<String>, Vec<String>) =
        arguments.partition(|argument| argument.starts_with('-'));
    let count = words.iter().find_map(|word| word.parse().ok());
    let mut names = words.iter().filter(|word| word.parse::<usize>().is_err());
    let is_named = names.clone().next().is_none() || names.any(|part| name.contains(part.as_str()));
    (is_named && flags.iter().any(|flag| flag == "--bench")).then_some(Asked { count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_runs_where_it_is_named_or_none_is() {
        let asked = |count| Some(Asked { count });
        for (arguments, expected) in [
            (vec!["--bench"], asked(None)),
            (vec!["punctuality", "--bench"], asked(None)),
            (vec!["punct", "50", "--bench"], asked(Some(50))),
            (vec!["50", "--bench"], asked(Some(50))),
            (vec!["upload", "--bench"], None),
            (vec!["punctuality"], None),
            (vec![], None),
        ] {
            let given = arguments.iter().map(|argument| (*argument).to_owned());
            assert_eq!(of("punctuality", given), expected, "{arguments:?}");
        }
    }
}
