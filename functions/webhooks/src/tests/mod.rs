//! The rules of webhooks, over the router as it is served, with signatures made here, and a
//! database of its own for each test.

mod endpoints;
mod forged;
mod handshakes;
mod heard;
mod house;
mod meta;
