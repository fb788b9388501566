//! Lengths and links held against the data that twitter-text itself is held against.
//!
//! `PLATFORM_SPECS_DIR` names a folder with the data: `twitter-text/conformance/validate.yml` and
//! `extract.yml`, as they stand in the repository twitter/twitter-text. Without it nothing is held
//! against anything.

use std::path::PathBuf;

use super::{length, links};

/// One example of the data.
#[derive(Debug, Default, Clone)]
struct Example {
    section: String,
    text: String,
    links: Vec<String>,
    length: Option<usize>,
    valid: Option<bool>,
}

/// The examples of a file. Only as much of YAML is read as these files hold: an example is a few
/// lines, and its texts stand between double quotes.
fn examples(yaml: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut section = String::new();
    let mut expects = false;
    for line in yaml.lines() {
        let words = line.trim();
        let depth = line.len() - line.trim_start().len();
        if depth == 2 && words.ends_with(':') {
            section = words.trim_end_matches(':').to_owned();
        } else if words.starts_with("- description:") {
            expects = false;
            found.push(Example {
                section: section.clone(),
                ..Example::default()
            });
        } else if let Some(example) = found.last_mut() {
            if words.starts_with("text:") && !expects {
                example.text = quoted(words).pop().expect("a text between quotes");
            }
            expects |= words.starts_with("expected:");
            if expects {
                example.links.extend(quoted(words));
                let number = words.strip_prefix("weightedLength:");
                example.length = example.length.or_else(|| number?.trim().parse().ok());
                let valid = words.strip_prefix("valid:");
                example.valid = example.valid.or_else(|| valid?.trim().parse().ok());
            }
        }
    }
    found
}

/// The texts between double quotes.
fn quoted(line: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut chars = line.chars();
    while chars.by_ref().any(|c| c == '"') {
        let mut text = String::new();
        loop {
            match chars.next().expect("an end of the quotes") {
                '"' => break,
                '\\' => text.push(match chars.next().expect("something escaped") {
                    'n' => '\n',
                    't' => '\t',
                    'u' => code_point(&mut chars, 4),
                    'U' => code_point(&mut chars, 8),
                    plain => plain,
                }),
                c => text.push(c),
            }
        }
        texts.push(text);
    }
    texts
}

fn code_point(chars: &mut std::str::Chars<'_>, digits: usize) -> char {
    let number: String = chars.by_ref().take(digits).collect();
    let number = u32::from_str_radix(&number, 16).expect("hexadecimal digits");
    char::from_u32(number).expect("a character")
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the setting of this test alone; a test that proves nothing says so"
)]
fn read(file: &str) -> Option<Vec<Example>> {
    let Ok(folder) = std::env::var("PLATFORM_SPECS_DIR") else {
        println!("skipped: PLATFORM_SPECS_DIR names no folder with twitter-text's data");
        return None;
    };
    let path = PathBuf::from(folder)
        .join("twitter-text/conformance")
        .join(file);
    let text = std::fs::read_to_string(path).expect("twitter-text's data");
    Some(examples(&text))
}

fn of_section(all: &[Example], section: &str) -> Vec<Example> {
    let found: Vec<Example> = all
        .iter()
        .filter(|example| example.section == section)
        .cloned()
        .collect();
    assert!(!found.is_empty(), "{section}");
    found
}

fn is_valid(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(links::is_invalid)
        && length::weigh(text) <= length::MAX_LENGTH
}

#[test]
fn every_text_is_as_long_as_twitter_text_finds_it() {
    let Some(all) = read("validate.yml") else {
        return;
    };
    let mut wrong = Vec::new();
    let mut check = |example: &Example| {
        let told = (length::weigh(&example.text), is_valid(&example.text));
        let expected = (
            example.length.expect("a length"),
            example.valid.expect("a word"),
        );
        if told != expected {
            wrong.push(format!(
                "{}: {told:?}, not {expected:?}: {:?}",
                example.section, example.text
            ));
        }
    };
    for section in [
        "WeightedTweetsWithDiscountedEmojiCounterTest",
        "UnicodeDirectionalMarkerCounterTest",
    ] {
        of_section(&all, section).iter().for_each(&mut check);
    }
    // Of an older configuration, which is the same but for drawn signs.
    let older = of_section(&all, "WeightedTweetsCounterTest");
    let is_drawn = |c: char| matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{200D}' | '\u{FE0F}');
    let plain = older
        .iter()
        .filter(|example| !example.text.contains(is_drawn));
    assert!(plain.clone().count() > 10);
    plain.for_each(&mut check);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_link_is_found_that_twitter_text_finds() {
    let Some(all) = read("extract.yml") else {
        return;
    };
    let mut wrong = Vec::new();
    for section in [
        "urls",
        "urls_with_indices",
        "urls_with_directional_markers",
        "tco_urls_with_params",
    ] {
        for example in of_section(&all, section) {
            let found: Vec<&str> = links::find(&example.text)
                .into_iter()
                .map(|link| &example.text[link])
                .collect();
            if found != example.links {
                wrong.push(format!(
                    "{section}: {found:?}, not {:?}: {:?}",
                    example.links, example.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_example_is_read_as_it_stands() {
    let yaml = "tests:\n  lengths:\n    - description: \"a \\\"b\\\"\"\n      text: \"Hi \\u00e9\\U0001F600\\n\"\n      expected:\n        weightedLength: 6\n        valid: true\n\n  links:\n    - description: \"c\"\n      text: \"a.com b.de\"\n      expected: [\"a.com\", \"b.de\"]\n";
    let read = examples(yaml);
    assert_eq!(read[0].text, "Hi é😀\n");
    assert_eq!((read[0].length, read[0].valid), (Some(6), Some(true)));
    assert_eq!(read[1].section, "links");
    assert_eq!(read[1].links, ["a.com", "b.de"]);
}
