//! The reactor, and all that waits for it: sockets of each kind, any other source, names.

mod async_source;
mod budget;
mod cancel;
mod executors;
#[cfg(feature = "futures-io")]
mod futures_io;
mod names;
mod poll_and_try;
mod reactor;
mod readiness;
mod socket2;
mod split;
#[path = "../support/mod.rs"]
mod support;
mod tcp;
mod udp;
mod unix;
