//! The wakers of the tasks that wait for one thing.

use std::{cell::RefCell, task::Waker};

#[derive(Default)]
pub(super) struct Waiters(RefCell<Vec<Waker>>);

impl Waiters {
    /// Notes that a task waits: once, however often it is polled.
    pub(super) fn add(&self, waker: &Waker) {
        if !self.0.borrow().iter().any(|kept| kept.will_wake(waker)) {
            // Nothing is borrowed while a waker is cloned.
            let waker = waker.clone();
            self.0.borrow_mut().push(waker);
        }
    }

    /// Wakes all, in the order in which they began to wait.
    pub(super) fn wake_all(&self) {
        // Taken out first: nothing is borrowed while a waker runs.
        let wakers = self.0.take();
        wakers.into_iter().for_each(Waker::wake);
    }
}
