//! What Unix sockets promise, under a directory that each test has for itself: what holds for every kind, and
//! what only they have.
#![cfg(unix)]

#[cfg(target_os = "linux")]
mod abstract_addrs;
#[path = "../datagram.rs"]
mod datagram;
#[path = "../listener.rs"]
mod listener;
#[path = "../stream/mod.rs"]
mod stream;
#[cfg(feature = "futures-io")]
mod traits;

use std::{
    fs,
    net::Shutdown,
    os::unix::net::{
        self, UnixDatagram as StdDatagram, UnixListener as StdListener, UnixStream as StdStream,
    },
    path::PathBuf,
    sync::atomic::AtomicU32,
};

use pizzaiolo::net::{
    UnixDatagram, UnixDatagram as Datagram, UnixListener, UnixListener as Listener, UnixStream,
    UnixStream as Stream,
};

use crate::support::prelude::*;

/// An empty directory, removed at the end of its test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("pizzaiolo-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // An earlier process of the same id may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).expect("a directory of our own");
        Directory(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it is ours");
    }
}

/// The path of a socket, in a directory of its own.
#[derive(Clone)]
struct Addr(Arc<Directory>);

impl Addr {
    fn path(&self) -> PathBuf {
        self.0.join("pizza.sock")
    }
}

fn listen() -> io::Result<(Listener, Addr)> {
    let addr = Addr(Arc::new(Directory::new()));
    Ok((Listener::bind(addr.path())?, addr))
}

async fn connect(addr: &Addr) -> io::Result<Stream> {
    Stream::connect(addr.path()).await
}

fn std_connect(addr: &Addr) -> io::Result<StdStream> {
    StdStream::connect(addr.path())
}

fn std_pair() -> io::Result<(StdStream, StdStream)> {
    StdStream::pair()
}

/// A connection; the peer is std's, and blocking.
fn pair() -> io::Result<(Stream, StdStream)> {
    let (stream, peer) = std_pair()?;
    Ok((stream.try_into()?, peer))
}

/// The same, and its buffers are soon full.
fn narrow_pair() -> io::Result<(Stream, StdStream)> {
    let (stream, peer) = std_pair()?;
    socket2::SockRef::from(&stream).set_send_buffer_size(4096)?;
    Ok((stream.try_into()?, peer))
}

/// Closes the peer's end at once.
#[expect(clippy::unnecessary_wraps, reason = "TCP's can fail")]
fn cut(peer: StdStream) -> io::Result<()> {
    drop(peer);
    Ok(())
}

/// What was written is there.
async fn arrived(_: &Stream, _: usize) -> io::Result<()> {
    Ok(())
}

/// Two sockets, each the other's peer; one is std's.
fn datagram_pair() -> io::Result<(Datagram, StdDatagram)> {
    let (socket, peer) = StdDatagram::pair()?;
    Ok((socket.try_into()?, peer))
}

#[test]
fn a_client_connects_to_a_path_and_is_served() {
    run(async || {
        let (listener, addr) = listen()?;
        let path = addr.path();
        assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
        assert!(listener.take_error()?.is_none());
        let kitchen = spawn(async move {
            let (conn, peer) = listener.accept().await?;
            assert!(peer.is_unnamed());
            let mut order = [0; 13];
            conn.read_exact(&mut order).await?;
            conn.write_all(&order).await
        });
        yield_now().await;
        assert!(!kitchen.is_finished(), "it waits");

        let client = UnixStream::connect(&path).await?;
        assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
        assert!(client.local_addr()?.is_unnamed());
        client.write_all(b"2 margheritas").await?;
        let mut reply = [0; 64];
        let len = client.read(&mut reply).await?;
        assert_eq!(&reply[..len], b"2 margheritas");
        assert_eq!(client.read(&mut reply).await?, 0);
        kitchen.await?
    });
}

#[test]
fn who_does_not_listen_is_an_error_at_once() {
    run(async || {
        let directory = Directory::new();
        let path = directory.join("pizza.sock");
        let error = UnixStream::connect(&path).await.expect_err("there is nothing");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        drop(UnixListener::bind(&path)?);
        let error = UnixStream::connect(&path).await.expect_err("no socket listens any more");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = UnixListener::bind(&path).expect_err("its path is still there");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        Ok(())
    });
}

/// No event says when there is room, so a wait would never end.
#[test]
#[cfg(target_os = "linux")]
fn a_listener_whose_queue_is_full_is_an_error_at_once() {
    run(async || {
        let directory = Directory::new();
        let path = directory.join("pizza.sock");
        let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
        socket.bind(&socket2::SockAddr::unix(&path)?)?;
        socket.listen(1)?;
        let listener = UnixListener::try_from(net::UnixListener::from(socket))?;
        let mut clients = Vec::new();
        let error = loop {
            match UnixStream::connect(&path).await {
                Ok(client) => clients.push(client),
                Err(error) => break error,
            }
            assert!(clients.len() < 100, "the queue is full by now");
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        listener.accept().await?;
        UnixStream::connect(&path).await?;
        Ok(())
    });
}

/// A message with a descriptor ends a read though more follows: a short read on a Unix stream is
/// no sign that it is drained.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn a_message_with_a_descriptor_does_not_hide_the_next_one() {
    use std::os::fd::AsRawFd;

    /// `SCM_RIGHTS` with one descriptor: `struct cmsghdr` and its data.
    fn rights(descriptor: i32) -> Vec<u8> {
        const SOL_SOCKET: i32 = 1;
        const SCM_RIGHTS: i32 = 1;
        let mut message = 20_u64.to_ne_bytes().to_vec();
        message.extend(SOL_SOCKET.to_ne_bytes());
        message.extend(SCM_RIGHTS.to_ne_bytes());
        message.extend(descriptor.to_ne_bytes());
        message.resize(24, 0);
        message
    }

    run(async || {
        let (stream, peer) = pair()?;
        let mut buf = [0; 1024];
        // Only a socket that is registered remembers anything.
        assert!(poll_here(stream.read(&mut buf)).await.is_pending());
        let peer = socket2::Socket::from(peer);
        let control = rights(peer.as_raw_fd());
        let bufs = [io::IoSlice::new(b"with")];
        peer.sendmsg(&socket2::MsgHdr::new().with_buffers(&bufs).with_control(&control), 0)?;
        peer.send(b"without")?;
        assert_eq!(stream.read(&mut buf).await?, 4, "the OS ends the read here");
        assert_eq!(stream.read(&mut buf).await?, 7);
        Ok(())
    });
}

#[test]
fn datagrams_go_to_paths_and_tell_where_they_come_from() {
    run(async || {
        let directory = Directory::new();
        let (at_kitchen, at_table) = (directory.join("kitchen"), directory.join("table"));
        let (kitchen, table) = (UnixDatagram::bind(&at_kitchen)?, UnixDatagram::bind(&at_table)?);
        assert_eq!(kitchen.local_addr()?.as_pathname(), Some(at_kitchen.as_path()));
        assert_eq!(kitchen.peer_addr().expect_err("none").kind(), ErrorKind::NotConnected);

        let (mut buf, mut first) = ([0; 64], [0; 64]);
        let receive = begun(kitchen.recv_from(&mut first)).await;
        table.send_to(b"order", &at_kitchen).await?;
        let (len, from) = receive.await?;
        assert_eq!((len, from.as_pathname()), (5, Some(at_table.as_path())));

        let unbound = UnixDatagram::unbound()?;
        unbound.connect(&at_kitchen)?;
        assert_eq!(unbound.peer_addr()?.as_pathname(), Some(at_kitchen.as_path()));
        unbound.send(b"spam").await?;
        let (len, from) = kitchen.recv_from(&mut buf).await?;
        assert!(len == 4 && from.is_unnamed());

        let error =
            table.send_to(b"order", directory.join("unused")).await.expect_err("no socket has it");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(table.take_error()?.is_none());
        Ok(())
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "elsewhere a full queue is an error")]
fn send_waits_while_the_queue_of_the_peer_is_full() {
    run(async || {
        let directory = Directory::new();
        let path = directory.join("kitchen");
        let kitchen = UnixDatagram::bind(&path)?;
        let table = Rc::new(UnixDatagram::unbound()?);
        table.connect(&path)?;
        let mut sent = 0;
        while poll_here(table.send(b"order")).await.is_ready() {
            sent += 1;
        }
        let sender = spawn({
            let table = Rc::clone(&table);
            async move { table.send(b"one more").await }
        });
        yield_now().await;
        assert!(!sender.is_finished(), "it waits");
        let mut buf = [0; 64];
        for _ in 0..sent {
            assert_eq!(kitchen.recv(&mut buf).await?, 5);
        }
        assert_eq!(sender.await??, 8);
        assert_eq!(kitchen.recv(&mut buf).await?, 8);
        Ok(())
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "elsewhere a full queue is an error")]
fn a_dropped_send_has_sent_nothing() {
    cancelled_at_each_await(async |cancel| {
        let directory = Directory::new();
        let path = directory.join("kitchen");
        let kitchen = UnixDatagram::bind(&path)?;
        let table = UnixDatagram::unbound()?;
        table.connect(&path)?;
        while table.try_send(b"order").is_ok() {}
        begin_and_drop(table.send(b"never"));
        let receives = spawn(async move {
            yield_now().await;
            let mut buf = [0; 8];
            while kitchen.recv(&mut buf).await? == 5 {
                assert_eq!(&buf[..5], b"order");
            }
            assert_eq!(buf[0], b'?');
            io::Result::Ok(kitchen.try_recv(&mut buf).ok())
        });
        again(cancel, async || table.send(b"?").await).await?;
        assert_eq!(receives.await??, None, "it was sent once");
        Ok(())
    });
}

/// Fills the queue at a path: each datagram from another socket, whose own buffer could be full before.
#[cfg(target_os = "linux")]
fn fill_queue(path: &std::path::Path) -> io::Result<()> {
    loop {
        let sent = UnixDatagram::unbound()?.try_send_to(b"order", path);
        if would_block(sent) {
            return Ok(());
        }
    }
}

/// No event says when there is room, so a wait would never end.
#[test]
#[cfg(target_os = "linux")]
fn send_to_a_queue_that_is_full_is_an_error_at_once() {
    run(async || {
        let directory = Directory::new();
        let (path, other) = (directory.join("kitchen"), directory.join("other"));
        let (kitchen, idle) = (UnixDatagram::bind(&path)?, UnixDatagram::bind(&other)?);
        let table = UnixDatagram::unbound()?;
        fill_queue(&path)?;
        let error = table.send_to(b"order", &path).await.expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        table.send_to(b"order", &other).await?;
        assert_eq!(idle.recv(&mut [0; 64]).await?, 5, "the others are not concerned");
        kitchen.recv(&mut [0; 64]).await?;
        table.send_to(b"order", &path).await?;
        Ok(())
    });
}

#[test]
fn a_datagram_socket_that_is_shut_down_is_an_error_for_who_sends() {
    run(async || {
        let (kitchen, table) = UnixDatagram::pair()?;
        table.writable().await?;
        let readable = begun(kitchen.readable()).await;
        kitchen.shutdown(Shutdown::Read)?;
        readable.await?;
        let error = table.send(b"order").await.expect_err("no socket reads it");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        Ok(())
    });
}

#[test]
fn a_datagram_that_is_tried_to_a_path_has_the_senders_address() {
    let directory = Directory::new();
    let (at_kitchen, at_table) = (directory.join("kitchen"), directory.join("table"));
    let kitchen = UnixDatagram::bind(&at_kitchen).expect("it is free");
    let table = UnixDatagram::bind(&at_table).expect("it is free");
    assert_eq!(table.try_send_to(b"order", &at_kitchen).expect("there is room"), 5);
    let mut buf = [0; 8];
    let (len, from) = kitchen.try_recv_from(&mut buf).expect("it is there");
    assert_eq!((&buf[..len], from.as_pathname()), (&b"order"[..], Some(at_table.as_path())));
}

/// And the OS would not say when there is room at that path: so the socket is still ready, for others.
#[test]
#[cfg(target_os = "linux")]
fn a_try_to_send_to_a_full_queue_would_block_and_keeps_nothing_from_the_others() {
    run(async || {
        let directory = Directory::new();
        let (path, other) = (directory.join("kitchen"), directory.join("other"));
        let (kitchen, idle) = (UnixDatagram::bind(&path)?, UnixDatagram::bind(&other)?);
        let (peer, table) = (UnixDatagram::unbound()?, UnixDatagram::unbound()?);
        table.writable().await?;
        fill_queue(&path)?;
        peer.connect(&path)?;
        assert!(would_block(peer.try_send(b"order")));
        assert!(would_block(table.try_send_to(b"order", &path)));
        assert!(poll_here(table.send_to(b"order", &other)).await.is_ready());
        assert_eq!(idle.try_recv(&mut [0; 8])?, 5);
        assert_eq!(kitchen.try_recv(&mut [0; 8])?, 5);
        assert_eq!(peer.try_send(b"order")?, 5);
        Ok(())
    });
}

#[test]
fn a_datagram_is_tried_to_a_path_that_is_not_there() {
    let error =
        UnixDatagram::unbound().unwrap().try_send_to(b"pizza", "/no/such/path").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[cfg(target_os = "linux")]
#[test]
fn a_unix_connection_shows_the_credentials_of_its_peer_through_its_descriptor() {
    run(async || {
        let (listener, addr) = listen()?;
        let client = connect(&addr).await?;
        let (server, _) = listener.accept().await?;
        for stream in [client, server] {
            let peer = rustix::net::sockopt::socket_peercred(&stream)?;
            assert_eq!(u32::try_from(peer.pid.as_raw_nonzero().get()), Ok(std::process::id()));
        }
        Ok(())
    });
}
