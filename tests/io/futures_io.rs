//! The traits of `futures-io` for any source.
#![cfg(all(unix, feature = "futures-io"))]

use std::{
    io::{IoSlice, IoSliceMut},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
};

use futures_io::{AsyncRead, AsyncWrite};
use pizzaiolo::{Async, block_on};

use crate::support::prelude::*;

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(mut ours: S, mut peer: UnixStream) {
    let parts = [IoSlice::new(b"piz"), IoSlice::new(b"za")];
    let written = poll_fn(|cx| Pin::new(&mut ours).poll_write_vectored(cx, &parts)).await;
    assert_eq!(written.expect("there is room"), 5);
    let mut buf = [0; 5];
    peer.read_exact(&mut buf).expect("it was written");
    assert_eq!(&buf, b"pizza");

    peer.write_all(b"soup").expect("there is room");
    let (mut first, mut second) = ([0; 2], [0; 8]);
    let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    let read = poll_fn(|cx| Pin::new(&mut ours).poll_read_vectored(cx, &mut parts)).await;
    assert_eq!(read.expect("bytes are there"), 4);
    assert_eq!((&first, &second[..2]), (b"so", &b"up"[..]));
}

#[test]
fn several_buffers_are_written_and_filled_at_once() {
    let (ours, peer) = unix_pair();
    block_on(exchange(Async::from_fd(ours), peer));
    let (ours, peer) = unix_pair();
    block_on(exchange(&Async::from_fd(ours), peer));
}

/// Counts how often it is flushed.
struct Buffered {
    socket: UnixStream,
    flushed: Cell<usize>,
}

impl AsFd for Buffered {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Write for &Buffered {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&self.socket).write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed.set(self.flushed.get() + 1);
        Ok(())
    }
}

impl Write for Buffered {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

async fn flush_and_close<S: AsyncWrite + Unpin>(mut io: S) {
    poll_fn(|cx| Pin::new(&mut io).poll_flush(cx)).await.expect("it can be flushed");
    poll_fn(|cx| Pin::new(&mut io).poll_close(cx)).await.expect("it can be flushed");
}

#[test]
fn a_flush_and_a_close_flush_the_source() {
    let buffered = || Buffered { socket: unix_pair().0, flushed: Cell::new(0) };
    let mut io = Async::from_fd(buffered());
    block_on(flush_and_close(&mut io));
    assert_eq!(io.get_ref().flushed.get(), 2);
    let io = Async::from_fd(buffered());
    block_on(flush_and_close(&io));
    assert_eq!(io.get_ref().flushed.get(), 2);
}
