//! Whose turn it is: what the executor, its sockets and those who watch it know of the poll that
//! runs now.
//!
//! Every socket that is registered shares it with its executor. So an operation finds its budget,
//! and whether its executor runs at all, without a look at the thread-local.

use std::{cell::Cell, fmt};

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
    /// The code that runs now, and so the cause of a wake that comes now.
    running: Cell<Cause>,
    /// How many more socket operations the poll that runs now may complete.
    budget: Cell<u32>,
}

impl Turn {
    pub(crate) const fn new() -> Turn {
        Turn {
            active: Cell::new(false),
            running: Cell::new(Cause::Executor),
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

    /// A poll begins: its budget is fresh.
    pub(crate) fn renew_budget(&self) {
        self.budget.set(OPERATIONS_A_POLL);
    }

    /// Whether the budget of the poll that runs now is used up.
    pub(crate) fn is_spent(&self) -> bool {
        self.budget.get() == 0
    }

    /// Takes one operation's share of the budget. False if there is none left: then the operation
    /// is not tried, and the task ends its turn.
    pub(crate) fn spend(&self) -> bool {
        match self.budget.get() {
            // Where the executor does not run, nobody renews the budget, nor is there anybody to
            // be fair to.
            0 => !self.is_active(),
            left => {
                self.budget.set(left - 1);
                true
            }
        }
    }

    /// Who runs now.
    pub(crate) fn running(&self) -> Cause {
        self.running.get()
    }

    /// The task that runs now.
    pub(crate) fn running_task(&self) -> Option<TaskId> {
        match self.running.get() {
            Cause::Task(task) => Some(task),
            _ => None,
        }
    }

    /// Says who runs, until the guard is dropped.
    pub(crate) fn enter(&self, cause: Cause) -> Running<'_> {
        Running { turn: self, before: self.running.replace(cause) }
    }
}

/// As long as it lives, what happens is its cause's doing. Then, also after a panic, it is that of
/// whoever ran before.
pub(crate) struct Running<'a> {
    turn: &'a Turn,
    before: Cause,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.turn.running.set(self.before);
    }
}
