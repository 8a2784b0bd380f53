//! A panic that is the caller's mistake names the caller's file, not one of the crate.

use pizzaiolo::net::{TcpListener, TcpStream, UdpSocket};

use crate::support::prelude::*;

/// Awaits the future where no reactor is entered, and returns what is blamed.
fn blamed<F: Future>(future: F) -> String {
    let (message, file) = panic_of(|| {
        futures_executor::block_on(async {
            future.await;
        });
    });
    assert!(message.contains("no pizzaiolo executor runs"), "{message}");
    file
}

macro_rules! assert_blamed {
    ($($future:expr),* $(,)?) => {$(
        let file = blamed($future);
        assert!(file.ends_with("locations.rs"), "{} blames {file}", stringify!($future));
    )*};
}

/// A connection with no room to write, and nothing to read.
fn full_streams() -> (TcpStream, TcpStream) {
    let (stream, peer) = pair().unwrap();
    while stream.try_write(&[0; 8192]).is_ok() {}
    (stream, peer.try_into().unwrap())
}

#[test]
fn an_operation_outside_a_reactor_blames_the_line_that_awaits_it() {
    bound();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (stream, _peer) = full_streams();
    let mut buf = [0; 8];
    assert_blamed!(
        listener.accept(),
        listener.readable(),
        stream.read(&mut buf),
        stream.read_vectored(&mut [std::io::IoSliceMut::new(&mut [0; 8])]),
        stream.read_exact(&mut buf),
        stream.peek(&mut buf),
        stream.readable(),
        stream.closed(),
        stream.write(b"pizza"),
        stream.write_vectored(&[std::io::IoSlice::new(b"pizza")]),
        stream.write_all(b"pizza"),
        stream.writable(),
        socket.recv(&mut buf),
        socket.recv_from(&mut buf),
        socket.peek(&mut buf),
        socket.peek_from(&mut buf),
        socket.readable(),
        socket.writable(),
        time::sleep(Duration::from_secs(1)),
        time::timeout(Duration::from_secs(1), pending::<()>()),
        time::interval_at(time::now() + Duration::from_secs(1), Duration::from_secs(1)).tick(),
        poll_fn(|cx| listener.poll_accept(cx)),
    );
}

#[cfg(target_os = "linux")]
#[test]
fn so_does_a_connection() {
    bound();
    let (listener, _waiting) = full_listener().unwrap();
    let hangs = listener.local_addr().unwrap();
    assert_blamed!(TcpStream::connect(hangs), TcpStream::connect([hangs, hangs]));
}

#[cfg(unix)]
#[test]
fn so_do_unix_sockets_and_any_other_source() {
    use pizzaiolo::{
        Async,
        net::{UnixDatagram, UnixListener},
    };
    use std::io::Read;

    bound();
    let path = socket_path("blame");
    let listener = UnixListener::bind(&path).unwrap();
    let (socket, peer) = UnixDatagram::pair().unwrap();
    while socket.try_send(b"pizza").is_ok() {}
    let (_sender, receiver) = mio::unix::pipe::new().unwrap();
    let mut source = Async::from_fd(receiver);
    let mut buf = [0; 8];
    assert_blamed!(
        listener.accept(),
        listener.readable(),
        socket.send(b"pizza"),
        socket.recv(&mut buf),
        socket.recv_from(&mut buf),
        socket.readable(),
        peer.writable(),
        source.readable(),
        source.writable(),
        source.read_with(|mut pipe| pipe.read(&mut [0])),
        source.read_with_mut(|pipe| pipe.read(&mut [0])),
        source.priority(),
        source.error(),
        poll_fn(|cx| source.poll_readable(cx)),
        poll_fn(|cx| source.poll_writable(cx)),
    );
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_handle_that_is_polled_too_often_blames_who_polls_it() {
    let executor = Executor::new().unwrap();
    let (mut local, mut remote) = (executor.spawn(async {}), executor.handle().spawn(async {}));
    executor.run();
    assert!(poll_once(&mut local).is_ready() && poll_once(&mut remote).is_ready());
    let cx = &mut Context::from_waker(Waker::noop());
    let (_, file) = panic_of(|| std::pin::Pin::new(&mut local).poll(cx).is_ready());
    assert!(file.ends_with("locations.rs"), "{file}");
    let cx = &mut Context::from_waker(Waker::noop());
    let (_, file) = panic_of(|| std::pin::Pin::new(&mut remote).poll(cx).is_ready());
    assert!(file.ends_with("locations.rs"), "{file}");
}

#[test]
fn a_deadlock_blames_the_call_that_runs_the_executor() {
    let executor = Executor::new().unwrap();
    executor.spawn(pending::<()>()).detach();
    let deadlocks = [
        panic_of(|| block_on(pending::<()>())),
        panic_of(|| executor.block_on(pending::<()>())),
        panic_of(|| executor.run()),
    ];
    for (message, file) in deadlocks {
        assert!(message.starts_with("deadlock"), "{message}");
        assert!(file.ends_with("locations.rs"), "{file}");
    }
}
