//! Tasks: names for new ones, sets of tasks, and a table of their state.

use std::rc::Rc;

use crate::{
    current,
    executor::{
        join::JoinHandle,
        spawn::{running, spawn_here},
    },
    runtime::{self, Executor},
};
pub use crate::{
    executor::{abort::AbortHandle, join::AbortOnDrop, join_set::JoinSet},
    id::TaskId,
    table::{TaskInfo, TaskState, TaskTable, WaitsFor},
};

/// Returns the id of the task that is polled now; in the future that was given to `block_on`, the
/// root's.
///
/// ```
/// pizzaiolo::block_on(async {
///     assert!(pizzaiolo::task::id().is_root());
///     let oven = pizzaiolo::spawn(async { pizzaiolo::task::id() });
///     let id = oven.id();
///     assert_eq!(oven.await.unwrap(), id);
/// });
/// ```
///
/// # Panics
///
/// If no task of a pizzaiolo executor is polled on this thread.
#[must_use]
#[track_caller]
pub fn id() -> TaskId {
    match try_id() {
        Some(id) => id,
        None => panic!(
            "`task::id` was called, but no pizzaiolo executor polls a task on this thread: call it \
             inside a task, or ask `task::try_id`"
        ),
    }
}

/// Returns the id of the task that is polled, or dropped, now. `None` outside a task, and inside
/// [`Reactor::enter`](crate::Reactor::enter).
#[must_use]
pub fn try_id() -> Option<TaskId> {
    current::task()
}

/// Returns the name of the task that is polled now, if it has one.
///
/// ```
/// use pizzaiolo::task;
///
/// pizzaiolo::block_on(async {
///     let oven = task::Builder::new().name("oven").spawn(async { task::name() });
///     assert_eq!(oven.await.unwrap().as_deref(), Some("oven"));
/// });
/// ```
#[must_use]
pub fn name() -> Option<Rc<str>> {
    running()?.tasks.name(try_id()?)
}

/// Returns the table of all tasks of the executor that runs here, as
/// [`Executor::tasks`] does from outside. While another reactor is [entered](crate::Reactor::enter), it
/// does not know which sockets and timers the tasks wait for.
///
/// # Panics
///
/// If no executor runs on this thread.
#[must_use]
#[track_caller]
pub fn table() -> TaskTable {
    match runtime::running_tasks() {
        Some(table) => table,
        None => panic!(
            "`task::table` was called, but no pizzaiolo executor runs on this thread: call it inside \
             `pizzaiolo::block_on` or a task, or use `Executor::tasks`"
        ),
    }
}

/// Spawns a task with a name. The log, the table of tasks and pictures of a run show it; for a task
/// without one they show where it was spawned.
///
/// ```
/// pizzaiolo::block_on(async {
///     let oven = pizzaiolo::task::Builder::new().name("oven").spawn(async { "pizza" });
///     assert_eq!(oven.await.unwrap(), "pizza");
/// });
/// ```
#[derive(Debug, Default)]
#[must_use = "it does nothing until `spawn`"]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// Creates a builder of a task with no name.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the task. Several tasks may have the same name.
    pub fn name(mut self, name: impl Into<String>) -> Builder {
        self.name = Some(name.into());
        self
    }

    /// Makes the task, on the executor that runs here, as [`spawn`](crate::spawn) does.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_here(future, self.name.map(Into::into))
    }

    /// Makes the task on this executor, as [`Executor::spawn`] does; also where none runs.
    ///
    /// ```
    /// let executor = pizzaiolo::Executor::new()?;
    /// let oven = pizzaiolo::task::Builder::new().name("oven").spawn_on(&executor, async {});
    /// assert_eq!(executor.tasks()[0].name.as_deref(), Some("oven"));
    /// # drop(oven);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(self, executor: &Executor, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        executor.spawn_named(future, self.name.map(Into::into))
    }

    /// Makes the task on the executor that runs here, and adds it to a set, as [`JoinSet::spawn`] does.
    ///
    /// ```
    /// use pizzaiolo::task::{self, JoinSet};
    ///
    /// pizzaiolo::block_on(async {
    ///     let mut pizzas = JoinSet::new();
    ///     task::Builder::new().name("oven").spawn_in(&mut pizzas, async { task::name() });
    ///     assert_eq!(pizzas.join_next().await.unwrap().unwrap().as_deref(), Some("oven"));
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    #[track_caller]
    pub fn spawn_in<F>(self, set: &mut JoinSet<F::Output>, future: F) -> AbortHandle
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        set.spawn_named(future, self.name.map(Into::into))
    }
}
