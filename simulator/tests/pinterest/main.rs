//! What the simulated Pinterest refuses, and how.

mod bench;
mod boards;
mod consent;
mod media;
mod pins;
mod rates;
#[path = "../rig/mod.rs"]
mod rig;
#[path = "../samples/mod.rs"]
mod samples;
mod sources;
