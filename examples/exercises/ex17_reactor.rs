//! # Exercise 17: a reactor
//!
//! The last piece: mio's events become wakes. A source (a socket) has a slot with two wakers, one
//! for each direction. Its token is its key: the slot, and a generation, so that an event of a
//! source that is gone wakes nothing, although its slot is used again.
//!
//! Then the pizza server runs on what you wrote, and on nothing else but mio: `cargo run --release
//! --example exercises -- 127.0.0.1:12345`, and in another terminal `cargo run --release --example
//! pizza-rush -- 127.0.0.1:12345`. And `cargo run --example exercises -- judge all` sets your runtime
//! beside tokio.
//!
//! - Run: `cargo test --example exercises -- --ignored ex17`
//! - Judge: `cargo run --example exercises -- judge 17`
//! - Hint: a `usize` has room for both parts of a key: shift one of them by 32 bits. The unparker
//!   needs a token too.
//! - Hint: an event comes once. So [`Source::io`] tries first, and waits only after `WouldBlock`.
//! - Hint: an end or an error of the connection is an event of both directions, or one would wait
//!   for ever: `is_read_closed`, `is_write_closed`, `is_error`.
//! - Hint: collect the wakers first, and call them with nothing borrowed.
//! - In the crate: `src/reactor/shared.rs`, `src/reactor/source.rs`, `src/reactor/registration.rs`

use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, ErrorKind},
    rc::Rc,
    sync::Arc,
    task::{Poll, Wake, Waker},
    time::Duration,
};

use mio::{Events, Interest, Token, event};

use crate::ex14_threads::Park;

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

pub(crate) struct Reactor {
    // All of it is yours.
}

impl Reactor {
    pub(crate) fn new() -> io::Result<Reactor> {
        todo!("exercise 17")
    }

    /// Registers a socket for both directions. It leaves when the source is dropped.
    pub(crate) fn register<S: event::Source>(&self, io: S) -> io::Result<Source<S>> {
        todo!("exercise 17")
    }
}

impl Park for Reactor {
    fn enter(&self, f: &mut dyn FnMut()) {
        // A source knows its reactor.
        f();
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        todo!("exercise 17")
    }

    fn unparker(&self) -> Waker {
        todo!("exercise 17")
    }
}

/// A socket that can be waited for.
pub(crate) struct Source<S: event::Source> {
    io: S,
    // The rest is yours.
}

impl<S: event::Source> Source<S> {
    /// Tries until the try need not wait. One task at a time may wait for a direction.
    pub(crate) async fn io<T>(
        &self,
        direction: Direction,
        mut attempt: impl FnMut(&S) -> io::Result<T>,
    ) -> io::Result<T> {
        todo!("exercise 17")
    }
}

impl<S: event::Source> Drop for Source<S> {
    fn drop(&mut self) {
        // Exercise 17: the socket leaves mio, and its slot is free.
    }
}

#[cfg(test)]
#[path = "tests/ex17_reactor.rs"]
mod tests;
