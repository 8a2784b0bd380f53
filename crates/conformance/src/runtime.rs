//! What an adapter implements: [`Runtime`], and the little that it stands on.

use std::{
    any::Any,
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    rc::Rc,
    time::Duration,
};

/// A future as the probes hand it to a runtime: boxed, and `Send` by type, so that executors which
/// ask for `Send` can be judged too.
pub type BoxFuture<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future as a runtime hands it to the probes: it need not be `Send`.
pub type LocalFuture<'a, T = ()> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// An executor's `block_on`, which may be called several times.
pub type BlockOn<'a> = &'a mut dyn FnMut(BoxFuture);

/// What a joined task yields.
pub type Output = Box<dyn Any + Send>;

/// What a runtime can do. Probes that need more are not asked of it: the table says "not applicable".
pub type Capabilities = &'static [Capability];

/// One thing that a runtime can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// [`block_on`](Runtime::block_on) returns when its future has ended. Without it, the probes
    /// that look at what is left afterwards are not asked.
    Returns,
    /// The executor goes at the end of [`block_on`](Runtime::block_on) or
    /// [`with_executor`](Runtime::with_executor), and takes its tasks with it. An executor that is a
    /// static, or leaked, as its documentation wants it, has no such end.
    Ends,
    /// Wakers work from other threads, as `Waker: Send + Sync` has it.
    ThreadWakes,
    /// [`spawn`](Runtime::spawn).
    Spawn,
    /// [`spawn_local`](Runtime::spawn_local): tasks that are not `Send`.
    SpawnLocal,
    /// [`spawner`](Runtime::spawner): other threads can spawn.
    SpawnFromThreads,
    /// [`spawn_joinable`](Runtime::spawn_joinable): tasks can be awaited.
    Join,
    /// [`Handle::abort`]: tasks can be ended.
    Abort,
    /// A panic of a task stays in the task: the others go on.
    CatchesPanics,
    /// [`sleep`](Runtime::sleep).
    Timers,
    /// [`tcp_stream`](Runtime::tcp_stream), [`tcp_listener`](Runtime::tcp_listener) and
    /// [`tcp_connect`](Runtime::tcp_connect).
    Tcp,
    /// [`with_executor`](Runtime::with_executor) calls its executor again, and tasks of the first
    /// call go on in the second.
    RunAgain,
}

impl Capability {
    /// All of them.
    pub const ALL: Capabilities = &[
        Capability::Returns,
        Capability::Ends,
        Capability::ThreadWakes,
        Capability::Spawn,
        Capability::SpawnLocal,
        Capability::SpawnFromThreads,
        Capability::Join,
        Capability::Abort,
        Capability::CatchesPanics,
        Capability::Timers,
        Capability::Tcp,
        Capability::RunAgain,
    ];
}

/// Why a joined task has no output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It panicked.
    Panicked,
    /// It was aborted, or its executor has gone.
    Cancelled,
}

/// An executor to be judged: the adapter.
///
/// Two methods name it and say what it can do, [`block_on`](Runtime::block_on) runs it. The others
/// are implemented for the [capabilities](Capability) that the runtime has, and no others are called.
/// All but `block_on` and `with_executor` are called inside a future that the executor polls.
///
/// ```
/// use conformance::{BoxFuture, Capabilities, Capability, Runtime};
/// use std::{sync::Arc, task, thread};
///
/// /// The executor of the documentation of `std::task::Wake`.
/// struct Example;
///
/// struct ThreadWaker(thread::Thread);
///
/// impl task::Wake for ThreadWaker {
///     fn wake(self: Arc<Self>) {
///         self.0.unpark();
///     }
/// }
///
/// impl Runtime for Example {
///     fn name(&self) -> String {
///         "std's example".into()
///     }
///     fn capabilities(&self) -> Capabilities {
///         &[Capability::Returns, Capability::ThreadWakes]
///     }
///     fn block_on(&self, mut future: BoxFuture) {
///         let waker = Arc::new(ThreadWaker(thread::current())).into();
///         let mut cx = task::Context::from_waker(&waker);
///         while future.as_mut().poll(&mut cx).is_pending() {
///             thread::park();
///         }
///     }
/// }
/// // fn main() -> std::process::ExitCode { conformance::main(vec![Box::new(Example)]) }
/// # assert_eq!(Example.name(), "std's example");
/// ```
#[expect(unused_variables, reason = "the parameters of the defaults, which readers want to see")]
pub trait Runtime {
    /// Returns the name, and the version, as the table shows it.
    fn name(&self) -> String;

    /// Returns what it can do.
    fn capabilities(&self) -> Capabilities;

    /// Returns how it is used here, for the page that `--markdown` makes: what its documentation
    /// advises.
    fn about(&self) -> String {
        String::new()
    }

    /// Returns why a rule does not hold, for the same page, if that is known.
    fn cause(&self, rule: &str) -> Option<String> {
        None
    }

    /// Runs `future` to its end on a new executor, on this thread, and drops the executor.
    fn block_on(&self, future: BoxFuture);

    /// Makes an executor, hands its `block_on` to `body`, which calls it once or more often, and
    /// drops the executor. For [`Capability::RunAgain`]; otherwise each call has a new executor.
    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        body(&mut |future| self.block_on(future));
    }

    /// Spawns a task that no code awaits. It goes on by itself.
    fn spawn(&self, future: BoxFuture) {
        missing("spawn")
    }

    /// Spawns a task that need not be `Send`.
    fn spawn_local(&self, future: LocalFuture<'static>) {
        missing("spawn_local")
    }

    /// Returns a way for other threads to spawn.
    fn spawner(&self) -> Box<dyn Fn(BoxFuture) + Send> {
        missing("spawner")
    }

    /// Spawns a task that can be awaited.
    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        missing("spawn_joinable")
    }

    /// Returns a future that is ready after `duration`.
    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        missing("sleep")
    }

    /// Makes a stream of a connected one of std's.
    fn tcp_stream(&self, stream: TcpStream) -> Rc<dyn Socket> {
        missing("tcp_stream")
    }

    /// Makes a listener of one of std's.
    fn tcp_listener(&self, listener: TcpListener) -> Rc<dyn Listener> {
        missing("tcp_listener")
    }

    /// Connects to `addr`.
    fn tcp_connect(&self, addr: SocketAddr) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        missing("tcp_connect")
    }
}

fn missing(method: &str) -> ! {
    panic!("the adapter names a capability, but has no method `{method}`")
}

/// A task that can be awaited.
pub trait Handle {
    /// Waits for the task.
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>>;

    /// Ends the task, and waits until that is done. Only for [`Capability::Abort`].
    #[must_use]
    fn abort(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        missing("abort")
    }
}

/// A TCP stream. A read and a write may wait at the same time.
pub trait Socket {
    /// Reads into `buf`: how many bytes, or 0 at the end.
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>>;

    /// Writes a part of `buf`: how many bytes.
    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>>;
}

/// A TCP listener.
pub trait Listener {
    /// Accepts a connection.
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>>;
}
