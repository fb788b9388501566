//! The posts function.
