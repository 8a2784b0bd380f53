//! # Exercise 8: `Notify`
//!
//! Any number of tasks wait. Each [`Notify::notify_one`] notifies one of them: the one that has
//! waited longest. If no task waits, one notification is stored for the next task that waits, and
//! not more than one.
//!
//! The trap: a future was notified, and is dropped before it is polled again (for example by a
//! `select`). Unless it passes its notification on, another task waits for ever.
//!
//! - Run: `cargo test --example exercises -- --ignored ex08`
//! - Hint: each future that waits has its own `Rc` in the queue. It stores whether the future was
//!   notified, and the waker.
//! - Hint: `Drop` of [`Notified`] has two cases: the future waits; or it was notified, and was not
//!   polled since.
//! - Hint: a waker may call `notify_one` while you clone it. So clone it before you check.
//! - In the crate: `Waiters` in `src/reactor/waiters.rs` wakes all waiters, so it passes nothing
//!   on.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

#[derive(Default)]
pub(crate) struct Notify {
    /// A notification came while no task waited.
    kept: Cell<bool>,
    /// The futures that wait, the longest first.
    waiting: RefCell<VecDeque<Rc<Waiter>>>,
}

#[derive(Default)]
struct Waiter {
    notified: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Notify {
    /// Notifies one future: the one that has waited longest, or the next one that waits.
    pub(crate) fn notify_one(&self) {
        todo!("exercise 8")
    }

    /// Waits for a notification. The wait begins with the first poll.
    pub(crate) fn notified(&self) -> Notified<'_> {
        Notified { notify: self, waiter: None }
    }
}

/// The future that [`Notify::notified`] returns.
pub(crate) struct Notified<'a> {
    notify: &'a Notify,
    /// Its entry in the queue, from the first poll until it is Ready.
    waiter: Option<Rc<Waiter>>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        todo!("exercise 8")
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        // Exercise 8: leave the queue, or pass on a notification that no poll has seen.
    }
}

#[cfg(test)]
#[path = "tests/ex08_notify.rs"]
mod tests;
