//! What LinkedIn shows of a commentary.

const RESERVED: &str = r"\|{}@[]()<>#*_~";

/// The text as people see it: escapes resolved, cut at the first reserved character that is neither
/// escaped nor part of a mention, a hashtag or an address.
pub(super) fn shown(commentary: &str) -> String {
    let mut shown = String::new();
    let mut rest = commentary;
    while let Some(c) = rest.chars().next() {
        if let Some(escaped) = rest
            .strip_prefix('\\')
            .and_then(|after| after.chars().next())
            .filter(|next| RESERVED.contains(*next))
        {
            shown.push(escaped);
            rest = &rest[1 + escaped.len_utf8()..];
            continue;
        }
        if rest.starts_with("http://") || rest.starts_with("https://") {
            let end = rest
                .find(|c: char| c.is_whitespace() || r"\|{}[]()<>*".contains(c))
                .unwrap_or(rest.len());
            shown.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if let Some((name, after)) = mention(rest) {
            shown.push_str(&name);
            rest = after;
            continue;
        }
        let is_hashtag = c == '#' && rest.chars().nth(1).is_some_and(char::is_alphanumeric);
        if RESERVED.contains(c) && !is_hashtag {
            break;
        }
        shown.push(c);
        rest = &rest[c.len_utf8()..];
    }
    shown
}

/// `@[Name](urn:li:organization:1)`: the name as shown, and what follows.
fn mention(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix("@[")?;
    let end = inner.find("](urn:li:")?;
    let (name, after) = inner.split_at(end);
    let (urn, rest) = after.strip_prefix("](")?.split_once(')')?;
    let is_known = urn.starts_with("urn:li:organization:") || urn.starts_with("urn:li:person:");
    is_known.then(|| (name.replace('\\', ""), rest))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn an_unescaped_reserved_character_cuts_the_text() {
        assert_eq!(shown("before (after)"), "before ");
        assert_eq!(shown("a * b"), "a ");
        assert_eq!(shown(r"before \(after\) | lost"), "before (after) ");
    }

    #[test]
    fn markup_and_addresses_do_not() {
        assert_eq!(
            shown(r"#tag @[Sample \(Co\)](urn:li:organization:1) https://a.example/b_c?d~e#f \#"),
            "#tag Sample (Co) https://a.example/b_c?d~e#f #"
        );
        assert_eq!(shown("https://a.example/(b)"), "https://a.example/");
    }
}
