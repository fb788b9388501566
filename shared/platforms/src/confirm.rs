//! How a lost answer is settled by evidence (RELIABILITY.md 6).

use domain::MediaKind;
use time::{Duration, OffsetDateTime};
use unicode_normalization::UnicodeNormalization as _;

use crate::Candidate;

/// How long after the arm the network is asked, look after look.
const LOOKS: [Duration; 6] = [
    Duration::seconds(30),
    Duration::minutes(2),
    Duration::minutes(5),
    Duration::minutes(10),
    Duration::minutes(20),
    Duration::minutes(40),
];

/// When to look for the `number`th time (from 0) after a commit armed at `armed_at`; `None` when
/// enough looks were taken.
pub fn next_look(armed_at: OffsetDateTime, number: usize) -> Option<OffsetDateTime> {
    LOOKS.get(number).map(|wait| armed_at + *wait)
}

/// A post seen at the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The network's id of it.
    pub id: String,
    /// When the network says it was made.
    pub created_at: OffsetDateTime,
    /// Its text, as the network keeps it.
    pub text: String,
    /// What it carries, where the network says so.
    pub kind: Option<MediaKind>,
    /// Where a person can look at it.
    pub url: Option<String>,
}

/// What the lost post must look like.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// When its commit was armed.
    pub armed_at: OffsetDateTime,
    /// The text that was sent.
    pub text: &'a str,
    /// What was sent with it.
    pub kind: Option<MediaKind>,
    /// Ids that are known to be other posts of ours.
    pub claimed: &'a [String],
}

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing fits.
    Absent,
    /// Exactly one fits.
    Found(Sighting),
    /// Several fit; nobody can tell which.
    Several(Vec<Candidate>),
}

/// Settles a look: exactly one sighting that fits is ours, several are nobody's.
///
/// A sighting fits when it was made between a minute before the arm and eleven minutes after,
/// carries the same words and the same kind of media, and is no other post of ours.
pub fn settle(sightings: &[Sighting], expected: &Expectation<'_>) -> Verdict {
    let earliest = expected.armed_at - Duration::seconds(60);
    let latest = expected.armed_at + Duration::seconds(65) + Duration::minutes(10);
    let words = normalise(expected.text);
    let fitting: Vec<&Sighting> = sightings
        .iter()
        .filter(|seen| (earliest..=latest).contains(&seen.created_at))
        .filter(|seen| normalise(&seen.text) == words)
        .filter(|seen| match (seen.kind, expected.kind) {
            (Some(seen), Some(expected)) => seen == expected,
            (None, _) | (_, None) => true,
        })
        .filter(|seen| !expected.claimed.contains(&seen.id))
        .collect();
    match fitting.as_slice() {
        [] => Verdict::Absent,
        [one] => Verdict::Found((*one).clone()),
        several => Verdict::Several(
            several
                .iter()
                .map(|seen| Candidate {
                    external_id: seen.id.clone(),
                    url: seen.url.clone(),
                })
                .collect(),
        ),
    }
}

/// A text as two networks would agree on it: composed (NFC), white space folded, ends trimmed.
pub fn normalise(text: &str) -> String {
    text.nfc()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const ARMED: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn seen(id: &str, after: i64, text: &str) -> Sighting {
        Sighting {
            id: id.to_owned(),
            created_at: ARMED + Duration::seconds(after),
            text: text.to_owned(),
            kind: None,
            url: None,
        }
    }

    fn verdict(sightings: &[Sighting]) -> Verdict {
        settle(
            sightings,
            &Expectation {
                armed_at: ARMED,
                text: "café",
                kind: None,
                claimed: &["taken".to_owned()],
            },
        )
    }

    #[test]
    fn the_only_fitting_post_is_ours() {
        let ours = seen("1", 3, " cafe\u{301}\r\n");
        assert_eq!(
            verdict(&[ours.clone(), seen("2", 3, "tea")]),
            Verdict::Found(ours)
        );
    }

    #[test]
    fn two_fitting_posts_are_nobodys() {
        assert!(matches!(
            verdict(&[seen("1", 3, "café"), seen("2", 4, "café")]),
            Verdict::Several(_)
        ));
    }

    #[test]
    fn an_older_a_later_and_a_claimed_post_are_not_ours() {
        let others = [
            seen("1", -61, "café"),
            seen("2", 666, "café"),
            seen("taken", 1, "café"),
        ];
        assert_eq!(verdict(&others), Verdict::Absent);
    }
}
