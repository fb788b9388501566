//! The seven networks as data and as pure state machines. No I/O.
