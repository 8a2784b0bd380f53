//! # Exercise 3: `join`
//!
//! Await two futures at once: each makes progress while the other waits, and the output is complete
//! when both are ready. There are no new tasks: one future polls both.
//!
//! - Run: `cargo test --example exercises -- --ignored ex03`
//! - Hint: a future that has returned Ready must not be polled again, so store its output.
//! - Hint: `std::pin::pin!` pins a future on the stack, and [`std::future::poll_fn`] makes a future
//!   from a closure.
//! - In the crate: `Timeout` in `src/time/timeout.rs` polls two futures as well.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

/// Awaits both futures.
pub(crate) async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    todo!("exercise 3")
}

#[cfg(test)]
#[path = "tests/ex03_join.rs"]
mod tests;
