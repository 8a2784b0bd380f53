//! # Exercise 3: `join`
//!
//! Await two futures at once: both make progress while either waits, and the output is there when
//! both are ready. It makes no tasks: one future polls two.
//!
//! - Run: `cargo test --example exercises -- --ignored ex03`
//! - Hint: a future that has returned Ready must not be polled again, so keep its output.
//! - Hint: `std::pin::pin!` pins what is to be polled, and [`std::future::poll_fn`] makes a future
//!   of a closure that polls.
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
