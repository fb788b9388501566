//! What the simulated networks refuse, and how they say so.

mod linkedin;
mod meta;
mod pinterest;
mod requests;
mod rig;
mod samples;
mod tiktok;
mod x;
mod youtube;
