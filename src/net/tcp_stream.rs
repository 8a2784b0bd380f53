use std::{
    io::{self, ErrorKind},
    net::{self, SocketAddr, ToSocketAddrs},
    task::Poll,
};

use super::{
    split::{OwnedReadHalf, OwnedWriteHalf},
    stream::{ByteStream, Connecting},
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
    match io.peer_addr() {
        Ok(peer) => format!("tcp with {peer}"),
        Err(_) => "tcp".to_owned(),
    }
}

impl TcpStream {
    fn new(stream: mio::net::TcpStream) -> TcpStream {
        TcpStream { io: Async::socket(stream, label) }
    }

    /// The same for one that a listener has accepted.
    pub(super) fn accepted(stream: mio::net::TcpStream) -> TcpStream {
        TcpStream { io: Async::socket(stream, label).assume_accepted() }
    }

    /// Connects to `addr`; of several addresses, to each in turn until one answers.
    ///
    /// A name is looked up by the OS, and blocks the thread meanwhile.
    ///
    /// # Errors
    ///
    /// When no address answers, the error of the last one: `ConnectionRefused` if nobody listens
    /// there. `InvalidInput` if there is no address at all.
    ///
    /// # Panics
    ///
    /// If no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection that is being made.
    pub async fn connect(addr: impl ToSocketAddrs) -> io::Result<TcpStream> {
        let mut result = Err(io::Error::new(ErrorKind::InvalidInput, "no address to connect to"));
        for addr in addr.to_socket_addrs()? {
            result = TcpStream::connect_to(addr).await;
            if result.is_ok() {
                break;
            }
        }
        result
    }

    async fn connect_to(addr: SocketAddr) -> io::Result<TcpStream> {
        // Made just now, so no duplicate of it exists.
        let io = Async::socket(mio::net::TcpStream::connect(addr)?, label).assume_unique();
        Ok(TcpStream { io: Connecting::new(io).await? })
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
    pub fn peek(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        self.stream.peek(buf)
    }
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
