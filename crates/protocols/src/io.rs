use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};

/// How much one read takes at most. It is what hyper asks for first.
const BUFFER_SIZE: usize = 8 * 1024;

/// A stream with the traits of `futures-io`, as hyper wants it: a socket, or TLS over one.
///
/// hyper reads into memory that need not be initialized, and to say how much of it was filled
/// takes `unsafe`. Without it, what was read is copied once, from a buffer on the stack.
#[derive(Debug)]
pub struct Io<S> {
    stream: S,
}

impl<S> Io<S> {
    /// Wraps a stream.
    pub fn new(stream: S) -> Io<S> {
        Io { stream }
    }
}

impl<S: AsyncRead + Unpin> Read for Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; BUFFER_SIZE];
        let room = buf.remaining().min(BUFFER_SIZE);
        let len = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut bytes[..room]))?;
        buf.put_slice(&bytes[..len]);
        Poll::Ready(Ok(()))
    }
}

/// Not vectored, as far as hyper is told: `futures-io` cannot say whether a stream really writes
/// several buffers at once, and if one does not, hyper had better put the parts together.
impl<S: AsyncWrite + Unpin> Write for Io<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
