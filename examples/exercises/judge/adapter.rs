//! Connects exercises 11 to 17 to the probes: an implementation of [`Runtime`] for each stage. (A
//! finished runtime would need the arms of one stage only.)

use std::{
    cell::{Cell, RefCell},
    io,
    rc::{Rc, Weak},
    task::Waker,
    thread,
    time::Duration,
};

use conformance::{
    BlockOn, BoxFuture, Capabilities, Capability, Ended, Handle, Listener, LocalFuture, Output,
    Runtime, Socket,
};

use super::sockets::{self, Sockets};
use crate::{
    ex11_unparker::block_on,
    ex12_spawn::Executor,
    ex13_join::{JoinError, JoinHandle, spawn},
    ex14_threads::{Park, executor, run},
    ex15_abort::{AbortHandle, abortable},
    ex16_timers::{Clock, Clocked},
    ex17_reactor::Reactor,
};

thread_local! {
    /// The executor that runs on this thread. `None` while it is dropped.
    static EXECUTOR: RefCell<Weak<Executor>> = const { RefCell::new(Weak::new()) };
    /// The timers of exercise 16.
    static CLOCK: RefCell<Option<Clock>> = const { RefCell::new(None) };
}

/// The runtime as it is after an exercise, from 11 to 17.
pub(crate) struct Stage(pub(crate) usize);

impl Runtime for Stage {
    fn name(&self) -> String {
        format!("exercise {}", self.0)
    }

    fn capabilities(&self) -> Capabilities {
        use Capability::{
            Abort, CatchesPanics, Ends, Join, Returns, RunAgain, Spawn, SpawnLocal, Tcp,
            ThreadWakes, Timers,
        };
        // 11 has no tasks, but sleeps in the crate's reactor; 12 and 13 have tasks, but no reactor.
        match self.0 {
            11 => &[Returns, Ends, ThreadWakes, Timers, Tcp],
            12 => &[Returns, Ends, RunAgain, Spawn, SpawnLocal],
            13 => &[Returns, Ends, RunAgain, Spawn, SpawnLocal, Join, CatchesPanics],
            14 => &[
                Returns,
                Ends,
                RunAgain,
                Spawn,
                SpawnLocal,
                Join,
                CatchesPanics,
                ThreadWakes,
                Timers,
                Tcp,
            ],
            _ => &[
                Returns,
                Ends,
                RunAgain,
                Spawn,
                SpawnLocal,
                Join,
                CatchesPanics,
                ThreadWakes,
                Timers,
                Tcp,
                Abort,
            ],
        }
    }

    fn block_on(&self, future: BoxFuture) {
        let mut future = Some(future);
        self.with_executor(&mut |block_on| future.take().into_iter().for_each(&mut *block_on));
    }

    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        let reactor = || pizzaiolo::Reactor::new().expect("the OS has descriptors");
        match self.0 {
            11 => {
                let reactor = reactor();
                body(&mut |future| block_on(&reactor, future).expect("the reactor works"));
            }
            12 | 13 => without_reactor(body),
            14 | 15 => with_park(&reactor(), body),
            16 => with_clock(&Clocked::new(reactor()), body),
            _ => {
                let reactor = Reactor::new().expect("the OS has descriptors");
                let park = Rc::new(Clocked::new(reactor));
                sockets::enter(&park);
                with_clock(&*park, body);
            }
        }
    }

    fn spawn(&self, future: BoxFuture) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        // A future that is spawned while the executor is dropped is dropped too.
        let Some(executor) = EXECUTOR.with_borrow(Weak::upgrade) else { return };
        if self.0 == 12 {
            executor.spawn(future);
        } else {
            drop(spawn(&executor, future));
        }
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        let executor = EXECUTOR.with_borrow(Weak::upgrade).expect("the executor runs");
        if self.0 < 15 {
            let handle = spawn(&executor, async { Some(future.await) });
            return Box::new(Task { handle, abort: None });
        }
        let (future, abort) = abortable(future);
        Box::new(Task { handle: spawn(&executor, future), abort: Some(abort) })
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        if self.0 < 16 {
            return Box::pin(pizzaiolo::time::sleep(duration));
        }
        CLOCK.with_borrow(|clock| Box::pin(clock.as_ref().expect("it runs").sleep(duration)))
    }

    fn tcp_stream(&self, stream: std::net::TcpStream) -> Rc<dyn Socket> {
        self.sockets().stream(stream)
    }

    fn tcp_listener(&self, listener: std::net::TcpListener) -> Rc<dyn Listener> {
        self.sockets().listener(listener)
    }

    fn tcp_connect(
        &self,
        addr: std::net::SocketAddr,
    ) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        self.sockets().connect(addr)
    }
}

impl Stage {
    fn sockets(&self) -> Sockets {
        if self.0 < 17 { Sockets::OfTheCrate } else { Sockets::Yours }
    }
}

/// Spawns a root future, and returns a flag that its end sets.
fn spawn_root(executor: &Executor, future: BoxFuture) -> Rc<Cell<bool>> {
    let over = Rc::new(Cell::new(false));
    let done = Rc::clone(&over);
    executor.spawn(async move {
        future.await;
        done.set(true);
    });
    over
}

/// The executor of the exercises 12 and 13, before it can sleep in a reactor.
fn without_reactor(body: &mut dyn FnMut(BlockOn<'_>)) {
    let executor = Rc::new(Executor::new(Waker::noop().clone()));
    EXECUTOR.set(Rc::downgrade(&executor));
    body(&mut |future| {
        let over = spawn_root(&executor, future);
        while !over.get() {
            if !executor.is_ready() {
                // No other thread wakes here, so nothing ends this park: the probe hangs.
                thread::park();
            }
            executor.run_ready();
        }
    });
}

/// The executor and the loop of exercise 14.
fn with_park<P: Park>(park: &P, body: &mut dyn FnMut(BlockOn<'_>)) {
    let executor = Rc::new(executor(park));
    EXECUTOR.set(Rc::downgrade(&executor));
    body(&mut |future| {
        let over = spawn_root(&executor, future);
        let ended = run(&executor, &Until { park, over: Rc::clone(&over) });
        assert!(over.get(), "run returned {ended:?} before its first task was over");
    });
}

/// The same, with the timers of exercise 16.
fn with_clock<P: Park>(park: &Clocked<P>, body: &mut dyn FnMut(BlockOn<'_>)) {
    CLOCK.set(Some(park.clock()));
    with_park(park, body);
}

/// A park that fails after the end of a task, so that `run` returns although other tasks wait.
struct Until<'a, P> {
    park: &'a P,
    over: Rc<Cell<bool>>,
}

impl<P: Park> Park for Until<'_, P> {
    fn enter(&self, f: &mut dyn FnMut()) {
        self.park.enter(f);
    }

    fn park(&self, timeout: Option<Duration>) -> io::Result<()> {
        if self.over.get() {
            return Err(io::Error::other("the first task is over"));
        }
        self.park.park(timeout)
    }

    fn unparker(&self) -> Waker {
        self.park.unparker()
    }
}

struct Task {
    handle: JoinHandle<Option<Output>>,
    abort: Option<AbortHandle>,
}

impl Handle for Task {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async {
            match self.handle.await {
                Ok(Some(output)) => Ok(output),
                Ok(None) | Err(JoinError::Cancelled) => Err(Ended::Cancelled),
                Err(JoinError::Panicked(_)) => Err(Ended::Panicked),
            }
        })
    }

    fn abort(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
        self.join()
    }
}
