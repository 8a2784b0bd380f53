//! A task as plain data.
//!
//! ```text
//!    Tasks::insert
//!         │
//!         ▼      start_poll               ready, or panicked
//!       Idle ─────────────▶ Polling ────────────────────────────┐
//!       │  ▲                   │                                ▼
//!       │  └───────────────────┘                              finish ──▶ Done ──▶ removed
//!       │    end_poll: pending                                  ▲         take_outcome,
//!       └───────────────────────────────────────────────────────┘         detach
//!         aborted: the executor drops the future
//! ```
//!
//! A task is *idle* while its future is in the slab, *polling* while the future is out of it, and
//! *done* when its [`JoinState`] has the outcome. While a future is polled or dropped it is outside
//! the slab, so whatever that code does (spawn, wake, abort, drop handles) finds the slab unborrowed.

use std::{mem, panic::Location, sync::Arc, task::Waker};

use super::{
    future::LocalTask,
    join_error::{JoinError, Outcome},
    remote_join::RemoteJoin,
    waker::{Header, is_lost},
};
use crate::{clock::CoarseTime, id::TaskId, slab::Slab, user_code};

/// A spawned future, from spawn until its outcome is taken.
pub(super) struct Task {
    /// Out while it is polled or dropped; `None` for good when the task is done.
    pub(super) future: Option<LocalTask>,
    /// The task's waker, and what its clones share: made for the first poll. The waker is out while
    /// the task is polled.
    pub(super) waker: Option<Waker>,
    pub(super) header: Option<Arc<Header>>,
    pub(super) join: JoinState,
    /// The task that waits for the outcome, as far as that is known.
    pub(super) joiner: Option<TaskId>,
    /// Where it was spawned.
    pub(super) location: &'static Location<'static>,
    /// How often it was polled, as far as 32 bits count.
    pub(super) polls: u32,
    /// When it was spawned, or its last poll ended.
    pub(super) since: CoarseTime,
}

/// The join handle of a task, and then the task's outcome.
pub(super) enum JoinState {
    /// No handle will ask for the outcome.
    Detached,
    /// A handle may ask for it.
    Joined,
    /// A handle was polled, and has stored its waker.
    Awaited(Waker),
    /// A handle on any thread gets the outcome.
    Remote(RemoteJoin),
    /// The task is done, and its handle has not taken the outcome yet.
    Done(Outcome),
}

impl Task {
    pub(super) fn new(
        future: LocalTask,
        join: JoinState,
        location: &'static Location<'static>,
        since: CoarseTime,
    ) -> Task {
        Task {
            future: Some(future),
            waker: None,
            header: None,
            join,
            joiner: None,
            location,
            polls: 0,
            since,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.join, JoinState::Done(_))
    }

    /// Says whether it is in a queue. Before its first poll it has no header, and is in one.
    pub(super) fn is_queued(&self) -> bool {
        self.header.as_ref().is_none_or(|header| header.is_queued())
    }

    /// Says whether it waits and can never run again: nothing holds its waker but `idle` holders,
    /// which will never call it.
    pub(super) fn is_lost(&self, idle: usize) -> bool {
        let header = self.header.as_ref();
        self.future.is_some() && header.is_some_and(|header| is_lost(header, idle))
    }

    /// Returns the waker of the handle that waits for the outcome.
    pub(super) fn join_waker(&self) -> Option<&Waker> {
        match &self.join {
            JoinState::Awaited(waker) => Some(waker),
            _ => None,
        }
    }
}

/// Takes the outcome of a task that is done.
pub(super) fn take_outcome(slab: &mut Slab<Task>, id: TaskId) -> Outcome {
    let join = |Task { join, future, waker, header, .. }| {
        // Optimisation: a task that is done has none of these, so there is nothing to drop.
        mem::forget((future, waker, header));
        join
    };
    match slab.remove(id.0).map(join) {
        Some(JoinState::Done(outcome)) => outcome,
        _ => unreachable!("a task stays in the slab, with its outcome, until it is joined"),
    }
}

/// Drops a future, and returns the outcome of its task: that of its last poll, or the panic of its
/// drop.
pub(super) fn drop_future(future: LocalTask, outcome: Outcome) -> Outcome {
    let Err(payload) = user_code::call(|| drop(future)) else { return outcome };
    match outcome {
        // The first panic is the task's outcome; one that follows it is logged.
        Err(error) if error.is_panic() => {
            user_code::report("a future's drop", payload);
            Err(error)
        }
        outcome => {
            user_code::drop("the output of a task", outcome);
            Err(JoinError::panicked(payload))
        }
    }
}

/// Drops an outcome that no handle will ask for. A panic is reported, for nothing else will.
pub(super) fn drop_unclaimed(outcome: Outcome) {
    match outcome {
        Err(error) if error.is_panic() => {
            user_code::report("a detached task", error.into_panic());
        }
        outcome => user_code::drop("the output of a task", outcome),
    }
}
