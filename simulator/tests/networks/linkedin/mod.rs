//! What the simulated LinkedIn refuses, and how.

mod bench;
mod consent;
mod documents;
mod gateway;
mod letters;
mod media;
mod pages;
mod posts;
