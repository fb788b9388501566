//! Where X sees a link: it replaces each by one of its own, 23 characters long.
//!
//! The rules are those of twitter-text 3 (github.com/twitter/twitter-text, read 2026-08): a link
//! may go without a scheme where its top-level domain exists.

use std::ops::Range;

use idna::punycode;

/// The longest name that a link of X's own shortener has; anything longer is no link at all.
const MAX_TCO_NAME: usize = 40;
/// The longest label of a host name (RFC 1035).
const MAX_LABEL: usize = 63;
/// No top-level domain is longer, in characters of its own script.
const MAX_TLD: usize = 24;

/// The links of a text, as ranges of bytes, in order.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let scan = Scan {
        text,
        chars: text.char_indices().collect(),
    };
    let mut links = Vec::new();
    let mut from = 0;
    while let Some((found, end)) = scan.next_link(from) {
        links.extend(found.into_iter().map(|link| scan.bytes(link)));
        from = end;
    }
    links
}

/// The text by characters; all places below count characters.
struct Scan<'a> {
    text: &'a str,
    chars: Vec<(usize, char)>,
}

/// A host name with what follows it.
struct Host {
    domain: Range<usize>,
    has_path: bool,
    end: usize,
}

impl Scan<'_> {
    fn at(&self, place: usize) -> Option<char> {
        self.chars.get(place).map(|(_, c)| *c)
    }

    fn bytes(&self, range: Range<usize>) -> Range<usize> {
        let byte = |place: usize| {
            self.chars
                .get(place)
                .map_or(self.text.len(), |(byte, _)| *byte)
        };
        byte(range.start)..byte(range.end)
    }

    fn words(&self, range: Range<usize>) -> &str {
        self.text.get(self.bytes(range)).unwrap_or_default()
    }

    /// The links that begin with the first host name at or after `from`, and where to go on.
    fn next_link(&self, from: usize) -> Option<(Vec<Range<usize>>, usize)> {
        for place in from..self.chars.len() {
            let before = self.at(place);
            let starts = before
                .is_some_and(may_precede)
                .then_some((place + 1, before))
                .into_iter()
                .chain((place == 0).then_some((0, None)));
            for (start, before) in starts {
                if let Some(found) = self.link_at(start, before) {
                    return Some(found);
                }
            }
        }
        None
    }

    fn link_at(&self, start: usize, before: Option<char>) -> Option<(Vec<Range<usize>>, usize)> {
        let scheme = self.scheme(start);
        let host = self.host(start + scheme)?;
        let end = host.end;
        if !self.labels_fit(&host.domain) {
            return Some((Vec::new(), end));
        }
        if scheme == 0 {
            if matches!(before, Some('-' | '_' | '.' | '/')) {
                return Some((Vec::new(), end));
            }
            return Some((self.bare_links(&host), end));
        }
        if self.words(host.domain.clone()).eq_ignore_ascii_case("t.co")
            && self.at(host.domain.end) == Some('/')
        {
            let name = self.run(host.domain.end + 1, |c| c.is_ascii_alphanumeric());
            let length = name - host.domain.end - 1;
            if length > MAX_TCO_NAME {
                return Some((Vec::new(), end));
            }
            if length > 0 {
                let short = start..self.query(name).unwrap_or(name);
                return Some((std::iter::once(short).collect(), end));
            }
        }
        Some((std::iter::once(start..end).collect(), end))
    }

    /// The length of `http://` or `https://` at `start`, else 0.
    fn scheme(&self, start: usize) -> usize {
        ["https://", "http://"]
            .into_iter()
            .find(|scheme| {
                let words = self.words(start..start + scheme.len());
                words.eq_ignore_ascii_case(scheme)
            })
            .map_or(0, str::len)
    }

    /// A host name at `start`: labels, and a top-level domain that exists, as far right as possible.
    fn host(&self, start: usize) -> Option<Host> {
        let mut dots = Vec::new();
        let mut label = start;
        loop {
            let end = self.run(label, |c| is_domain(c) || matches!(c, '-' | '_'));
            let is_label = end > label
                && self.at(label).is_some_and(is_domain)
                && self.at(end - 1).is_some_and(is_domain);
            if !is_label || self.at(end) != Some('.') {
                break;
            }
            let has_underscore = self.words(label..end).contains('_');
            dots.push((end, has_underscore));
            label = end + 1;
        }
        let end_of_domain = dots
            .into_iter()
            .rev()
            .filter(|(_, has_underscore)| !has_underscore)
            .find_map(|(dot, _)| self.top_level_domain(dot + 1))?;
        let port = self.port(end_of_domain);
        let path = self.path(port);
        let after_path = path.unwrap_or(port);
        Some(Host {
            domain: start..end_of_domain,
            has_path: path.is_some(),
            end: self.query(after_path).unwrap_or(after_path),
        })
    }

    /// Where the top-level domain at `start` ends, if there is one that exists.
    fn top_level_domain(&self, start: usize) -> Option<usize> {
        if self.words(start..start + 4).eq_ignore_ascii_case("xn--") {
            let end = self.run(start, |c| c.is_ascii_alphanumeric() || c == '-');
            return (end > start + 4).then_some(end);
        }
        let is_over = |end: usize| {
            !self
                .at(end)
                .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '@' | '+' | '-'))
        };
        let longest = self.run(start, is_domain).min(start + MAX_TLD);
        (start + 1..=longest)
            .rev()
            .filter(|end| is_over(*end))
            .find(|end| exists(&self.words(start..*end).to_lowercase()))
    }

    fn port(&self, start: usize) -> usize {
        let digits = self.run(start + 1, |c| c.is_ascii_digit());
        if self.at(start) == Some(':') && digits > start + 1 {
            digits
        } else {
            start
        }
    }

    /// Where the path at `start` ends, if there is one; punctuation at its end is not part of it.
    fn path(&self, start: usize) -> Option<usize> {
        if self.at(start) != Some('/') {
            return None;
        }
        let mut end = start + 1;
        let mut place = end;
        loop {
            if let Some(after) = self.parentheses(place) {
                place = after;
                end = after;
                continue;
            }
            match self.at(place) {
                Some(c) if is_path(c) => {
                    place += 1;
                    if ends_path(c) {
                        end = place;
                    }
                }
                Some(_) | None => return Some(end),
            }
        }
    }

    /// Where balanced parentheses at `start` end, one pair inside another at most.
    fn parentheses(&self, start: usize) -> Option<usize> {
        if self.at(start) != Some('(') {
            return None;
        }
        let mut end = self.run(start + 1, is_path);
        if self.at(end) == Some('(') {
            let inner = self.run(end + 1, is_path);
            if inner == end + 1 || self.at(inner) != Some(')') {
                return None;
            }
            end = self.run(inner + 1, is_path);
        } else if end == start + 1 {
            return None;
        }
        (self.at(end) == Some(')')).then_some(end + 1)
    }

    /// Where the query at `start` ends, if there is one.
    fn query(&self, start: usize) -> Option<usize> {
        if self.at(start) != Some('?') {
            return None;
        }
        let longest = self.run(start + 1, |c| {
            c.is_ascii_alphanumeric() || "!?*'@();:&=+$/%#[]-_.,~|".contains(c)
        });
        (start + 2..=longest).rev().find(|end| {
            self.at(end - 1)
                .is_some_and(|c| c.is_ascii_alphanumeric() || "-_&=#/".contains(c))
        })
    }

    /// The links of a host without a scheme: only names in Latin letters count, and what follows
    /// the host belongs to the last of them.
    fn bare_links(&self, host: &Host) -> Vec<Range<usize>> {
        let mut links: Vec<Range<usize>> = Vec::new();
        let mut place = host.domain.start;
        while place < host.domain.end {
            if !self.at(place).is_some_and(is_latin_label) {
                place += 1;
                continue;
            }
            let run_end = self
                .run(place, |c| is_latin_label(c) || c == '.')
                .min(host.domain.end);
            let end = (place..run_end)
                .rev()
                .filter(|dot| self.at(*dot) == Some('.') && self.at(dot - 1) != Some('.'))
                .find_map(|dot| self.top_level_domain(dot + 1))
                .filter(|end| *end <= host.domain.end);
            if let Some(end) = end {
                links.push(place..end);
            }
            place = end.unwrap_or(run_end);
        }
        if host.has_path
            && let Some(last) = links.last_mut()
        {
            last.end = host.end;
        }
        links
    }

    fn labels_fit(&self, domain: &Range<usize>) -> bool {
        self.words(domain.clone()).split('.').all(|label| {
            if label.is_ascii() {
                return label.len() <= MAX_LABEL;
            }
            let is_encoded_twice = label.to_lowercase().starts_with("xn--");
            !is_encoded_twice
                && punycode::encode_str(label).is_some_and(|name| name.len() + 4 <= MAX_LABEL)
        })
    }

    /// Where the run of such characters that begins at `start` ends.
    fn run(&self, start: usize, fits: impl Fn(char) -> bool) -> usize {
        let length = self
            .chars
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(|(_, c)| fits(*c))
            .count();
        start + length
    }
}

/// Whether there is such a top-level domain.
fn exists(name: &str) -> bool {
    if name.is_ascii() {
        return tld::exist(name);
    }
    punycode::encode_str(name).is_some_and(|name| tld::exist(&format!("xn--{name}")))
}

/// Characters that no text at X may hold.
pub(super) const fn is_invalid(c: char) -> bool {
    matches!(c, '\u{FFFE}' | '\u{FEFF}' | '\u{FFFF}')
}

const fn is_directional(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

const fn may_precede(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '@' | '＠' | '$' | '#' | '＃') || is_invalid(c))
}

fn is_domain(c: char) -> bool {
    !(c.is_ascii_punctuation() && !matches!(c, '"' | '`')
        || c.is_whitespace()
        || c == '\u{180E}'
        || is_invalid(c)
        || is_directional(c))
}

fn is_path(c: char) -> bool {
    ends_path(c) || "!*';:,.$%[]~@|&".contains(c) || c == '\u{2013}'
}

fn ends_path(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "+-=_#/".contains(c)
        || matches!(c, '\u{400}'..='\u{4FF}')
        || is_latin_accent(c)
}

const fn is_latin_label(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || is_latin_accent(c)
}

const fn is_latin_accent(c: char) -> bool {
    matches!(
        c,
        '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{24F}' | '\u{253}' | '\u{254}'
            | '\u{256}' | '\u{257}' | '\u{259}' | '\u{25B}' | '\u{263}' | '\u{268}' | '\u{26F}'
            | '\u{272}' | '\u{289}' | '\u{28B}' | '\u{2BB}' | '\u{300}'..='\u{36F}'
            | '\u{1E00}'..='\u{1EFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::find;

    fn links(text: &str) -> Vec<&str> {
        find(text).into_iter().map(|link| &text[link]).collect()
    }

    #[test]
    fn a_link_ends_where_a_sentence_would() {
        let text = "See (https://a.example.org/b_(c)), http://b.org/x?y=1. And c.dev!";
        assert_eq!(
            links(text),
            ["https://a.example.org/b_(c)", "http://b.org/x?y=1", "c.dev"]
        );
    }

    #[test]
    fn a_word_with_a_dot_is_a_link_where_its_ending_exists() {
        assert_eq!(links("read.me foo.bazz node.js a.b-c"), ["read.me"]);
    }

    #[test]
    fn neither_a_mail_address_nor_a_hashtag_holds_a_link() {
        assert_eq!(links("ask@mail.com #tag.com $x.com @a.com"), [""; 0]);
    }

    #[test]
    fn a_bare_link_in_another_script_counts_its_latin_part_only() {
        assert_eq!(
            links("日本語foo.comです https://日本語.jp/x"),
            ["foo.com", "https://日本語.jp/x"]
        );
    }

    #[test]
    fn a_top_level_domain_in_its_own_script_is_known() {
        assert_eq!(
            links("\u{2066}http://foobar.پاکستان/\u{202C}"),
            ["http://foobar.پاکستان/"]
        );
    }

    #[test]
    fn a_link_of_the_shortener_ends_with_its_name() {
        assert_eq!(links("https://t.co/abc123/more"), ["https://t.co/abc123"]);
        let long = format!("https://t.co/{}", "a".repeat(41));
        assert_eq!(links(&long), [""; 0]);
    }
}
