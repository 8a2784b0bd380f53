//! What TCP sockets promise, over real loopback connections.
//!
//! A test that stands for a row of the contract's table "Sockets" names the fault and where it
//! was seen.

mod cancel;
mod executors;
mod readiness;
mod support;
mod tcp;
