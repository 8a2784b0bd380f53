//! # Exercise 9: a semaphore
//!
//! Four pizzas fit into the oven. Who comes and finds it full waits for a place, and has it for as
//! long as the [`Permit`] lives. It is fair: nobody gets in before who has waited longer.
//!
//! - Run: `cargo test --example exercises -- --ignored ex09`
//! - Hint: when a permit is dropped and somebody waits, give it to them at once, uncounted. If it
//!   is put back first and they are woken to take it, somebody else may come in between.
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
    /// How many permits are there for the taking.
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
        // Exercise 9: leave the queue, or hand on what was not seen.
    }
}

/// Holds a place until it is dropped.
pub(crate) struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // Exercise 9: to whom does the place go?
    }
}

#[cfg(test)]
#[path = "tests/ex09_semaphore.rs"]
mod tests;
