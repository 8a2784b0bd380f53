//! Holes that mutation tests have found: each test fails with a change of the source that no other test
//! noticed. (`crates/mutants` makes such changes.)
#![cfg(unix)]

mod causes;
mod clocks;
mod driven;
mod drops;
#[cfg(feature = "futures-io")]
mod futures_io;
mod intervals;
mod joins;
mod lints;
mod lost;
mod observers;
mod order;
mod polled;
mod readiness;
mod remote;
mod sockets;
mod support;
#[cfg(target_os = "linux")]
mod system_calls;
