//! The rules of connections, over the router as it is served, the simulated networks on a socket,
//! and a database of its own for each test.

mod begin;
mod disconnect;
mod end;
mod house;
mod ways_back;
