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
        if let Some((name, after)) = mention(rest).or_else(|| hashtag(rest)) {
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

/// The commentary as it is told to those who read posts: hashtags in their long form.
pub(super) fn kept(commentary: &str) -> String {
    let mut kept = String::new();
    let mut rest = commentary;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let tag = rest.strip_prefix('#').unwrap_or_default();
        let end = tag
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(tag.len());
        let length = if c == '#' && end > 0 && before.is_whitespace() {
            kept.push_str(r"{hashtag|\#|");
            kept.push_str(&tag[..end]);
            kept.push('}');
            1 + end
        } else {
            kept.push(c);
            c.len_utf8()
        };
        before = c;
        rest = &rest[length..];
    }
    kept
}

/// `{hashtag|\#|tag}`: the tag as shown, and what follows.
fn hashtag(text: &str) -> Option<(String, &str)> {
    let (tag, rest) = text.strip_prefix(r"{hashtag|\#|")?.split_once('}')?;
    let is_tag = !tag.is_empty() && !tag.contains(|c: char| "|{[(".contains(c));
    is_tag.then(|| (format!("#{}", tag.replace('\\', "")), rest))
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
    use super::{kept, shown};

    #[test]
    fn hashtags_are_told_in_their_long_form_and_shown_alike() {
        let told = kept(r"#one a#b \# # #two\_three");
        assert_eq!(told, r"{hashtag|\#|one} a#b \# # {hashtag|\#|two}\_three");
        assert_eq!(shown(r"{hashtag|\#|one}\_two"), "#one_two");
        assert_eq!(shown(r"{hashtag|\#|}"), "");
    }

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
