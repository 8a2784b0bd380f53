use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};

/// The most that one read takes, in bytes. hyper asks for 8 KiB first, and for more while a body
/// fills what it asked for.
const MOST: usize = 64 * 1024;

thread_local! {
    /// What the streams of this thread read into, before hyper gets it.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A stream with the traits of `futures-io`, as hyper wants it: a socket, or TLS over one.
///
/// hyper reads into memory that need not be initialized, and to say how much of it was filled
/// takes `unsafe`. Without it, what was read is copied once, from a buffer that all streams of a
/// thread share. It is zeroed when it is made, not at each read, and an idle connection needs none
/// of it: at most 64 KiB a thread. It is never cleared, so the stream must keep to the contract of
/// [`AsyncRead`]: one that returns a larger number than it has read would pass on the bytes of
/// another connection.
#[derive(Debug)]
pub struct Io<S> {
    stream: S,
}

impl<S> Io<S> {
    /// Wraps a stream.
    pub fn new(stream: S) -> Io<S> {
        Io { stream }
    }

    /// The stream. What hyper has read of it already is not in it any more.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> Read for Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        with_scratch(buf.remaining().min(MOST), |scratch| {
            Pin::new(&mut self.stream)
                .poll_read(cx, scratch)
                .map_ok(|len| buf.put_slice(&scratch[..len]))
        })
    }
}

/// Lends `len` bytes of the thread's buffer, or others while that is lent already: to a stream that
/// reads from another `Io` inside its own read.
#[inline]
fn with_scratch<R>(len: usize, read: impl FnOnce(&mut [u8]) -> R) -> R {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => {
            if scratch.len() < len {
                scratch.resize(len, 0);
            }
            read(&mut scratch[..len])
        }
        Err(_) => read(&mut vec![0; len]),
    })
}

/// Not vectored, as far as hyper knows: `futures-io` cannot say whether a stream really writes
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
