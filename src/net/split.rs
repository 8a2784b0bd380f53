use std::{
    error::Error,
    fmt,
    io::{self, ErrorKind},
    net::Shutdown,
    rc::Rc,
};

use super::stream::HasStream;
use crate::async_io::Async;

/// The half of a stream that reads.
///
/// Dropping it alone does nothing; the socket is closed when both halves are gone. All other
/// methods of the stream are reached through [`as_ref`](AsRef::as_ref).
///
/// ```
/// use pizzaiolo::net::{TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (kitchen, _) = listener.accept().await?;
///
///     let (menu, orders) = client.into_split();
///     let guest = pizzaiolo::spawn(async move { orders.write_all(b"a calzone").await });
///     let mut order = [0; 9];
///     kitchen.read_exact(&mut order).await?;
///     kitchen.write_all(&order.to_ascii_uppercase()).await?;
///
///     let mut reply = [0; 64];
///     let len = menu.read(&mut reply).await?;
///     assert_eq!(&reply[..len], b"A CALZONE");
///     guest.await?
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf<S> {
    pub(super) stream: Rc<S>,
}

/// The half of a stream that writes.
///
/// Dropping it ends the writing: the peer reads all that was written, and then the end. The other
/// half can still read. All other methods of the stream are reached through
/// [`as_ref`](AsRef::as_ref).
///
/// ```
/// use pizzaiolo::net::{TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (kitchen, _) = listener.accept().await?;
///
///     let (menu, orders) = client.into_split();
///     drop(orders);
///     assert_eq!(kitchen.read(&mut [0; 64]).await?, 0, "nothing more is ordered");
///     kitchen.write_all(b"the bill").await?;
///     assert_eq!(menu.read(&mut [0; 64]).await?, 8);
///     Ok(())
/// })
/// # }
/// ```
pub struct OwnedWriteHalf<S> {
    pub(super) stream: Rc<S>,
    /// How dropping it ends the writing.
    shutdown: Close<S>,
}

type Close<S> = fn(&S, Shutdown) -> io::Result<()>;

/// Gives a stream its way to be divided.
macro_rules! splitting {
    ($stream:ident) => {
        impl $stream {
            /// Divides the stream into a half that reads and a half that writes, each for a task
            /// of its own. When the one that writes is dropped, the peer reads the end.
            ///
            /// A stream in an `Rc` can be read and written by two tasks as well; then the peer
            /// sees the end when the last of them has dropped it.
            #[must_use = "a half that is dropped is closed"]
            #[inline]
            pub fn into_split(
                self,
            ) -> ($crate::net::OwnedReadHalf<$stream>, $crate::net::OwnedWriteHalf<$stream>) {
                $crate::net::split::halves(self, $stream::shutdown)
            }
        }
    };
}

/// Divides a stream.
pub(super) fn halves<S>(stream: S, shutdown: Close<S>) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let stream = Rc::new(stream);
    (OwnedReadHalf { stream: Rc::clone(&stream) }, OwnedWriteHalf { stream, shutdown })
}

impl<S: HasStream> HasStream for OwnedReadHalf<S> {
    type Stream = S::Stream;

    fn io(&self) -> &Async<S::Stream> {
        self.stream.io()
    }
}

impl<S: HasStream> HasStream for OwnedWriteHalf<S> {
    type Stream = S::Stream;

    fn io(&self) -> &Async<S::Stream> {
        self.stream.io()
    }
}

impl<S> OwnedReadHalf<S> {
    /// Makes the stream whole again, with the half that [`into_split`](crate::net::TcpStream::into_split)
    /// made together with this one.
    ///
    /// # Errors
    ///
    /// If `write` is of another stream. The error has both halves.
    pub fn reunite(self, write: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        if !Rc::ptr_eq(&self.stream, &write.stream) {
            return Err(ReuniteError { read: self, write });
        }
        write.forget();
        let stream = Rc::into_inner(self.stream);
        Ok(stream.unwrap_or_else(|| unreachable!("there are two halves, and one is gone")))
    }
}

impl<S> OwnedWriteHalf<S> {
    /// Makes the stream whole again, with the half that [`into_split`](crate::net::TcpStream::into_split)
    /// made together with this one.
    ///
    /// # Errors
    ///
    /// If `read` is of another stream. The error has both halves.
    pub fn reunite(self, read: OwnedReadHalf<S>) -> Result<S, ReuniteError<S>> {
        read.reunite(self)
    }

    /// Drops the half without ending the writing. The peer sees the end when the other half is
    /// dropped too, and the socket is closed.
    pub fn forget(mut self) {
        self.shutdown = |_, _| Ok(());
    }
}

impl<S> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        match (self.shutdown)(&self.stream, Shutdown::Write) {
            // The peer is gone already.
            Err(error) if error.kind() == ErrorKind::NotConnected => {}
            Err(error) => {
                log::warn!(target: "pizzaiolo", "shutting down a half that writes failed: {error}");
            }
            Ok(()) => {}
        }
    }
}

/// The whole stream, to ask it for what the half does not tell.
impl<S> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

/// The whole stream, to ask it for what the half does not tell.
impl<S> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: fmt::Debug> fmt::Debug for OwnedWriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedWriteHalf").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// Says that two halves are not of one stream; and here they are.
#[derive(Debug)]
pub struct ReuniteError<S> {
    /// The half that reads.
    pub read: OwnedReadHalf<S>,
    /// The half that writes.
    pub write: OwnedWriteHalf<S>,
}

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of one stream")
    }
}

impl<S: fmt::Debug> Error for ReuniteError<S> {}
