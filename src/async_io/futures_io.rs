//! The traits of the crate `futures-io` for any source: feature `futures-io`.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};

use super::Async;
use crate::id::Direction;

/// With the feature `futures-io`. As for all polls, the task that polled last is woken.
///
/// Errors and panics are those of [`read_with`](Async::read_with). A poll that is Pending has read
/// nothing.
///
/// ```
/// use std::io::Write;
/// use futures_util::AsyncReadExt;
/// use pizzaiolo::Async;
///
/// # fn main() -> std::io::Result<()> {
/// # #[cfg(unix)] {
/// let (mut sender, receiver) = mio::unix::pipe::new()?;
/// let mut receiver = Async::from_fd(receiver);
/// sender.write_all(b"pizza")?;
/// drop(sender);
/// let mut all = Vec::new();
/// pizzaiolo::block_on(receiver.read_to_end(&mut all))?;
/// assert_eq!(all, b"pizza");
/// # }
/// # Ok(())
/// # }
/// ```
impl<S: Read> AsyncRead for Async<S> {
    #[track_caller]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_mut(Direction::Read, cx, |io| io.read(buf))
    }

    #[track_caller]
    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_mut(Direction::Read, cx, |io| io.read_vectored(bufs))
    }
}

/// With the feature `futures-io`. As for all polls, the task that polled last is woken.
///
/// Flushing calls [`Write::flush`]; so does closing, which ends nothing: drop the source for that.
///
/// Errors and panics are those of [`write_with`](Async::write_with). A poll that is Pending has written
/// nothing.
impl<S: Write> AsyncWrite for Async<S> {
    #[track_caller]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_mut(Direction::Write, cx, |io| io.write(buf))
    }

    #[track_caller]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_mut(Direction::Write, cx, |io| io.write_vectored(bufs))
    }

    #[track_caller]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_mut(Direction::Write, cx, Write::flush)
    }

    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

/// With the feature `futures-io`. As for all polls, the task that polled last is woken: those that
/// await [`read_with`](Async::read_with) are all woken too.
///
/// Errors and panics are those of [`read_with`](Async::read_with). A poll that is Pending has read
/// nothing.
impl<S> AsyncRead for &Async<S>
where
    for<'a> &'a S: Read,
{
    #[track_caller]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_ref(Direction::Read, cx, |mut io| io.read(buf))
    }

    #[track_caller]
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_ref(Direction::Read, cx, |mut io| io.read_vectored(bufs))
    }
}

/// With the feature `futures-io`. As for all polls, the task that polled last is woken: those that
/// await [`write_with`](Async::write_with) are all woken too.
///
/// Flushing calls [`Write::flush`]; so does closing, which ends nothing: drop the source for that.
///
/// Errors and panics are those of [`write_with`](Async::write_with). A poll that is Pending has written
/// nothing.
impl<S> AsyncWrite for &Async<S>
where
    for<'a> &'a S: Write,
{
    #[track_caller]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_ref(Direction::Write, cx, |mut io| io.write(buf))
    }

    #[track_caller]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_ref(Direction::Write, cx, |mut io| io.write_vectored(bufs))
    }

    #[track_caller]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_ref(Direction::Write, cx, |mut io| io.flush())
    }

    #[track_caller]
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl<S> Async<S> {
    #[track_caller]
    fn poll_mut<R>(
        &mut self,
        direction: Direction,
        cx: &mut Context<'_>,
        op: impl FnMut(&mut S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let attempt = self.attempt_mut(direction, op);
        self.poll_operation(direction, cx, |_| attempt)
    }

    #[track_caller]
    fn poll_ref<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut op: impl FnMut(&S) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_operation(direction, cx, |io| io.attempt(direction, &mut op))
    }
}
