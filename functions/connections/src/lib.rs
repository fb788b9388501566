//! The connections function.
