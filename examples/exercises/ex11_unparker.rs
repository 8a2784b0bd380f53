//! # Exercise 11: `block_on` that waits for sockets and timers
//!
//! From here on you write a runtime of your own. It begins with the crate's [`Reactor`], and ends,
//! in exercise 17, with yours: then the pizza server runs on nothing but what you wrote and mio.
//!
//! The `block_on` of exercise 2 parked its thread, and only a waker could end that. A reactor parks
//! until a socket is ready or a timer is due as well, and then calls the wakers. Its [`Unparker`]
//! ends the park from any thread, and is a waker.
//!
//! - Run: `cargo test --example exercises -- --ignored ex11`
//! - Judge: `cargo run --example exercises -- judge 11`
//! - Hint: `Waker::from(reactor.unparker())`
//! - Hint: a socket that has to wait needs to know where. Poll inside [`Reactor::enter`].
//! - Hint: `park` may return early, so it belongs into a loop.
//! - In the crate: `src/reactor/unparker.rs`, and `src/runtime/driver.rs`
//!
//! [`Unparker`]: pizzaiolo::Unparker

use std::{
    io,
    pin::pin,
    task::{Context, Poll, Waker},
};

use pizzaiolo::Reactor;

/// Runs a future to its end on this thread, and sleeps in the reactor while it waits.
pub(crate) fn block_on<F: Future>(reactor: &Reactor, future: F) -> io::Result<F::Output> {
    todo!("exercise 11")
}

#[cfg(test)]
#[path = "tests/ex11_unparker.rs"]
mod tests;
