//! Runs the whole of Picscripter on one machine.

pub use cluster as postgres;
