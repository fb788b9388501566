//! The publisher function.
