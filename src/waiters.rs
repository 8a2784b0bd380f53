//! Who waits for one direction of one socket.
//!
//! Mostly that is one task of the executor that the socket is registered with, and it waits with
//! its own waker. Then nothing is kept but its name: the reactor runs on the executor's thread, and
//! puts the task into the queue itself. Any other waker (of a second task, of the future in
//! `block_on`, of a `FuturesUnordered`, of another runtime) is cloned, kept and called. All who wait
//! are woken.

use std::{
    cell::{Cell, OnceCell, RefCell},
    task::Waker,
};

use crate::{id::TaskId, tasks::Tasks, turn::Turn};

/// Those who wait.
pub(crate) struct Waiters {
    /// The task that waits by its name, if one does, and the number of its wait.
    task: Cell<Option<TaskId>>,
    number: Cell<u64>,
    /// Everybody else. Made when it is first needed, which mostly is never.
    others: OnceCell<Box<RefCell<Vec<Waiter>>>>,
    /// The number of the latest wait; they count from 1.
    latest: Cell<u64>,
}

/// Who waits with a waker.
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
            task: Cell::new(None),
            number: Cell::new(0),
            others: OnceCell::new(),
            latest: Cell::new(0),
        }
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.task.get().is_none() && !self.has_wakers()
    }

    /// Whether anybody waits with a waker.
    pub(crate) fn has_wakers(&self) -> bool {
        self.others.get().is_some_and(|others| !others.borrow().is_empty())
    }

    /// Puts the task that runs now in, by its name, if it is a new waiter and no other waits so.
    #[inline]
    pub(crate) fn insert_task(&self, ticket: &Ticket, turn: &Turn) -> bool {
        let may = !ticket.is_set() && self.task.get().is_none();
        if may {
            turn.count_wait(1);
            self.task.set(turn.running_task());
            self.number.set(self.number(ticket));
        }
        may
    }

    /// Puts a waiter in, or renews it if it still waits.
    pub(crate) fn insert(&self, ticket: &Ticket, waker: &Waker, turn: &Turn, tasks: &Tasks) {
        if ticket.is_set() {
            if self.has(ticket, waker, turn) {
                return;
            }
            drop(self.remove(ticket, turn, tasks));
        }
        if turn.is_own(waker) && self.insert_task(ticket, turn) {
            return;
        }
        // The clone may be foreign code: nothing is borrowed.
        let waker = waker.clone();
        let (number, task) = (self.number(ticket), turn.running_task());
        self.others.get_or_init(Box::default).borrow_mut().push(Waiter { waker, number, task });
    }

    /// Gives the next waiter its number.
    fn number(&self, ticket: &Ticket) -> u64 {
        let number = self.latest.get() + 1;
        self.latest.set(number);
        ticket.number.set(number);
        number
    }

    /// Whether the waiter still waits, with a waker that does the same.
    fn has(&self, ticket: &Ticket, waker: &Waker, turn: &Turn) -> bool {
        let number = ticket.number.get();
        if self.number.get() == number {
            let task = self.task.get();
            return task.is_some() && task == turn.running_task() && turn.is_own(waker);
        }
        let is_it = |it: &Waiter| it.number == number && it.waker.will_wake(waker);
        self.others.get().is_some_and(|others| others.borrow().iter().any(is_it))
    }

    /// Takes a waiter out, if it still waits. The caller drops its waker, if it has one.
    pub(crate) fn remove(&self, ticket: &Ticket, turn: &Turn, tasks: &Tasks) -> Option<Waker> {
        let number = ticket.number.take();
        if self.number.get() != number {
            let mut others = self.others.get()?.borrow_mut();
            let place = others.iter().position(|it| it.number == number)?;
            return Some(others.remove(place).waker);
        }
        let task = self.take_task()?;
        if turn.running_task() == Some(task) {
            turn.count_wait(-1);
        } else {
            tasks.end_wait(task);
        }
        None
    }

    /// Takes the task out that waits by its name.
    #[inline]
    pub(crate) fn take_task(&self) -> Option<TaskId> {
        self.task.take()
    }

    /// Takes all wakers out, and calls `wake` with each. Whoever begins to wait meanwhile is not
    /// among them.
    #[cold]
    pub(crate) fn take_wakers(&self, wake: impl Fn(Waker)) {
        let Some(others) = self.others.get() else { return };
        let mut woken = others.take();
        woken.drain(..).for_each(|waiter| wake(waiter.waker));
        let mut new = others.borrow_mut();
        if new.is_empty() {
            // It keeps its memory.
            *new = woken;
        }
    }

    /// Tells which tasks wait.
    pub(crate) fn tell_tasks(&self, tell: &mut dyn FnMut(TaskId)) {
        if let Some(task) = self.task.get() {
            tell(task);
        }
        if let Some(others) = self.others.get() {
            for waiter in &*others.borrow() {
                if let Some(task) = waiter.task {
                    tell(task);
                }
            }
        }
    }
}
