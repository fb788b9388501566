//! What the simulated Pinterest refuses, and how.

mod bench;
mod boards;
mod consent;
mod media;
mod pins;
mod rates;
mod sources;
