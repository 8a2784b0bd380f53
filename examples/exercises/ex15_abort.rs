//! # Exercise 15: abort
//!
//! To cancel a future is to drop it. But the executor owns the futures, and the abort comes from
//! another task or another thread. So the abort sets a mark and wakes the task. The next poll of
//! the task, on its own thread, drops the future.
//!
//! This is one more future around the future of the task: `spawn(&executor, abortable)`.
//!
//! - Run: `cargo test --example exercises -- --ignored ex15`
//! - Judge: `cargo run --example exercises -- judge 15`
//! - Hint: the mark and the waker are shared with other threads: `Arc` and `Mutex`.
//! - Hint: an abort may come between the check of the mark and the return of Pending. Store the
//!   waker first, then check.
//! - Hint: hold no lock while you clone, drop or call a waker.
//! - In the crate: `abort` in `src/executor/join.rs`, and `src/executor/mod.rs`

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// The state that the future and its handles share.
#[derive(Default)]
struct Shared {
    is_aborted: AtomicBool,
    /// Wakes the task.
    waker: Mutex<Option<Waker>>,
}

/// Ends a future, from any thread.
#[derive(Clone)]
pub(crate) struct AbortHandle {
    shared: Arc<Shared>,
}

impl AbortHandle {
    /// Requests that the next poll, which comes soon, drops the future. After its end, does
    /// nothing.
    pub(crate) fn abort(&self) {
        todo!("exercise 15")
    }
}

/// A future that can be ended: its output, or `None` if it was aborted before.
pub(crate) struct Abortable<F> {
    shared: Arc<Shared>,
    /// `None` after its end.
    future: Option<Pin<Box<F>>>,
}

/// Makes a future that can be ended, and the handle for that.
pub(crate) fn abortable<F: Future>(future: F) -> (Abortable<F>, AbortHandle) {
    let shared = Arc::new(Shared::default());
    let handle = AbortHandle { shared: Arc::clone(&shared) };
    (Abortable { shared, future: Some(Box::pin(future)) }, handle)
}

impl<F: Future> Future for Abortable<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        todo!("exercise 15")
    }
}

#[cfg(test)]
#[path = "tests/ex15_abort.rs"]
mod tests;
