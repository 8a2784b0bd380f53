//! Small executors, and those that teach.

use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use conformance::{
    BoxFuture, Capabilities, Capability, Ended, Handle, LocalFuture, Output, Runtime,
};

use crate::{
    causes,
    current::{AtEnd, Current},
    pools::SmolTask,
    with_version,
};

pub(crate) fn all() -> Vec<Box<dyn Runtime>> {
    vec![
        Box::new(AsyncStd),
        Box::new(AsyncLocal),
        Box::new(Spawns),
        Box::new(Edge),
        Box::new(Embassy),
        Box::new(Pasts),
        Box::new(Minimal),
        Box::new(Steps),
    ]
}

/// async-std: its `spawn_local`, on the thread that calls `block_on`.
struct AsyncStd;

impl Runtime for AsyncStd {
    fn name(&self) -> String {
        with_version("async-std")
    }

    fn about(&self) -> String {
        "`task::block_on`, `task::spawn_local`, `task::sleep`; its executor is global".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("async-std", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[
            Capability::Returns,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::SpawnLocal,
            Capability::Join,
            Capability::Abort,
            Capability::Timers,
            Capability::RunAgain,
        ]
    }

    fn block_on(&self, future: BoxFuture) {
        async_std::task::block_on(future);
    }

    fn spawn(&self, future: BoxFuture) {
        drop(async_std::task::spawn_local(future));
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        drop(async_std::task::spawn_local(future));
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        Box::new(StdTask(async_std::task::spawn_local(future)))
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        Box::pin(async_std::task::sleep(duration))
    }
}

struct StdTask(async_std::task::JoinHandle<Output>);

impl Handle for StdTask {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async { Ok(self.0.await) })
    }

    fn abort(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async { self.0.cancel().await.ok_or(Ended::Cancelled) })
    }
}

/// async-local-executor.
struct AsyncLocal;

impl Runtime for AsyncLocal {
    fn name(&self) -> String {
        with_version("async-local-executor")
    }

    fn about(&self) -> String {
        "`block_on`, `spawn_local`".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("async-local-executor", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[
            Capability::Returns,
            Capability::Ends,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::SpawnLocal,
            Capability::Join,
        ]
    }

    fn block_on(&self, future: BoxFuture) {
        async_local_executor::block_on(future);
    }

    fn spawn(&self, future: BoxFuture) {
        drop(async_local_executor::spawn_local(future));
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        drop(async_local_executor::spawn_local(future));
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        Box::new(LocalTask(async_local_executor::spawn_local(future)))
    }
}

struct LocalTask(async_local_executor::JoinHandle<Output>);

impl Handle for LocalTask {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async { Ok(self.0.await) })
    }
}

/// spawns-executor, on the current thread.
struct Spawns;

impl Runtime for Spawns {
    fn name(&self) -> String {
        with_version("spawns-executor")
    }

    fn about(&self) -> String {
        "`block_on`, and `spawn` of spawns-core".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("spawns-executor", rule).or_else(|| causes::of("LocalPool", rule))
    }

    fn capabilities(&self) -> Capabilities {
        &[
            Capability::Returns,
            Capability::Ends,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::Join,
            Capability::Abort,
            Capability::CatchesPanics,
        ]
    }

    fn block_on(&self, future: BoxFuture) {
        spawns_executor::block_on(future);
    }

    fn spawn(&self, future: BoxFuture) {
        drop(spawns_core::spawn(future));
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        Box::new(SpawnsTask(spawns_core::spawn(future)))
    }
}

struct SpawnsTask(spawns_core::JoinHandle<Output>);

impl Handle for SpawnsTask {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async {
            self.0.await.map_err(
                |error| {
                    if error.is_panic() { Ended::Panicked } else { Ended::Cancelled }
                },
            )
        })
    }

    fn abort(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        self.0.cancel();
        self.join()
    }
}

type EdgeLocal = edge_executor::LocalExecutor<'static, edge_executor::UnboundQueue>;

thread_local! {
    static EDGE: Current<Rc<EdgeLocal>> = const { Current::new() };
    static EMBASSY: Cell<Option<embassy_executor::Spawner>> = const { Cell::new(None) };
    static PASTS: Current<pasts::Executor> = const { Current::new() };
    static MINIMAL: Current<minimal_executor::Spawner<()>> = const { Current::new() };
    static STEPS: Current<simple_async_local_executor::Executor> = const { Current::new() };
}

/// edge-executor, on std.
struct Edge;

impl Runtime for Edge {
    fn name(&self) -> String {
        with_version("edge-executor")
    }

    fn about(&self) -> String {
        "`block_on(LocalExecutor::run)`, with an `UnboundQueue`".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("edge-executor", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[
            Capability::Returns,
            Capability::Ends,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::SpawnLocal,
            Capability::Join,
            Capability::Abort,
        ]
    }

    fn block_on(&self, future: BoxFuture) {
        let executor = Rc::new(EdgeLocal::new());
        EDGE.with(|current| current.set(Some(Rc::clone(&executor))));
        let _end = AtEnd(|| EDGE.with(|current| current.set(None)));
        edge_executor::block_on(executor.run(future));
    }

    fn spawn(&self, future: BoxFuture) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        if let Some(executor) = EDGE.with(Current::get) {
            executor.spawn(future).detach();
        }
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        let executor = EDGE.with(Current::get).expect("it runs");
        Box::new(SmolTask(executor.spawn(future)))
    }
}

/// embassy's executor, on std, with tasks on the heap.
struct Embassy;

/// Puts a task into memory that stays, as embassy's static ones do.
fn embassy_spawn(spawner: embassy_executor::Spawner, future: BoxFuture) {
    let storage = Box::leak(Box::new(embassy_executor::raw::TaskStorage::new()));
    spawner.spawn(storage.spawn(move || future).expect("it is free"));
}

impl Runtime for Embassy {
    fn name(&self) -> String {
        with_version("embassy-executor")
    }

    fn about(&self) -> String {
        "platform std, `run_until`; each task in a `TaskStorage` of its own, which is leaked".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("embassy-executor", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[Capability::Returns, Capability::ThreadWakes, Capability::Spawn]
    }

    fn block_on(&self, future: BoxFuture) {
        let executor = Box::leak(Box::new(embassy_executor::Executor::new()));
        let done = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&done);
        let main = async move {
            future.await;
            end.store(true, Ordering::SeqCst);
        };
        let start = |spawner| {
            EMBASSY.set(Some(spawner));
            embassy_spawn(spawner, Box::pin(main));
        };
        executor.run_until(start, || done.load(Ordering::SeqCst));
    }

    fn spawn(&self, future: BoxFuture) {
        embassy_spawn(EMBASSY.get().expect("it runs"), future);
    }
}

/// pasts.
struct Pasts;

impl Runtime for Pasts {
    fn name(&self) -> String {
        with_version("pasts")
    }

    fn about(&self) -> String {
        "`Executor::block_on`, which returns when all tasks have ended; `spawn_boxed`".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("pasts", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[Capability::ThreadWakes, Capability::Spawn, Capability::SpawnLocal]
    }

    fn block_on(&self, future: BoxFuture) {
        let executor = pasts::Executor::default();
        PASTS.with(|current| current.set(Some(executor.clone())));
        executor.block_on(future);
    }

    fn spawn(&self, future: BoxFuture) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        PASTS.with(Current::get).expect("it runs").spawn_boxed(future);
    }
}

/// minimal-executor's `LocalPool`.
struct Minimal;

impl Runtime for Minimal {
    fn name(&self) -> String {
        format!("{} LocalPool", with_version("minimal-executor"))
    }

    fn about(&self) -> String {
        "`LocalPool::run`, which returns when all tasks have ended; `Spawner::spawn`".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("minimal-executor LocalPool", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[Capability::ThreadWakes, Capability::Spawn]
    }

    fn block_on(&self, future: BoxFuture) {
        let mut pool = minimal_executor::LocalPool::new();
        MINIMAL.with(|current| current.set(Some(pool.spawner())));
        pool.spawn(future);
        pool.run();
    }

    fn spawn(&self, future: BoxFuture) {
        let spawner = MINIMAL.with(Current::get).expect("it runs");
        spawner.spawn(future).expect("it runs");
    }
}

/// simple-async-local-executor: a step at a time, as a game's loop takes them.
struct Steps;

impl Runtime for Steps {
    fn name(&self) -> String {
        with_version("simple-async-local-executor")
    }

    fn about(&self) -> String {
        "`Executor::step` in a loop; it says that it polls all tasks in each".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("simple-async-local-executor", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[Capability::Returns, Capability::Spawn, Capability::SpawnLocal]
    }

    fn block_on(&self, future: BoxFuture) {
        let executor = simple_async_local_executor::Executor::default();
        STEPS.with(|current| current.set(Some(executor.clone())));
        let done = Rc::new(Cell::new(false));
        let end = Rc::clone(&done);
        executor.spawn(async move {
            future.await;
            end.set(true);
        });
        while !done.get() {
            executor.step();
        }
    }

    fn spawn(&self, future: BoxFuture) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        STEPS.with(Current::get).expect("it runs").spawn(future);
    }
}
