//! # Exercise 5: `timeout`
//!
//! Await a future for a limited time. A [`sleep`] is a future like any other, so you need only what
//! you wrote in exercise 4.
//!
//! - Run: `cargo test --example exercises -- --ignored ex05`
//! - Hint: a future that becomes ready exactly when the time is over still counts. Which of the two
//!   futures is polled first?
//! - Hint: the time starts once. A future may be polled any number of times before it is ready.
//! - In the crate: `src/time/timeout.rs`

use std::{
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use pizzaiolo::time::sleep;

/// Awaits a future for at most `duration`. Returns `None` if it is not ready by then.
pub(crate) async fn timeout<F: Future>(duration: Duration, future: F) -> Option<F::Output> {
    todo!("exercise 5")
}

#[cfg(test)]
#[path = "tests/ex05_timeout.rs"]
mod tests;
