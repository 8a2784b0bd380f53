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

use crate::{home::Home, id::TaskId, turn::Turn};

/// Those who wait.
pub(crate) struct Waiters {
    /// The task that waits by its name, if one does.
    task: Cell<Option<TaskId>>,
    /// The number of its wait, or of the latest such one. They are odd.
    number: Cell<u64>,
    /// Everybody else. Made when it is first needed, which mostly is never.
    others: OnceCell<Box<Others>>,
}

/// Those who wait with wakers.
#[derive(Default)]
struct Others {
    waiting: RefCell<Vec<Waiter>>,
    /// The number of the latest wait of this kind. They are even, and none is 0.
    number: Cell<u64>,
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

    /// Takes the next number of a kind, and returns it.
    fn take_next(&self, latest: &Cell<u64>) -> u64 {
        let number = latest.get() + 2;
        latest.set(number);
        self.number.set(number);
        number
    }

    /// Says that the waiter is known to have been woken: there is nothing to take out.
    pub(crate) fn clear(&self) {
        self.number.set(0);
    }
}

impl Waiters {
    pub(crate) const fn new() -> Waiters {
        Waiters { task: Cell::new(None), number: Cell::new(1), others: OnceCell::new() }
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.task.get().is_none() && !self.has_wakers()
    }

    /// Whether anybody waits with a waker.
    pub(crate) fn has_wakers(&self) -> bool {
        self.others.get().is_some_and(|others| !others.waiting.borrow().is_empty())
    }

    /// Puts the task that runs now in, by its name, if it is a new waiter and no other waits so.
    #[inline]
    pub(crate) fn insert_task(&self, ticket: &Ticket, turn: &Turn) -> bool {
        let may = !ticket.is_set() && self.task.get().is_none();
        if may {
            turn.count_wait(1);
            self.task.set(turn.running_task());
            ticket.take_next(&self.number);
        }
        may
    }

    /// Puts a waiter in, or renews it if it still waits.
    pub(crate) fn insert(&self, ticket: &Ticket, waker: &Waker, home: &Home) {
        let turn = &home.turn;
        if ticket.is_set() {
            if self.has(ticket, waker, turn) {
                return;
            }
            drop(self.remove(ticket, home));
        }
        if turn.is_own(waker) && self.insert_task(ticket, turn) {
            return;
        }
        // The clone may be foreign code: nothing is borrowed.
        let waker = waker.clone();
        let (others, task) = (self.others.get_or_init(Box::default), turn.running_task());
        let number = ticket.take_next(&others.number);
        others.waiting.borrow_mut().push(Waiter { waker, number, task });
    }

    /// Whether the waiter still waits, with a waker that does the same.
    fn has(&self, ticket: &Ticket, waker: &Waker, turn: &Turn) -> bool {
        let number = ticket.number.get();
        if self.number.get() == number {
            let task = self.task.get();
            return task.is_some() && task == turn.running_task() && turn.is_own(waker);
        }
        let is_it = |it: &Waiter| it.number == number && it.waker.will_wake(waker);
        self.others.get().is_some_and(|others| others.waiting.borrow().iter().any(is_it))
    }

    /// Takes a waiter out, if it still waits. The caller drops its waker, if it has one.
    pub(crate) fn remove(&self, ticket: &Ticket, home: &Home) -> Option<Waker> {
        let number = ticket.number.take();
        if self.number.get() != number {
            let mut others = self.others.get()?.waiting.borrow_mut();
            let place = others.iter().position(|it| it.number == number)?;
            return Some(others.remove(place).waker);
        }
        let task = self.take_task()?;
        if home.turn.running_task() == Some(task) {
            home.turn.count_wait(-1);
        } else {
            home.tasks.end_wait(task);
        }
        None
    }

    /// Takes the task out that waits by its name.
    #[inline]
    pub(crate) fn take_task(&self) -> Option<TaskId> {
        let task = self.task.get()?;
        self.task.set(None);
        Some(task)
    }

    /// Takes all wakers out, and calls `wake` with each. Whoever begins to wait meanwhile is not
    /// among them.
    #[cold]
    pub(crate) fn take_wakers(&self, wake: impl Fn(Waker)) {
        let Some(others) = self.others.get() else { return };
        let mut woken = others.waiting.take();
        woken.drain(..).for_each(|waiter| wake(waiter.waker));
        let mut new = others.waiting.borrow_mut();
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
            for waiter in &*others.waiting.borrow() {
                if let Some(task) = waiter.task {
                    tell(task);
                }
            }
        }
    }
}
