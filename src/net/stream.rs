//! What TCP and Unix streams have in common, written and documented once.
//!
//! The steps are methods of [`Async`], for any [`ByteStream`] in it. The macros of `stream_macros.rs`
//! give a type the public methods that are made of them.

use std::{
    io::{self, Error, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    task::{Poll, ready},
};

use crate::{async_io::Async, id::Direction};

/// How many buffers any OS takes in one call (POSIX's smallest `IOV_MAX`). Those after it may be
/// left alone though there is enough for them.
const BUFFERS_A_CALL: usize = 16;

/// mio's streams, by one name for what both of them have.
pub(super) trait ByteStream {
    /// Whether a read of less than it was asked for has drained the socket.
    const SHORT_READ_MEANS_DRAINED: bool;

    fn take_error(&self) -> io::Result<Option<io::Error>>;

    /// The error that asking for the peer's address returns.
    fn has_peer(&self) -> io::Result<()>;
}

/// What is, or has a part in, a stream.
pub(super) trait HasStream {
    type Stream: ByteStream;

    fn io(&self) -> &Async<Self::Stream>;
}

#[expect(private_bounds, reason = "the methods are as private as the bound")]
impl<S: ByteStream> Async<S>
where
    for<'a> &'a S: Read + Write,
{
    /// Waits until the OS has said that the peer has ended its half. It says so with an event for
    /// reading, as data does: a task that waits for the end reads each report, and takes none away.
    #[track_caller]
    pub(super) fn closed(&self) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        let closed = |io: &Async<S>| {
            if io.is_closed() { Poll::Ready(Ok(())) } else { Poll::Pending }
        };
        self.operation(Direction::Read, closed)
    }

    /// Tries to read.
    pub(super) fn try_read(&self, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            // The OS would wait for a byte that there is no room for.
            return Poll::Ready(Ok(0));
        }
        self.read_some(buf.len(), |mut io| io.read(buf))
    }

    /// Tries to read into several buffers.
    pub(super) fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let asked = asked(bufs.iter().map(|buf| buf.len()));
        self.read_some(asked, |mut io| io.read_vectored(bufs))
    }

    /// Tries a call that reads up to this many bytes.
    fn read_some(
        &self,
        asked: usize,
        read: impl FnMut(&S) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if S::SHORT_READ_MEANS_DRAINED {
            self.transfer(Direction::Read, asked, read)
        } else {
            self.attempt(Direction::Read, read)
        }
    }

    /// Tries to fill `buf` from `filled` on, and says in it how far it has come.
    pub(super) fn try_read_exact(
        &self,
        buf: &mut [u8],
        filled: &mut usize,
    ) -> Poll<io::Result<()>> {
        while *filled < buf.len() {
            match ready!(self.try_read(&mut buf[*filled..]))? {
                0 => {
                    let error = Error::new(ErrorKind::UnexpectedEof, "the stream has ended");
                    return Poll::Ready(Err(error));
                }
                n => *filled += n,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Tries to write.
    pub(super) fn try_write(&self, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.transfer(Direction::Write, buf.len(), |mut io| io.write(buf))
    }

    /// Tries to write several buffers.
    pub(super) fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let asked = asked(bufs.iter().map(|buf| buf.len()));
        self.transfer(Direction::Write, asked, |mut io| io.write_vectored(bufs))
    }

    /// Tries to write all, and leaves in `rest` what is still to be written.
    pub(super) fn try_write_all(&self, rest: &mut &[u8]) -> Poll<io::Result<()>> {
        while !rest.is_empty() {
            match ready!(self.try_write(rest))? {
                0 => {
                    let error = Error::new(ErrorKind::WriteZero, "the OS takes nothing more");
                    return Poll::Ready(Err(error));
                }
                n if n == rest.len() => break,
                n => *rest = &rest[n..],
            }
        }
        *rest = &[];
        Poll::Ready(Ok(()))
    }
}

/// How many bytes buffers of these lengths ask for in one call, as far as is sure. If that is none,
/// what the call does says nothing: then it is one, of which no call does less.
fn asked(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.take(BUFFERS_A_CALL).sum::<usize>().max(1)
}
