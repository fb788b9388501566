//! The whole, from the outside: the real routers, the real publisher, a real Postgres, and the
//! simulated networks on a socket, whose ledger of live posts is the judge.
//!
//! Time is moved, never waited for. A network joins every table by a row in `networks.rs`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

mod house;
mod networks;

mod away;
mod bad_input;
mod crash;
mod deliveries;
mod disconnect;
mod edit;
mod endpoints;
mod events;
mod keys;
mod large;
mod limits;
mod linkedin;
mod lost;
mod meta;
mod names;
mod pinterest;
mod publish;
mod races;
mod restore;
mod secrets;
mod slow;
mod sweep;
mod tenants;
mod threads;
mod tiktok;
mod tokens;
mod youtube;
