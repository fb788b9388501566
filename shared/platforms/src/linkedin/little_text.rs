//! LinkedIn's "little text": the plain caption with its reserved characters escaped.
//!
//! An unescaped reserved character makes LinkedIn drop everything behind it, without a word: the
//! answer is 201 all the same (reported, 2025). Mentions and hashtags are markup and stay as written.
//! Inside addresses a backslash would break the address, so the characters that are harmless there
//! stay bare and the others are percent-encoded.

/// The caption as it is sent.
pub(super) fn escape(caption: &str) -> String {
    let mut text = String::with_capacity(caption.len() + caption.len() / 8);
    let mut rest = caption;
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        let length = if let Some(length) = address(rest, before) {
            rest[..length]
                .chars()
                .for_each(|c| push_in_address(&mut text, c));
            length
        } else if let Some((name, urn, length)) = mention(rest) {
            text.push_str("@[");
            name.chars().for_each(|c| push_escaped(&mut text, c));
            text.push_str("](");
            text.push_str(urn);
            text.push(')');
            length
        } else if c == '#' && is_hashtag(rest, before) {
            text.push('#');
            1
        } else {
            push_escaped(&mut text, c);
            c.len_utf8()
        };
        let (taken, left) = rest.split_at(length);
        before = taken.chars().next_back();
        rest = left;
    }
    text
}

const RESERVED: &str = "\\|{}@[]()<>#*_~";

fn push_escaped(text: &mut String, c: char) {
    if RESERVED.contains(c) {
        text.push('\\');
    }
    text.push(c);
}

fn push_in_address(text: &mut String, c: char) {
    match c {
        '(' => text.push_str("%28"),
        ')' => text.push_str("%29"),
        '*' => text.push_str("%2A"),
        '[' => text.push_str("%5B"),
        '\\' => text.push_str("%5C"),
        ']' => text.push_str("%5D"),
        '{' => text.push_str("%7B"),
        '|' => text.push_str("%7C"),
        '}' => text.push_str("%7D"),
        bare => text.push(bare),
    }
}

/// The length of the address that `text` starts with.
fn address(text: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })?;
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'))
        .unwrap_or(text.len());
    let mut whole = &text[..end];
    while let Some(last) = whole.chars().next_back() {
        let is_of_the_sentence = match last {
            ')' => is_closed_too_often(whole, '(', ')'),
            ']' => is_closed_too_often(whole, '[', ']'),
            '}' => is_closed_too_often(whole, '{', '}'),
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' => true,
            _ => false,
        };
        if !is_of_the_sentence {
            break;
        }
        whole = &whole[..whole.len() - last.len_utf8()];
    }
    (whole.len() > scheme.len()).then_some(whole.len())
}

fn is_closed_too_often(text: &str, open: char, close: char) -> bool {
    text.matches(close).count() > text.matches(open).count()
}

/// The name, the URN and the length of the mention that `text` starts with:
/// `@[Name](urn:li:organization:1)`.
fn mention(text: &str) -> Option<(&str, &str, usize)> {
    let (name, rest) = text.strip_prefix("@[")?.split_once("](")?;
    let (urn, _) = rest.split_once(')')?;
    let (kind, id) = urn.strip_prefix("urn:li:")?.split_once(':')?;
    let is_id = !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let is_name = !name.is_empty() && !name.contains(['[', ']', '\n', '\r']);
    (matches!(kind, "organization" | "person") && is_id && is_name)
        .then(|| (name, urn, "@[]()".len() + name.len() + urn.len()))
}

fn is_hashtag(text: &str, before: Option<char>) -> bool {
    let follows_a_word =
        before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '&' | '_'));
    !follows_a_word && text.chars().nth(1).is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reserved_character_is_escaped() {
        assert_eq!(
            escape("a\\b|c{d}e@f[g]h(i)j<k>l#m*n_o~p"),
            "a\\\\b\\|c\\{d\\}e\\@f\\[g\\]h\\(i\\)j\\<k\\>l\\#m\\*n\\_o\\~p"
        );
        assert_eq!(escape("# a ## # "), "\\# a \\#\\# \\# ");
    }

    #[test]
    fn hashtags_stay_markup() {
        assert_eq!(escape("#one (#two) #été"), "#one \\(#two\\) #été");
        assert_eq!(escape("#a_b"), "#a\\_b");
    }

    #[test]
    fn mentions_stay_markup_and_lookalikes_are_text() {
        assert_eq!(
            escape("with @[Sample (Co)](urn:li:organization:2414183)!"),
            "with @[Sample \\(Co\\)](urn:li:organization:2414183)!"
        );
        assert_eq!(
            escape("@[A](https://a.example)"),
            "\\@\\[A\\]\\(https://a.example\\)"
        );
        assert_eq!(
            escape("@[](urn:li:person:1)"),
            "\\@\\[\\]\\(urn:li:person:1\\)"
        );
        assert_eq!(escape("me@[x"), "me\\@\\[x");
    }

    #[test]
    fn addresses_stay_whole() {
        assert_eq!(
            escape("see https://a.example/b_c?utm_source=x~y#z@1, (https://a.example/w_(d))."),
            "see https://a.example/b_c?utm_source=x~y#z@1, \\(https://a.example/w_%28d%29\\)."
        );
        assert_eq!(escape("<HTTPS://a.example>"), "\\<HTTPS://a.example\\>");
        assert_eq!(escape("https://"), "https://");
        assert_eq!(escape("*http://a.example*"), "\\*http://a.example\\*");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        let text = "Ça va ? 👩‍🍳\r\n\t100 % – “ok”";
        assert_eq!(escape(text), text);
    }
}
