//! How long X finds a text (twitter-text configuration 3, read 2026-08).

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{EmojiStatus, UnicodeEmoji as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::links;

/// The largest weighted length of a post.
pub(super) const MAX_LENGTH: usize = 280;
/// What a link counts, however long it is.
const LINK: usize = 23;
/// What a drawn sign counts, however many code points it is made of.
const EMOJI: usize = 2;

/// The weighted length of a text.
pub(super) fn weigh(text: &str) -> usize {
    let text: String = text.nfc().collect();
    let mut length = 0;
    let mut from = 0;
    for link in links::find(&text) {
        length += weigh_words(&text[from..link.start]) + LINK;
        from = link.end;
    }
    length + weigh_words(&text[from..])
}

fn weigh_words(words: &str) -> usize {
    words.graphemes(true).map(weigh_sign).sum()
}

fn weigh_sign(sign: &str) -> usize {
    if !is_emoji(sign) {
        return sign.chars().map(weigh_char).sum();
    }
    let mut before = None;
    let beside: usize = sign
        .chars()
        .map(|c| {
            let weight = if is_part_of_emoji(c, before) {
                0
            } else {
                weigh_char(c)
            };
            before = Some(c);
            weight
        })
        .sum();
    EMOJI + beside
}

const fn weigh_char(c: char) -> usize {
    match c {
        '\0'..='\u{10FF}'
        | '\u{2000}'..='\u{200D}'
        | '\u{2010}'..='\u{201F}'
        | '\u{2032}'..='\u{2037}' => 1,
        _ => 2,
    }
}

/// Whether one drawn sign is shown: by itself, by a variation selector, a keycap or a flag.
fn is_emoji(sign: &str) -> bool {
    const SHOWN_AS_TEXT: char = '\u{FE0E}';
    const SHOWN_AS_EMOJI: char = '\u{FE0F}';
    const KEYCAP: char = '\u{20E3}';
    let mut chars = sign.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let second = chars.next();
    if first.is_ascii() {
        return matches!(first, '#' | '*' | '0'..='9') && sign.contains(KEYCAP);
    }
    if is_regional_indicator(first) {
        return second.is_some_and(is_regional_indicator);
    }
    if second == Some(SHOWN_AS_TEXT) || !first.is_emoji_char() {
        return false;
    }
    is_drawn(first)
        || second.is_some_and(|c| c == SHOWN_AS_EMOJI || c == '\u{200D}' || is_skin_tone(c))
}

fn is_drawn(c: char) -> bool {
    matches!(
        c.emoji_status(),
        EmojiStatus::EmojiPresentation
            | EmojiStatus::EmojiPresentationAndModifierBase
            | EmojiStatus::EmojiPresentationAndEmojiComponent
            | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
    )
}

/// Whether a code point inside a drawn sign belongs to it, rather than being hung onto it.
fn is_part_of_emoji(c: char, before: Option<char>) -> bool {
    if is_skin_tone(c) {
        return before.is_none_or(|base| takes_skin_tone(base) || base == '\u{FE0F}');
    }
    c.is_emoji_char()
        || is_regional_indicator(c)
        || matches!(
            c,
            '\u{200D}' | '\u{FE0F}' | '\u{20E3}' | '\u{E0020}'..='\u{E007F}'
        )
}

fn takes_skin_tone(c: char) -> bool {
    matches!(
        c.emoji_status(),
        EmojiStatus::EmojiModifierBase | EmojiStatus::EmojiPresentationAndModifierBase
    )
}

const fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

const fn is_regional_indicator(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

#[cfg(test)]
mod tests {
    use super::weigh;

    #[test]
    fn latin_counts_one_and_wide_scripts_two() {
        assert_eq!(weigh("Grüße"), 5);
        assert_eq!(weigh("日本語"), 6);
        assert_eq!(weigh("한국어"), 6);
        assert_eq!(weigh("“a”—…"), 1 + 2 + 1 + 2);
    }

    #[test]
    fn a_composed_and_a_decomposed_letter_count_the_same() {
        assert_eq!(weigh("cafe\u{301}"), weigh("café"));
    }

    #[test]
    fn a_link_counts_23_whatever_its_length() {
        assert_eq!(weigh("Hi http://test.co"), 26);
        assert_eq!(
            weigh(&format!("https://example.com/{}", "a".repeat(400))),
            23
        );
        assert_eq!(weigh("example.com"), 23);
    }

    #[test]
    fn a_drawn_sign_counts_2_however_it_is_made() {
        for sign in ["😀", "👨‍👩‍👧‍👦", "👍🏽", "🇫🇷", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©️"]
        {
            assert_eq!(weigh(sign), 2, "{sign}");
        }
    }

    #[test]
    fn a_sign_that_is_only_text_counts_by_its_code_points() {
        assert_eq!(weigh("©"), 1);
        assert_eq!(weigh("1"), 1);
        assert_eq!(weigh("🐱🏽"), 4);
    }
}
