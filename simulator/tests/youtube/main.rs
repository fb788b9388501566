//! What simulated YouTube refuses, and how it says so.

mod api;
mod consent;
mod extras;
mod hub;
#[path = "../rig/mod.rs"]
mod rig;
mod uploads;
mod videos;
