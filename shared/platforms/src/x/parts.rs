//! The parts of a thread: the post itself, and what the option `thread` adds to it.

use super::options::{self, Options};
use crate::{Asset, Content};

/// One post of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its words.
    pub(super) text: String,
    /// The places of its files among the post's.
    pub(super) files: Vec<usize>,
}

/// A post as it goes to X, part by part; there is at least one.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) options: Options,
    all: Vec<Part>,
}

impl Parts {
    /// Reads them out of a frozen post.
    pub(super) fn of(content: &Content) -> Self {
        // The options were accepted with the post; what cannot be read is not there.
        let options = options::read(&content.options).unwrap_or_default();
        let all = split(&content.caption, content.assets.len(), &options);
        Self { options, all }
    }

    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.all.len()
    }

    /// One of them, from 0.
    pub(super) fn part(&self, number: usize) -> Option<&Part> {
        self.all.get(number)
    }

    /// How many files the parts before this one carry.
    pub(super) fn files_before(&self, number: usize) -> usize {
        let before = self.all.iter().take(number);
        before.map(|part| part.files.len()).sum()
    }

    /// The place of the file that is uploaded after so many others.
    pub(super) fn place(&self, uploaded: usize) -> Option<usize> {
        let places = self.all.iter().flat_map(|part| &part.files);
        places.copied().nth(uploaded)
    }

    /// What that file is.
    pub(super) fn asset<'a>(&self, content: &'a Content, uploaded: usize) -> Option<&'a Asset> {
        content.assets.get(self.place(uploaded)?)
    }
}

/// The parts of a post of so many files: those that no further part names are the first one's.
pub(super) fn split(caption: &str, files: usize, options: &Options) -> Vec<Part> {
    let named: Vec<usize> = options
        .thread
        .iter()
        .flat_map(|part| part.media.iter().copied())
        .collect();
    let first = Part {
        text: caption.to_owned(),
        files: (0..files).filter(|place| !named.contains(place)).collect(),
    };
    let further = options.thread.iter().map(|part| Part {
        text: part.text.clone(),
        files: part
            .media
            .iter()
            .copied()
            .filter(|place| *place < files)
            .collect(),
    });
    std::iter::once(first).chain(further).collect()
}
