//! quinn's runtime: timers, tasks and UDP sockets, all of this thread.

use std::{
    fmt,
    io::{self, ErrorKind, IoSliceMut},
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use mio::net::UdpSocket;
use pizzaiolo::{Async, time};
use quinn::{
    AsyncTimer, AsyncUdpSocket, UdpPoller,
    udp::{RecvMeta, Transmit, UdpSocketState},
};
use send_wrapper::SendWrapper;

/// What quinn asks of a runtime, for `quinn::Endpoint::new`.
///
/// An endpoint, its connections and their streams stay on the thread of the executor under which
/// they were made: they are `Send` by name, and panic elsewhere, see [`local`](crate::local()).
///
/// ```
/// use std::{net::UdpSocket, sync::Arc};
/// use quinn::{Endpoint, EndpointConfig};
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let socket = UdpSocket::bind("127.0.0.1:0")?;
///     let runtime = Arc::new(pizzaiolo_protocols::Quic);
///     let endpoint = Endpoint::new(EndpointConfig::default(), None, socket, runtime)?;
/// #   drop(endpoint);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Copy, Default, Debug)]
pub struct Quic;

impl quinn::Runtime for Quic {
    fn new_timer(&self, deadline: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Timer(SendWrapper::new(time::sleep_until(deadline))))
    }

    /// # Panics
    ///
    /// If no executor runs on this thread.
    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        pizzaiolo::spawn(future).detach();
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        socket.set_nonblocking(true)?;
        // Segments of one call to the kernel, and what else quinn knows of UDP.
        let state = UdpSocketState::new((&socket).into())?;
        let io = Async::new(UdpSocket::from_std(socket))?;
        Ok(Arc::new(Socket { io: SendWrapper::new(Rc::new(io)), state }))
    }

    fn now(&self) -> Instant {
        time::now()
    }
}

struct Timer(SendWrapper<time::Sleep>);

impl AsyncTimer for Timer {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0.reset(deadline);
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut *self.0).poll(cx)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

/// A socket whose datagrams go through quinn's own calls, and whose readiness is the reactor's.
struct Socket {
    io: SendWrapper<Rc<Async<UdpSocket>>>,
    state: UdpSocketState,
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        let poller = Poller { io: Rc::clone(&self.io), wait: None };
        Box::pin(Writable(SendWrapper::new(poller)))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.io.try_write_with(|socket| self.state.send(socket.into(), transmit))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.io.poll_readable(cx))?;
            match self.io.try_read_with(|socket| self.state.recv(socket.into(), bufs, meta)) {
                // The readiness is cleared, so the next look waits.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("state", &self.state).finish_non_exhaustive()
    }
}

/// One of several that wait until the socket takes more: each connection has its own.
///
/// `Async::poll_writable` has one place for a waker, the last one's. The operation `writable` has one
/// for each that waits.
struct Poller {
    io: Rc<Async<UdpSocket>>,
    wait: Option<Pin<Box<dyn Future<Output = io::Result<()>>>>>,
}

struct Writable(SendWrapper<Poller>);

impl UdpPoller for Writable {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Poller { io, wait } = &mut *self.0;
        let wait = wait.get_or_insert_with(|| {
            let io = Rc::clone(io);
            Box::pin(async move { io.writable().await })
        });
        let outcome = ready!(wait.as_mut().poll(cx));
        self.0.wait = None;
        Poll::Ready(outcome)
    }
}

impl fmt::Debug for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writable").finish_non_exhaustive()
    }
}
