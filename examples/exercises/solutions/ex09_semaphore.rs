//! Exercise 9. A permit for which a future waits is never free: it goes from one to the next. And a
//! permit that was given and not seen becomes a [`Permit`], whose drop passes it on.

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
    /// The futures that wait, the longest first.
    waiting: RefCell<VecDeque<Rc<Waiter>>>,
}

#[derive(Default)]
struct Waiter {
    /// It was given a permit.
    admitted: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Semaphore {
    pub(crate) fn new(permits: usize) -> Semaphore {
        Semaphore { free: Cell::new(permits), waiting: RefCell::default() }
    }

    pub(crate) fn acquire(&self) -> Acquire<'_> {
        Acquire { semaphore: self, waiter: None }
    }
}

pub(crate) struct Acquire<'a> {
    semaphore: &'a Semaphore,
    /// Its entry in the queue, from the first poll until it is Ready.
    waiter: Option<Rc<Waiter>>,
}

impl<'a> Future for Acquire<'a> {
    type Output = Permit<'a>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit<'a>> {
        let semaphore = self.semaphore;
        // A clone runs code of another runtime, and may change the state that is read below.
        let waker = cx.waker().clone();
        if self.waiter.is_none() {
            // While a future waits none is free, so none is overtaken here.
            if let Some(left) = semaphore.free.get().checked_sub(1) {
                semaphore.free.set(left);
                return Poll::Ready(Permit { semaphore });
            }
        }
        let waiter = self.waiter.get_or_insert_with(|| {
            let waiter = Rc::new(Waiter::default());
            semaphore.waiting.borrow_mut().push_back(Rc::clone(&waiter));
            waiter
        });
        if waiter.admitted.get() {
            self.waiter = None;
            return Poll::Ready(Permit { semaphore });
        }
        // The drop of the old waker runs code of another runtime, so nothing is borrowed.
        drop(waiter.waker.replace(Some(waker)));
        Poll::Pending
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let semaphore = self.semaphore;
        match self.waiter.take() {
            Some(waiter) if waiter.admitted.get() => drop(Permit { semaphore }),
            Some(waiter) => {
                semaphore.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &waiter));
            }
            None => {}
        }
    }
}

/// Holds a permit until it is dropped.
pub(crate) struct Permit<'a> {
    semaphore: &'a Semaphore,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let longest = self.semaphore.waiting.borrow_mut().pop_front();
        let Some(waiter) = longest else {
            self.semaphore.free.set(self.semaphore.free.get() + 1);
            return;
        };
        waiter.admitted.set(true);
        if let Some(waker) = waiter.waker.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
#[path = "../tests/ex09_semaphore.rs"]
mod tests;
