//! What the simulated X refuses, and how.

mod bench;
mod consent;
mod limits;
mod media;
mod posts;
mod webhooks;
