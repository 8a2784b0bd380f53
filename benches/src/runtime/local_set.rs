//! tokio's `LocalSet` on a `current_thread` runtime: tasks through `spawn_local`.

use std::time::Duration;

use tokio::runtime::Runtime as TokioRuntime;
use tokio::task::{JoinHandle, LocalSet as TokioLocalSet, spawn_local};

use super::Runtime;
use super::tokio::current_thread;

/// tokio, `LocalSet`.
#[derive(Debug)]
pub struct LocalSet {
    /// The tasks; dropped before the runtime that they run on.
    tasks: TokioLocalSet,
    /// The reactor and the timers.
    runtime: TokioRuntime,
}

impl Runtime for LocalSet {
    const NAME: &'static str = "tokio-localset";
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Sleep = tokio::time::Sleep;

    fn new() -> Self {
        LocalSet { tasks: TokioLocalSet::new(), runtime: current_thread() }
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.tasks.block_on(&self.runtime, future)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        spawn_local(future)
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        spawn_local(future);
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        tokio::time::sleep(duration)
    }
}
