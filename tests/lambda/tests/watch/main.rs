//! The functions under `cargo lambda watch`: through the runtime that Lambda has, over an account of AWS
//! at a stand-in, with the networks simulated.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by stopping"
)]

mod batch;
mod house;
mod story;
