//! monoio, with the driver on epoll, which runs wherever Linux does.

use std::{cell::RefCell, io, net, rc::Rc, time::Duration};

use conformance::{
    BlockOn, BoxFuture, Capabilities, Capability, Ended, Handle, Listener, LocalFuture, Output,
    Runtime, Socket,
};
use monoio::{
    LegacyDriver, RuntimeBuilder,
    io::{AsyncReadRent, AsyncWriteRent, OwnedReadHalf, OwnedWriteHalf, Splitable},
    net::{TcpListener, TcpStream},
};

use crate::{causes, once, with_version};

pub(crate) struct Monoio;

impl Runtime for Monoio {
    fn name(&self) -> String {
        with_version("monoio")
    }

    fn about(&self) -> String {
        "`RuntimeBuilder::<LegacyDriver>` with timer, feature `sync`, sockets split".into()
    }

    fn cause(&self, rule: &str) -> Option<String> {
        causes::of("monoio", rule)
    }

    fn capabilities(&self) -> Capabilities {
        &[
            Capability::Returns,
            Capability::Ends,
            Capability::ThreadWakes,
            Capability::Spawn,
            Capability::SpawnLocal,
            Capability::Join,
            Capability::Timers,
            Capability::Tcp,
            Capability::RunAgain,
        ]
    }

    fn block_on(&self, future: BoxFuture) {
        once(self, future);
    }

    fn with_executor(&self, body: &mut dyn FnMut(BlockOn<'_>)) {
        let mut runtime =
            RuntimeBuilder::<LegacyDriver>::new().enable_timer().build().expect("a runtime");
        body(&mut |future| runtime.block_on(future));
    }

    fn spawn(&self, future: BoxFuture) {
        drop(monoio::spawn(future));
    }

    fn spawn_local(&self, future: LocalFuture<'static>) {
        drop(monoio::spawn(future));
    }

    fn spawn_joinable(&self, future: BoxFuture<Output>) -> Box<dyn Handle> {
        Box::new(Task(monoio::spawn(future)))
    }

    fn sleep(&self, duration: Duration) -> LocalFuture<'static> {
        Box::pin(monoio::time::sleep(duration))
    }

    fn tcp_stream(&self, stream: net::TcpStream) -> Rc<dyn Socket> {
        stream.set_nonblocking(true).expect("a socket can be made non-blocking");
        socket(TcpStream::from_std(stream).expect("it is registered"))
    }

    fn tcp_listener(&self, listener: net::TcpListener) -> Rc<dyn Listener> {
        listener.set_nonblocking(true).expect("a socket can be made non-blocking");
        Rc::new(Server(TcpListener::from_std(listener).expect("it is registered")))
    }

    fn tcp_connect(
        &self,
        addr: net::SocketAddr,
    ) -> LocalFuture<'static, io::Result<Rc<dyn Socket>>> {
        Box::pin(async move { Ok(socket(TcpStream::connect_addr(addr).await?)) })
    }
}

struct Task(monoio::task::JoinHandle<Output>);

impl Handle for Task {
    fn join(self: Box<Self>) -> LocalFuture<'static, Result<Output, Ended>> {
        Box::pin(async { Ok(self.0.await) })
    }
}

struct Stream {
    read: RefCell<OwnedReadHalf<TcpStream>>,
    write: RefCell<OwnedWriteHalf<TcpStream>>,
}

fn socket(stream: TcpStream) -> Rc<dyn Socket> {
    let (read, write) = stream.into_split();
    Rc::new(Stream { read: RefCell::new(read), write: RefCell::new(write) })
}

#[expect(clippy::await_holding_refcell_ref, reason = "no other code reads or writes meanwhile")]
impl Socket for Stream {
    fn read<'a>(&'a self, buf: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            let (read, bytes) = self.read.borrow_mut().read(vec![0; buf.len()]).await;
            let n = read?;
            buf[..n].copy_from_slice(&bytes[..n]);
            Ok(n)
        })
    }

    fn write<'a>(&'a self, buf: &'a [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(async move { self.write.borrow_mut().write(buf.to_vec()).await.0 })
    }
}

struct Server(TcpListener);

impl Listener for Server {
    fn accept(&self) -> LocalFuture<'_, io::Result<Rc<dyn Socket>>> {
        Box::pin(async { Ok(socket(self.0.accept().await?.0)) })
    }
}
