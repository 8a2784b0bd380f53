//! Exercise 8. A future that is notified leaves the queue at once, so every entry of the queue
//! waits.

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
    pub(crate) fn notify_one(&self) {
        // A statement of its own, so that the borrow of the queue has ended when the waker is called.
        let longest = self.waiting.borrow_mut().pop_front();
        let Some(waiter) = longest else {
            self.kept.set(true);
            return;
        };
        waiter.notified.set(true);
        if let Some(waker) = waiter.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn notified(&self) -> Notified<'_> {
        Notified { notify: self, waiter: None }
    }
}

pub(crate) struct Notified<'a> {
    notify: &'a Notify,
    /// Its entry in the queue, from the first poll until it is Ready.
    waiter: Option<Rc<Waiter>>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let notify = self.notify;
        // A clone runs code of another runtime, and may change the state that is read below.
        let waker = cx.waker().clone();
        if self.waiter.is_none() && notify.kept.take() {
            return Poll::Ready(());
        }
        let waiter = self.waiter.get_or_insert_with(|| {
            let waiter = Rc::new(Waiter::default());
            notify.waiting.borrow_mut().push_back(Rc::clone(&waiter));
            waiter
        });
        if waiter.notified.get() {
            self.waiter = None;
            return Poll::Ready(());
        }
        // The drop of the old waker runs code of another runtime, so nothing is borrowed.
        drop(waiter.waker.replace(Some(waker)));
        Poll::Pending
    }
}

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        match self.waiter.take() {
            Some(waiter) if waiter.notified.get() => self.notify.notify_one(),
            Some(waiter) => {
                self.notify.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &waiter));
            }
            None => {}
        }
    }
}

#[cfg(test)]
#[path = "../tests/ex08_notify.rs"]
mod tests;
