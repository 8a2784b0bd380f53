//! Sockets and timers of async-io, for those that are used with it.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    rc::Rc,
    time::Duration,
};

use async_io::{Async, Timer};
use conformance::{Listener, LocalFuture, Socket};

pub(crate) fn sleep(duration: Duration) -> LocalFuture<'static> {
    Box::pin(async move {
        Timer::after(duration).await;
    })
}

pub(crate) fn stream(stream: TcpStream) -> Rc<dyn Socket> {
    Rc::new(Stream(Async::new(stream).expect("it is registered")))
}

pub(crate) fn listener(listener: TcpListener) -> Rc<dyn Listener> {
    Rc::new(Server(Async::new(listener).expect("it is registered")))
}

pub(crate) fn connect(addr: SocketAddr) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
    Box::pin(async move {
        let socket: Rc<dyn Socket> = Rc::new(Stream(Async::<TcpStream>::connect(addr).await?));
        Ok(socket)
    })
}

struct Stream(Async<TcpStream>);

impl Socket for Stream {
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.read_with(move |mut stream| stream.read(buf)))
    }

    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.write_with(move |mut stream| stream.write(buf)))
    }
}

struct Server(Async<TcpListener>);

impl Listener for Server {
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>> {
        Box::pin(async {
            let socket: Rc<dyn Socket> = Rc::new(Stream(self.0.accept().await?.0));
            Ok(socket)
        })
    }
}
