//! # Exercise 17: a reactor
//!
//! The last part: events of mio become wakes. A source (a socket) has a slot with two wakers, one
//! for each direction. Its token is its key: the slot, and a generation. So an event of a source
//! that was removed wakes nothing, although its slot is used again.
//!
//! Then the pizza server runs on your code and on mio only: `cargo run --release --example
//! exercises -- 127.0.0.1:12345`, and in another terminal `cargo run --release --example pizza-rush
//! -- 127.0.0.1:12345`. `cargo run --example exercises -- judge all` compares your runtime with
//! tokio.
//!
//! - Run: `cargo test --example exercises -- --ignored ex17`
//! - Judge: `cargo run --example exercises -- judge 17`
//! - Hint: a `usize` holds both parts of a key: shift one of them by 32 bits. The unparker needs a
//!   token too.
//! - Hint: an event comes once. So [`Source::io`] tries first, and waits only after `WouldBlock`.
//! - Hint: the end or an error of the connection is an event of both directions. Otherwise one of
//!   them waits for ever: `is_read_closed`, `is_write_closed`, `is_error`.
//! - Hint: first collect the wakers, then call them with nothing borrowed.
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

/// The direction in which a task waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

pub(crate) struct Reactor {
    // Your fields.
}

impl Reactor {
    pub(crate) fn new() -> io::Result<Reactor> {
        todo!("exercise 17")
    }

    /// Registers a socket for both directions. It is deregistered when the source is dropped.
    pub(crate) fn register<S: event::Source>(&self, io: S) -> io::Result<Source<S>> {
        todo!("exercise 17")
    }
}

impl Park for Reactor {
    fn enter(&self, f: &mut dyn FnMut()) {
        // Nothing to do: a source stores its reactor.
        f();
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        todo!("exercise 17")
    }

    fn unparker(&self) -> Waker {
        todo!("exercise 17")
    }
}

/// A socket for which a task can wait.
pub(crate) struct Source<S: event::Source> {
    io: S,
    // Your other fields.
}

impl<S: event::Source> Source<S> {
    /// Tries again until the try does not block. One task at a time may wait for a direction.
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
        // Exercise 17: deregister the socket, and free its slot.
    }
}

#[cfg(test)]
#[path = "tests/ex17_reactor.rs"]
mod tests;
