//! Whose turn it is: what the executor, its sockets and those who watch it know of the poll that
//! runs now.
//!
//! Every socket that is registered shares it with its executor. So an operation finds its budget,
//! and whether its executor runs at all, without a look at the thread-local.

use std::{cell::Cell, fmt, ptr, task::Waker};

use crate::id::{Direction, SourceId, TaskId};

/// How many socket operations one poll of a task may complete. A task whose socket is always
/// ready has had its turn then and goes to the end of the queue, so that the others have theirs.
/// 128 is what tokio found to cost nothing measurable and to bound a turn well below a
/// millisecond (the blog post "Reducing tail latencies with automatic cooperative task yielding").
pub(crate) const OPERATIONS_A_POLL: u32 = 128;

/// Who called wake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The task that was running: perhaps the woken one itself.
    Task(TaskId),
    /// The reactor, because this socket is ready for this direction.
    Source(SourceId, Direction),
    /// A timer whose time has come.
    Timer,
    /// The executor's thread, while no task was running.
    Executor,
    /// Another thread; or this one, while the executor does not run.
    OtherThread,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Task(task) => task.fmt(f),
            Cause::Source(source, direction) => write!(f, "{source} ({direction})"),
            Cause::Timer => f.write_str("a timer"),
            Cause::Executor => f.write_str("the executor"),
            Cause::OtherThread => f.write_str("another thread"),
        }
    }
}

/// The state of one executor's loop.
pub(crate) struct Turn {
    /// The executor runs on this thread, or is being dropped.
    active: Cell<bool>,
    /// The executor is being dropped, or gone: nobody will ever be woken again.
    gone: Cell<bool>,
    /// The task that runs now.
    task: Cell<Option<TaskId>>,
    /// Where its own waker is, while it runs.
    waker: Cell<*const Waker>,
    /// How many more sockets it waits for by its name than before its turn.
    waits: Cell<i32>,
    /// What else runs now, while no task does.
    other: Cell<Cause>,
    /// How many more socket operations the poll that runs now may complete.
    budget: Cell<u32>,
}

impl Turn {
    pub(crate) const fn new() -> Turn {
        Turn {
            active: Cell::new(false),
            gone: Cell::new(false),
            task: Cell::new(None),
            waker: Cell::new(ptr::null()),
            waits: Cell::new(0),
            other: Cell::new(Cause::Executor),
            budget: Cell::new(OPERATIONS_A_POLL),
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.active.get()
    }

    /// Says whether the executor runs, and returns whether it did.
    pub(crate) fn set_active(&self, active: bool) -> bool {
        self.active.replace(active)
    }

    /// Whether nobody will ever be woken again.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.get()
    }

    /// Says that the executor goes away.
    pub(crate) fn set_gone(&self) {
        self.gone.set(true);
    }

    /// Whether a socket can wait here and now.
    pub(crate) fn can_wait(&self) -> bool {
        self.active.get() && !self.gone.get()
    }

    /// The turn of a task begins, with a fresh budget. Its waker is given if
    /// [`WakeByNames`](crate::tasks::WakeByNames) can take that one's place.
    pub(crate) fn begin(&self, task: TaskId, waker: Option<&Waker>) {
        self.task.set(Some(task));
        self.waker.set(waker.map_or(ptr::null(), ptr::from_ref));
        self.waits.set(0);
        self.budget.set(OPERATIONS_A_POLL);
    }

    /// The turn is over. Returns how many more sockets the task waits for than before.
    pub(crate) fn end(&self) -> i32 {
        self.task.set(None);
        self.waker.set(ptr::null());
        self.waits.get()
    }

    /// Whether this waker is the own one of the task that runs now: not a clone, but the one that
    /// its poll was given. So the executor runs, and is not about to go away.
    #[inline]
    pub(crate) fn is_own(&self, waker: &Waker) -> bool {
        ptr::eq(self.waker.get(), waker)
    }

    /// Notes that the task that runs now waits for one more socket by its name, or for so many
    /// more or less.
    pub(crate) fn count_wait(&self, more: i32) {
        self.waits.set(self.waits.get().wrapping_add(more));
    }

    /// Whether the budget of the poll that runs now is used up.
    pub(crate) fn is_spent(&self) -> bool {
        self.budget.get() == 0
    }

    /// Takes one operation's share of the budget. False if there is none left: then the operation
    /// is not tried, and the task ends its turn.
    pub(crate) fn spend(&self) -> bool {
        let (left, was_spent) = self.budget.get().overflowing_sub(1);
        self.budget.set(left);
        !was_spent || self.spend_more()
    }

    /// Where the executor does not run, nobody renews the budget, nor is there anybody to be fair
    /// to.
    #[cold]
    fn spend_more(&self) -> bool {
        self.budget.set(0);
        !self.is_active()
    }

    /// Who runs now, and so the cause of a wake that comes now.
    pub(crate) fn running(&self) -> Cause {
        self.task.get().map_or(self.other.get(), Cause::Task)
    }

    /// The task that runs now.
    pub(crate) fn running_task(&self) -> Option<TaskId> {
        self.task.get()
    }

    /// Says what runs now that is no task, until the guard is dropped.
    pub(crate) fn enter(&self, cause: Cause) -> Running<'_> {
        self.other.set(cause);
        Running(self)
    }
}

/// As long as it lives, what happens is its cause's doing. Then, also after a panic, it is the
/// executor's.
pub(crate) struct Running<'a>(&'a Turn);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.other.set(Cause::Executor);
    }
}
