//! # Exercise 7: a channel for one value
//!
//! One task sends a value, and another task waits for it. If one half is dropped first, the other
//! half returns that fact, and no task waits for ever.
//!
//! - Run: `cargo test --example exercises -- --ignored ex07`
//! - Hint: the receiver stores the waker of its latest poll, because it may have moved to another
//!   task.
//! - Hint: borrow no `RefCell` while you clone, drop or call a waker. These may run code of another
//!   runtime, and that code may poll the receiver at once.
//! - Hint: the count of an `Rc` changes only after the drop of its owner has run. So store a mark:
//!   `closed`.
//! - In the crate: a `JoinHandle` waits for one value in `src/executor/join.rs`.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// The state that the two halves share.
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

/// A future. Its output is the value, or `None` if the sender was dropped without sending one.
pub(crate) struct Receiver<T> {
    shared: Rc<RefCell<Shared<T>>>,
}

/// Makes a channel for one value.
pub(crate) fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Rc::new(RefCell::new(Shared { value: None, waker: None, closed: false }));
    (Sender { shared: Rc::clone(&shared) }, Receiver { shared })
}

impl<T> Sender<T> {
    /// Sends the value. Returns it if the receiver was dropped.
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
        // Exercise 7: the sender must find out.
    }
}

#[cfg(test)]
#[path = "tests/ex07_oneshot.rs"]
mod tests;
