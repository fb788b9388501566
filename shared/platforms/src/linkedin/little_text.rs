//! LinkedIn's "little text": the plain caption with its reserved characters escaped.
//!
//! An unescaped reserved character makes LinkedIn drop everything behind it, without a word: the
//! answer is 201 all the same (reported, 2025). Mentions and hashtags are markup and stay as written.
//! Inside addresses a backslash would break the address, so the characters that are harmless there
//! stay bare and the others are percent-encoded. Whether LinkedIn wants it so is reported both ways;
//! the setting `escape_addresses` has addresses escaped like all else.

use crate::App;

/// The caption as it is sent.
pub(super) fn escape(caption: &str, app: &App) -> String {
    let all = app.settings.get("escape_addresses");
    escaped(caption, all.is_none_or(|it| it != "true"))
}

/// A text of LinkedIn's as people read it, markup taken for what it shows: to compare what was sent with
/// what is kept, which may be escaped otherwise.
pub(super) fn plain(commentary: &str) -> String {
    let mut text = String::with_capacity(commentary.len());
    let mut rest = commentary;
    while let Some(c) = rest.chars().next() {
        let escaped = rest.strip_prefix('\\').and_then(|it| it.chars().next());
        let length = if let Some(reserved) = escaped.filter(|it| RESERVED.contains(*it)) {
            text.push(reserved);
            1 + reserved.len_utf8()
        } else if let Some((tag, length)) = tagged(rest) {
            text.push('#');
            text.push_str(&plain(tag));
            length
        } else if let Some((name, _, length)) = mention(rest) {
            text.push_str(&plain(name));
            length
        } else {
            text.push(c);
            c.len_utf8()
        };
        rest = rest.split_at(length).1;
    }
    text
}

fn escaped(caption: &str, has_bare_addresses: bool) -> String {
    let mut text = String::with_capacity(caption.len() + caption.len() / 8);
    let mut rest = caption;
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        let bare = has_bare_addresses.then(|| address(rest, before)).flatten();
        let length = if let Some(length) = bare {
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
        } else if let Some((_, length)) = tagged(rest) {
            text.push_str(rest.split_at(length).0);
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

/// What the long form of a hashtag begins with.
const TEMPLATE: &str = "{hashtag|\\#|";
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

/// The words and the length of the hashtag template that `text` starts with: `{hashtag|\#|tag}`.
fn tagged(text: &str) -> Option<(&str, usize)> {
    let (tag, _) = text.strip_prefix(TEMPLATE)?.split_once('}')?;
    let is_tag = !tag.is_empty()
        && tag
            .chars()
            .all(|c| c.is_alphanumeric() || c == '\\' || c == '_');
    is_tag.then_some((tag, TEMPLATE.len() + tag.len() + '}'.len_utf8()))
}

fn is_hashtag(text: &str, before: Option<char>) -> bool {
    let follows_a_word =
        before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '&' | '_'));
    !follows_a_word && text.chars().nth(1).is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escape(caption: &str) -> String {
        escaped(caption, true)
    }

    #[test]
    fn each_reserved_character_is_escaped_wherever_it_stands() {
        for reserved in RESERVED.chars() {
            for caption in [
                format!("a{reserved}b"),
                format!("a {reserved} b"),
                format!("{reserved}"),
                format!("{reserved}{reserved} b"),
                format!("été{reserved}\n{reserved}🍟"),
            ] {
                let sent = escape(&caption);
                assert_eq!(plain(&sent), caption);
                let is_plain_hashtag = caption.starts_with("#b");
                let bare = sent
                    .replace("\\\\", "")
                    .replace(&format!("\\{reserved}"), "");
                assert!(is_plain_hashtag || !bare.contains(reserved), "{sent}");
            }
        }
    }

    #[test]
    fn addresses_can_be_escaped_like_all_else() {
        let caption = "at https://a.example/b_c(d)~e";
        assert_eq!(
            escaped(caption, false),
            "at https://a.example/b\\_c\\(d\\)\\~e"
        );
        assert_eq!(plain(&escaped(caption, false)), caption);
    }

    #[test]
    fn what_is_sent_and_what_is_kept_read_alike() {
        for (kept, read) in [
            ("{hashtag|\\#|bakery} \\(new\\)", "#bakery (new)"),
            ("{hashtag|\\#|a\\_b}", "#a_b"),
            (
                "with @[Sample \\(Co\\)](urn:li:organization:1)!",
                "with Sample (Co)!",
            ),
            ("{hashtag|\\#|} @[x] \\n \\", "{hashtag|#|} @[x] \\n \\"),
        ] {
            assert_eq!(plain(kept), read, "{kept}");
        }
        let caption = "#one {two} @[Three](urn:li:person:a-b_c) *four*";
        assert_eq!(plain(&escape(caption)), "#one {two} Three *four*");
    }

    #[test]
    fn the_long_form_of_a_hashtag_stays_markup() {
        assert_eq!(
            escape("so {hashtag|\\#|bakery}!"),
            "so {hashtag|\\#|bakery}!"
        );
        assert_eq!(escape("{hashtag|\\#|}"), "\\{hashtag\\|\\\\\\#\\|\\}");
        assert_eq!(escape("{hashtag|#|a}"), "\\{hashtag\\|\\#\\|a\\}");
    }

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
