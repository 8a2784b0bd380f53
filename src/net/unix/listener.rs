use std::{
    fmt, io,
    os::unix::net::{self, SocketAddr},
    path::Path,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;

use super::{UnixStream, path_of};
use crate::{
    async_io::{Async, operation::Operation},
    id::Direction,
};

/// A socket at a path that clients connect to.
///
/// ```
/// use pizzaiolo::net::{UnixListener, UnixStream};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("pizzaiolo-doc-{}.sock", std::process::id()));
/// pizzaiolo::block_on(async {
///     let listener = UnixListener::bind(&path)?;
///     let client = UnixStream::connect(&path).await?;
///     let (connection, _) = listener.accept().await?;
///     client.write_all(b"2 margheritas").await?;
///     connection.read_exact(&mut [0; 13]).await
/// })?;
/// std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UnixListener {
    pub(in crate::net) io: Async<mio::net::UnixListener>,
}

impl UnixListener {
    /// Creates a listener at `path`, which must not exist yet. The file that it makes there stays when
    /// the listener is dropped: remove it yourself.
    ///
    /// For socket options, make the socket as you like and convert it from
    /// [`std::os::unix::net::UnixListener`].
    ///
    /// # Errors
    ///
    /// The OS's: `AddrInUse` if there is something at `path`, and not allowed, and the like.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        net::UnixListener::bind(path)?.try_into()
    }

    /// Creates a listener at this address, which may be an abstract one (on Linux): it has a name in
    /// place of a path, and leaves nothing behind.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # fn main() -> std::io::Result<()> {
    /// use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    /// use pizzaiolo::net::{UnixListener, UnixStream};
    ///
    /// let addr = SocketAddr::from_abstract_name(format!("pizza-{}", std::process::id()))?;
    /// pizzaiolo::block_on(async {
    ///     let listener = UnixListener::bind_addr(&addr)?;
    ///     let client = UnixStream::connect_addr(&addr).await?;
    ///     listener.accept().await?.0.write_all(b"a calzone").await?;
    ///     client.read_exact(&mut [0; 9]).await
    /// })
    /// # }
    /// # #[cfg(not(target_os = "linux"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`bind`](UnixListener::bind).
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<UnixListener> {
        net::UnixListener::bind_addr(addr)?.try_into()
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
    pub fn accept(&self) -> impl Future<Output = io::Result<(UnixStream, SocketAddr)>> {
        self.io.operation(Direction::Read, try_accept)
    }

    /// Accepts a connection if one waits, and never waits itself.
    ///
    /// It always asks the OS, also outside an executor, and takes nothing from the
    /// [budget](crate::net#the-budget).
    ///
    /// # Errors
    ///
    /// `WouldBlock` if no connection waits; and as for [`accept`](UnixListener::accept).
    pub fn try_accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, peer) = self.io.try_read_with(mio::net::UnixListener::accept)?;
        Ok((UnixStream::accepted(stream), peer))
    }

    /// Polls for the next connection, for accept loops in poll style.
    ///
    /// Of several tasks that poll one listener in this way, the last is woken; those that await
    /// [`accept`](UnixListener::accept) are all woken too.
    ///
    /// # Errors
    ///
    /// As for [`accept`](UnixListener::accept).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// A poll that is Pending has done nothing but leave its waker.
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        self.io.poll_operation(Direction::Read, cx, try_accept)
    }

    /// Waits until there may be a connection to accept.
    ///
    /// "May be": another task may accept it first. Call [`try_accept`](UnixListener::try_accept)
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
    /// [`accept`](UnixListener::accept). It never ends.
    ///
    /// Its errors, panics and cancel safety are said at [`UnixIncoming`].
    #[track_caller]
    pub fn incoming(&self) -> UnixIncoming<'_> {
        UnixIncoming { accept: self.io.operation(Direction::Read, try_accept) }
    }

    /// Creates the same stream, which owns the listener. It never ends.
    ///
    /// Its errors, panics and cancel safety are said at [`UnixIntoIncoming`].
    pub fn into_incoming(self) -> UnixIntoIncoming {
        UnixIntoIncoming { listener: self }
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
}

#[inline]
fn try_accept(io: &Async<mio::net::UnixListener>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
    let (stream, peer) = ready!(io.attempt(Direction::Read, mio::net::UnixListener::accept))?;
    Poll::Ready(Ok((UnixStream::accepted(stream), peer)))
}

/// Sets the listener to non-blocking.
impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    #[inline]
    fn try_from(listener: net::UnixListener) -> io::Result<UnixListener> {
        listener.set_nonblocking(true)?;
        Ok(UnixListener { io: Async::socket(mio::net::UnixListener::from_std(listener), label) })
    }
}

/// Sets the listener to blocking, as std's listeners are.
impl TryFrom<UnixListener> for net::UnixListener {
    type Error = io::Error;

    #[inline]
    fn try_from(listener: UnixListener) -> io::Result<net::UnixListener> {
        let listener = net::UnixListener::from(listener.io.into_inner()?);
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}

/// Describes the socket for people.
fn label(io: &mio::net::UnixListener) -> String {
    format!("unix listener{}", path_of(io.local_addr(), "at"))
}

type TryAccept = fn(&Async<mio::net::UnixListener>) -> Poll<io::Result<(UnixStream, SocketAddr)>>;

/// The connections of a [`UnixListener`], as a stream.
///
/// # Errors
///
/// Its items have the errors of [`accept`](UnixListener::accept).
///
/// # Panics
///
/// As for [`accept`](UnixListener::accept), when it is polled.
///
/// # Cancel safety
///
/// Dropping the stream loses no connection, as for [`accept`](UnixListener::accept).
#[must_use = "it does nothing unless it is polled"]
pub struct UnixIncoming<'a> {
    /// Begun again each time that it is ready.
    accept: Operation<'a, mio::net::UnixListener, TryAccept>,
}

impl Stream for UnixIncoming<'_> {
    type Item = io::Result<UnixStream>;

    #[track_caller]
    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.accept).poll(cx).map_ok(|(stream, _)| stream).map(Some)
    }
}

impl fmt::Debug for UnixIncoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixIncoming").finish_non_exhaustive()
    }
}

/// The connections of a [`UnixListener`], as a stream that owns it.
///
/// # Errors
///
/// Its items have the errors of [`accept`](UnixListener::accept).
///
/// # Panics
///
/// As for [`accept`](UnixListener::accept), when it is polled.
///
/// # Cancel safety
///
/// A poll that is Pending takes no connection. Dropping the stream closes the listener, and with it the
/// connections that the OS has in its queue.
#[must_use = "it does nothing unless it is polled"]
#[derive(Debug)]
pub struct UnixIntoIncoming {
    listener: UnixListener,
}

impl AsRef<UnixListener> for UnixIntoIncoming {
    fn as_ref(&self) -> &UnixListener {
        &self.listener
    }
}

impl Stream for UnixIntoIncoming {
    type Item = io::Result<UnixStream>;

    #[track_caller]
    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.listener.poll_accept(cx).map_ok(|(stream, _)| stream).map(Some)
    }
}
