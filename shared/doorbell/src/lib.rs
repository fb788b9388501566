//! Rings when a row is to be looked at.
