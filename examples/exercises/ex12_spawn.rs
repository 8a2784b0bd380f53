//! # Exercise 12: a queue, and `spawn`
//!
//! An executor for futures that need not be `Send`: a task may hold an `Rc`, and a socket of this
//! crate, which holds one. That decides where the futures are. Step 8 of the ladder had each behind
//! an `Arc<Mutex<…>>`, which the waker owned; a waker may be dropped on any thread, and with it the
//! future, so the compiler asks for `Send`, and refuses our sockets. So the executor owns the
//! futures, in a slab, and a waker has a key into it and the queue.
//!
//! A slot of the slab is used again. Then a waker of the old task must not wake the new one, so the
//! key has a generation too.
//!
//! - Run: `cargo test --example exercises -- --ignored ex12`
//! - Judge: `cargo run --example exercises -- judge 12`
//! - Hint: exercise 10 has most of it. New are the slab, and [`Executor::run_ready`]: it polls what
//!   was ready when it began, each task once, so that its caller can look at the sockets in
//!   between.
//! - Hint: `unpark` is called after each wake, when the task is in the queue and nothing is locked.
//!   What it is for comes in exercise 14.
//! - Hint: take a future out of its slot while you poll it, and drop it with nothing borrowed.
//! - In the crate: `src/slab.rs`, `src/executor/tasks.rs`, `src/executor/queue.rs`

use std::{
    cell::RefCell,
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

pub(crate) struct Executor {
    /// Called after each wake.
    unpark: Waker,
    // The rest is yours.
}

impl Executor {
    /// Creates an executor without tasks, which calls `unpark` after each wake of a task.
    pub(crate) fn new(unpark: Waker) -> Executor {
        Executor { unpark }
    }

    /// Makes a task of a future. It is ready, and is not polled here.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        todo!("exercise 12")
    }

    /// One pass: polls each task that is ready now, once. What becomes ready meanwhile is for the
    /// next pass.
    pub(crate) fn run_ready(&self) {
        todo!("exercise 12")
    }

    /// Whether a task is ready.
    pub(crate) fn is_ready(&self) -> bool {
        todo!("exercise 12")
    }

    /// Whether no task is left.
    pub(crate) fn is_empty(&self) -> bool {
        todo!("exercise 12")
    }
}

#[cfg(test)]
#[path = "tests/ex12_spawn.rs"]
mod tests;
