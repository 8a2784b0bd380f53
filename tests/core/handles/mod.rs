//! Handles of tasks: aborting from anywhere, sets of tasks, spawning from other threads, and what a
//! task knows of itself.

mod abort;
mod inside;
mod join_set;
mod remote;

use std::future::pending;

use crate::common::Counter;
use pizzaiolo::Executor;

fn executor() -> Executor {
    Executor::new().unwrap()
}

/// A future that waits for ever, and counts its drop.
fn holds(drops: &Counter) -> impl Future<Output = ()> + use<> {
    let held = drops.on_drop();
    async move {
        let _held = held;
        pending::<()>().await;
    }
}
