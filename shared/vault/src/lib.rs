//! Seals secrets to the row that owns them.
