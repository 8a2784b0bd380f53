//! UDP sockets.

mod options;

use std::{
    cell::Cell,
    io::{self, ErrorKind},
    net::{self, SocketAddr},
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::addrs::{Lookup, ToAddrs, place_of, without_lookup};
use crate::{async_io::Async, id::Direction, reactor::waiters::WaiterId};

/// A UDP socket: it sends and receives datagrams.
///
/// A datagram arrives whole or not at all. It may arrive twice, and datagrams may arrive in any order.
/// If the buffer is too short, it gets the beginning of the datagram, and the rest is lost. An empty
/// datagram is a datagram too: it does not mean the end.
///
/// ```
/// use pizzaiolo::net::UdpSocket;
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let kitchen = UdpSocket::bind("127.0.0.1:0")?;
///     let table = UdpSocket::bind("127.0.0.1:0")?;
///
///     table.send_to(b"2 margheritas", kitchen.local_addr()?).await?;
///     let mut order = [0; 1024];
///     let (len, from) = kitchen.recv_from(&mut order).await?;
///     assert_eq!(&order[..len], b"2 margheritas");
///     assert_eq!(from, table.local_addr()?);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    // A datagram that is shorter than the buffer says nothing about the next one. So, unlike a
    // stream, the socket is taken to be ready until the OS says "would block".
    pub(super) io: Async<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// Creates a socket at `addr`. Of several addresses it takes the first one that works. Port 0
    /// lets the OS choose a free port: [`local_addr`](UdpSocket::local_addr) returns it.
    ///
    /// It looks up no name except `localhost`, which is `127.0.0.1` if that address works.
    ///
    /// # Errors
    ///
    /// If no address works, the error of the last one: in use, not of this machine, or not allowed.
    /// `Unsupported` for a name: [`lookup_host`](crate::net::lookup_host) looks it up.
    pub fn bind(addr: impl ToAddrs) -> io::Result<UdpSocket> {
        net::UdpSocket::bind(&without_lookup(&addr)?[..])?.try_into()
    }

    /// Makes `addr` the peer; of several addresses, the first one that works. From then on
    /// [`send`](UdpSocket::send) sends there, and only what comes from there is received. Nothing
    /// is sent yet, so this never waits.
    ///
    /// It looks up no name except `localhost`.
    ///
    /// # Errors
    ///
    /// When no address can be the peer, the error of the last. `InvalidInput` if there is no
    /// address at all. `Unsupported` for a name: [`lookup_host`](crate::net::lookup_host) looks it
    /// up.
    pub fn connect(&self, addr: impl ToAddrs) -> io::Result<()> {
        let mut result = Err(io::Error::new(ErrorKind::InvalidInput, "no address to connect to"));
        for addr in without_lookup(&addr)? {
            result = self.io.get_ref().connect(addr);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Sends `buf` to the peer, as one datagram. Returns how many bytes that is: all of them.
    ///
    /// # Errors
    ///
    /// The OS's: `NotConnected` or `DestinationAddressRequired` without a peer;
    /// `ConnectionRefused` if no socket received an earlier datagram. Or if the socket has to
    /// wait under another executor than its own.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    #[track_caller]
    pub fn send(&self, buf: &[u8]) -> impl Future<Output = io::Result<usize>> {
        self.io.write_with(move |socket| socket.send(buf))
    }

    /// Sends `buf` to `addr`, as one datagram; of several addresses, to the first. Returns how
    /// many bytes that is: all of them.
    ///
    /// This never blocks the thread. A name is looked up first, see
    /// [`lookup_host`](crate::net::lookup_host): that needs the feature `dns`.
    ///
    /// # Errors
    ///
    /// The OS's: the datagram is too long, or the address cannot be reached. `InvalidInput` if
    /// there is no address at all. As for [`lookup_host`](crate::net::lookup_host). Or if the
    /// socket has to wait under another executor than its own.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was sent.
    #[track_caller]
    pub fn send_to(
        &self,
        buf: &[u8],
        addr: impl ToAddrs,
    ) -> impl Future<Output = io::Result<usize>> {
        let (to, location) = (Lookup::unless_one(&addr), Location::caller());
        SendTo { socket: self, buf, to, id: Cell::new(0), location }
    }

    /// Receives a datagram from the peer that [`connect`](UdpSocket::connect) has named. Returns
    /// how many bytes of it are in `buf`.
    ///
    /// # Errors
    ///
    /// The OS's: `ConnectionRefused` if no socket received an earlier datagram. Or if
    /// the socket has to wait under another executor than its own.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was received: the datagram is for the
    /// next call.
    #[track_caller]
    pub fn recv(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        self.io.read_with(move |socket| socket.recv(buf))
    }

    /// Receives a datagram from any address. Returns how many bytes of it are in `buf`, and the
    /// address of its sender.
    ///
    /// # Errors
    ///
    /// As for [`recv`](UdpSocket::recv).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was received: the datagram is for the
    /// next call.
    #[track_caller]
    pub fn recv_from(
        &self,
        buf: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> {
        self.io.read_with(move |socket| socket.recv_from(buf))
    }

    /// Receives like [`recv`](UdpSocket::recv), but leaves the datagram in the socket: the next
    /// call gets it again.
    ///
    /// # Errors
    ///
    /// As for [`recv`](UdpSocket::recv).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[track_caller]
    pub fn peek(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        self.io.read_with(move |socket| socket.peek(buf))
    }

    /// Receives like [`recv_from`](UdpSocket::recv_from), but leaves the datagram in the socket:
    /// the next call gets it again.
    ///
    /// # Errors
    ///
    /// As for [`recv`](UdpSocket::recv).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[track_caller]
    pub fn peek_from(
        &self,
        buf: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> {
        self.io.read_with(move |socket| socket.peek_from(buf))
    }

    /// Sends `buf` to the peer, as one datagram, and never waits. Returns how many bytes that is: all of
    /// them.
    ///
    /// It always asks the OS, also outside an executor, and takes nothing from the
    /// [budget](crate::net#the-budget). So do the other `try_*`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room now; and as for [`send`](Self::send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_write_with(|socket| socket.send(buf))
    }

    /// Sends `buf` to `addr`, as one datagram, and never waits.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room now; and as for [`send_to`](Self::send_to).
    pub fn try_send_to(&self, buf: &[u8], addr: SocketAddr) -> io::Result<usize> {
        self.io.try_write_with(|socket| socket.send_to(buf, addr))
    }

    /// Receives a datagram from the peer, and never waits. Returns how many bytes of it are in `buf`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none now; and as for [`recv`](Self::recv).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io.try_read_with(|socket| socket.recv(buf))
    }

    /// Receives a datagram from any sender, and never waits. Returns how many bytes of it are in `buf`,
    /// and the sender's address.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none now; and as for [`recv`](Self::recv).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io.try_read_with(|socket| socket.recv_from(buf))
    }

    /// Waits until there may be a datagram to receive, or an error.
    ///
    /// "May be": the next call can still find nothing, and waits then.
    ///
    /// # Errors
    ///
    /// If the socket cannot be registered, or has to wait under another executor than its own.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[track_caller]
    pub fn readable(&self) -> impl Future<Output = io::Result<()>> {
        self.io.ready(Direction::Read)
    }

    /// Waits until there may be room to send, or an error.
    ///
    /// # Errors
    ///
    /// As for [`readable`](UdpSocket::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    #[track_caller]
    pub fn writable(&self) -> impl Future<Output = io::Result<()>> {
        self.io.ready(Direction::Write)
    }

    /// Returns the address of this socket.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// Returns the address of the peer that [`connect`](UdpSocket::connect) has named.
    ///
    /// # Errors
    ///
    /// The OS's: `NotConnected`, if there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Takes the error out that the OS keeps for the socket, if there is one.
    ///
    /// # Errors
    ///
    /// The OS's, if it cannot tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }
}

/// Sends a datagram when its address is known.
struct SendTo<'a, 'b> {
    socket: &'a UdpSocket,
    buf: &'b [u8],
    to: Result<SocketAddr, Lookup>,
    /// The wait that it has begun.
    id: Cell<WaiterId>,
    /// The call that made it.
    location: &'static Location<'static>,
}

impl Future for SendTo<'_, '_> {
    type Output = io::Result<usize>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let none = || io::Error::new(ErrorKind::InvalidInput, "no address to send to");
        let to = match &mut this.to {
            Ok(addr) => *addr,
            Err(lookup) => ready!(lookup.poll(cx))?.next().ok_or_else(none)?,
        };
        this.to = Ok(to);
        let (buf, direction) = (this.buf, Direction::Write);
        let send = |io: &Async<mio::net::UdpSocket>| {
            io.attempt(direction, |socket| socket.send_to(buf, to))
        };
        this.socket.io.poll_future(direction, (&this.id, this.location), cx, send)
    }
}

impl Drop for SendTo<'_, '_> {
    fn drop(&mut self) {
        self.socket.io.end_wait(Direction::Write, &self.id);
    }
}

/// Describes the socket for people.
fn label(io: &mio::net::UdpSocket) -> String {
    format!("udp{}", place_of(io.local_addr(), "at"))
}

/// Sets the socket to non-blocking.
impl TryFrom<net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    #[inline]
    fn try_from(socket: net::UdpSocket) -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        Ok(UdpSocket { io: Async::socket(mio::net::UdpSocket::from_std(socket), label) })
    }
}

/// Sets the socket to blocking, as std's sockets are.
impl TryFrom<UdpSocket> for net::UdpSocket {
    type Error = io::Error;

    #[inline]
    fn try_from(socket: UdpSocket) -> io::Result<net::UdpSocket> {
        let socket = net::UdpSocket::from(socket.io.into_inner()?);
        socket.set_nonblocking(false)?;
        Ok(socket)
    }
}
