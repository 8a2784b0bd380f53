use std::{
    io::{self, ErrorKind},
    net::{self, Shutdown, SocketAddr, ToSocketAddrs},
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
#[derive(Debug)]
pub struct TcpStream {
    pub(super) io: Async<mio::net::TcpStream>,
}

impl TcpStream {
    fn new(stream: mio::net::TcpStream) -> TcpStream {
        let label = |io: &mio::net::TcpStream| match io.peer_addr() {
            Ok(peer) => format!("tcp with {peer}"),
            Err(_) => "tcp".to_owned(),
        };
        TcpStream { io: Async::socket(stream, label) }
    }

    /// The same for a socket that was made just now, so that nobody else has it.
    pub(super) fn fresh(stream: mio::net::TcpStream) -> TcpStream {
        TcpStream { io: TcpStream::new(stream).io.assume_sole() }
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
        let stream = TcpStream::fresh(mio::net::TcpStream::connect(addr)?);
        // Writable does not mean connected: it may mean failed, or nothing at all. The socket's
        // error and the peer's address tell.
        let connected = |io: &Async<mio::net::TcpStream>| {
            io.attempt(Direction::Write, |stream| {
                if let Some(error) = stream.take_error()? {
                    return Err(error);
                }
                match stream.peer_addr() {
                    Ok(_) => Ok(()),
                    Err(error) if error.kind() == ErrorKind::NotConnected => {
                        Err(ErrorKind::WouldBlock.into())
                    }
                    Err(error) => Err(error),
                }
            })
        };
        stream.io.operation(Direction::Write, connected).await?;
        Ok(stream)
    }

    /// Reads what there is, up to `buf.len()` bytes, and waits if there is nothing. Returns how
    /// many bytes it read; 0 is the end (or an empty `buf`).
    ///
    /// # Errors
    ///
    /// The OS's: `ConnectionReset`, for example. Or if the socket has to wait under another
    /// executor than its own.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was read.
    pub async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            // The OS would wait for a byte that there is no room for.
            return Ok(0);
        }
        self.io.operation(Direction::Read, |io| io.try_read(buf)).await
    }

    /// Fills `buf`.
    ///
    /// # Errors
    ///
    /// As for [`read`](TcpStream::read), and `UnexpectedEof` if the end comes before `buf` is
    /// full. What was read by then is in `buf`.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped, what was read so far is in `buf`, and how much
    /// that is nobody knows.
    pub async fn read_exact(&self, buf: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read(&mut buf[filled..]).await? {
                0 => {
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, "the stream has ended"));
                }
                n => filled += n,
            }
        }
        Ok(())
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
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let peek = |io: &Async<mio::net::TcpStream>| {
            io.attempt(Direction::Read, |stream| stream.peek(buf))
        };
        self.io.operation(Direction::Read, peek).await
    }

    /// Writes as much of `buf` as there is room for, and waits if there is none. Returns how many
    /// bytes it wrote.
    ///
    /// # Errors
    ///
    /// The OS's: `BrokenPipe` or `ConnectionReset` when the peer is gone. Or if the socket has to
    /// wait under another executor than its own.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing was written.
    pub async fn write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.operation(Direction::Write, |io| io.try_write(buf)).await
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    ///
    /// As for [`write`](TcpStream::write), and `WriteZero` if the OS takes nothing more.
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped, a part of `buf` may have been written, and how
    /// much that is nobody knows.
    pub async fn write_all(&self, mut buf: &[u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write(buf).await? {
                0 => {
                    return Err(io::Error::new(ErrorKind::WriteZero, "the OS takes nothing more"));
                }
                n => buf = &buf[n..],
            }
        }
        Ok(())
    }

    /// Waits until there may be something to read, or the end, or an error.
    ///
    /// "May be": the next read can still find nothing, and waits then.
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
    pub async fn readable(&self) -> io::Result<()> {
        self.io.ready(Direction::Read).await
    }

    /// Waits until there may be room to write, or an error.
    ///
    /// # Errors
    ///
    /// As for [`readable`](TcpStream::readable).
    ///
    /// # Panics
    ///
    /// If it has to wait and no executor runs on this thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.ready(Direction::Write).await
    }

    /// Ends one half of the connection, or both. After `Shutdown::Write` the peer reads all that
    /// was written, and then the end.
    ///
    /// # Errors
    ///
    /// The OS's: `NotConnected`, if the peer is gone.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.get_ref().shutdown(how)
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// The OS's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    ///
    /// The OS's: `NotConnected`, if the peer is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().peer_addr()
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
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

    /// How many routers a packet may pass.
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
impl TryFrom<net::TcpStream> for TcpStream {
    type Error = io::Error;

    fn try_from(stream: net::TcpStream) -> io::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        Ok(TcpStream::new(mio::net::TcpStream::from_std(stream)))
    }
}

/// Sets the socket to blocking, as std's sockets are.
impl TryFrom<TcpStream> for net::TcpStream {
    type Error = io::Error;

    fn try_from(stream: TcpStream) -> io::Result<net::TcpStream> {
        let stream = net::TcpStream::from(stream.io.into_inner()?);
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}
