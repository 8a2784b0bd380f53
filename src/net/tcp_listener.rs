use std::{
    fmt, io,
    net::{self, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;

use super::{
    addrs::{ToAddrs, place_of, without_lookup},
    tcp_stream::TcpStream,
};
use crate::{
    async_io::{Async, operation::Operation},
    id::Direction,
};

/// A TCP socket that clients connect to.
///
/// ```
/// use pizzaiolo::net::{TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (connection, peer) = listener.accept().await?;
///     assert_eq!(peer, client.local_addr()?);
///     assert_eq!(peer, connection.peer_addr()?);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct TcpListener {
    pub(super) io: Async<mio::net::TcpListener>,
}

impl TcpListener {
    /// Creates a listener at `addr`. Of several addresses it takes the first one that works. Port 0
    /// lets the OS choose a free port: [`local_addr`](TcpListener::local_addr) returns it.
    ///
    /// It looks up no name except `localhost`, which is `127.0.0.1` if that address works. The
    /// queue of connections that wait to be accepted is as long as that of std's listener. For another
    /// length, or for socket options, make the socket as you like and convert it from
    /// [`std::net::TcpListener`].
    ///
    /// # Errors
    ///
    /// If no address works, the error of the last one: in use, not of this machine, or not allowed.
    /// `Unsupported` for a name: [`lookup_host`](crate::net::lookup_host) looks it up.
    pub fn bind(addr: impl ToAddrs) -> io::Result<TcpListener> {
        net::TcpListener::bind(&without_lookup(&addr)?[..])?.try_into()
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// The OS's. Most of them say something about one connection, or about the process at this
    /// moment (no descriptor is free), and nothing about the listener: log them, wait a little,
    /// and continue.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// A connection that comes after the future was dropped stays in the OS's queue, for the next
    /// call.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> {
        self.io.operation(Direction::Read, try_accept)
    }

    /// Accepts a connection if one waits, and never waits itself.
    ///
    /// It always asks the OS, also outside an executor, and takes nothing from the
    /// [budget](crate::net#the-budget).
    ///
    /// # Errors
    ///
    /// `WouldBlock` if no connection waits; and as for [`accept`](TcpListener::accept).
    pub fn try_accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.io.try_read_with(mio::net::TcpListener::accept)?;
        Ok((TcpStream::accepted(stream), peer))
    }

    /// Polls for the next connection, for accept loops in poll style.
    ///
    /// Of several tasks that poll one listener in this way, the last is woken; those that await
    /// [`accept`](TcpListener::accept) are all woken too.
    ///
    /// # Errors
    ///
    /// As for [`accept`](TcpListener::accept).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// A poll that is Pending has done nothing but leave its waker.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.io.poll_operation(Direction::Read, cx, try_accept)
    }

    /// Waits until there may be a connection to accept.
    ///
    /// "May be": another task may accept it first. Call [`try_accept`](TcpListener::try_accept)
    /// after it: it is taken to be ready until that finds no connection.
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

    /// Creates the stream of all connections to come, for code that prefers `next` to
    /// [`accept`](TcpListener::accept). It never ends.
    ///
    /// Its errors, panics and cancel safety are said at [`Incoming`].
    #[track_caller]
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { accept: self.io.operation(Direction::Read, try_accept) }
    }

    /// Creates the same stream, which owns the listener. It never ends.
    ///
    /// Its errors, panics and cancel safety are said at [`IntoIncoming`].
    pub fn into_incoming(self) -> IntoIncoming {
        IntoIncoming { listener: self }
    }

    /// Returns the address that it listens at.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// Takes the error out that the OS keeps for the socket, if there is one.
    ///
    /// # Errors
    ///
    /// The OS's, if it cannot tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.get_ref().take_error()
    }

    /// Returns how many routers a packet may pass, for the connections that are accepted.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets how many routers a packet may pass, for the connections that are accepted.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }
}

#[inline]
fn try_accept(io: &Async<mio::net::TcpListener>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
    let (stream, peer) = ready!(io.attempt(Direction::Read, mio::net::TcpListener::accept))?;
    Poll::Ready(Ok((TcpStream::accepted(stream), peer)))
}

/// Sets the listener to non-blocking.
///
/// This is the way in for sockets with options of their own, made with the crate socket2. What is
/// set after the conversion, like keepalive here, goes through [`AsFd`](std::os::fd::AsFd):
///
/// ```
/// use std::{net::SocketAddr, time::Duration};
/// use pizzaiolo::net::{TcpListener, TcpStream};
/// use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
///
/// # fn main() -> std::io::Result<()> {
/// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
/// # #[cfg(unix)]
/// socket.set_reuse_port(true)?; // as many listeners as threads, at one port
/// socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
/// socket.listen(1024)?; // so many connections may wait to be accepted
/// let listener = TcpListener::try_from(std::net::TcpListener::from(socket))?;
///
/// pizzaiolo::block_on(async {
///     let _client = TcpStream::connect(listener.local_addr()?).await?;
///     let (connection, _) = listener.accept().await?;
/// #   #[cfg(unix)] {
///     let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(60));
///     SockRef::from(&connection).set_tcp_keepalive(&keepalive)?;
/// #   }
///     Ok(())
/// })
/// # }
/// ```
impl TryFrom<net::TcpListener> for TcpListener {
    type Error = io::Error;

    #[inline]
    fn try_from(listener: net::TcpListener) -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        Ok(TcpListener { io: Async::socket(mio::net::TcpListener::from_std(listener), label) })
    }
}

/// Sets the listener to blocking, as std's listeners are.
impl TryFrom<TcpListener> for net::TcpListener {
    type Error = io::Error;

    #[inline]
    fn try_from(listener: TcpListener) -> io::Result<net::TcpListener> {
        let listener = net::TcpListener::from(listener.io.into_inner()?);
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}

/// Describes the socket for people.
fn label(io: &mio::net::TcpListener) -> String {
    format!("tcp listener{}", place_of(io.local_addr(), "at"))
}

type TryAccept = fn(&Async<mio::net::TcpListener>) -> Poll<io::Result<(TcpStream, SocketAddr)>>;

/// The connections of a [`TcpListener`], as a stream.
///
/// # Errors
///
/// Its items have the errors of [`accept`](TcpListener::accept).
///
/// # Panics
///
/// As for [`accept`](TcpListener::accept), when it is polled.
///
/// # Cancel safety
///
/// Dropping the stream loses no connection, as for [`accept`](TcpListener::accept).
#[must_use = "it does nothing unless it is polled"]
pub struct Incoming<'a> {
    /// Begun again each time that it is ready.
    accept: Operation<'a, mio::net::TcpListener, TryAccept>,
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    #[track_caller]
    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.accept).poll(cx).map_ok(|(stream, _)| stream).map(Some)
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}

/// The connections of a [`TcpListener`], as a stream that owns it.
///
/// # Errors
///
/// Its items have the errors of [`accept`](TcpListener::accept).
///
/// # Panics
///
/// As for [`accept`](TcpListener::accept), when it is polled.
///
/// # Cancel safety
///
/// A poll that is Pending takes no connection. Dropping the stream closes the listener, and with it the
/// connections that the OS has in its queue.
#[must_use = "it does nothing unless it is polled"]
#[derive(Debug)]
pub struct IntoIncoming {
    listener: TcpListener,
}

impl AsRef<TcpListener> for IntoIncoming {
    fn as_ref(&self) -> &TcpListener {
        &self.listener
    }
}

impl Stream for IntoIncoming {
    type Item = io::Result<TcpStream>;

    #[track_caller]
    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.listener.poll_accept(cx).map_ok(|(stream, _)| stream).map(Some)
    }
}
