//! The outcomes of tasks: what join handles ask the tasks for.
//!
//! As in `tasks.rs`, each method borrows the slab for as long as it runs, and runs no code of the user.

use std::{mem, panic::Location, task::Waker};

use super::{
    join_error::Outcome,
    task::{JoinState, Task, take_outcome},
    tasks::{Finished, Tasks},
};
use crate::id::TaskId;

/// What a handle that asks for the outcome gets.
pub(super) enum Answer {
    Ready(Outcome),
    /// It waits already.
    Kept,
    /// It has left its waker. The task that waited until now may be another one.
    Left {
        before: Option<TaskId>,
    },
}

impl Tasks {
    /// Takes the outcome of a task that is done. Otherwise leaves the waker, and `joiner` as the
    /// task that waits.
    pub(super) fn poll_outcome(&self, id: TaskId, waker: &Waker, joiner: Option<TaskId>) -> Answer {
        {
            let mut slab = self.slab.borrow_mut();
            match slab.get(id.0).map(|task| &task.join) {
                Some(JoinState::Awaited(kept)) if kept.will_wake(waker) => return Answer::Kept,
                Some(JoinState::Done(_)) => return Answer::Ready(take_outcome(&mut slab, id)),
                _ => {}
            }
        }
        // The clone and the drop of a waker may be user code: the slab is not borrowed.
        let waker = waker.clone();
        if self.is_done(id) {
            // That code has run the executor.
            return Answer::Ready(take_outcome(&mut self.slab.borrow_mut(), id));
        }
        let leave = |task: &mut Task| {
            let before = mem::replace(&mut task.joiner, joiner);
            (mem::replace(&mut task.join, JoinState::Awaited(waker)), before)
        };
        let old = self.slab.borrow_mut().get_mut(id.0).map(leave);
        let before = match &old {
            Some((JoinState::Awaited(_), before)) => *before,
            _ => None,
        };
        drop(old);
        Answer::Left { before }
    }

    /// Notes that the join handle is gone. An outcome that waited for it comes back, to be dropped.
    pub(super) fn detach(&self, id: TaskId) -> Finished {
        let mut slab = self.slab.borrow_mut();
        let Some(task) = slab.get_mut(id.0) else { return Finished::Nothing };
        if task.is_done() {
            return Finished::Unclaimed(take_outcome(&mut slab, id));
        }
        match mem::replace(&mut task.join, JoinState::Detached) {
            JoinState::Awaited(joiner) => Finished::Joiner(joiner),
            _ => Finished::Nothing,
        }
    }

    /// Returns the task that waits for the outcome, or was the last one to wait, as far as that is
    /// known.
    pub(super) fn joiner(&self, id: TaskId) -> Option<TaskId> {
        self.slab.borrow().get(id.0)?.joiner
    }

    /// Returns where the task was spawned.
    pub(super) fn location(&self, id: TaskId) -> Option<&'static Location<'static>> {
        Some(self.slab.borrow().get(id.0)?.location)
    }

    /// Takes the waker of the handle that waits for the task, if one does.
    pub(super) fn take_join_waker(&self, id: TaskId) -> Option<Waker> {
        let mut slab = self.slab.borrow_mut();
        let task = slab.get_mut(id.0).filter(|task| task.join_waker().is_some())?;
        match mem::replace(&mut task.join, JoinState::Joined) {
            JoinState::Awaited(waker) => Some(waker),
            _ => None,
        }
    }
}
