//! What is posted: of every kind that a network takes, with a mark by which it is found again.

use domain::Platform;
use fastrand::Rng;
use serde_json::{Value, json};
use time::Duration;

/// What a post carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Picture,
    Pictures,
    Text,
    /// Of so many parts.
    Thread(u8),
    Video,
}

/// What its author does after it was accepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Then {
    /// Calls it off so long after its time, or before.
    Cancel(f64),
    /// Changes its words so long after its time, or before.
    Edit(f64),
    /// Waits.
    Nothing,
}

/// A post as it is meant.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) number: usize,
    pub(crate) person: usize,
    pub(crate) platform: Platform,
    pub(crate) kind: Kind,
    /// How long after it is handed in it is due; at once where absent.
    pub(crate) ahead: Option<Duration>,
    pub(crate) then: Then,
    /// Whether its files are fetched anew.
    pub(crate) is_fetched: bool,
    /// How many minutes late it may go out at most, where it is not the usual hour.
    pub(crate) grace: Option<u32>,
}

impl Plan {
    /// So many posts of so many people over all networks, due within a time.
    pub(crate) fn draw(chance: &mut Rng, posts: usize, people: usize, within: f64) -> Vec<Self> {
        let mut plans: Vec<Self> = (0..posts)
            .map(|number| {
                let platform = Platform::ALL[number % Platform::ALL.len()];
                let ahead = (chance.f64() < 0.8)
                    .then(|| Duration::seconds_f64(1.0 + within * chance.f64()));
                Self {
                    number,
                    person: number / Platform::ALL.len() % people,
                    platform,
                    kind: kind(chance, platform),
                    ahead,
                    then: then(chance),
                    is_fetched: chance.f64() < 0.1,
                    grace: chance.bool().then_some(240),
                }
            })
            .collect();
        chance.shuffle(&mut plans);
        plans
    }

    /// The request for it, with the words of this revision.
    pub(crate) fn draft(&self, revision: u8, files: &Files<'_>) -> Value {
        json!({
            "platform": self.platform.as_str(),
            "caption": words(self.number, revision, 1),
            "media": files.media(self.kind),
            "options": self.options(revision),
            "client_post_id": format!("post {}", self.number),
            "maxLatenessMinutes": self.grace.unwrap_or(60),
        })
    }

    /// The network's own options, with the words of this revision.
    pub(crate) fn options(&self, revision: u8) -> Value {
        match (self.platform, self.kind) {
            (Platform::Pinterest, _) => json!({"boardId": "549755885175"}),
            (Platform::Tiktok, _) => json!({"privacyLevel": "SELF_ONLY"}),
            (Platform::X, Kind::Thread(parts)) => {
                let rest =
                    (2..=parts).map(|part| json!({"text": words(self.number, revision, part)}));
                json!({"thread": rest.collect::<Vec<_>>()})
            }
            _ => json!({}),
        }
    }

    /// How many posts it makes at the network.
    pub(crate) const fn parts(&self) -> u8 {
        match self.kind {
            Kind::Thread(parts) => parts,
            Kind::Picture | Kind::Pictures | Kind::Text | Kind::Video => 1,
        }
    }
}

/// Where the files of a post are.
pub(crate) enum Files<'a> {
    /// Kept under these ids: a picture, and a video.
    Kept(&'a str, &'a str),
    /// To be fetched from below this address.
    Samples(&'a str),
}

impl Files<'_> {
    fn media(&self, kind: Kind) -> Value {
        let picture = match self {
            Self::Kept(picture, _) => json!({"type": "image", "mediaId": picture}),
            Self::Samples(at) => json!({"type": "image", "url": format!("{at}/photo.jpg")}),
        };
        match (kind, self) {
            (Kind::Text, _) => json!([]),
            (Kind::Picture | Kind::Thread(_), _) => json!([picture]),
            (Kind::Pictures, _) => json!([picture, picture]),
            (Kind::Video, Self::Kept(_, video)) => json!([{"type": "video", "mediaId": video}]),
            (Kind::Video, Self::Samples(at)) => {
                json!([{"type": "video", "url": format!("{at}/clip.mp4")}])
            }
        }
    }
}

/// What marks a part of a post at the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    pub(crate) number: usize,
    pub(crate) revision: u8,
    pub(crate) part: u8,
}

impl Mark {
    /// The first mark in a text.
    pub(crate) fn find(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("mark")?;
        let (number, rest) = rest.split_once('r')?;
        let (revision, rest) = rest.split_once('q')?;
        let part = rest.split(|it: char| !it.is_ascii_digit()).next()?;
        Some(Self {
            number: number.parse().ok()?,
            revision: revision.parse().ok()?,
            part: part.parse().ok()?,
        })
    }
}

/// Words that hold the mark.
fn words(number: usize, revision: u8, part: u8) -> String {
    format!("mark{number:06}r{revision}q{part} seen from the harbour")
}

fn kind(chance: &mut Rng, platform: Platform) -> Kind {
    let kinds: &[Kind] = match platform {
        Platform::Facebook | Platform::Linkedin => {
            &[Kind::Text, Kind::Picture, Kind::Pictures, Kind::Video]
        }
        Platform::Instagram => &[Kind::Picture, Kind::Pictures, Kind::Video],
        Platform::Pinterest | Platform::Tiktok => &[Kind::Picture, Kind::Video],
        Platform::X => &[
            Kind::Text,
            Kind::Picture,
            Kind::Pictures,
            Kind::Thread(2),
            Kind::Thread(3),
            Kind::Video,
        ],
        Platform::Youtube => &[Kind::Video],
    };
    kinds[chance.usize(..kinds.len())]
}

/// About one author in five changes their mind, about when the post goes out or some time later.
fn then(chance: &mut Rng) -> Then {
    let after = if chance.bool() {
        chance.f64() * 2.0 - 0.5
    } else {
        chance.f64() * 15.0
    };
    match chance.u8(..10) {
        0 => Then::Cancel(after),
        1 => Then::Edit(after),
        _ => Then::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_marked_is_found_again() {
        let mark = Mark {
            number: 123,
            revision: 1,
            part: 2,
        };
        assert_eq!(Mark::find(&words(123, 1, 2)), Some(mark));
        assert_eq!(
            Mark::find(&format!("a title, {}!", words(123, 1, 2))),
            Some(mark)
        );
        for text in ["", "mark", "mark1r2", "markings of a harbour", "mark1rxq1"] {
            assert_eq!(Mark::find(text), None, "{text}");
        }
    }

    #[test]
    fn every_network_and_every_kind_is_posted_to() {
        let plans = Plan::draw(&mut Rng::with_seed(1), 2_000, 40, 30.0);
        for platform in Platform::ALL {
            let of_it = plans.iter().filter(|plan| plan.platform == platform);
            assert!(of_it.count() >= 285, "{platform}");
        }
        for kind in [Kind::Text, Kind::Pictures, Kind::Thread(3), Kind::Video] {
            assert!(plans.iter().any(|plan| plan.kind == kind), "{kind:?}");
        }
        let races = plans
            .iter()
            .filter(|plan| plan.then != Then::Nothing)
            .count();
        assert!((300..500).contains(&races), "{races}");
    }
}
