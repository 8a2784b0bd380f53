//! The tasks that are ready, first in, first out.

use std::{cell::RefCell, collections::VecDeque};

use crate::id::TaskId;

/// Who is polled next. Only the executor's own thread touches it; other threads leave a letter in
/// the [`Inbox`](crate::inbox::Inbox).
///
/// A task is in it once at most: its [`Header`](crate::tasks::Header) has the mark.
pub(crate) struct ReadyQueue {
    queue: RefCell<VecDeque<TaskId>>,
}

impl ReadyQueue {
    pub(crate) const fn new() -> ReadyQueue {
        ReadyQueue { queue: RefCell::new(VecDeque::new()) }
    }

    pub(crate) fn push(&self, id: TaskId) {
        self.queue.borrow_mut().push_back(id);
    }

    pub(crate) fn pop(&self) -> Option<TaskId> {
        self.queue.borrow_mut().pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.borrow().is_empty()
    }

    pub(crate) fn clear(&self) {
        self.queue.borrow_mut().clear();
    }
}
