//! The poll that runs on this thread: its task, its waker and its remaining I/O budget.
//!
//! The executor sets it for each poll. Sockets and timers read it, so that a wait is recorded with
//! the task that began it. It is at the bottom, so that neither side has to know the other. Under
//! another executor nothing sets it: waits are recorded without a task, and there is no budget.

use std::{
    cell::{Cell, RefCell},
    mem::ManuallyDrop,
    ptr,
    task::Waker,
};

use crate::{id::TaskId, sync::thread_local_cell, trace::Cause};

/// How many socket operations one poll of a task may complete. After that the task goes to the end
/// of the queue, so that a task whose socket is always ready does not keep the others waiting. 128
/// is what tokio found to cost nothing measurable and to bound a poll well below a millisecond (the
/// blog post "Reducing tail latencies with automatic cooperative task yielding").
pub(crate) const BUDGET: u32 = 128;

/// The budget outside a poll of our executor: it is not counted.
const UNLIMITED: u32 = u32::MAX;

struct CurrentPoll {
    task: Cell<Option<TaskId>>,
    /// [`Waker::data`] of the task's own waker; null outside a poll.
    waker: Cell<*const ()>,
    /// The cause of a wake that is called now.
    cause: Cell<Cause>,
    /// How many more socket operations this poll may complete.
    budget: Cell<u32>,
    /// Wakers to be called when this poll has ended. Empty but for polls whose budget is spent. The
    /// thread-local needs no destructor, because the vector is taken out after each poll.
    deferred: RefCell<ManuallyDrop<Vec<Waker>>>,
}

thread_local_cell! {
    static CURRENT: CurrentPoll = CurrentPoll {
        task: Cell::new(None),
        waker: Cell::new(ptr::null()),
        cause: Cell::new(Cause::Executor),
        budget: Cell::new(UNLIMITED),
        deferred: RefCell::new(ManuallyDrop::new(Vec::new())),
    };
}

/// Begins the poll of a task, with a full budget.
#[inline]
pub(crate) fn begin_poll(task: TaskId, waker: &Waker) {
    CURRENT.with(|current| {
        current.task.set(Some(task));
        current.waker.set(waker.data());
        current.budget.set(BUDGET);
    });
}

/// Ends the poll, and calls the wakers that were deferred.
#[inline]
pub(crate) fn end_poll() {
    let spent = CURRENT.with(|current| {
        current.task.set(None);
        current.waker.set(ptr::null());
        current.budget.replace(UNLIMITED) == 0
    });
    if spent {
        wake_deferred();
    }
}

#[cold]
fn wake_deferred() {
    let deferred = CURRENT.with(|current| current.deferred.take());
    let _cause = with_cause(Cause::Budget);
    ManuallyDrop::into_inner(deferred).into_iter().for_each(crate::user_code::wake);
}

/// Returns the task that is polled, or dropped, now.
#[inline]
pub(crate) fn task() -> Option<TaskId> {
    CURRENT.with(|current| current.task.get())
}

/// Says whether a waker is the task's own. `will_wake` need not be asked: two wakers of our executor
/// with the same data are the same.
#[inline]
pub(crate) fn is_own(waker: &Waker) -> bool {
    CURRENT.with(|current| current.waker.get() == waker.data())
}

/// Returns the cause of a wake that is called now.
pub(crate) fn cause() -> Cause {
    CURRENT.with(|current| current.task.get().map_or(current.cause.get(), Cause::Task))
}

/// Sets the cause of the wakes that are called outside a poll, until the guard is dropped.
pub(crate) fn with_cause(cause: Cause) -> CauseGuard {
    CURRENT.with(|current| current.cause.set(cause));
    CauseGuard
}

/// While it lives, wakes have its cause.
pub(crate) struct CauseGuard;

impl Drop for CauseGuard {
    fn drop(&mut self) {
        CURRENT.with(|current| current.cause.set(Cause::Executor));
    }
}

/// Takes one operation off the budget. False if the budget is spent: the operation is not tried, and
/// the task goes to the end of the queue.
#[inline]
pub(crate) fn spend() -> bool {
    CURRENT.with(|current| {
        let left = current.budget.get();
        // Optimisation: one comparison. A spent budget wraps round, and an unlimited one stays above.
        let counts = left.wrapping_sub(1) < BUDGET;
        if counts {
            current.budget.set(left - 1);
        }
        counts || left != 0
    })
}

/// Says whether the budget of this poll is spent.
#[inline]
pub(crate) fn is_spent() -> bool {
    CURRENT.with(|current| current.budget.get() == 0)
}

/// Calls a clone of the waker when this poll has ended. An inner executor that polls its children until
/// none is awake (a `LocalPool` inside a task, say) would spin if it were called at once.
#[cold]
pub(crate) fn defer_wake(waker: &Waker) {
    let waker = waker.clone();
    CURRENT.with(|current| current.deferred.borrow_mut().push(waker));
}

/// Suspends the current poll, because other code runs in the middle of it: another reactor is
/// entered, or another executor is dropped. What that code does is not recorded with this task. The
/// budget stays.
pub(crate) fn suspend() -> Suspended {
    CURRENT.with(|current| Suspended {
        task: current.task.take(),
        waker: current.waker.replace(ptr::null()),
        budget: current.budget.get(),
    })
}

/// While it lives, the poll that was current is suspended.
pub(crate) struct Suspended {
    task: Option<TaskId>,
    waker: *const (),
    /// What was left of the budget. A task that is dropped meanwhile has one of its own, and leaves
    /// it unlimited.
    budget: u32,
}

impl Drop for Suspended {
    fn drop(&mut self) {
        CURRENT.with(|current| {
            current.task.set(self.task);
            current.waker.set(self.waker);
            current.budget.set(self.budget.min(current.budget.get()));
        });
    }
}
