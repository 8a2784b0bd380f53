//! # Exercise 10: an executor of your own, with priorities
//!
//! Tasks, a queue and wakers together. Of the ready tasks, the executor polls the one with the
//! highest priority; of those with the same priority, the one that was woken first.
//!
//! A task may hold an `Rc`, and its waker may be on another thread. So the waker cannot own the
//! task. It has the number of the task, and shares a queue with the executor.
//!
//! - Run: `cargo test --example exercises -- --ignored ex10`
//! - Hint: a [`BinaryHeap`] returns the greatest entry. Tuples are compared part by part, and
//!   [`Reverse`] reverses the order of a part. What orders tasks of the same priority?
//! - Hint: take the future out of its slot while you poll it. The future may spawn, so the tasks
//!   must not be borrowed then. Its drop may spawn too.
//! - Hint: clear the mark "is queued" before the poll: a wake during the poll requests another
//!   poll.
//! - In the crate: `src/executor/tasks.rs`, `queue.rs`, `waker.rs` and `event_loop.rs` in the same folder

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
    // Your fields.
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
