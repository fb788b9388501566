//! Documents: PDF, and what Word and `PowerPoint` write, new and old. What is inside is the network's to judge.

pub(super) mod compound;
pub(super) mod package;
pub(super) mod pdf;

use domain::{DocumentFormat, MediaFacts};

use super::window::Window;

const fn facts(window: &Window, format: DocumentFormat, pages: Option<u32>) -> MediaFacts {
    MediaFacts::Document {
        format,
        pages,
        bytes: window.total(),
    }
}

#[cfg(test)]
mod tests;
