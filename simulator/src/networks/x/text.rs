//! How X weighs a text and rewrites its links. Written apart from the code under test: simple
//! links only, which is what posts in tests hold.

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// What a link counts.
const LINK: usize = 23;
/// Endings that make a word with a dot a link.
const ENDINGS: [&str; 8] = ["app", "com", "de", "dev", "example", "io", "net", "org"];

/// A link in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// As it stood in the text.
    pub(super) written: String,
    /// The short one that stands for it.
    pub(super) short: String,
    /// Where it leads.
    pub(super) expanded: String,
}

/// The text as X keeps it.
pub(super) fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// The weighted length.
pub(super) fn weight(text: &str) -> usize {
    let text = composed(text);
    let found = links(&text);
    let mut rest = text;
    for link in &found {
        rest = rest.replacen(&link.written, "", 1);
    }
    let words: usize = rest.graphemes(true).map(sign).sum();
    words + found.len() * LINK
}

fn sign(sign: &str) -> usize {
    if sign
        .chars()
        .any(|c| matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{FE0F}' | '\u{20E3}'))
    {
        return 2;
    }
    sign.chars()
        .map(|c| match u32::from(c) {
            0..=0x10FF | 0x2000..=0x200D | 0x2010..=0x201F | 0x2032..=0x2037 => 1,
            _ => 2,
        })
        .sum()
}

/// Whether a text holds a character that X does not take.
pub(super) fn is_invalid(text: &str) -> bool {
    text.contains(['\u{FFFE}', '\u{FEFF}', '\u{FFFF}'])
}

/// The links of a text, in order.
pub(super) fn links(text: &str) -> Vec<Link> {
    text.split_whitespace()
        .map(|word| word.trim_start_matches(['(', '"']))
        .map(|word| word.trim_end_matches(['.', ',', '!', '?', ';', ':', ')', '"']))
        .filter_map(|word| {
            let expanded = if word.starts_with("http://") || word.starts_with("https://") {
                word.to_owned()
            } else {
                let host = word.split('/').next()?;
                let (name, ending) = host.rsplit_once('.')?;
                let is_host = !name.is_empty()
                    && !host.contains(['@', '#', '$'])
                    && ENDINGS.contains(&ending);
                is_host.then(|| format!("http://{word}"))?
            };
            Some(Link {
                written: word.to_owned(),
                short: short(&expanded),
                expanded,
            })
        })
        .collect()
}

/// A short link, the same for the same target.
pub(super) fn short(target: &str) -> String {
    let digest = hex::encode(Sha256::digest(target));
    format!("https://t.co/{}", &digest[..10])
}

/// The text as the interface tells it: short links, three characters escaped.
pub(super) fn shown(text: &str, links: &[Link]) -> String {
    let mut shown = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    for link in links {
        let written = link.written.replace('&', "&amp;");
        shown = shown.replacen(&written, &link.short, 1);
    }
    shown
}
