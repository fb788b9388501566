//! Which benchmark is asked for.

/// Whether a benchmark of this name is asked for, and of how many, where that is said: `cargo bench` names none or
/// parts of names, with numbers between them. `cargo test` would run it for nothing.
pub fn asked(name: &str) -> Option<Option<usize>> {
    of(name, std::env::args().skip(1))
}

fn of(name: &str, arguments: impl Iterator<Item = String>) -> Option<Option<usize>> {
    let (flags, words): (Vec<String>, Vec<String>) =
        arguments.partition(|argument| argument.starts_with('-'));
    let count = words.iter().find_map(|word| word.parse().ok());
    let mut names = words.iter().filter(|word| word.parse::<usize>().is_err());
    let is_named = names.clone().next().is_none() || names.any(|part| name.contains(part.as_str()));
    (is_named && flags.iter().any(|flag| flag == "--bench")).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_runs_where_it_is_named_or_none_is() {
        for (arguments, expected) in [
            (vec!["--bench"], Some(None)),
            (vec!["punctuality", "--bench"], Some(None)),
            (vec!["punct", "50", "--bench"], Some(Some(50))),
            (vec!["50", "--bench"], Some(Some(50))),
            (vec!["upload", "--bench"], None),
            (vec!["punctuality"], None),
            (vec![], None),
        ] {
            let given = arguments.iter().map(|argument| (*argument).to_owned());
            assert_eq!(of("punctuality", given), expected, "{arguments:?}");
        }
    }
}
