//! A stream, and what its halves have in common with it.

use std::{
    fmt, io,
    net::{Shutdown, SocketAddr},
    rc::Rc,
};

use super::{OwnedReadHalf, OwnedWriteHalf, conn::End};

/// One end of a connection in a [`Network`](super::Network), with the methods of
/// [`pizzaiolo::net::TcpStream`] and the traits of `futures-io`.
///
/// Reads and writes take `&self`. Several tasks may wait.
pub struct TcpStream {
    pub(super) end: Rc<End>,
}

/// The methods that read, of a type with an `end`.
macro_rules! reading {
    ($type:ty) => {
        impl $type {
            /// Reads what has come, up to `buf.len()` bytes. 0 is the end.
            ///
            /// # Errors
            ///
            /// [`ConnectionReset`](std::io::ErrorKind::ConnectionReset), once all that came before the
            /// reset is read.
            ///
            /// # Cancel safety
            ///
            /// If it is dropped before it is ready, nothing was read.
            pub async fn read(&self, buf: &mut [u8]) -> std::io::Result<usize> {
                let mut timer = None;
                std::future::poll_fn(|cx| self.end.poll_read(buf, &mut timer, cx)).await
            }

            /// Fills the buffer.
            ///
            /// # Errors
            ///
            /// As for `read`; and [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof).
            ///
            /// # Cancel safety
            ///
            /// None: what was read before it is dropped is lost.
            pub async fn read_exact(&self, mut buf: &mut [u8]) -> std::io::Result<()> {
                while !buf.is_empty() {
                    match self.read(buf).await? {
                        0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                        len => buf = &mut buf[len..],
                    }
                }
                Ok(())
            }
        }
    };
}

/// The methods that write, of a type with an `end`.
macro_rules! writing {
    ($type:ty) => {
        impl $type {
            /// Writes as much as there is room for, and returns how many bytes that were.
            ///
            /// # Errors
            ///
            /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) after a shutdown, or after a reset has
            /// come.
            ///
            /// # Cancel safety
            ///
            /// If it is dropped before it is ready, nothing was written.
            pub async fn write(&self, buf: &[u8]) -> std::io::Result<usize> {
                let mut timer = None;
                std::future::poll_fn(|cx| self.end.poll_write(buf, &mut timer, cx)).await
            }

            /// Writes all.
            ///
            /// # Errors
            ///
            /// As for `write`.
            ///
            /// # Cancel safety
            ///
            /// None: if it is dropped, a part may have been written.
            pub async fn write_all(&self, mut buf: &[u8]) -> std::io::Result<()> {
                while !buf.is_empty() {
                    let len = self.write(buf).await?;
                    buf = &buf[len..];
                }
                Ok(())
            }
        }
    };
}

pub(super) use {reading, writing};

reading!(TcpStream);
writing!(TcpStream);

impl TcpStream {
    pub(super) fn new(end: End) -> TcpStream {
        TcpStream { end: Rc::new(end) }
    }

    /// Splits it into the half that reads and the half that writes.
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        let write = OwnedWriteHalf { end: Rc::clone(&self.end), is_forgotten: false };
        (OwnedReadHalf { end: self.end }, write)
    }

    /// Ends a direction, or both: the peer reads the end, and reads here come to the end at once.
    ///
    /// # Errors
    ///
    /// None. It has the signature of the method of [`pizzaiolo::net::TcpStream`].
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.end.shutdown(how);
        Ok(())
    }

    /// Breaks the connection: the peer gets an error, once it has read what came before.
    pub fn reset(self) {
        self.end.reset();
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    ///
    /// None. It has the signature of the method of [`pizzaiolo::net::TcpStream`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.end.local)
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    ///
    /// None. It has the signature of the method of [`pizzaiolo::net::TcpStream`].
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.end.peer)
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream")
            .field("local", &self.end.local)
            .field("peer", &self.end.peer)
            .finish_non_exhaustive()
    }
}
