//! A listener, and the connections that wait to be accepted.

use std::{
    cell::RefCell,
    collections::VecDeque,
    fmt,
    future::poll_fn,
    io,
    net::SocketAddr,
    rc::Rc,
    task::{Context, Poll},
};

use super::{TcpStream, network::Shared, waiters::Waiters};

/// The connections that wait to be accepted, in the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    streams: RefCell<VecDeque<TcpStream>>,
    acceptors: Waiters,
}

impl Queue {
    pub(super) fn push(&self, stream: TcpStream) {
        self.streams.borrow_mut().push_back(stream);
        self.acceptors.wake_all();
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<TcpStream> {
        if let Some(stream) = self.streams.borrow_mut().pop_front() {
            return Poll::Ready(stream);
        }
        self.acceptors.add(cx.waker());
        Poll::Pending
    }
}

/// A listener in a [`Network`](super::Network), with the methods of
/// [`pizzaiolo::net::TcpListener`]. Dropping it resets the connections that were not accepted, and
/// frees its address.
pub struct TcpListener {
    network: Rc<Shared>,
    addr: SocketAddr,
    queue: Rc<Queue>,
}

impl TcpListener {
    pub(super) fn new(network: Rc<Shared>, addr: SocketAddr, queue: Rc<Queue>) -> TcpListener {
        TcpListener { network, addr, queue }
    }

    /// Waits for the next connection. Several tasks may wait.
    ///
    /// # Errors
    ///
    /// None. It has the signature of the method of [`pizzaiolo::net::TcpListener`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, no connection is lost.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let stream = poll_fn(|cx| self.queue.poll_accept(cx)).await;
        let peer = stream.peer_addr()?;
        Ok((stream, peer))
    }

    /// Returns the address that it listens at.
    ///
    /// # Errors
    ///
    /// None. It has the signature of the method of [`pizzaiolo::net::TcpListener`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.addr)
    }
}

impl Drop for TcpListener {
    fn drop(&mut self) {
        self.network.remove_listener(self.addr);
        // Nothing is borrowed while wakers are called.
        let left = self.queue.streams.take();
        left.into_iter().for_each(TcpStream::reset);
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("addr", &self.addr).finish_non_exhaustive()
    }
}
