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
    /// The waker of the first one, if anybody waits; its number and its task stand beside it.
    first: Cell<Option<Waker>>,
    number: Cell<u64>,
    task: Cell<Option<TaskId>>,
    /// The others. There are none while there is no first, except for a moment.
    others: RefCell<Vec<Waiter>>,
    /// The number of the latest waiter; they count from 1.
    latest: Cell<u64>,
}

struct Waiter {
    waker: Waker,
    number: u64,
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

    /// Says that the waiter is known to have been woken: there is nothing to take out.
    pub(crate) fn clear(&self) {
        self.number.set(0);
    }
}

/// Waiters who are to be woken.
pub(crate) struct Woken {
    first: Option<Waker>,
    others: Vec<Waiter>,
}

impl Woken {
    /// Whether there is nobody.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.is_empty()
    }

    /// Wakes all of them; nothing may be borrowed, for a waker may be foreign code.
    pub(crate) fn wake(self) {
        if let Some(first) = self.first {
            foreign::wake(first);
        }
        for waiter in self.others {
            foreign::wake(waiter.waker);
        }
    }
}

impl Waiters {
    pub(crate) const fn new() -> Waiters {
        Waiters {
            first: Cell::new(None),
            number: Cell::new(0),
            task: Cell::new(None),
            others: RefCell::new(Vec::new()),
            latest: Cell::new(0),
        }
    }

    /// Looks at the first waker, which is one of ours or of another runtime.
    fn with_first<R>(&self, look: impl FnOnce(Option<&Waker>) -> R) -> R {
        let first = self.first.take();
        let result = look(first.as_ref());
        self.first.set(first);
        result
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.with_first(|first| first.is_none()) && self.others.borrow().is_empty()
    }

    /// Puts a waiter in, or renews it if it still waits.
    pub(crate) fn insert(&self, ticket: &Ticket, waker: &Waker, task: Option<TaskId>) {
        if ticket.is_set() {
            if self.has(ticket, waker) {
                return;
            }
            drop(self.remove(ticket));
        }
        // The clone may be foreign code: nothing is borrowed.
        let waker = waker.clone();
        let number = self.latest.get() + 1;
        self.latest.set(number);
        ticket.number.set(number);
        match self.first.take() {
            None => {
                self.number.set(number);
                self.task.set(task);
                self.first.set(Some(waker));
            }
            first => {
                self.first.set(first);
                self.others.borrow_mut().push(Waiter { waker, number, task });
            }
        }
    }

    /// Whether the waiter still waits, with a waker that does the same.
    fn has(&self, ticket: &Ticket, waker: &Waker) -> bool {
        let number = ticket.number.get();
        if self.number.get() == number {
            return self.with_first(|first| first.is_some_and(|first| first.will_wake(waker)));
        }
        self.others.borrow().iter().any(|it| it.number == number && it.waker.will_wake(waker))
    }

    /// Takes a waiter out, if it still waits. The caller drops its waker.
    pub(crate) fn remove(&self, ticket: &Ticket) -> Option<Waker> {
        let number = ticket.number.take();
        if self.number.get() == number {
            return self.first.take();
        }
        let mut others = self.others.borrow_mut();
        let place = others.iter().position(|it| it.number == number)?;
        Some(others.remove(place).waker)
    }

    /// Takes all waiters out, for the caller to wake. Whoever begins to wait while these are woken
    /// is not among them.
    pub(crate) fn take(&self) -> Woken {
        let first = self.first.take();
        let mut others = self.others.borrow_mut();
        let others = if others.is_empty() { Vec::new() } else { mem::take(&mut *others) };
        Woken { first, others }
    }

    /// The tasks that wait.
    pub(crate) fn tasks(&self) -> Vec<Option<TaskId>> {
        let first = self.with_first(|first| first.map(|_| self.task.get()));
        first.into_iter().chain(self.others.borrow().iter().map(|it| it.task)).collect()
    }
}
