//! # Exercise 12: a queue, and `spawn`
//!
//! An executor for futures that need not be `Send`: a task may hold an `Rc`, or a socket of this
//! crate, which contains an `Rc`. In step 8 of the ladder, the waker owns the future, in an
//! `Arc<Mutex<…>>`. A waker may be dropped on any thread, and the future with it. So the compiler
//! requires `Send`, and refuses our sockets. Here the executor owns the futures, in a slab. A waker
//! has a key into the slab, and the queue.
//!
//! A slot of the slab is used again. A waker of the old task must not wake the new task in the same
//! slot, so the key also has a generation.
//!
//! - Run: `cargo test --example exercises -- --ignored ex12`
//! - Judge: `cargo run --example exercises -- judge 12`
//! - Hint: exercise 10 has most of it. The slab is new, and so is [`Executor::run_ready`]: it polls
//!   each task that was ready when it began, once, so that its caller can check the sockets in
//!   between.
//! - Hint: call `unpark` after each wake, when the task is in the queue and nothing is locked.
//!   Exercise 14 needs it.
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
    // Your other fields.
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

    /// One pass: polls each task that is ready now, once. A task that becomes ready meanwhile is
    /// polled in the next pass.
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
