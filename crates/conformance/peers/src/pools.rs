//! smol, async-executor, and futures' LocalPool.

use std::{
    future::Future,
    io, net,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    task::Poll,
    time::Duration,
};

use async_executor::{LocalExecutor, Task};
use conformance::{
    BlockOn, BoxFuture, Capabilities, Capability, Ended, Handle, Listener, LocalFuture, Output,
    Runtime, Socket,
};
use futures::{
    executor::{LocalPool, LocalSpawner},
    future::RemoteHandle,
    task::LocalSpawnExt,
};

use crate::{
    causes,
    current::{AtEnd, Current},
    once, std_net, with_version,
};

pub(crate) fn all() -> [Box<dyn Runtime>; 3] {
    [Box::new(Smol(true)), Box::new(Smol(false)), Box::new(Pool)]
}

type Local = LocalExecutor<'static>;

thread_local! {
    static EXECUTOR: Current<Rc<Local>> = const { Current::new() };
    static SPAWNER: Current<LocalSpawner> = const { Current::new() };
}

/// `LocalExecutor`: smol's, with smol's `block_on` and async-io; or alone, with that of futures-lite.
struct Smol(bool);

impl Runtime for Smol {
    fn name(&self) -> String {
        let name = with_version(if self.0 { "smol" } else { "async-executor" });
        format!("{name} LocalExecutor")
    }

    fn about(&self) -> String {
        if self.0 {
            "`smol::block_on(executor.run(future))`, `Timer` and `Async` of async-io".into()
        } else {
            "`futures_lite::future::block_on(executor.run(future))`".into()
        }
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("async-executor", rule)
    }

    fn capabilities(&self) -> Capabilities {
        const ALONE: Capabilities = &[
            Capability::Returns,
            Capability::Ends,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::SpawnLocal,
            Capability::Join,
            Capability::Abort,
            Capability::RunAgain,
        ];
        const WITH_IO: Capabilities = &[
            Capability::Returns,
            Capability::Ends,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::SpawnLocal,
            Capability::Join,
            Capability::Abort,
            Capability::Timers,
            Capability::Tcp,
            Capability::RunAgain,
        ];
        if self.0 { WITH_IO } else { ALONE }
    }

    fn block_on(&self, future: BoxFuture) {
        once(self, future);
    }

    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        let executor = Rc::new(Local::new());
        EXECUTOR.with(|current| current.set(Some(Rc::clone(&executor))));
        let _end = AtEnd(|| EXECUTOR.with(|current| current.set(None)));
        if self.0 {
            body(&mut |future| smol::block_on(executor.run(future)));
        } else {
            body(&mut |future| futures_lite::future::block_on(executor.run(future)));
        }
    }

    fn spawn(&self, future: BoxFuture) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        // None, while the executor is being dropped.
        if let Some(executor) = EXECUTOR.with(Current::get) {
            executor.spawn(future).detach();
        }
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        let executor = EXECUTOR.with(Current::get).expect("it runs");
        Box::new(SmolTask(executor.spawn(future)))
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        std_net::sleep(duration)
    }

    fn tcp_stream(&self, stream: net::TcpStream) -> Rc<dyn Socket> {
        std_net::stream(stream)
    }

    fn tcp_listener(&self, listener: net::TcpListener) -> Rc<dyn Listener> {
        std_net::listener(listener)
    }

    fn tcp_connect(
        &self,
        addr: net::SocketAddr,
    ) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        std_net::connect(addr)
    }
}

pub(crate) struct SmolTask(pub(crate) Task<Output>);

impl Handle for SmolTask {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        let task = self.0.fallible();
        Box::pin(async { task.await.ok_or(Ended::Cancelled) })
    }

    fn abort(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async { self.0.cancel().await.ok_or(Ended::Cancelled) })
    }
}

/// `LocalPool`.
struct Pool;

impl Runtime for Pool {
    fn name(&self) -> String {
        format!("{} LocalPool", with_version("futures"))
    }

    fn about(&self) -> String {
        "`LocalPool::run_until`, `spawn_local`, `spawn_local_with_handle`".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("LocalPool", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[
            Capability::Returns,
            Capability::Ends,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::SpawnLocal,
            Capability::Join,
            Capability::RunAgain,
        ]
    }

    fn block_on(&self, future: BoxFuture) {
        once(self, future);
    }

    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        let mut pool = LocalPool::new();
        SPAWNER.with(|current| current.set(Some(pool.spawner())));
        let _end = AtEnd(|| SPAWNER.with(|current| current.set(None)));
        body(&mut |future| pool.run_until(future));
    }

    fn spawn(&self, future: BoxFuture) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        // An error, while the pool is being dropped.
        if let Some(spawner) = SPAWNER.with(Current::get) {
            let _ = spawner.spawn_local(future);
        }
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        let spawner = SPAWNER.with(Current::get).expect("it runs");
        Box::new(Remote(spawner.spawn_local_with_handle(future).expect("it runs")))
    }
}

struct Remote(RemoteHandle<Output>);

impl Handle for Remote {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async {
            let mut task = pin!(self.0);
            // It panics if its task did, or is gone.
            std::future::poll_fn(move |cx| {
                match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(cx))) {
                    Ok(polled) => polled.map(Ok),
                    Err(_) => Poll::Ready(Err(Ended::Panicked)),
                }
            })
            .await
        })
    }
}
