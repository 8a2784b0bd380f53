//! Who waits for one direction of one socket.
//!
//! Mostly that is one task, so the first waiter has a place of its own, and a wait allocates
//! nothing. There may be more, and then all are woken.
//!
//! And mostly it is a task of the executor that the socket is registered with, which waits with
//! its own waker. Then nothing is kept but its name: the reactor runs on the executor's thread, and
//! puts the task into the queue itself. Any other waker (of the future in `block_on`, of a
//! `FuturesUnordered`, of another runtime) is cloned, kept and called.

use std::{
    cell::{Cell, RefCell},
    task::Waker,
};

use crate::{id::TaskId, tasks::Tasks, turn::Turn};

/// The wakers of those who wait.
pub(crate) struct Waiters {
    /// What is known of the first one, if anybody waits; its number and its task stand beside it.
    first: Cell<First>,
    /// The waker of the first one, unless its name does.
    waker: Cell<Option<Waker>>,
    number: Cell<u64>,
    task: Cell<Option<TaskId>>,
    /// The others. There are none while there is no first, except for a moment.
    others: RefCell<Vec<Waiter>>,
    /// There may be a waker, the first one's or among the others.
    has_wakers: Cell<bool>,
    /// The number of the latest waiter; they count from 1.
    latest: Cell<u64>,
}

/// What the first waiter is woken by.
#[derive(Clone, Copy, PartialEq)]
enum First {
    Nobody,
    /// The name of its task.
    Name,
    /// Its waker.
    Waker,
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

impl Waiters {
    pub(crate) const fn new() -> Waiters {
        Waiters {
            first: Cell::new(First::Nobody),
            waker: Cell::new(None),
            number: Cell::new(0),
            task: Cell::new(None),
            others: RefCell::new(Vec::new()),
            has_wakers: Cell::new(false),
            latest: Cell::new(0),
        }
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.get() == First::Nobody && !(self.has_wakers() && self.has_others())
    }

    fn has_others(&self) -> bool {
        !self.others.borrow().is_empty()
    }

    /// Puts a waiter in, or renews it if it still waits.
    #[inline]
    pub(crate) fn insert(&self, ticket: &Ticket, waker: &Waker, turn: &Turn, tasks: &Tasks) {
        if ticket.is_set() {
            if self.has(ticket, waker, turn) {
                return;
            }
            drop(self.remove(ticket, turn, tasks));
        }
        let task = turn.running_task();
        if self.first.get() == First::Nobody && turn.is_own(waker) {
            turn.count_wait(1);
            self.set_first(First::Name, self.number(ticket), task);
        } else {
            self.insert_waker(ticket, waker, task);
        }
    }

    #[cold]
    fn insert_waker(&self, ticket: &Ticket, waker: &Waker, task: Option<TaskId>) {
        // The clone may be foreign code: nothing is borrowed, and nothing known before it.
        let waker = waker.clone();
        let number = self.number(ticket);
        self.has_wakers.set(true);
        if self.first.get() == First::Nobody {
            self.waker.set(Some(waker));
            self.set_first(First::Waker, number, task);
        } else {
            self.others.borrow_mut().push(Waiter { waker, number, task });
        }
    }

    /// Gives the next waiter its number.
    fn number(&self, ticket: &Ticket) -> u64 {
        let number = self.latest.get() + 1;
        self.latest.set(number);
        ticket.number.set(number);
        number
    }

    fn set_first(&self, first: First, number: u64, task: Option<TaskId>) {
        self.first.set(first);
        self.number.set(number);
        self.task.set(task);
    }

    /// Whether the waiter still waits, with a waker that does the same.
    fn has(&self, ticket: &Ticket, waker: &Waker, turn: &Turn) -> bool {
        let number = ticket.number.get();
        if self.number.get() != number {
            let others = self.others.borrow();
            return others.iter().any(|it| it.number == number && it.waker.will_wake(waker));
        }
        match self.first.get() {
            First::Nobody => false,
            First::Name => self.task.get() == turn.running_task() && turn.is_own(waker),
            First::Waker => {
                let first = self.waker.take();
                let same = first.as_ref().is_some_and(|first| first.will_wake(waker));
                self.waker.set(first);
                same
            }
        }
    }

    /// Takes a waiter out, if it still waits. The caller drops its waker, if it has one.
    pub(crate) fn remove(&self, ticket: &Ticket, turn: &Turn, tasks: &Tasks) -> Option<Waker> {
        let number = ticket.number.take();
        if self.number.get() != number {
            let mut others = self.others.borrow_mut();
            let place = others.iter().position(|it| it.number == number)?;
            return Some(others.remove(place).waker);
        }
        if let Some(task) = self.take_task() {
            if turn.running_task() == Some(task) {
                turn.count_wait(-1);
            } else {
                tasks.end_wait(task);
            }
            return None;
        }
        self.first.set(First::Nobody);
        self.waker.take()
    }

    /// Takes the task out that waits by its name, if the first does.
    #[inline]
    pub(crate) fn take_task(&self) -> Option<TaskId> {
        if self.first.get() != First::Name {
            return None;
        }
        self.first.set(First::Nobody);
        self.task.get()
    }

    /// Whether there may be wakers to take out.
    pub(crate) fn has_wakers(&self) -> bool {
        self.has_wakers.get()
    }

    /// Takes all wakers out, for the caller to wake. Whoever begins to wait while these are woken
    /// is not among them.
    #[cold]
    pub(crate) fn take_wakers(&self) -> impl Iterator<Item = Waker> + use<> {
        self.has_wakers.set(false);
        let first = self.waker.take();
        if first.is_some() {
            self.first.set(First::Nobody);
        }
        let others = self.others.take();
        first.into_iter().chain(others.into_iter().map(|waiter| waiter.waker))
    }

    /// The tasks that wait.
    pub(crate) fn tasks(&self) -> Vec<Option<TaskId>> {
        let first = (self.first.get() != First::Nobody).then(|| self.task.get());
        first.into_iter().chain(self.others.borrow().iter().map(|it| it.task)).collect()
    }
}
