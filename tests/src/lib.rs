//! Black-box tests over the routers and the database.
