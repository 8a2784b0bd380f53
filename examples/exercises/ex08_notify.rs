//! # Exercise 8: `Notify`
//!
//! Any number of tasks wait, and each [`Notify::notify_one`] lets one of them go on: the one that
//! has waited longest. If none waits, one notification is kept for the next to come, and not more
//! than one.
//!
//! The trap: a future was notified, and is dropped before it is polled again (it lost a `select`,
//! say). Unless it hands its notification on, another task waits for ever.
//!
//! - Run: `cargo test --example exercises -- --ignored ex08`
//! - Hint: each future that waits has an `Rc` of its own in the queue: whether it was notified, and
//!   its waker.
//! - Hint: `Drop` of [`Notified`] has two cases: it waits, or it was notified and has not seen it.
//! - Hint: a waker may call `notify_one` while you clone it, so clone it before you look.
//! - In the crate: `Waiters` in `src/reactor/waiters.rs` wakes all, and so has nothing to hand on.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

#[derive(Default)]
pub(crate) struct Notify {
    /// A notification came while nothing waited.
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
    /// Lets one future go on: the one that has waited longest, or the next to come.
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
        // Exercise 8: leave the queue, or hand on a notification that was not seen.
    }
}

#[cfg(test)]
#[path = "tests/ex08_notify.rs"]
mod tests;
