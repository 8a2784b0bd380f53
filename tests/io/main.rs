//! The reactor, and all that waits for it: sockets of each kind, any other source, names.
#![cfg_attr(
    not(target_os = "linux"),
    allow(unused_imports, dead_code, reason = "what only the tests of other systems use")
)]
#![allow(
    clippy::duplicate_mod,
    reason = "what each kind of socket promises is compiled for each kind"
)]

mod async_source;
mod budget;
mod driven;
mod futures_io;
mod names;
mod reactor;
mod registration;
mod socket2;
mod source;
#[path = "../support/mod.rs"]
mod support;
mod tcp;
mod udp;
mod unix;
mod waiters;
