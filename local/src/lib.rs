//! Runs the whole of Picscripter on one machine: Postgres, every function on one port, the
//! publisher, the simulated networks. The same routers and the same publisher as on Lambda.

pub mod demo;
pub mod house;
pub mod keys;
mod networks;
mod objects;
mod open_files;
pub mod openapi;
pub mod postman;
mod secrets;
pub mod seed;
mod variables;
pub mod work;

pub use variables::Variables;

/// What stops a program of this crate; it is told to a person.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
