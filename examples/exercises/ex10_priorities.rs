//! # Exercise 10: an executor of your own, with priorities
//!
//! All together now: tasks, a queue, wakers. Of the tasks that are ready, the one with the highest
//! priority is polled; of those with the same priority, the one that was woken first.
//!
//! A task may hold an `Rc`, and a waker may be on another thread. So the waker cannot own the task:
//! it has the task's number, and a queue that it shares with the executor.
//!
//! - Run: `cargo test --example exercises -- --ignored ex10`
//! - Hint: a [`BinaryHeap`] yields the greatest. Tuples are compared part by part, and [`Reverse`]
//!   turns a part around. What orders tasks of the same priority?
//! - Hint: take the future out of its slot while you poll it, because it may spawn and would find
//!   the tasks borrowed. Its drop may spawn too.
//! - Hint: clear the mark "is queued" before the poll: a wake during the poll means one more poll.
//! - In the crate: `src/executor/tasks.rs`, `queue.rs`, `waker.rs` and `mod.rs` beside it

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

#[derive(Default)]
pub(crate) struct Executor {
    // All of it is yours.
}

impl Executor {
    /// Makes a task of a future. The higher the number, the more urgent it is.
    pub(crate) fn spawn(&self, priority: u8, future: impl Future<Output = ()> + 'static) {
        todo!("exercise 10")
    }

    /// Polls the tasks that are ready, the most urgent first, until none is.
    pub(crate) fn run_until_idle(&self) {
        todo!("exercise 10")
    }
}

#[cfg(test)]
#[path = "tests/ex10_priorities.rs"]
mod tests;
