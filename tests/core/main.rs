//! The executor and the clock: tasks, wakers, handles, drops, time. And what holds of the source itself.
#![cfg_attr(
    not(target_os = "linux"),
    allow(unused_imports, dead_code, reason = "what only the tests of other systems use")
)]

mod clocks;
mod drops;
mod drops_that_panic;
mod end;
mod executor;
mod fairness;
mod faults;
mod guide;
mod handles;
mod join;
mod join_cases;
mod layers;
mod orders;
mod sleep;
#[path = "../support/mod.rs"]
mod support;
mod time;
mod timers;
mod wakers;
