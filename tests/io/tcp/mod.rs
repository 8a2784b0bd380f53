//! What TCP sockets promise, over real loopback connections: what holds for every kind, and what only TCP has.

#[path = "../listener.rs"]
mod listener;
#[path = "../stream/mod.rs"]
mod stream;

use std::net::{self, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};

use pizzaiolo::net::{TcpListener as Listener, TcpStream as Stream};

use self::stream::with_pair;
use crate::support::prelude::*;

type Addr = SocketAddr;

fn listen() -> io::Result<(Listener, Addr)> {
    let listener = Listener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

async fn connect(addr: &Addr) -> io::Result<Stream> {
    Stream::connect(addr).await
}

fn std_connect(addr: &Addr) -> io::Result<StdStream> {
    StdStream::connect(addr)
}

/// Closes the peer's end at once: TCP can do that with a reset instead of an orderly end.
fn cut(peer: StdStream) -> io::Result<()> {
    reset(peer)
}

/// Waits until so many bytes are there.
async fn arrived(stream: &Stream, len: usize) -> io::Result<()> {
    while stream.peek(&mut vec![0; len]).await? < len {
        stream.readable().await?;
    }
    Ok(())
}

#[test]
fn options_and_addresses_are_the_oss() {
    run(async || {
        let (listener, addr) = listen()?;
        assert_ne!(addr.port(), 0);
        listener.set_ttl(61)?;
        assert_eq!(listener.ttl()?, 61);
        assert!(listener.take_error()?.is_none());

        let stream = Stream::connect(addr).await?;
        let (conn, peer) = listener.accept().await?;
        assert_eq!((stream.local_addr()?, stream.peer_addr()?), (peer, addr));
        assert_eq!((conn.local_addr()?, conn.peer_addr()?), (addr, peer));
        for nodelay in [true, false] {
            stream.set_nodelay(nodelay)?;
            assert_eq!(stream.nodelay()?, nodelay);
        }
        stream.set_ttl(62)?;
        assert_eq!(stream.ttl()?, 62);
        assert!(stream.take_error()?.is_none());
        Ok(())
    });
}

/// On Windows a reset is no error of the socket: an operation returns it.
#[cfg(unix)]
#[test]
fn take_error_takes_the_error_out() {
    with_pair(async |stream, peer| {
        let readable = begun(stream.readable()).await;
        reset(peer)?;
        readable.await?;
        let error = stream.take_error()?.expect("it was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(stream.take_error()?.is_none());
        Ok(())
    });
}

#[test]
fn connect_tries_each_address_in_turn() {
    run(async || {
        let (refused, _bound) = refused()?;
        let (_listener, addr) = listen()?;
        let stream = Stream::connect(&[refused, addr][..]).await?;
        assert_eq!(stream.peer_addr()?, addr);

        let error = Stream::connect(&[refused, refused][..]).await;
        assert_eq!(error.map(drop).map_err(|e| e.kind()), Err(ErrorKind::ConnectionRefused));
        let nowhere: [SocketAddr; 0] = [];
        let error = Stream::connect(&nowhere[..]).await;
        assert_eq!(error.map(drop).map_err(|e| e.kind()), Err(ErrorKind::InvalidInput));
        Ok(())
    });
}

#[test]
fn bind_says_why_an_address_cannot_be_had() {
    run(async || {
        let listener = Listener::bind("127.0.0.1:0")?;
        let error = Listener::bind(listener.local_addr()?).expect_err("it is in use");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        // From an address that is for documentation only.
        let error = Listener::bind("192.0.2.1:0").expect_err("it is not ours");
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        Ok(())
    });
}

#[test]
#[cfg(unix)]
fn a_socket_shows_its_descriptor() {
    use std::os::fd::{AsFd, AsRawFd};

    with_pair(async |stream, _peer| {
        assert_eq!(stream.as_fd().as_raw_fd(), stream.as_raw_fd());
        let number = stream.as_raw_fd();
        assert_eq!(StdStream::try_from(stream)?.as_raw_fd(), number);

        let listener = Listener::bind("127.0.0.1:0")?;
        assert_eq!(listener.as_fd().as_raw_fd(), listener.as_raw_fd());
        Ok(())
    });
}

/// Most clients need some time until they send something. So an accepted stream registers before its
/// first read, without a try, and a connection costs the same calls whatever its client does.
#[test]
fn an_accepted_stream_registers_before_its_first_read_and_writes_at_once() {
    run(async || {
        let listener = Listener::bind("127.0.0.1:0")?;
        let mut client = StdStream::connect(listener.local_addr()?)?;
        client.write_all(b"2")?;
        let (stream, _) = listener.accept().await?;
        assert!(poll_here(stream.write(b"!")).await.is_ready());
        let mut byte = [0];
        let read = begun(stream.read(&mut byte)).await;
        assert_eq!(read.await?, 1, "what was there is not lost");
        Ok(())
    });
}

/// The same row (tokio's `scheduled_io`), with another reason for a short read: a read stops
/// before a byte that was sent out of band, though there is more behind it.
#[test]
#[cfg(target_os = "linux")]
fn what_comes_after_a_byte_out_of_band_is_read() {
    with_pair(async |stream, mut peer| {
        let mut buf = [0; 1024];
        assert!(poll_here(stream.read(&mut buf)).await.is_pending());
        peer.write_all(b"before")?;
        socket2::SockRef::from(&peer).send_out_of_band(b"!")?;
        peer.write_all(b"after")?;
        let mut all = Vec::new();
        while all.len() < b"beforeafter".len() {
            let len = stream.read(&mut buf).await?;
            all.extend_from_slice(&buf[..len]);
        }
        assert_eq!(all, b"beforeafter");
        Ok(())
    });
}

/// Row "writable is taken for connected" (mio#1942, async-io#21).
#[test]
fn a_refused_port_is_connection_refused() {
    run(async || {
        for _ in 0..100 {
            let (refused, _bound) = refused()?;
            let error = Stream::connect(refused).await.expect_err("no socket listens");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        }
        Ok(())
    });
}

/// Row "writable is taken for connected" (mio#1942, async-io#21).
#[test]
fn a_thousand_loopback_connects_succeed() {
    run(async || {
        let (listener, addr) = listen()?;
        let server = spawn(async move {
            for _ in 0..1_000 {
                let (conn, peer) = listener.accept().await?;
                conn.write_all(peer.to_string().as_bytes()).await?;
            }
            io::Result::Ok(())
        });
        for _ in 0..1_000 {
            let stream = Stream::connect(addr).await?;
            assert_eq!(stream.peer_addr()?, addr);
            let mut greeting = [0; 64];
            let len = stream.read(&mut greeting).await?;
            assert_eq!(greeting[..len], *stream.local_addr()?.to_string().as_bytes());
        }
        server.await?
    });
}

/// Row "writable is taken for connected" (mio#1942, async-io#21): a connect that the peer does not
/// answer yet waits, and then it is connected.
#[test]
#[cfg(target_os = "linux")]
fn a_connect_that_is_not_answered_yet_waits() {
    run(async || {
        let (listener, _waiting) = full_listener()?;
        let addr = listener.local_addr()?;
        let mut connect = pin!(Stream::connect(addr));
        for _ in 0..10 {
            assert!(poll_here(connect.as_mut()).await.is_pending());
        }
        let (_first, _) = listener.accept()?;
        let (_second, _) = listener.accept()?;
        // There is room now; the OS asks again after a second.
        let stream = connect.await?;
        let (mut peer, _) = listener.accept()?;
        stream.write_all(b"!").await?;
        assert_eq!(peer.read(&mut [0; 8])?, 1);
        Ok(())
    });
}

/// Row "a peer's RST kills the server" (the Python original: one reset ends the whole loop).
#[test]
fn a_reset_ends_one_connection_only() {
    with_pair(async |reading, peer| {
        let (writing, writings_peer) = narrow_pair()?;
        let (healthy, mut healthy_peer) = pair()?;
        stream::fill(&writing).await?;
        let reader = spawn(async move { reading.read(&mut [0; 8]).await });
        let writer = spawn(async move { writing.write(b"!").await });
        let other = spawn(async move { healthy.read(&mut [0; 8]).await });
        yield_now().await;
        reset(peer)?;
        reset(writings_peer)?;
        let error = reader.await?.expect_err("it was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let error = writer.await?.expect_err("it was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        healthy_peer.write_all(b"!")?;
        assert_eq!(other.await??, 1, "the others never notice");
        Ok(())
    });
}

/// An urgent byte that is not read makes the socket readable; only its end makes it closed.
#[test]
#[cfg(target_os = "linux")]
fn closed_waits_for_the_end_beside_an_urgent_byte() {
    with_pair(async |stream, peer| {
        let mut closed = begun(stream.closed()).await;
        socket2::SockRef::from(&peer).send_out_of_band(b"!")?;
        // It is readable now.
        stream.readable().await?;
        assert!(poll_here(closed.as_mut()).await.is_pending());
        drop(peer);
        closed.await?;
        Ok(())
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_dropped_connect_closes_what_it_began() {
    run(async || {
        let (listener, waiting) = full_listener()?;
        let addr = listener.local_addr()?;
        begin_and_drop(Stream::connect(addr));
        // Those that were in the queue, and no others.
        for client in waiting {
            let (_, peer) = listener.accept()?;
            assert_eq!(peer, client.local_addr()?);
        }
        let client = Stream::connect(addr).await?;
        let (_, peer) = listener.accept()?;
        assert_eq!(peer, client.local_addr()?);
        Ok(())
    });
}

#[test]
fn closed_ends_when_the_connection_is_reset() {
    with_pair(async |stream, peer| {
        let closed = begun(stream.closed()).await;
        let peer = socket2::Socket::from(peer);
        peer.set_linger(Some(std::time::Duration::ZERO))?;
        drop(peer);
        closed.await?;
        let error = stream.read(&mut [0; 64]).await.expect_err("it was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        Ok(())
    });
}

#[test]
#[cfg(feature = "futures-io")]
fn close_is_no_error_when_the_peer_is_gone() {
    with_pair(async |mut stream, peer| {
        reset(peer)?;
        stream.closed().await?;
        // Windows finds nothing wrong with that.
        if cfg!(not(windows)) {
            let error = stream.shutdown(net::Shutdown::Write).expect_err("it was reset");
            assert_eq!(error.kind(), ErrorKind::NotConnected);
        }
        futures_util::AsyncWriteExt::close(&mut stream).await
    });
}

#[test]
fn peek_leaves_the_bytes_in_the_socket() {
    with_pair(async |stream, mut peer| {
        let mut buf = [0; 8];
        {
            let look = begun(stream.peek(&mut buf)).await;
            peer.write_all(b"bytes")?;
            assert_eq!(look.await?, 5);
        }
        assert_eq!(stream.peek(&mut buf[..2]).await?, 2);
        assert_eq!(stream.read(&mut buf).await?, 5);
        assert_eq!(&buf[..5], b"bytes");
        drop(peer);
        assert_eq!(stream.peek(&mut buf).await?, 0, "the end can be peeked at");
        Ok(())
    });
}

#[test]
fn the_halves_of_a_stream_try_too_and_the_one_that_reads_peeks() {
    run(async || {
        let (client, server) = stream::own_pair()?;
        let ((reads, _keep), (_, writes)) = (server.into_split(), client.into_split());
        let mut buf = [0; 8];
        assert_eq!(reads.try_read(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(writes.try_write(b"dough")?, 5);
        for _ in 0..2 {
            assert_eq!(reads.peek(&mut buf).await?, 5);
        }
        assert_eq!(reads.peek(&mut []).await?, 0);
        assert_eq!(reads.try_read(&mut buf)?, 5);
        Ok(())
    });
}

#[test]
fn a_dropped_peek_leaves_nothing_behind() {
    with_pair(async |stream, mut peer| {
        begin_and_drop(stream.peek(&mut [0; 8]));
        peer.write_all(b"!")?;
        assert_eq!(stream.peek(&mut [0; 8]).await?, 1);
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        Ok(())
    });
}

#[test]
fn a_socket_that_never_has_to_wait_never_registers() {
    let (listener, addr) = listen().expect("a place");
    let mut client = StdStream::connect(addr).expect("it listens");
    client.write_all(b"one two").expect("there is room");
    // Each operation under an executor of its own.
    let (executors, events): (Vec<_>, Vec<_>) = (0..5).map(|_| watched()).unzip();
    let (conn, _) = executors[0].block_on(listener.accept()).expect("it is there already");
    // An accepted stream registers when it is first read, so this one is made of std's.
    let conn = StdStream::try_from(conn).expect("it is not registered");
    let conn = Stream::try_from(conn).expect("it is a socket");
    let mut buf = [0; 3];
    executors[1].block_on(conn.peek(&mut buf)).expect("it is there already");
    executors[2].block_on(conn.read_exact(&mut buf)).expect("it is there already");
    executors[3].block_on(conn.read_exact(&mut buf)).expect("it is there already");
    executors[4].block_on(conn.write_all(b"done")).expect("there is room");
    assert_eq!(client.read(&mut [0; 8]).expect("the answer"), 4);
    assert!(events.iter().all(|events| events.registered().is_empty()));

    // And outside any executor.
    assert!(matches!(poll_once(conn.write(b"!")), Poll::Ready(Ok(1))));
}

/// On a Unix socket it says nothing: a message with a descriptor ends a read, too. And on other systems
/// the rule does not hold.
#[cfg(target_os = "linux")]
#[test]
fn a_short_read_says_that_there_is_nothing_more() {
    with_pair(async |stream, mut peer| {
        assert!(poll_here(stream.readable()).await.is_pending());
        peer.write_all(b"!")?;
        stream.readable().await?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        assert!(poll_here(stream.readable()).await.is_pending());
        Ok(())
    });
}
