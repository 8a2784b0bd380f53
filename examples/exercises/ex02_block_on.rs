//! # Exercise 2: a waker of your own, and `block_on`
//!
//! Step 5 of the ladder, from memory: poll a future on this thread, and park the thread while the
//! future is pending. The waker ends the park. Any thread may call it.
//!
//! - Run: `cargo test --example exercises -- --ignored ex02`
//! - Hint: [`std::thread::park`] returns at once if [`Thread::unpark`] was called before it, so a
//!   wake that comes during the poll is not lost. It may also return for no reason.
//! - Hint: `std::pin::pin!` pins a future here, and [`Waker::from`] makes a waker of an `Arc`.
//! - In the crate: `src/executor/waker.rs`, and `block_on` in `src/executor/mod.rs`

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

/// Wakes a future by waking the thread that polls it.
struct ThreadWaker {
    thread: Thread,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        todo!("exercise 2")
    }
}

/// Runs a future to its end on this thread, and returns its output.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    todo!("exercise 2")
}

#[cfg(test)]
#[path = "tests/ex02_block_on.rs"]
mod tests;
