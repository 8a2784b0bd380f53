//! # Exercise 7: a channel for one value
//!
//! One task sends a value, another waits for it. Either may go away before: then the other one
//! learns that, and nobody waits for ever.
//!
//! - Run: `cargo test --example exercises -- --ignored ex07`
//! - Hint: the receiver keeps the waker of its latest poll: it may have moved to another task.
//! - Hint: no `RefCell` is borrowed while somebody is woken. A waker is foreign code: it may poll,
//!   there and then, and find the cell borrowed.
//! - Hint: `Rc` tells how many owners there are, but not in time. Say it: `closed`.
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
    /// Who waits.
    waker: Option<Waker>,
    /// One half is gone.
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
        // Exercise 7: the sender must learn of it.
    }
}

#[cfg(test)]
#[path = "tests/ex07_oneshot.rs"]
mod tests;
