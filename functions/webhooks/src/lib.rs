//! The webhooks function.
