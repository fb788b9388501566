//! Black-box tests over the routers and the database; they stand in `tests/acceptance`.
