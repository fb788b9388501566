//! X, tried on the stage.

mod harness;
