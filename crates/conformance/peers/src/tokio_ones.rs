//! tokio, on one thread: the scheduler for tasks that are `Send`, and the two for those that are not.

use std::{io, net, rc::Rc, time::Duration};

use conformance::{
    BlockOn, BoxFuture, Capabilities, Capability, Ended, Handle, Listener, LocalFuture, Output,
    Runtime, Socket,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{self, LocalOptions},
    task::{self, JoinHandle, LocalSet},
};

use crate::{causes, once, with_version};

pub(crate) fn all() -> [Box<dyn Runtime>; 3] {
    [Kind::CurrentThread, Kind::LocalSet, Kind::LocalRuntime]
        .map(|kind| Box::new(Tokio(kind)) as Box<dyn Runtime>)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    CurrentThread,
    LocalSet,
    LocalRuntime,
}

struct Tokio(Kind);

fn builder() -> runtime::Builder {
    let mut builder = runtime::Builder::new_current_thread();
    builder.enable_all();
    builder
}

impl Runtime for Tokio {
    fn name(&self) -> String {
        let kind = match self.0 {
            Kind::CurrentThread => "current_thread",
            Kind::LocalSet => "LocalSet",
            Kind::LocalRuntime => "LocalRuntime",
        };
        format!("{} {kind}", with_version("tokio"))
    }

    fn about(&self) -> String {
        match self.0 {
            Kind::CurrentThread => "`Builder::new_current_thread`, `tokio::spawn`",
            Kind::LocalSet => "`LocalSet::block_on` on a current_thread runtime, `spawn_local`",
            Kind::LocalRuntime => "`Builder::build_local`, `spawn_local`",
        }
        .into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("tokio", rule).or_else(|| match self.0 {
            Kind::LocalSet => causes::of("LocalSet", rule),
            _ => None,
        })
    }

    fn capabilities(&self) -> Capabilities {
        match self.0 {
            Kind::CurrentThread => &[
                Capability::Returns,
                Capability::Ends,
                Capability::ThreadWakes,
                Capability::Spawn,
                Capability::SpawnFromThreads,
                Capability::Join,
                Capability::Abort,
                Capability::CatchesPanics,
                Capability::Timers,
                Capability::Tcp,
                Capability::RunAgain,
            ],
            // What other threads spawn would go to the runtime around it.
            Kind::LocalSet => &[
                Capability::Returns,
                Capability::Ends,
                Capability::ThreadWakes,
                Capability::Spawn,
                Capability::SpawnLocal,
                Capability::Join,
                Capability::Abort,
                Capability::CatchesPanics,
                Capability::Timers,
                Capability::Tcp,
                Capability::RunAgain,
            ],
            Kind::LocalRuntime => Capability::ALL,
        }
    }

    fn block_on(&self, future: BoxFuture) {
        once(self, future);
    }

    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        match self.0 {
            Kind::CurrentThread => {
                let runtime = builder().build().expect("a runtime");
                body(&mut |future| runtime.block_on(future));
            }
            Kind::LocalSet => {
                let runtime = builder().build().expect("a runtime");
                let set = LocalSet::new();
                body(&mut |future| set.block_on(&runtime, future));
            }
            Kind::LocalRuntime => {
                let runtime = builder().build_local(LocalOptions::default()).expect("a runtime");
                body(&mut |future| runtime.block_on(future));
            }
        }
    }

    fn spawn(&self, future: BoxFuture) {
        match self.0 {
            Kind::CurrentThread => drop(tokio::spawn(future)),
            _ => drop(task::spawn_local(future)),
        }
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        drop(task::spawn_local(future));
    }

    fn spawner(&self) -> Box<dyn Fn(BoxFuture) + Send> {
        let handle = runtime::Handle::current();
        Box::new(move |future| drop(handle.spawn(future)))
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        Box::new(Task(match self.0 {
            Kind::CurrentThread => tokio::spawn(future),
            _ => task::spawn_local(future),
        }))
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn tcp_stream(&self, stream: net::TcpStream) -> Rc<dyn Socket> {
        stream.set_nonblocking(true).expect("a socket can be made non-blocking");
        Rc::new(Stream(TcpStream::from_std(stream).expect("it is registered")))
    }

    fn tcp_listener(&self, listener: net::TcpListener) -> Rc<dyn Listener> {
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        Rc::new(Server(TcpListener::from_std(listener).expect("it is registered")))
    }

    fn tcp_connect(
        &self,
        addr: net::SocketAddr,
    ) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        Box::pin(async move {
            let socket: Rc<dyn Socket> = Rc::new(Stream(TcpStream::connect(addr).await?));
            Ok(socket)
        })
    }
}

struct Task(JoinHandle<Output>);

impl Handle for Task {
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
        self.0.abort();
        self.join()
    }
}

struct Stream(TcpStream);

impl Socket for Stream {
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            loop {
                self.0.readable().await?;
                match self.0.try_read(buf) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return result,
                }
            }
        })
    }

    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            loop {
                self.0.writable().await?;
                match self.0.try_write(buf) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return result,
                }
            }
        })
    }
}

struct Server(TcpListener);

impl Listener for Server {
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>> {
        Box::pin(async {
            let socket: Rc<dyn Socket> = Rc::new(Stream(self.0.accept().await?.0));
            Ok(socket)
        })
    }
}
