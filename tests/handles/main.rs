//! Handles of tasks: aborting from anywhere, sets of tasks, spawning from other threads, and what a
//! task knows of itself.

mod abort;
#[path = "../common/mod.rs"]
mod common;
mod inside;
mod join_set;
mod remote;

use pizzaiolo::Executor;

fn executor() -> Executor {
    Executor::new().unwrap()
}
