//! What simulated YouTube refuses, and how it says so.

mod api;
mod consent;
mod extras;
mod hub;
mod uploads;
mod videos;
