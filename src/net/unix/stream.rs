use std::{
    io,
    os::unix::net::{self, SocketAddr},
    panic::Location,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use super::path_of;
use crate::{
    async_io::Async,
    net::{
        connect::{Caller, Connecting},
        split::{OwnedReadHalf, OwnedWriteHalf},
        stream::ByteStream,
    },
};

/// A connection between two processes on one machine.
///
/// ```
/// use pizzaiolo::net::UnixStream;
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let (kitchen, table) = UnixStream::pair()?;
///     table.write_all(b"2 margheritas").await?;
///     let mut order = [0; 1024];
///     let len = kitchen.read(&mut order).await?;
///     assert_eq!(&order[..len], b"2 margheritas");
///     Ok(())
/// })
/// # }
/// ```
///
/// # Which process is the peer?
///
/// std's `peer_cred` is unstable, and this crate has no `unsafe`. The crate rustix asks the OS, here for
/// Linux:
///
/// ```
/// # #[cfg(target_os = "linux")]
/// # fn main() -> std::io::Result<()> {
/// let (kitchen, _table) = pizzaiolo::net::UnixStream::pair()?;
/// let peer = rustix::net::sockopt::socket_peercred(&kitchen)?;
/// assert_eq!(peer.pid, rustix::process::getpid());
/// # assert_eq!(peer.uid, rustix::process::getuid());
/// # Ok(())
/// # }
/// # #[cfg(not(target_os = "linux"))]
/// # fn main() {}
/// ```
pub struct UnixStream {
    pub(in crate::net) io: Async<mio::net::UnixStream>,
}

/// Describes the socket for people.
fn label(io: &mio::net::UnixStream) -> String {
    format!("unix stream{}", path_of(io.peer_addr(), "with"))
}

impl UnixStream {
    fn new(stream: mio::net::UnixStream) -> UnixStream {
        UnixStream { io: Async::socket(stream, label) }
    }

    /// The same for a socket that was made just now, so that no duplicate of it exists.
    fn unique(stream: mio::net::UnixStream) -> UnixStream {
        UnixStream { io: Async::socket(stream, label).assume_unique() }
    }

    /// The same for one that a listener has accepted.
    pub(super) fn accepted(stream: mio::net::UnixStream) -> UnixStream {
        UnixStream { io: Async::socket(stream, label).assume_accepted() }
    }

    /// Connects to the listener at `path`.
    ///
    /// # Errors
    ///
    /// The OS's: `NotFound` if there is no such path, `ConnectionRefused` if no socket listens there
    /// any more. `WouldBlock` (on Linux) if more connections wait to be accepted than the listener
    /// wants to have waiting: the OS does not tell when there is room again, so it is for you to
    /// say when to try again.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection that is being made.
    #[track_caller]
    pub fn connect(path: impl AsRef<Path>) -> impl Future<Output = io::Result<UnixStream>> {
        Connect::Begin(Some(move || mio::net::UnixStream::connect(path)), Location::caller())
    }

    /// Connects to the listener at this address, which may be an abstract one (on Linux).
    ///
    /// # Errors
    ///
    /// As for [`connect`](UnixStream::connect).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// As for [`connect`](UnixStream::connect).
    #[track_caller]
    pub fn connect_addr(addr: &SocketAddr) -> impl Future<Output = io::Result<UnixStream>> {
        Connect::Begin(Some(move || mio::net::UnixStream::connect_addr(addr)), Location::caller())
    }

    /// Creates two streams that are connected with each other.
    ///
    /// # Errors
    ///
    /// The OS's, when it has no more descriptors to give.
    #[inline]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (a, b) = mio::net::UnixStream::pair()?;
        Ok((UnixStream::unique(a), UnixStream::unique(b)))
    }

    /// Returns the address of this end: mostly it has none.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// Returns the address of the other end: the listener's, or none if that is this end.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }
}

/// The future of a connection: not polled yet, or being made.
enum Connect<F> {
    Begin(Option<F>, Caller),
    Begun(Connecting<mio::net::UnixStream>),
}

/// What begins it is only called.
impl<F> Unpin for Connect<F> {}

impl<F> Future for Connect<F>
where
    F: FnOnce() -> io::Result<mio::net::UnixStream>,
{
    type Output = io::Result<UnixStream>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        loop {
            match &mut *self {
                Connect::Begun(connecting) => {
                    return Pin::new(connecting).poll(cx).map_ok(|io| UnixStream { io });
                }
                Connect::Begin(begin, location) => {
                    let begin = begin.take().unwrap_or_else(|| unreachable!("it begins once"));
                    let location = *location;
                    let io = UnixStream::unique(begin()?).io;
                    *self = Connect::Begun(Connecting::new(io, location));
                }
            }
        }
    }
}

stream!(UnixStream);
splitting!(UnixStream);
reading!(UnixStream);
writing!(UnixStream);
reading!(OwnedReadHalf<UnixStream>);
writing!(OwnedWriteHalf<UnixStream>);

impl ByteStream for mio::net::UnixStream {
    /// A read ends, though there is more, where a message begins that comes with a descriptor or
    /// from another process. So only "would block" says that there is no more.
    const SHORT_READ_MEANS_DRAINED: bool = false;

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.take_error()
    }

    fn has_peer(&self) -> io::Result<()> {
        self.peer_addr().map(drop)
    }
}

/// Sets the socket to non-blocking.
impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    #[inline]
    fn try_from(stream: net::UnixStream) -> io::Result<UnixStream> {
        stream.set_nonblocking(true)?;
        Ok(UnixStream::new(mio::net::UnixStream::from_std(stream)))
    }
}

/// Sets the socket to blocking, as std's sockets are.
impl TryFrom<UnixStream> for net::UnixStream {
    type Error = io::Error;

    #[inline]
    fn try_from(stream: UnixStream) -> io::Result<net::UnixStream> {
        let stream = net::UnixStream::from(stream.io.into_inner()?);
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}
