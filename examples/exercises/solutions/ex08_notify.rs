//! Exercise 8. Who is let go leaves the queue there and then, so each in the queue waits.

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
    pub(crate) fn notify_one(&self) {
        // A statement of its own, so that the queue is not borrowed any more when it is used.
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
    /// Its place in the queue, while it has one or was let go.
    waiter: Option<Rc<Waiter>>,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let notify = self.notify;
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
        let waker = cx.waker().clone();
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
