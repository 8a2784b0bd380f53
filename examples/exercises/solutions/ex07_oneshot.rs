//! Exercise 7. `send` only stores the value: the drop of the sender, at the end of `send`, wakes
//! the receiver, and so there is one wake for either case.

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

pub(crate) struct Receiver<T> {
    shared: Rc<RefCell<Shared<T>>>,
}

pub(crate) fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Rc::new(RefCell::new(Shared { value: None, waker: None, closed: false }));
    (Sender { shared: Rc::clone(&shared) }, Receiver { shared })
}

impl<T> Sender<T> {
    pub(crate) fn send(self, value: T) -> Result<(), T> {
        let mut shared = self.shared.borrow_mut();
        if shared.closed {
            return Err(value);
        }
        shared.value = Some(value);
        Ok(())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut shared = self.shared.borrow_mut();
        shared.closed = true;
        let waker = shared.waker.take();
        drop(shared);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // A clone may run code of another runtime, so nothing is borrowed.
        let waker = cx.waker().clone();
        let mut shared = self.shared.borrow_mut();
        if shared.closed {
            return Poll::Ready(shared.value.take());
        }
        let old = shared.waker.replace(waker);
        drop(shared);
        // So may a drop.
        drop(old);
        Poll::Pending
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut shared = self.shared.borrow_mut();
        shared.closed = true;
        let (value, waker) = (shared.value.take(), shared.waker.take());
        drop(shared);
        drop((value, waker));
    }
}

#[cfg(test)]
#[path = "../tests/ex07_oneshot.rs"]
mod tests;
