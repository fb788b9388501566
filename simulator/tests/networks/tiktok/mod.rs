//! What simulated TikTok refuses, and how it says so.

mod bench;
mod consent;
mod drafts;
mod letters;
mod posts;
mod pulls;
mod uploads;
