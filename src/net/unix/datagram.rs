use std::{
    io,
    net::Shutdown,
    os::{
        fd::AsFd,
        unix::net::{self, SocketAddr},
    },
    path::Path,
};

use super::path_of;
use crate::{async_io::Async, id::Direction};

/// A datagram socket between processes on one machine.
///
/// A datagram arrives whole, and the datagrams of one sender arrive in their order. If the buffer is
/// too short, it gets the beginning of the datagram, and the rest is lost. An empty datagram is a
/// datagram too: it does not mean the end.
///
/// ```
/// use pizzaiolo::net::UnixDatagram;
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let (kitchen, table) = UnixDatagram::pair()?;
///     table.send(b"2 margheritas").await?;
///     let mut order = [0; 1024];
///     let len = kitchen.recv(&mut order).await?;
///     assert_eq!(&order[..len], b"2 margheritas");
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct UnixDatagram {
    pub(in crate::net) io: Async<mio::net::UnixDatagram>,
}

/// Describes the socket for people.
fn label(io: &mio::net::UnixDatagram) -> String {
    format!("unix datagrams{}", path_of(io.local_addr(), "at"))
}

impl UnixDatagram {
    fn new(socket: mio::net::UnixDatagram) -> UnixDatagram {
        UnixDatagram { io: Async::socket(socket, label) }
    }

    /// Creates a socket at `path`, which must not exist yet. The file that it makes there stays when
    /// the socket is dropped: remove it yourself.
    ///
    /// For socket options, make the socket as you like and convert it from
    /// [`std::os::unix::net::UnixDatagram`].
    ///
    /// # Errors
    ///
    /// The OS's: `AddrInUse` if there is something at `path`, `PermissionDenied`, and others.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        net::UnixDatagram::bind(path)?.try_into()
    }

    /// Creates a socket at this address, which may be an abstract one (on Linux): a name in place of a
    /// path, which leaves no file behind.
    ///
    /// A socket that is to send to an abstract address makes it its peer, with
    /// [`connect_addr`](UnixDatagram::connect_addr). There is no `send_to_addr`: mio has none, and std's
    /// would need a duplicate of the descriptor for each datagram.
    ///
    /// # Errors
    ///
    /// The OS's: `AddrInUse` if the address is taken, `PermissionDenied`, and others.
    pub fn bind_addr(addr: &SocketAddr) -> io::Result<UnixDatagram> {
        net::UnixDatagram::bind_addr(addr)?.try_into()
    }

    /// Creates a socket without an address, to send from.
    ///
    /// # Errors
    ///
    /// The OS's, when it has no more descriptors to give.
    #[inline]
    pub fn unbound() -> io::Result<UnixDatagram> {
        Ok(UnixDatagram::new(mio::net::UnixDatagram::unbound()?))
    }

    /// Creates two sockets that are each other's peer.
    ///
    /// # Errors
    ///
    /// The OS's, when it has no more descriptors to give.
    #[inline]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (a, b) = mio::net::UnixDatagram::pair()?;
        Ok((UnixDatagram::new(a), UnixDatagram::new(b)))
    }

    /// Makes the socket at `path` the peer. From then on [`send`](UnixDatagram::send) sends there,
    /// and only what comes from there is received. Nothing is sent yet, so this never waits.
    ///
    /// # Errors
    ///
    /// The OS's: `NotFound` if there is no such path, `ConnectionRefused` if no socket is there
    /// any more.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.io.get_ref().connect(path)
    }

    /// Makes the socket at this address, which may be an abstract one (on Linux), the peer: see
    /// [`connect`](UnixDatagram::connect).
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # fn main() -> std::io::Result<()> {
    /// use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    /// use pizzaiolo::net::UnixDatagram;
    ///
    /// let addr = SocketAddr::from_abstract_name(format!("kitchen-{}", std::process::id()))?;
    /// pizzaiolo::block_on(async {
    ///     let kitchen = UnixDatagram::bind_addr(&addr)?;
    ///     let table = UnixDatagram::unbound()?;
    ///     table.connect_addr(&addr)?;
    ///     table.send(b"2 margheritas").await?;
    ///     assert_eq!(kitchen.recv(&mut [0; 64]).await?, 13);
    ///     Ok(())
    /// })
    /// # }
    /// # #[cfg(not(target_os = "linux"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// The OS's: `ConnectionRefused` if no socket has this address, `NotFound` if it is a path that is not
    /// there. Or when the OS has no more descriptors to give: one is needed for a moment.
    pub fn connect_addr(&self, addr: &SocketAddr) -> io::Result<()> {
        // mio's socket takes a path only. A duplicate of the descriptor is the same socket.
        let socket = self.io.get_ref().as_fd().try_clone_to_owned()?;
        net::UnixDatagram::from(socket).connect_addr(addr)
    }

    /// Sends `buf` to the peer, as one datagram, and waits while the peer's queue is full. Returns
    /// how many bytes that is: all of them.
    ///
    /// # Errors
    ///
    /// The OS's: `NotConnected` without a peer; `ConnectionRefused` or `ConnectionReset` if it is
    /// gone. Or if the socket has to wait under another executor than its own.
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

    /// Sends `buf` to the socket at `path`, as one datagram. Returns how many bytes that is: all
    /// of them.
    ///
    /// # Errors
    ///
    /// The OS's: `NotFound` if there is no such path, `ConnectionRefused` if no socket is there
    /// any more. `WouldBlock` if the queue of that socket is full: the OS reports only for the peer
    /// when there is room again, and [`send`](UnixDatagram::send) to the peer waits for it. Or if the
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
        path: impl AsRef<Path>,
    ) -> impl Future<Output = io::Result<usize>> {
        // "Would block" is an answer here, not a reason to wait: no event would end the wait.
        let send = self.io.write_with(move |socket| Ok(socket.send_to(buf, path.as_ref())));
        async { send.await? }
    }

    /// Receives a datagram. Returns how many bytes of it are in `buf`.
    ///
    /// # Errors
    ///
    /// The OS's: `ConnectionReset` if the peer is gone. Or if the socket has to wait under another
    /// executor than its own.
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

    /// Receives a datagram. Returns how many bytes of it are in `buf`, and its sender.
    ///
    /// # Errors
    ///
    /// As for [`recv`](UnixDatagram::recv).
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

    /// Sends `buf` to the socket at `path`, as one datagram, and never waits.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the queue at `path`, or the socket's own buffer, is full. Nothing says when there is
    /// room at `path`: [`writable`](Self::writable) does not wait for it, so a loop around the two would
    /// spin. And as for [`send_to`](Self::send_to).
    pub fn try_send_to(&self, buf: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        // "Would block" is an answer here too: most often it is the queue at `path` that is full, and
        // that of another path may have room.
        self.io.try_write_with(|socket| Ok(socket.send_to(buf, path)))?
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
    /// As for [`readable`](UnixDatagram::readable).
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

    /// Ends one direction of the socket, or both. After `Shutdown::Read`, sending to it is an
    /// error. That ends no call that waits here to receive: on Linux, it continues to wait.
    ///
    /// # Errors
    ///
    /// The OS's: `NotConnected`, if there is no peer.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }

    /// Returns the address of this socket, if it has one.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// Returns the address of the peer.
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

/// Sets the socket to non-blocking.
impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    #[inline]
    fn try_from(socket: net::UnixDatagram) -> io::Result<UnixDatagram> {
        socket.set_nonblocking(true)?;
        Ok(UnixDatagram::new(mio::net::UnixDatagram::from_std(socket)))
    }
}

/// Sets the socket to blocking, as std's sockets are.
impl TryFrom<UnixDatagram> for net::UnixDatagram {
    type Error = io::Error;

    #[inline]
    fn try_from(socket: UnixDatagram) -> io::Result<net::UnixDatagram> {
        let socket = net::UnixDatagram::from(socket.io.into_inner()?);
        socket.set_nonblocking(false)?;
        Ok(socket)
    }
}
