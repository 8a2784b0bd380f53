//! What hyper reads through `Io`: the buffer that all streams of a thread share.

use std::{
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use futures_io::AsyncRead;
use hyper::rt::{Read, ReadBuf};
use pizzaiolo_protocols::Io;

/// A stream whose reads are a function's.
struct Stream<F>(F);

impl<F: FnMut(&mut [u8]) -> Poll<io::Result<usize>> + Unpin> AsyncRead for Stream<F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        (self.0)(buf)
    }
}

/// A stream that has the same text in each read.
struct Always(&'static [u8]);

impl AsyncRead for Always {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        buf[..self.0.len()].copy_from_slice(self.0);
        Poll::Ready(Ok(self.0.len()))
    }
}

fn always(text: &'static [u8]) -> Io<Always> {
    Io::new(Always(text))
}

/// Reads once, into at most `room` bytes.
fn read<S: AsyncRead + Unpin>(io: &mut Io<S>, room: usize) -> Poll<io::Result<Vec<u8>>> {
    let mut bytes = vec![0; room];
    let mut buf = ReadBuf::new(&mut bytes);
    let mut cx = Context::from_waker(Waker::noop());
    let outcome = Pin::new(io).poll_read(&mut cx, buf.unfilled());
    outcome.map_ok(|()| buf.filled().to_vec())
}

fn done(outcome: Poll<io::Result<Vec<u8>>>) -> Vec<u8> {
    let Poll::Ready(Ok(bytes)) = outcome else { panic!("{outcome:?}") };
    bytes
}

#[test]
fn a_stream_is_offered_as_much_room_as_hyper_has_but_no_more_than_64_kib() {
    let offered = Rc::new(Cell::new(0));
    let seen = Rc::clone(&offered);
    let mut io = Io::new(Stream(move |buf: &mut [u8]| {
        seen.set(buf.len());
        Poll::Ready(Ok(0))
    }));
    for (room, expected) in [(10, 10), (8_192, 8_192), (1_000_000, 65_536), (100, 100)] {
        assert!(done(read(&mut io, room)).is_empty());
        assert_eq!(offered.get(), expected);
    }
}

#[test]
fn a_short_read_gives_nothing_of_what_another_stream_has_read() {
    assert_eq!(done(read(&mut always(b"a long order"), 100)), b"a long order");
    assert_eq!(done(read(&mut always(b"short"), 100)), b"short");
    let mut empty = Io::new(Stream(|_: &mut [u8]| Poll::Pending));
    assert!(read(&mut empty, 100).is_pending());
}

/// A read does not zero what it lends: 8 KiB of zeros twice a request were three quarters of hyper's instructions.
#[test]
fn the_next_read_is_lent_the_same_bytes_as_the_last_one_left_them() {
    let lent = Rc::new(Cell::new(None));
    let seen = Rc::clone(&lent);
    let mut looks = Io::new(Stream(move |buf: &mut [u8]| {
        seen.set(Some((buf.as_ptr(), buf[0])));
        buf[0] = b'x';
        Poll::Ready(Ok(1))
    }));
    assert_eq!(done(read(&mut looks, 8_192)), b"x");
    let (first, _) = lent.get().expect("it was read");
    assert_eq!(done(read(&mut looks, 8_192)), b"x");
    assert_eq!(lent.get(), Some((first, b'x')));
}

/// As one over a connection that hyper has upgraded.
#[test]
fn a_stream_may_read_from_another_io_inside_its_own_read() {
    let mut inner = always(b"inner");
    let mut outer = Io::new(Stream(move |buf: &mut [u8]| {
        buf[..6].copy_from_slice(b"outer ");
        let bytes = done(read(&mut inner, 10));
        buf[6..6 + bytes.len()].copy_from_slice(&bytes);
        Poll::Ready(Ok(6 + bytes.len()))
    }));
    assert_eq!(done(read(&mut outer, 100)), b"outer inner");
}

#[test]
fn a_read_that_panics_leaves_the_next_one_its_buffer() {
    let mut bad = Io::new(Stream(|_: &mut [u8]| panic!("the stream is broken")));
    assert!(catch_unwind(AssertUnwindSafe(|| read(&mut bad, 100))).is_err());
    assert_eq!(done(read(&mut always(b"good"), 100)), b"good");
}

#[test]
fn an_error_of_the_stream_is_passed_on() {
    let mut broken =
        Io::new(Stream(|_: &mut [u8]| Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))));
    let Poll::Ready(Err(error)) = read(&mut broken, 100) else { panic!("it has an error") };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}
