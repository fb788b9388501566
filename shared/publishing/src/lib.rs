//! The one loop that does the I/O of a state machine.
