//! tokio's `LocalRuntime`: a runtime for one thread, with tasks that need not be `Send`. The closest peer.

use std::time::Duration;

use tokio::runtime::{Builder, Handle, LocalOptions, LocalRuntime as TokioLocalRuntime};
use tokio::task::{JoinHandle, spawn_local};

use super::{Runtime, SpawnFromAnywhere};

/// tokio, `LocalRuntime`: I/O and time are on, as any server has them.
#[derive(Debug)]
pub struct LocalRuntime(TokioLocalRuntime);

impl Runtime for LocalRuntime {
    const NAME: &'static str = "tokio-local";
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Sleep = tokio::time::Sleep;

    fn new() -> Self {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        LocalRuntime(runtime.expect("tokio makes its driver"))
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        self.0.block_on(future)
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

impl SpawnFromAnywhere for LocalRuntime {
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
