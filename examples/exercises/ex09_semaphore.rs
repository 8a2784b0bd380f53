//! # Exercise 9: a semaphore
//!
//! An oven has room for four pizzas. A task that finds it full waits for a permit, and has the
//! permit until it drops the [`Permit`]. The semaphore is fair: it gives the permits in the order
//! of the requests.
//!
//! - Run: `cargo test --example exercises -- --ignored ex09`
//! - Hint: when a permit is dropped while a future waits, give it to that future at once, without
//!   counting it as free. If the permit is free while the woken future is not yet polled, another
//!   task may take it.
//! - Hint: the trap of exercise 8 exists here too.
//! - In the crate: there is no semaphore.

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
    // Your other fields.
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
    // Your other fields.
}

impl<'a> Future for Acquire<'a> {
    type Output = Permit<'a>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit<'a>> {
        todo!("exercise 9")
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        // Exercise 9: leave the queue, or pass on a permit that no poll has seen.
    }
}

/// Holds a permit until it is dropped.
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
