//! Runs the whole of Picscripter on one machine.
