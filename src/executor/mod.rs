//! The executor: it owns the tasks, and polls those that were woken.
//!
//! ```text
//!   next ── a task ──▶ run_task ── poll ──▶ Pending: back into the slab, or Ready: finish
//!    ▲  │                                      │
//!    │  │ no task is ready                     │
//!    │  ▼                                      │
//!    │ park ── sleep until a waker is called   │
//!    └──┴──────────────────────────────────────┘
//! ```
//!
//! It is the original's `EventLoop`. It knows no socket and no timer: it sleeps through [`Park`],
//! which a reactor implements, and events come back through
//! [`Waker`](std::task::Waker)s. On its own it could run on any other parker, as it does in `model.rs`.
//!
//! In reading order: [`event_loop`] has the loop; [`task`] and [`tasks`] what a task is and the slab that
//! owns it; [`queue`] the ready queue; [`waker`] what `wake` does; [`remote`] how a wake arrives from
//! another thread; [`join`] how a task's output is awaited; [`queues`] and [`spawn`] how `wake` and
//! `spawn` find the executor.
//!
//! Nothing is borrowed while code of the user runs (a poll, a drop, a waker of another runtime, an
//! observer): that code may spawn, wake and abort.

pub(crate) mod abort;
mod counts;
mod event_loop;
mod future;
pub(crate) mod handle;
pub(crate) mod join;
pub(crate) mod join_error;
pub(crate) mod join_set;
mod outcomes;
pub(crate) mod queue;
mod queues;
mod remote;
pub(crate) mod remote_join;
pub(crate) mod shared;
pub(crate) mod spawn;
pub(crate) mod task;
mod tasks;
mod waker;

#[cfg(all(test, loom))]
mod model;

pub(crate) use self::event_loop::{Entered, EventLoop};
use self::shared::Shared;
use crate::id::TaskId;

/// What the executor sleeps in.
pub(crate) trait Park {
    /// Sleeps until a task is woken, or until the unparker is called.
    #[track_caller]
    fn park(&self, shared: &Shared);

    /// Wakes the tasks for which something has happened already, without sleeping.
    fn poll_events(&self, shared: &Shared);

    /// Removes what an ended task has left behind.
    fn task_ended(&self, id: TaskId);
}
