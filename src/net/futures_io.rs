//! The traits of the crate `futures-io`, for streams and their halves: feature `futures-io`.
//!
//! A poll of these traits has no future that could own its waiter, so the stream has one slot for
//! each direction. As the traits have it, the task that polled last is woken. Two tasks that read the
//! same stream at once, or write to it, therefore use the stream's own methods, where all are woken;
//! and one may use those while another polls.

use std::{
    io::{self, ErrorKind, IoSlice, IoSliceMut},
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};

#[cfg(unix)]
use super::UnixStream;
use super::{OwnedReadHalf, OwnedWriteHalf, TcpStream};
use crate::id::Direction;

/// Implements the traits for a stream, by reference and by value.
macro_rules! poll_style {
    ($stream:ty) => {
        /// With the feature `futures-io`. As for all polls, the task that polled last is woken:
        /// for several at once there are the stream's own methods.
        ///
        /// # Errors
        ///
        /// As for the stream's own `read` and `read_vectored`.
        ///
        /// # Panics
        ///
        /// As for these: if it has to wait and no executor runs on this thread.
        ///
        /// # Cancel safety
        ///
        /// A poll that is Pending has read nothing: it leaves its waker.
        impl AsyncRead for &$stream {
            #[track_caller]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_operation(Direction::Read, cx, |io| io.try_read(buf))
            }

            #[track_caller]
            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_operation(Direction::Read, cx, |io| io.try_read_vectored(bufs))
            }
        }

        /// With the feature `futures-io`. As for all polls, the task that polled last is woken:
        /// for several at once there are the stream's own methods.
        ///
        /// There is nothing to flush. Closing ends the writing, as `shutdown(Shutdown::Write)`
        /// does; if the peer is gone already, that is no error.
        ///
        /// # Errors
        ///
        /// As for the stream's own `write`, `write_vectored` and `shutdown`.
        ///
        /// # Panics
        ///
        /// As for `write`: if it has to wait and no executor runs on this thread.
        ///
        /// # Cancel safety
        ///
        /// A poll that is Pending has written nothing: it leaves its waker.
        impl AsyncWrite for &$stream {
            #[track_caller]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_operation(Direction::Write, cx, |io| io.try_write(buf))
            }

            #[track_caller]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.io.poll_operation(Direction::Write, cx, |io| io.try_write_vectored(bufs))
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(match self.shutdown(Shutdown::Write) {
                    Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
                    result => result,
                })
            }
        }

        /// With the feature `futures-io`. By value: one task has the stream for itself.
        /// Errors, panics and cancel safety are those of the implementation by reference.
        impl AsyncRead for $stream {
            #[track_caller]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_read(cx, buf)
            }

            #[track_caller]
            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_read_vectored(cx, bufs)
            }
        }

        /// With the feature `futures-io`. By value: one task has the stream for itself.
        /// Errors, panics and cancel safety are those of the implementation by reference.
        impl AsyncWrite for $stream {
            #[track_caller]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_write(cx, buf)
            }

            #[track_caller]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut &*self).poll_write_vectored(cx, bufs)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut &*self).poll_flush(cx)
            }

            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut &*self).poll_close(cx)
            }
        }
    };
}

poll_style!(TcpStream);
#[cfg(unix)]
poll_style!(UnixStream);

/// With the feature `futures-io`. Errors, panics and cancel safety are those of the stream's
/// implementation. For a line at a time, say:
///
/// ```
/// use futures_util::{AsyncBufReadExt, AsyncWriteExt, StreamExt, io::BufReader};
/// use pizzaiolo::net::{TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// pizzaiolo::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     client.write_all(b"a margherita\na calzone\n").await?;
///
///     let (connection, _) = listener.accept().await?;
///     let (orders, mut replies) = connection.into_split();
///     let mut orders = BufReader::new(orders).lines();
///     assert_eq!(orders.next().await.transpose()?.as_deref(), Some("a margherita"));
///     assert_eq!(orders.next().await.transpose()?.as_deref(), Some("a calzone"));
///     replies.close().await?;
///     assert_eq!(client.read(&mut [0; 8]).await?, 0);
///     Ok(())
/// })
/// # }
/// ```
impl<S> AsyncRead for OwnedReadHalf<S>
where
    for<'a> &'a S: AsyncRead,
{
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.stream).poll_read(cx, buf)
    }

    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.stream).poll_read_vectored(cx, bufs)
    }
}

/// With the feature `futures-io`. Closing the half is what dropping it does too.
/// Errors, panics and cancel safety are those of the stream's implementation.
impl<S> AsyncWrite for OwnedWriteHalf<S>
where
    for<'a> &'a S: AsyncWrite,
{
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.stream).poll_write(cx, buf)
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.stream).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.stream).poll_close(cx)
    }
}
