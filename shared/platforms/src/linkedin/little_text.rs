//! "Little text": the markup of a post's words.
//!
//! An unescaped reserved character can silently end the text; the interface still answers 201.

/// What means something in little text.
const RESERVED: &str = "\\|{}@[]()<>#*_~";

/// The words as LinkedIn shows them to people, every reserved character escaped. Hashtags stay
/// hashtags; links stay links, because escapes inside them would break them.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(start) = link_start(rest) {
        plain(&rest[..start], &mut escaped);
        let end = rest[start..]
            .find(char::is_whitespace)
            .map_or(rest.len(), |length| start + length);
        link(&rest[start..end], &mut escaped);
        rest = &rest[end..];
    }
    plain(rest, &mut escaped);
    escaped
}

fn link_start(text: &str) -> Option<usize> {
    [text.find("https://"), text.find("http://")]
        .into_iter()
        .flatten()
        .min()
}

fn plain(text: &str, escaped: &mut String) {
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let is_hashtag = c == '#'
            && !before.is_alphanumeric()
            && letters.peek().is_some_and(|next| next.is_alphanumeric());
        if RESERVED.contains(c) && !is_hashtag {
            escaped.push('\\');
        }
        escaped.push(c);
        before = c;
    }
}

/// What ends a text even inside a link is percent-encoded there, which leads to the same page.
fn link(text: &str, escaped: &mut String) {
    for c in text.chars() {
        match c {
            '(' => escaped.push_str("%28"),
            ')' => escaped.push_str("%29"),
            '[' => escaped.push_str("%5B"),
            ']' => escaped.push_str("%5D"),
            '{' => escaped.push_str("%7B"),
            '}' => escaped.push_str("%7D"),
            '<' => escaped.push_str("%3C"),
            '>' => escaped.push_str("%3E"),
            '|' => escaped.push_str("%7C"),
            '*' => escaped.push_str("%2A"),
            '\\' => escaped.push_str("%5C"),
            other => escaped.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_escaped_hashtags_and_links_are_not() {
        for (text, expected) in [
            (
                "plain text, with: punctuation!",
                "plain text, with: punctuation!",
            ),
            (
                "a (b) [c] {d} <e> *f* _g_ ~h~ |i| \\j @k",
                "a \\(b\\) \\[c\\] \\{d\\} \\<e\\> \\*f\\* \\_g\\_ \\~h\\~ \\|i\\| \\\\j \\@k",
            ),
            ("#tag and #1 but # and a#b", "#tag and #1 but \\# and a\\#b"),
            (
                "see https://example.com/a_b?utm_x=1#top (now)",
                "see https://example.com/a_b?utm_x=1#top \\(now\\)",
            ),
            ("https://example.com/a_(b)", "https://example.com/a_%28b%29"),
            ("é🙂\n(x)", "é🙂\n\\(x\\)"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }
}
