//! Who waits for one direction of one socket.
//!
//! Mostly that is one task, so the first waiter has a place of its own, and a wait allocates
//! nothing. There may be more, and then all are woken.

use std::{
    cell::{Cell, RefCell},
    mem,
    task::Waker,
};

use crate::{foreign, id::TaskId};

/// The wakers of those who wait.
pub(crate) struct Waiters {
    first: RefCell<Option<Waiter>>,
    others: RefCell<Vec<Waiter>>,
    /// The number of the latest waiter; they count from 1.
    latest: Cell<u64>,
}

struct Waiter {
    number: u64,
    waker: Waker,
    /// The task that was running when the wait began, for who asks what it waits for.
    task: Option<TaskId>,
}

/// Names a waiter, once it waits. Whoever owns it takes the waiter out when it stops waiting.
#[derive(Default)]
pub(crate) struct Ticket {
    /// The waiter's number; 0 before it waits.
    number: Cell<u64>,
}

impl Ticket {
    pub(crate) const fn new() -> Ticket {
        Ticket { number: Cell::new(0) }
    }

    /// Whether it has named a waiter. That may have been woken since.
    pub(crate) fn is_set(&self) -> bool {
        self.number.get() != 0
    }
}

impl Waiters {
    pub(crate) fn new() -> Waiters {
        let (first, others) = (RefCell::new(None), RefCell::new(Vec::new()));
        Waiters { first, others, latest: Cell::new(0) }
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.borrow().is_none() && self.others.borrow().is_empty()
    }

    /// Puts a waiter in, or renews it if it still waits.
    pub(crate) fn insert(&self, ticket: &Ticket, waker: &Waker, task: Option<TaskId>) {
        if ticket.is_set() {
            if self.has(ticket, waker) {
                return;
            }
            drop(self.remove(ticket));
        }
        let number = self.latest.get() + 1;
        self.latest.set(number);
        ticket.number.set(number);
        // The clone may be foreign code: nothing is borrowed.
        let waiter = Waiter { number, waker: waker.clone(), task };
        let mut first = self.first.borrow_mut();
        if first.is_none() {
            *first = Some(waiter);
        } else {
            self.others.borrow_mut().push(waiter);
        }
    }

    /// Whether the waiter still waits, with a waker that does the same.
    fn has(&self, ticket: &Ticket, waker: &Waker) -> bool {
        let number = ticket.number.get();
        let same = |it: &Waiter| it.number == number && it.waker.will_wake(waker);
        self.first.borrow().as_ref().is_some_and(same) || self.others.borrow().iter().any(same)
    }

    /// Takes a waiter out, if it still waits. The caller drops its waker.
    pub(crate) fn remove(&self, ticket: &Ticket) -> Option<Waker> {
        let number = ticket.number.take();
        let mut first = self.first.borrow_mut();
        if first.as_ref().is_some_and(|it| it.number == number) {
            return first.take().map(|it| it.waker);
        }
        let mut others = self.others.borrow_mut();
        if others.is_empty() {
            return None;
        }
        let place = others.iter().position(|it| it.number == number)?;
        Some(others.remove(place).waker)
    }

    /// Takes one of the waiters out, to wake it with [`Waiters::wake_with`].
    pub(crate) fn take_first(&self) -> Option<Waker> {
        if let Some(first) = self.first.borrow_mut().take() {
            return Some(first.waker);
        }
        let mut others = self.others.borrow_mut();
        if others.is_empty() { None } else { Some(others.remove(0).waker) }
    }

    /// Wakes all who wait now, the `first` before the others; not those who begin to wait while
    /// the others are woken.
    pub(crate) fn wake_with(&self, first: Waker) {
        let others = if self.others.borrow().is_empty() {
            Vec::new()
        } else {
            mem::take(&mut *self.others.borrow_mut())
        };
        foreign::wake(first);
        for waiter in others {
            foreign::wake(waiter.waker);
        }
    }

    /// The tasks that wait.
    pub(crate) fn tasks(&self) -> Vec<Option<TaskId>> {
        let (first, others) = (self.first.borrow(), self.others.borrow());
        first.iter().chain(others.iter()).map(|it| it.task).collect()
    }
}
