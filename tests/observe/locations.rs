//! A panic that is the caller's mistake names the caller's line, not one of the crate. And so does the
//! event of a wait that a poll begins.

use std::{
    io::{IoSlice, IoSliceMut},
    panic::Location,
};

use futures_util::Stream;
use pizzaiolo::net::{TcpListener, TcpStream, UdpSocket};
#[cfg(unix)]
use pizzaiolo::{
    Async,
    net::{UnixDatagram, UnixListener, UnixStream},
};

use crate::support::prelude::*;

/// Calls the code, whose panic begins with these words and names the line of this call. So a call
/// stands on one line, with the closure.
#[track_caller]
fn blames_this_line<R>(words: &str, code: impl FnOnce() -> R) {
    let here = Location::caller();
    let (message, blamed) = panic_with_line(code);
    assert!(message.starts_with(words), "{message}");
    assert_eq!(blamed, (here.file().to_owned(), here.line()), "{message}");
}

/// Awaits the operation where no reactor is entered. The panic names the line of this call, with the
/// `.await` or the poll in it.
#[track_caller]
fn outside<F: Future>(operation: F) {
    blames_this_line("a socket or timer has to wait, but no pizzaiolo executor runs", || {
        futures_executor::block_on(operation)
    });
}

/// The same for a write, which is repeated until it has to wait. A TCP stream that is full once may have
/// room again, as what was sent arrives.
#[track_caller]
fn until_full<R>(mut write: impl AsyncFnMut() -> io::Result<R>) {
    outside(async { while write().await.is_ok() {} });
}

/// A connection with next to no room to write, and nothing to read.
fn full_streams() -> (TcpStream, TcpStream) {
    let (stream, peer) = pair().unwrap();
    while stream.try_write(&[0; 8192]).is_ok() {}
    (stream, peer.try_into().unwrap())
}

/// The same of Unix streams.
#[cfg(unix)]
fn full_unix_streams() -> (UnixStream, UnixStream) {
    let (stream, peer) = UnixStream::pair().unwrap();
    while stream.try_write(&[0; 8192]).is_ok() {}
    (stream, peer)
}

const SECOND: Duration = Duration::from_secs(1);

/// An interval whose first tick is a second away.
fn interval() -> time::Interval {
    time::interval_at(time::now() + SECOND, SECOND)
}

// Outside a reactor.

#[test]
fn a_stream_or_its_half_outside_a_reactor_blames_the_line_that_awaits_it() {
    bound();
    let (stream, _peer) = full_streams();
    outside(async { stream.read(&mut [0; 8]).await });
    outside(async { stream.read_vectored(&mut [IoSliceMut::new(&mut [0; 8])]).await });
    outside(async { stream.read_exact(&mut [0; 8]).await });
    outside(async { stream.peek(&mut [0; 8]).await });
    outside(async { stream.readable().await });
    outside(async { stream.closed().await });
    until_full(async || stream.write(b"pizza").await);
    until_full(async || stream.write_vectored(&[IoSlice::new(b"pizza")]).await);
    until_full(async || stream.write_all(b"pizza").await);
    outside(async { stream.writable().await });
    let (read, write) = stream.into_split();
    outside(async { read.read(&mut [0; 8]).await });
    outside(async { read.read_vectored(&mut [IoSliceMut::new(&mut [0; 8])]).await });
    outside(async { read.read_exact(&mut [0; 8]).await });
    outside(async { read.peek(&mut [0; 8]).await });
    outside(async { read.readable().await });
    outside(async { read.closed().await });
    until_full(async || write.write(b"pizza").await);
    until_full(async || write.write_vectored(&[IoSlice::new(b"pizza")]).await);
    until_full(async || write.write_all(b"pizza").await);
    outside(async { write.writable().await });
}

#[test]
fn a_listener_outside_a_reactor_blames_the_line_that_awaits_it() {
    bound();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    outside(async { listener.accept().await });
    outside(async { listener.readable().await });
    outside(poll_fn(|cx| listener.poll_accept(cx)));
    let mut incoming = listener.incoming();
    outside(poll_fn(|cx| Pin::new(&mut incoming).poll_next(cx)));
    drop(incoming);
    let mut incoming = listener.into_incoming();
    outside(poll_fn(|cx| Pin::new(&mut incoming).poll_next(cx)));
}

#[test]
fn a_socket_of_datagrams_and_a_timer_blame_the_line_that_awaits_them() {
    bound();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    outside(async { socket.recv(&mut [0; 8]).await });
    outside(async { socket.recv_from(&mut [0; 8]).await });
    outside(async { socket.peek(&mut [0; 8]).await });
    outside(async { socket.peek_from(&mut [0; 8]).await });
    outside(async { socket.readable().await });
    outside(async { socket.writable().await });
    outside(async { time::sleep(SECOND).await });
    outside(async { time::timeout(SECOND, pending::<()>()).await });
    let mut interval = interval();
    outside(async { interval.tick().await });
    outside(poll_fn(|cx| Pin::new(&mut interval).poll_next(cx)));
}

#[expect(clippy::redundant_async_block, reason = "it is about the line of the `.await`")]
#[test]
fn it_is_the_line_of_the_await_not_that_of_the_call() {
    bound();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let accept = listener.accept();
    outside(async { accept.await });
    let mut interval = interval();
    let tick = interval.tick();
    outside(async { tick.await });
}

#[cfg(target_os = "linux")]
#[test]
fn a_connection_blames_the_line_that_awaits_it() {
    bound();
    let (listener, _waiting) = full_listener().unwrap();
    let hangs = listener.local_addr().unwrap();
    outside(async { TcpStream::connect(hangs).await });
    outside(async { TcpStream::connect([hangs, hangs]).await });
}

#[cfg(unix)]
#[test]
fn a_unix_stream_and_its_half_blame_the_line_that_awaits_them() {
    bound();
    let (stream, _peer) = full_unix_streams();
    outside(async { stream.read(&mut [0; 8]).await });
    outside(async { stream.read_exact(&mut [0; 8]).await });
    outside(async { stream.readable().await });
    outside(async { stream.closed().await });
    until_full(async || stream.write(b"pizza").await);
    until_full(async || stream.write_all(b"pizza").await);
    outside(async { stream.writable().await });
    let (read, write) = stream.into_split();
    outside(async { read.read(&mut [0; 8]).await });
    outside(async { read.closed().await });
    until_full(async || write.write(b"pizza").await);
    outside(async { write.writable().await });
}

#[cfg(unix)]
#[test]
fn other_unix_sockets_blame_the_line_that_awaits_them() {
    bound();
    let path = socket_path("blame");
    let listener = UnixListener::bind(&path).unwrap();
    outside(async { listener.accept().await });
    outside(async { listener.readable().await });
    outside(poll_fn(|cx| listener.poll_accept(cx)));
    let mut incoming = listener.incoming();
    outside(poll_fn(|cx| Pin::new(&mut incoming).poll_next(cx)));
    drop(incoming);
    let mut incoming = listener.into_incoming();
    outside(poll_fn(|cx| Pin::new(&mut incoming).poll_next(cx)));
    std::fs::remove_file(path).unwrap();
    let (socket, peer) = UnixDatagram::pair().unwrap();
    while socket.try_send(b"pizza").is_ok() {}
    // Elsewhere a full queue is an error.
    #[cfg(target_os = "linux")]
    outside(async { socket.send(b"pizza").await });
    outside(async { socket.recv(&mut [0; 8]).await });
    outside(async { socket.recv_from(&mut [0; 8]).await });
    outside(async { socket.readable().await });
    outside(async { peer.writable().await });
}

#[cfg(unix)]
#[test]
fn any_other_source_blames_the_line_that_awaits_it() {
    bound();
    let (_sender, receiver) = mio::unix::pipe::new().unwrap();
    let mut source = Async::from_fd(receiver);
    outside(async { source.readable().await });
    outside(async { source.writable().await });
    outside(async { source.read_with(|mut pipe| pipe.read(&mut [0])).await });
    outside(async { source.read_with_mut(|pipe| pipe.read(&mut [0])).await });
    outside(async { source.priority().await });
    outside(async { source.error().await });
    outside(poll_fn(|cx| source.poll_readable(cx)));
    outside(poll_fn(|cx| source.poll_writable(cx)));
}

/// The traits of `futures-io`, outside a reactor and inside.
#[cfg(feature = "futures-io")]
mod traits {
    use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite};
    use pizzaiolo::trace::EventKind;

    use super::*;

    fn reads_outside(mut s: impl AsyncRead + Unpin) {
        outside(poll_fn(|cx| Pin::new(&mut s).poll_read(cx, &mut [0; 8])));
        let buf = &mut [0; 8];
        let bufs = &mut [IoSliceMut::new(buf)];
        outside(poll_fn(|cx| Pin::new(&mut s).poll_read_vectored(cx, bufs)));
    }

    fn writes_outside(mut s: impl AsyncWrite + Unpin) {
        until_full(async || poll_fn(|cx| Pin::new(&mut s).poll_write(cx, b"pizza")).await);
        let bufs = &[IoSlice::new(b"pizza")];
        until_full(async || poll_fn(|cx| Pin::new(&mut s).poll_write_vectored(cx, bufs)).await);
    }

    #[test]
    fn a_poll_of_the_traits_outside_a_reactor_blames_the_line_that_polls() {
        bound();
        let ((stream, _peer), (other, _others_peer)) = (full_streams(), full_streams());
        reads_outside(&stream);
        writes_outside(&stream);
        reads_outside(stream);
        writes_outside(other);
        let (stream, _peer) = full_streams();
        let (read, write) = stream.into_split();
        reads_outside(read);
        writes_outside(write);
    }

    #[cfg(unix)]
    #[test]
    fn a_poll_of_the_traits_of_any_other_source_blames_the_line_that_polls() {
        bound();
        let ((stream, _peer), (other, _others_peer)) = (full_unix_streams(), full_unix_streams());
        reads_outside(&stream);
        writes_outside(&stream);
        reads_outside(stream);
        writes_outside(other);
        let (stream, _peer) = full_unix_streams();
        let (read, write) = stream.into_split();
        reads_outside(read);
        writes_outside(write);
        let (mut sender, receiver) = mio::unix::pipe::new().unwrap();
        sender.set_nonblocking(true).unwrap();
        while sender.write(&[0; 8192]).is_ok() {}
        writes_outside(Async::from_fd(sender));
        let (_sender, empty) = mio::unix::pipe::new().unwrap();
        reads_outside(Async::from_fd(empty));
        drop(receiver);
    }

    #[test]
    fn code_of_another_crate_that_polls_is_blamed_itself() {
        bound();
        let (stream, _peer) = full_streams();
        let read = async { AsyncReadExt::read(&mut &stream, &mut [0; 8]).await };
        let (_, file) = panic_of(|| futures_executor::block_on(read));
        // That of the combinator, or that of the trait, by whose reference it polls.
        assert!(file.contains("futures-"), "{file}");
    }

    /// Polls inside a reactor until it has to wait. The wait that begins has the line of this call.
    #[track_caller]
    fn waits_since_this_line<R>(
        events: &Events,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<R>>,
    ) {
        let here = Location::caller();
        events.clear();
        while poll(&mut Context::from_waker(Waker::noop())).is_ready() {}
        let begun = events.pick(|event| match event.kind() {
            EventKind::Waiting { location, .. } => Some((location.file(), location.line())),
            _ => None,
        });
        assert_eq!(begun, [(here.file(), here.line())]);
    }

    fn waits_to_read(events: &Events, mut s: impl AsyncRead + Unpin) {
        waits_since_this_line(events, |cx| Pin::new(&mut s).poll_read(cx, &mut [0; 8]));
        let buf = &mut [0; 8];
        let bufs = &mut [IoSliceMut::new(buf)];
        waits_since_this_line(events, |cx| Pin::new(&mut s).poll_read_vectored(cx, bufs));
    }

    // So much at once that a few writes fill the stream: the budget of the poll is 128.
    fn waits_to_write(events: &Events, mut s: impl AsyncWrite + Unpin) {
        waits_since_this_line(events, |cx| Pin::new(&mut s).poll_write(cx, &[0; 8192]));
        let bufs = &[IoSlice::new(&[0; 8192])];
        waits_since_this_line(events, |cx| Pin::new(&mut s).poll_write_vectored(cx, bufs));
    }

    #[test]
    fn a_wait_that_a_poll_of_the_traits_begins_has_the_line_that_polls() {
        run_watched(async |events| {
            let (stream, _peer) = full_streams();
            waits_to_read(&events, &stream);
            waits_to_write(&events, &stream);
            // Each poll of this task has a budget of its own.
            yield_now().await;
            let (read, write) = stream.into_split();
            waits_to_read(&events, read);
            waits_to_write(&events, write);
            yield_now().await;
            let ((stream, _peer), (other, _others_peer)) = (full_streams(), full_streams());
            waits_to_read(&events, stream);
            waits_to_write(&events, other);
            Ok(())
        });
    }
}

// Handles and deadlocks.

#[test]
fn a_handle_that_is_polled_too_often_blames_the_line_that_polls_it() {
    let executor = executor();
    let (mut local, mut remote) = (executor.spawn(async {}), executor.handle().spawn(async {}));
    let mut aborting = executor.spawn(async {}).abort_on_drop();
    executor.run();
    assert!(poll_once(&mut local).is_ready() && poll_once(&mut remote).is_ready());
    assert!(poll_once(&mut aborting).is_ready());
    let cx = &mut Context::from_waker(Waker::noop());
    let words = "a JoinHandle was polled";
    blames_this_line(words, || Pin::new(&mut local).poll(cx).is_ready());
    blames_this_line(words, || Pin::new(&mut aborting).poll(cx).is_ready());
    let words = "a RemoteJoinHandle was polled";
    blames_this_line(words, || Pin::new(&mut remote).poll(cx).is_ready());
}

#[test]
fn a_deadlock_blames_the_call_that_runs_the_executor() {
    let executor = executor();
    executor.spawn(pending::<()>()).detach();
    blames_this_line("deadlock", || block_on(pending::<()>()));
    blames_this_line("deadlock", || executor.block_on(pending::<()>()));
    blames_this_line("deadlock", || executor.run());
}
