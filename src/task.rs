//! Tasks: names for new ones, and what the table of tasks consists of.

use crate::{
    executor::{join::JoinHandle, spawn::spawn_here},
    runtime::Executor,
};
pub use crate::{
    id::TaskId,
    table::{TaskInfo, TaskState, TaskTable, WaitsFor},
};

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
}
