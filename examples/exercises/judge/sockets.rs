//! Sockets for the probes: those of the crate up to exercise 16, and yours from exercise 17 on.

use std::{
    cell::RefCell,
    io::{self, ErrorKind, Read, Write},
    net::{self, SocketAddr},
    rc::{Rc, Weak},
};

use conformance::{Listener, LocalFuture, Socket};
use mio::net::{TcpListener, TcpStream};

use crate::{
    ex16_timers::Clocked,
    ex17_reactor::{Direction, Reactor, Source},
};

thread_local! {
    /// The reactor of exercise 17 that runs here.
    static REACTOR: RefCell<Weak<Clocked<Reactor>>> = const { RefCell::new(Weak::new()) };
}

/// Makes `reactor` the one in which the sockets of this thread wait.
pub(super) fn enter(reactor: &Rc<Clocked<Reactor>>) {
    REACTOR.set(Rc::downgrade(reactor));
}

/// Which sockets a stage uses.
#[derive(Clone, Copy)]
pub(super) enum Sockets {
    OfTheCrate,
    Yours,
}

impl Sockets {
    pub(super) fn stream(self, stream: net::TcpStream) -> Rc<dyn Socket> {
        if let Sockets::OfTheCrate = self {
            return Rc::new(CrateStream(stream.try_into().expect("it can be registered")));
        }
        stream.set_nonblocking(true).expect("a socket can be made non-blocking");
        Rc::new(Stream(register(TcpStream::from_std(stream)).expect("it can be registered")))
    }

    pub(super) fn listener(self, listener: net::TcpListener) -> Rc<dyn Listener> {
        if let Sockets::OfTheCrate = self {
            return Rc::new(CrateServer(listener.try_into().expect("it can be registered")));
        }
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        Rc::new(Server(register(TcpListener::from_std(listener)).expect("it can be registered")))
    }

    pub(super) fn connect(
        self,
        addr: SocketAddr,
    ) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        Box::pin(async move {
            Ok(match self {
                Sockets::OfTheCrate => {
                    let stream = pizzaiolo::net::TcpStream::connect(addr).await?;
                    Rc::new(CrateStream(stream)) as Rc<dyn Socket>
                }
                Sockets::Yours => Rc::new(Stream(connect(addr).await?)),
            })
        })
    }
}

fn register<S: mio::event::Source>(io: S) -> io::Result<Source<S>> {
    let park = REACTOR.with_borrow(Weak::upgrade).expect("the reactor runs");
    park.inner().register(io)
}

/// A socket is connected when it is writable and has a peer.
async fn connect(addr: SocketAddr) -> io::Result<Source<TcpStream>> {
    let source = register(TcpStream::connect(addr)?)?;
    let is_there = |stream: &TcpStream| match (stream.take_error()?, stream.peer_addr()) {
        (Some(error), _) => Err(error),
        (None, Err(error)) if error.kind() == ErrorKind::NotConnected => {
            Err(ErrorKind::WouldBlock.into())
        }
        (None, result) => result,
    };
    source.io(Direction::Write, is_there).await?;
    Ok(source)
}

struct Stream(Source<TcpStream>);

impl Socket for Stream {
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.io(Direction::Read, move |mut stream| stream.read(buf)))
    }

    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.io(Direction::Write, move |mut stream| stream.write(buf)))
    }
}

struct Server(Source<TcpListener>);

impl Listener for Server {
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>> {
        Box::pin(async {
            let (stream, _) = self.0.io(Direction::Read, TcpListener::accept).await?;
            Ok(Rc::new(Stream(register(stream)?)) as Rc<dyn Socket>)
        })
    }
}

struct CrateStream(pizzaiolo::net::TcpStream);

impl Socket for CrateStream {
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.read(buf))
    }

    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.write(buf))
    }
}

struct CrateServer(pizzaiolo::net::TcpListener);

impl Listener for CrateServer {
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>> {
        Box::pin(async {
            let (stream, _) = self.0.accept().await?;
            Ok(Rc::new(CrateStream(stream)) as Rc<dyn Socket>)
        })
    }
}
