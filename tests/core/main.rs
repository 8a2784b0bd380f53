//! The executor and the clock: tasks, wakers, handles, drops, time. And what holds of the source itself.

mod clocks;
#[path = "../support/common.rs"]
mod common;
mod drops;
mod executor;
mod fairness;
mod faults;
mod guide;
mod handles;
mod join;
mod layers;
mod time;
mod wakers;
