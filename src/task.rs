//! Tasks, as their users see them: a name before one is spawned, a look at it while it lives.

use std::panic::Location;

use crate::{Executor, JoinHandle, context};
pub use crate::{
    id::TaskId,
    table::{TaskInfo, TaskState, TaskTable, WaitsFor},
};

/// Gives a task a name before it is spawned: for the log, the pictures of
/// [`trace`](crate::trace), and the table of tasks. Without one, the place of the spawn call
/// stands for it.
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
        let place = Location::caller();
        let Some(context) = context::current() else { panic!("{}", context::NO_EXECUTOR) };
        context.spawn(future, place, self.name.map(Into::into))
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
        executor.context.spawn(future, Location::caller(), self.name.map(Into::into))
    }
}
