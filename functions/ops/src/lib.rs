//! The ops function.
