//! # Exercise 9: a semaphore
//!
//! Four pizzas fit into the oven. A task that finds it full waits for a permit, and keeps it for as
//! long as the [`Permit`] lives. It is fair: permits are given in the order in which they were
//! asked for.
//!
//! - Run: `cargo test --example exercises -- --ignored ex09`
//! - Hint: when a permit is dropped and a future waits, give it the permit at once, uncounted. If
//!   the permit is put back first, and the future is woken to take it, another task may come in
//!   between.
//! - Hint: the trap of exercise 8 is here as well.
//! - In the crate: there is none; now there is yours.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

pub(crate) struct Semaphore {
    /// How many permits are free.
    free: Cell<usize>,
    // The rest is yours.
}

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Semaphore {
        Semaphore { free: Cell::new(permits) }
    }

    /// Waits for a permit. The wait begins with the first poll.
    pub(crate) fn acquire(&self) -> Acquire<'_> {
        Acquire { semaphore: self }
    }
}

/// The future that [`Semaphore::acquire`] returns.
pub(crate) struct Acquire<'a> {
    semaphore: &'a Semaphore,
    // The rest is yours.
}

impl<'a> Future for Acquire<'a> {
    type Output = Permit<'a>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit<'a>> {
        todo!("exercise 9")
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        // Exercise 9: leave the queue, or hand on a permit that was not seen.
    }
}

/// Keeps its permit until it is dropped.
pub(crate) struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // Exercise 9: where does the permit go?
    }
}

#[cfg(test)]
#[path = "tests/ex09_semaphore.rs"]
mod tests;
