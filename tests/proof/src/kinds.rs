//! What is published: for each kind of commit at each network a post that takes as few calls as it can.

use domain::{MediaKind, Platform};
use serde_json::{Value, json};
use tests::samples::{Sample, jpeg, mp4};

/// How a network can tell what became of a commit whose answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// A handle can be asked.
    StrongHandle,
    /// A duplicate is refused with the twin's id.
    NamesTheTwin,
    /// A duplicate is refused without an id.
    RefusesTwins,
    /// Nothing is refused; a listing may show it.
    Bare,
}

/// A kind of post.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// Where it goes.
    pub platform: Platform,
    /// How its commit is told of.
    pub commit: Commit,
    /// How many posts it is at the network.
    pub parts: usize,
    options: fn(&str) -> Value,
    files: fn() -> Vec<Sample>,
}

/// Every kind.
pub const KINDS: [Kind; 14] = [
    kind("words at Facebook", Platform::Facebook, Commit::Bare),
    Kind {
        files: picture,
        ..kind("a photo at Facebook", Platform::Facebook, Commit::Bare)
    },
    Kind {
        files: video,
        ..kind(
            "a video at Facebook",
            Platform::Facebook,
            Commit::StrongHandle,
        )
    },
    Kind {
        files: picture,
        ..kind(
            "a photo at Instagram",
            Platform::Instagram,
            Commit::StrongHandle,
        )
    },
    Kind {
        files: two_pictures,
        ..kind(
            "a carousel at Instagram",
            Platform::Instagram,
            Commit::StrongHandle,
        )
    },
    kind(
        "words at LinkedIn",
        Platform::Linkedin,
        Commit::NamesTheTwin,
    ),
    Kind {
        files: picture,
        ..kind(
            "a photo at LinkedIn",
            Platform::Linkedin,
            Commit::NamesTheTwin,
        )
    },
    Kind {
        files: picture,
        options: board,
        ..kind("a pin", Platform::Pinterest, Commit::Bare)
    },
    Kind {
        files: picture,
        options: private,
        ..kind("a photo at TikTok", Platform::Tiktok, Commit::Bare)
    },
    Kind {
        files: video,
        options: private,
        ..kind("a video at TikTok", Platform::Tiktok, Commit::StrongHandle)
    },
    kind("words at X", Platform::X, Commit::RefusesTwins),
    Kind {
        files: picture,
        ..kind("a picture at X", Platform::X, Commit::RefusesTwins)
    },
    Kind {
        options: thread,
        parts: 2,
        ..kind("a thread at X", Platform::X, Commit::RefusesTwins)
    },
    Kind {
        files: video,
        ..kind(
            "a video at YouTube",
            Platform::Youtube,
            Commit::StrongHandle,
        )
    },
];

/// The kind that is called so.
pub fn named(name: &str) -> Kind {
    let found = KINDS.into_iter().find(|kind| kind.name == name);
    found.expect("a kind of the table")
}

/// One kind for each way in which a lost commit is told of, with the fewest calls.
pub fn simplest() -> [Kind; 5] {
    [
        named("a photo at Instagram"),
        named("words at LinkedIn"),
        named("words at X"),
        named("words at Facebook"),
        named("a photo at TikTok"),
    ]
}

const fn kind(name: &'static str, platform: Platform, commit: Commit) -> Kind {
    Kind {
        name,
        platform,
        commit,
        parts: 1,
        options: nothing,
        files: no_files,
    }
}

impl Kind {
    /// The network's own options for a post with these words.
    pub fn options(&self, words: &str) -> Value {
        (self.options)(words)
    }

    /// Its files.
    pub fn files(&self) -> Vec<Sample> {
        (self.files)()
    }

    /// The words of each post that it is at the network; none is part of another.
    pub fn words(&self, words: &str) -> Vec<String> {
        if self.parts == 1 {
            return vec![words.to_owned()];
        }
        vec![words.to_owned(), answer(words)]
    }
}

/// What kind of file it is.
pub fn kind_of(sample: &Sample) -> MediaKind {
    sample.facts.kind()
}

fn nothing(_: &str) -> Value {
    json!({})
}

fn board(_: &str) -> Value {
    json!({"boardId": "549755885175"})
}

fn private(_: &str) -> Value {
    json!({"privacyLevel": "SELF_ONLY"})
}

fn thread(words: &str) -> Value {
    json!({"thread": [{"text": answer(words)}]})
}

fn answer(words: &str) -> String {
    format!("Answered: {}", words.replace(' ', "-"))
}

fn no_files() -> Vec<Sample> {
    Vec::new()
}

fn picture() -> Vec<Sample> {
    vec![jpeg(1_080, 1_080, 600)]
}

fn two_pictures() -> Vec<Sample> {
    vec![jpeg(1_080, 1_080, 600), jpeg(1_080, 1_080, 700)]
}

fn video() -> Vec<Sample> {
    vec![mp4(3_000)]
}
