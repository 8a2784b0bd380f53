//! tokio's `current_thread` runtime: tasks through `tokio::spawn`.

use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime as TokioRuntime};
use tokio::task::JoinHandle;

use super::{Runtime, SpawnFromAnywhere};

/// tokio, `current_thread`.
#[derive(Debug)]
pub struct Tokio(TokioRuntime);

/// The runtime that [`Tokio`] and `LocalSet` run on: I/O and time are on, as any server has them.
pub(super) fn current_thread() -> TokioRuntime {
    Builder::new_current_thread().enable_all().build().expect("tokio makes its driver")
}

impl Runtime for Tokio {
    const NAME: &'static str = "tokio";
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Sleep = tokio::time::Sleep;

    fn new() -> Self {
        Tokio(current_thread())
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        tokio::spawn(future)
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(future);
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        tokio::time::sleep(duration)
    }
}

impl SpawnFromAnywhere for Tokio {
    type Handle = Handle;

    fn handle(&self) -> Handle {
        self.0.handle().clone()
    }

    fn spawn_on<F>(handle: &Handle, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        handle.spawn(future);
    }
}
