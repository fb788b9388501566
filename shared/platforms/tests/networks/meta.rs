//! What Facebook and Instagram have in common.

mod businesses;
mod specs;
