//! # Exercise 7: a channel for one value
//!
//! One task sends a value, another waits for it. If one half is dropped first, the other half
//! learns it, and nothing waits for ever.
//!
//! - Run: `cargo test --example exercises -- --ignored ex07`
//! - Hint: the receiver keeps the waker of its latest poll, because it may have moved to another
//!   task.
//! - Hint: no `RefCell` is borrowed while a waker is cloned, dropped or called. That may run code
//!   of another runtime, and it may poll the receiver there and then.
//! - Hint: the count of an `Rc` changes only after the drop of its owner has run. So keep a mark:
//!   `closed`.
//! - In the crate: a `JoinHandle` waits for one value in `src/executor/join.rs`.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// What the two halves share.
struct Shared<T> {
    value: Option<T>,
    /// Wakes the task that waits for the value.
    waker: Option<Waker>,
    /// One half was dropped.
    closed: bool,
}

pub(crate) struct Sender<T> {
    shared: Rc<RefCell<Shared<T>>>,
}

/// A future: the value, or `None` if the sender is gone and has sent none.
pub(crate) struct Receiver<T> {
    shared: Rc<RefCell<Shared<T>>>,
}

/// Makes a channel for one value.
pub(crate) fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Rc::new(RefCell::new(Shared { value: None, waker: None, closed: false }));
    (Sender { shared: Rc::clone(&shared) }, Receiver { shared })
}

impl<T> Sender<T> {
    /// Sends the value. It comes back if the receiver is gone.
    pub(crate) fn send(self, value: T) -> Result<(), T> {
        todo!("exercise 7")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Exercise 7: the receiver must not wait for ever.
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        todo!("exercise 7")
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Exercise 7: the sender must know it.
    }
}

#[cfg(test)]
#[path = "tests/ex07_oneshot.rs"]
mod tests;
