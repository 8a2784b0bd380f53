//! # Exercise 8: `Notify`
//!
//! Any number of tasks wait, and each [`Notify::notify_one`] lets one go: the one that has waited
//! longest. If nobody waits, it is kept for who comes next; one, not more.
//!
//! The trap is the one who has been let go and is dropped before it sees that (it was the loser of
//! a `select`, say). If nobody thinks of that, its notification is lost, and somebody waits for
//! ever.
//!
//! - Run: `cargo test --example exercises -- --ignored ex08`
//! - Hint: each who waits has an `Rc` of its own in the queue: has it been let go, and its waker.
//! - Hint: `Drop` of [`Notified`] has two cases: it waits, or it was let go and has not seen it.
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
    /// There was a notification when nobody waited.
    kept: Cell<bool>,
    /// Who waits, the longest first.
    waiting: RefCell<VecDeque<Rc<Waiter>>>,
}

#[derive(Default)]
struct Waiter {
    notified: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Notify {
    /// Lets the one go that has waited longest, or the next to come.
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
    /// Its place in the queue, while it has one or was let go.
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
        // Exercise 8: leave the queue, or hand on what was not seen.
    }
}

#[cfg(test)]
#[path = "tests/ex08_notify.rs"]
mod tests;
