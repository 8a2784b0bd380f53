//! The future that `block_on` runs, as the rest of the executor knows it.
//!
//! It is a task in all but one thing: it need not be `'static`, so it stays on the stack of
//! `block_on`, and not in the slab. What stands here is the rest, for wakes by letter and for who
//! asks what it does.

use std::{cell::Cell, panic::Location, sync::Arc, task::Waker};

use crate::{
    header::{Header, is_lost, new_waker},
    id::TaskId,
    inbox::Inbox,
    slots::Key,
    table::{TaskInfo, TaskState},
    tasks::Tick,
};

pub(crate) struct Root {
    id: TaskId,
    /// What its waker leads to.
    header: Arc<Header>,
    /// The call of `block_on`.
    place: &'static Location<'static>,
    /// It is being polled.
    running: Cell<bool>,
    /// How often it was polled, as far as 32 bits count.
    polls: Cell<u32>,
    /// The tick of the loop at which its last poll ended, or `block_on` was called.
    since: Cell<Tick>,
}

impl Root {
    /// Makes the root of one call of `block_on`, and its waker, marked as queued. The call has a
    /// number, so that a waker of an earlier one touches nobody.
    pub(crate) fn new(
        number: u32,
        inbox: &Arc<Inbox>,
        place: &'static Location<'static>,
        now: Tick,
    ) -> (Root, Waker) {
        let id = TaskId(Key::reserved(number));
        let (header, waker) = new_waker(id, inbox);
        let (running, polls) = (Cell::new(false), Cell::new(0));
        (Root { id, header, place, running, polls, since: Cell::new(now) }, waker)
    }

    pub(crate) fn id(&self) -> TaskId {
        self.id
    }

    pub(crate) fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Notes that its poll begins: a wake from here on is a new one.
    pub(crate) fn start_poll(&self) {
        self.header.clear_marks();
        self.polls.set(self.polls.get().saturating_add(1));
        self.running.set(true);
    }

    /// Notes that its poll returned Pending. True if it can never run again.
    pub(crate) fn end_poll(&self, now: Tick) -> bool {
        self.running.set(false);
        self.since.set(now);
        is_lost(&self.header, 0)
    }

    /// What it is, for a warning.
    pub(crate) fn describe(&self) -> String {
        format!("the future given to `block_on` at {}", self.place)
    }

    /// A look at it. What it waits for stands elsewhere.
    pub(crate) fn info(&self, now: Tick) -> TaskInfo {
        let state = if self.running.get() {
            TaskState::Running
        } else if self.header.is_queued() {
            TaskState::Ready
        } else {
            TaskState::Waiting
        };
        TaskInfo {
            id: self.id,
            name: None,
            place: Some(self.place),
            state,
            polls: self.polls.get(),
            waits_for: Vec::new(),
            since: now.since(self.since.get()),
        }
    }
}
