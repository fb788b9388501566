//! The seven networks as strict servers whose faults can be scripted.
//!
//! The real address `https://HOST/PATH` is served under `/HOST/PATH`. What the real network would
//! refuse is refused here with its status and body; what it would take shows up in the
//! [`Ledger`], which is the judge of every test. Nothing here knows the code that it tests.

mod blobs;
mod clock;
mod consent;
mod control;
mod faults;
mod ledger;
mod oauth;
mod pull;
mod server;
mod world;

pub mod networks;

pub use blobs::Keeper;
pub use clock::Clock;
pub use faults::{Fault, FaultScript, LOST_ANSWER, LostAnswer};
pub use ledger::{Ledger, LiveMedia, LivePost};
pub use oauth::{Account, AuthorizeVisit, Grant, Registration, TokenKind};
pub use pull::{Pull, Pulled};
pub use server::{Server, serve, serve_with};
pub use world::{Settings, Simulator, World};
