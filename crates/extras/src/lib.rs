//! Examples and tests that need crates which nothing else here needs, so that the pizza server is built
//! within seconds: the load generator, blocking work on threads of its own, and properties of what the
//! server makes of a client's bytes.
//!
//! There is nothing in the library: the package is its examples and its tests.
