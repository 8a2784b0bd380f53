//! smol: a `LocalExecutor` under async-io's `block_on`, which runs the reactor on this thread.

use std::time::Duration;

use smol::{Executor, LocalExecutor, Task, Timer};

use super::{Runtime, SpawnFromAnywhere};

thread_local! {
    /// A task that spawns needs a way to its executor; smol's documentation shows a static one.
    static EXECUTOR: LocalExecutor<'static> = const { LocalExecutor::new() };
}

/// smol, `LocalExecutor`.
#[derive(Debug)]
pub struct Smol;

impl Runtime for Smol {
    const NAME: &'static str = "smol";
    type Join<T: Send + 'static> = Task<T>;
    type Sleep = Timer;

    fn new() -> Self {
        Smol
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        EXECUTOR.with(|executor| smol::block_on(executor.run(future)))
    }

    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        EXECUTOR.with(|executor| executor.spawn(future))
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        EXECUTOR.with(|executor| executor.spawn(future)).detach();
    }

    fn sleep(duration: Duration) -> Timer {
        Timer::after(duration)
    }
}

/// smol's `Executor`, run on one thread: other threads can spawn onto it.
#[derive(Debug)]
pub struct SmolExecutor;

/// A static one, as its documentation shows.
static SHARED: Executor<'static> = Executor::new();

impl Runtime for SmolExecutor {
    const NAME: &'static str = "smol-executor";
    type Join<T: Send + 'static> = Task<T>;
    type Sleep = Timer;

    fn new() -> Self {
        SmolExecutor
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        smol::block_on(SHARED.run(future))
    }

    fn spawn<F>(future: F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        SHARED.spawn(future)
    }

    fn spawn_detached<F>(future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        SHARED.spawn(future).detach();
    }

    fn sleep(duration: Duration) -> Timer {
        Timer::after(duration)
    }
}

impl SpawnFromAnywhere for SmolExecutor {
    type Handle = &'static Executor<'static>;

    fn handle(&self) -> Self::Handle {
        &SHARED
    }

    fn spawn_on<F>(handle: &Self::Handle, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        handle.spawn(future).detach();
    }
}
