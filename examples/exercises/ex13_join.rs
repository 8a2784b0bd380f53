//! # Exercise 13: join handles, and panics
//!
//! A task has an output, and its join handle is a future that returns it. A task that panics must
//! not end the thread and all other tasks: the panic is caught at the poll, and the handle returns
//! it.
//!
//! All of this is one more future around the future of the task, so exercise 12 does not change.
//! You have the channel already: exercise 7.
//!
//! - Run: `cargo test --example exercises -- --ignored ex13`
//! - Judge: `cargo run --example exercises -- judge 13`
//! - Hint: use [`std::panic::catch_unwind`] around each poll, with [`AssertUnwindSafe`]: a future
//!   that has panicked is dropped, and is not used again.
//! - Hint: drop the future before you send its output. The task that joins may rely on that. The
//!   drop is the task's code too, and may panic.
//! - Hint: if the executor is dropped with the task in it, the sender is dropped. What does the
//!   receiver return then?
//! - In the crate: `src/executor/join.rs`, `src/user_code.rs`

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    ex07_oneshot::{Receiver, oneshot},
    ex12_spawn::Executor,
};

/// Why a task has no output.
#[derive(Debug)]
pub(crate) enum JoinError {
    /// It panicked, with this payload.
    Panicked(Box<dyn Any + Send>),
    /// It was dropped before it had ended.
    Cancelled,
}

/// Returns the output of a task. If it is dropped, the task runs on.
pub(crate) struct JoinHandle<T> {
    receiver: Receiver<Result<T, Box<dyn Any + Send>>>,
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        todo!("exercise 13")
    }
}

/// Makes a task of a future, and returns its handle.
pub(crate) fn spawn<T: 'static>(
    executor: &Executor,
    future: impl Future<Output = T> + 'static,
) -> JoinHandle<T> {
    todo!("exercise 13")
}

#[cfg(test)]
#[path = "tests/ex13_join.rs"]
mod tests;
