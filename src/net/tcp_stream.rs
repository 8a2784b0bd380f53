use std::{
    io,
    net::{self, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    addrs::{Lookup, ToAddrs, place_of},
    connect::{Caller, Connecting, Race},
    split::{OwnedReadHalf, OwnedWriteHalf},
    stream::ByteStream,
};
use crate::{async_io::Async, id::Direction};

/// A TCP connection.
///
/// ```
/// use pizzaiolo::net::{TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (connection, _) = listener.accept().await?;
///
///     client.write_all(b"2 margheritas").await?;
///     let mut order = [0; 1024];
///     let len = connection.read(&mut order).await?;
///     assert_eq!(&order[..len], b"2 margheritas");
///     Ok(())
/// })
/// # }
/// ```
pub struct TcpStream {
    pub(super) io: Async<mio::net::TcpStream>,
}

/// Describes the socket for people.
fn label(io: &mio::net::TcpStream) -> String {
    format!("tcp{}", place_of(io.peer_addr(), "with"))
}

impl TcpStream {
    fn new(stream: mio::net::TcpStream) -> TcpStream {
        TcpStream { io: Async::socket(stream, label) }
    }

    /// The same for one that a listener has accepted.
    pub(super) fn accepted(stream: mio::net::TcpStream) -> TcpStream {
        TcpStream { io: Async::socket(stream, label).assume_accepted() }
    }

    /// Connects to `addr`; of several addresses, to each in turn until one answers. If one has not
    /// answered after 250 ms, its attempt continues and the next one starts: so an address that hangs
    /// does not prevent the others from being tried.
    ///
    /// This never blocks the thread. A name is looked up first, see
    /// [`lookup_host`](crate::net::lookup_host): that needs the feature `dns`.
    ///
    /// # Errors
    ///
    /// When no address answers, the error of the last one that has failed: `ConnectionRefused` if
    /// nothing listens there. `InvalidInput` if there is no address at all. And as for
    /// [`lookup_host`](crate::net::lookup_host).
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connections that are being made.
    #[track_caller]
    pub fn connect(addr: impl ToAddrs) -> Connect {
        Connect(Race::new(Lookup::of(&addr), begin))
    }

    /// Reads like [`read`](TcpStream::read), but leaves the bytes in the socket: the next read
    /// gets them again.
    ///
    /// # Errors
    ///
    /// As for [`read`](TcpStream::read).
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
        self.io.operation(Direction::Read, move |io| {
            if buf.is_empty() {
                return Poll::Ready(Ok(0));
            }
            io.attempt(Direction::Read, |stream| stream.peek(buf))
        })
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    ///
    /// The OS's: `NotConnected`, if the peer is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Says whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.get_ref().nodelay()
    }

    /// Sets whether small writes are sent at once (`TCP_NODELAY`), rather than gathered while an
    /// earlier one is not acknowledged yet.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.get_ref().set_nodelay(nodelay)
    }

    /// Returns how many routers a packet may pass.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.get_ref().ttl()
    }

    /// Sets how many routers a packet may pass.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.get_ref().set_ttl(ttl)
    }
}

impl OwnedReadHalf<TcpStream> {
    /// Reads like [`read`](Self::read), but leaves the bytes in the socket: the next read gets them
    /// again.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
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
        self.stream.peek(buf)
    }
}

/// The future that [`TcpStream::connect`] returns.
#[must_use = "it does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Connect(Race<mio::net::TcpStream>);

impl Future for Connect {
    type Output = io::Result<TcpStream>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        Pin::new(&mut self.0).poll(cx).map_ok(|io| TcpStream { io })
    }
}

/// Begins to connect.
fn begin(addr: SocketAddr, location: Caller) -> io::Result<Connecting<mio::net::TcpStream>> {
    // Made just now, so no duplicate of it exists.
    let io = Async::socket(mio::net::TcpStream::connect(addr)?, label).assume_unique();
    Ok(Connecting::new(io, location))
}

stream!(TcpStream);
splitting!(TcpStream);
reading!(TcpStream);
writing!(TcpStream);
reading!(OwnedReadHalf<TcpStream>);
writing!(OwnedWriteHalf<TcpStream>);

impl ByteStream for mio::net::TcpStream {
    const SHORT_READ_MEANS_DRAINED: bool = true;

    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.take_error()
    }

    fn has_peer(&self) -> io::Result<()> {
        self.peer_addr().map(drop)
    }
}

/// Sets the socket to non-blocking.
impl TryFrom<net::TcpStream> for TcpStream {
    type Error = io::Error;

    #[inline]
    fn try_from(stream: net::TcpStream) -> io::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        Ok(TcpStream::new(mio::net::TcpStream::from_std(stream)))
    }
}

/// Sets the socket to blocking, as std's sockets are.
impl TryFrom<TcpStream> for net::TcpStream {
    type Error = io::Error;

    #[inline]
    fn try_from(stream: TcpStream) -> io::Result<net::TcpStream> {
        let stream = net::TcpStream::from(stream.io.into_inner()?);
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}
