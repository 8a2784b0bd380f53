//! The adapter of pizzaiolo.

use std::{cell::Cell, io, net, rc::Rc, time::Duration};

use conformance::{
    BlockOn, BoxFuture, Capabilities, Capability, Ended, Handle, Listener, LocalFuture, Output,
    Runtime, Socket,
};
use pizzaiolo::{
    Executor, JoinError, JoinHandle,
    net::{TcpListener, TcpStream},
};

thread_local! {
    /// The way into the executor that runs here.
    static HANDLE: Cell<Option<pizzaiolo::Handle>> = const { Cell::new(None) };
}

/// pizzaiolo as it is used: `spawn`, `time` and `net` on an `Executor`.
pub(crate) struct Pizzaiolo;

impl Runtime for Pizzaiolo {
    fn name(&self) -> String {
        "pizzaiolo 0.1".into()
    }

    fn about(&self) -> String {
        "`Executor::block_on`, `spawn`, `time::sleep`, `net`".into()
    }

    fn capabilities(&self) -> Capabilities {
        Capability::ALL
    }

    fn block_on(&self, future: BoxFuture) {
        let executor = Executor::new().expect("the OS has descriptors for an executor");
        HANDLE.set(Some(executor.handle()));
        executor.block_on(future);
    }

    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        let executor = Executor::new().expect("the OS has descriptors for an executor");
        body(&mut |future| executor.block_on(future));
    }

    fn spawn(&self, future: BoxFuture) {
        pizzaiolo::spawn(future).detach();
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        pizzaiolo::spawn(future).detach();
    }

    fn spawner(&self) -> Box<dyn Fn(BoxFuture) + Send> {
        let handle = HANDLE.take().expect("the executor runs");
        Box::new(move |future| handle.spawn(future).detach())
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        Box::new(Task(pizzaiolo::spawn(future)))
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        Box::pin(pizzaiolo::time::sleep(duration))
    }

    fn tcp_stream(&self, stream: net::TcpStream) -> Rc<dyn Socket> {
        Rc::new(Stream(stream.try_into().expect("a connected stream can be registered")))
    }

    fn tcp_listener(&self, listener: net::TcpListener) -> Rc<dyn Listener> {
        Rc::new(Server(listener.try_into().expect("a listener can be registered")))
    }

    fn tcp_connect(
        &self,
        addr: net::SocketAddr,
    ) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        Box::pin(async move { Ok(socket(TcpStream::connect(addr).await?)) })
    }
}

struct Task(JoinHandle<Output>);

fn ended(error: &JoinError) -> Ended {
    if error.is_panic() { Ended::Panicked } else { Ended::Cancelled }
}

impl Handle for Task {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async { self.0.await.map_err(|error| ended(&error)) })
    }

    fn abort(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        self.0.abort();
        self.join()
    }
}

struct Stream(TcpStream);

fn socket(stream: TcpStream) -> Rc<dyn Socket> {
    Rc::new(Stream(stream))
}

impl Socket for Stream {
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.read(buf))
    }

    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.write(buf))
    }
}

struct Server(TcpListener);

impl Listener for Server {
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>> {
        Box::pin(async { Ok(socket(self.0.accept().await?.0)) })
    }
}
