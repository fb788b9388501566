//! What the simulated networks of Meta refuse, and how they say so.

mod access;
mod api;
mod businesses;
mod comments;
mod containers;
mod facebook;
mod instagram;
mod instagram_login;
mod instagram_uploads;
mod stories;
mod uploads;
