//! Why is nothing happening? What the executor says by itself: the table of tasks, the warning of
//! a lost waker, the panic of a proven deadlock, the lints; the two ways to look closer, step
//! by step and in an order of chance; the events, the counters, and the programs that go wrong.
#![cfg_attr(
    not(target_os = "linux"),
    allow(unused_imports, dead_code, reason = "what only the tests of other systems use")
)]

mod deadlock;
mod gallery;
mod joins;
mod kept_wakers;
mod lints;
mod locations;
mod lost_waker;
mod observer;
mod ready_order;
mod stats;
mod steps;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod waits;
