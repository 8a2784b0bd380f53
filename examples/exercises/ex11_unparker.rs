//! # Exercise 11: `block_on` that waits for sockets and timers
//!
//! From here on you write your own runtime. It starts on the [`Reactor`] of the crate. In exercise
//! 17 you write the reactor too. Then the pizza server runs on your code and mio only.
//!
//! The `block_on` of exercise 2 parks its thread, and only a waker ends the park. A park of a
//! reactor also ends when a socket is ready or a deadline has passed; the reactor then calls the
//! wakers. Its [`Unparker`] ends the park from any thread, and can be used as a waker.
//!
//! - Run: `cargo test --example exercises -- --ignored ex11`
//! - Judge: `cargo run --example exercises -- judge 11`
//! - Hint: `Waker::from(reactor.unparker())`
//! - Hint: a socket that has to wait needs a reactor. Poll inside [`Reactor::enter`].
//! - Hint: `park` may return early, so call it in a loop.
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
