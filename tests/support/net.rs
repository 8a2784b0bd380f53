//! Connections, and what makes them slow, full or broken.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use pizzaiolo::{Async, net};
use socket2::{Domain, SockRef, Socket, Type};

/// A connection, both ends std's and blocking.
pub(crate) fn std_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let stream = TcpStream::connect(listener.local_addr()?)?;
    let (peer, _) = listener.accept()?;
    Ok((stream, peer))
}

/// A connection; the peer is std's, and blocking.
pub(crate) fn pair() -> io::Result<(net::TcpStream, TcpStream)> {
    let (stream, peer) = std_pair()?;
    Ok((stream.try_into()?, peer))
}

/// Two sockets of std that are connected; the first does not block.
#[cfg(unix)]
pub(crate) fn unix_pair() -> (UnixStream, UnixStream) {
    let (ours, peer) = UnixStream::pair().expect("the OS has descriptors");
    ours.set_nonblocking(true).expect("it is a socket");
    (ours, peer)
}

/// Reads all that comes until the end.
pub(crate) fn rest(mut peer: impl io::Read) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    peer.read_to_end(&mut all).map(|_| all)
}

/// The same with an async function that reads.
pub(crate) async fn rest_of(
    mut read: impl AsyncFnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<Vec<u8>> {
    let (mut all, mut buf) = (Vec::new(), vec![0; 4096]);
    loop {
        match read(&mut buf).await? {
            0 => return Ok(all),
            len => all.extend_from_slice(&buf[..len]),
        }
    }
}

/// Reads all that comes until the end, on a thread.
pub(crate) fn read_all(
    peer: impl io::Read + Send + 'static,
) -> thread::JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || rest(peer))
}

/// A connection as of [`pair`], with small buffers on the way to the peer, so that they are soon full.
pub(crate) fn narrow_pair() -> io::Result<(net::TcpStream, TcpStream)> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // The peer inherits it.
    listener.set_recv_buffer_size(4096)?;
    listener.bind(&any_port().into())?;
    listener.listen(1)?;
    let stream = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    stream.set_send_buffer_size(4096)?;
    stream.connect(&listener.local_addr()?)?;
    let (peer, _) = listener.accept()?;
    Ok((TcpStream::from(stream).try_into()?, peer.into()))
}

/// Whether an operation that was tried would have to wait.
pub(crate) fn would_block<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// A source of mio's to which nothing is ever sent.
pub(crate) fn silent_source() -> Async<mio::net::UdpSocket> {
    let socket = mio::net::UdpSocket::bind(any_port()).expect("loopback");
    Async::new(socket).expect("it can be registered")
}

/// An address of this machine whose port the OS chooses.
pub(crate) fn any_port() -> std::net::SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// Closes a connection with a reset instead of an orderly end.
pub(crate) fn reset(peer: TcpStream) -> io::Result<()> {
    SockRef::from(&peer).set_linger(Some(Duration::ZERO))?;
    drop(peer);
    Ok(())
}

/// A listener whose queue is full, and the connections in it: Linux answers no further one, and so it hangs.
pub(crate) fn full_listener() -> io::Result<(TcpListener, [TcpStream; 2])> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.bind(&any_port().into())?;
    // Linux takes one more than it is asked for.
    listener.listen(1)?;
    let listener = TcpListener::from(listener);
    let addr = listener.local_addr()?;
    let waiting = [TcpStream::connect(addr)?, TcpStream::connect(addr)?];
    Ok((listener, waiting))
}

/// An address that refuses connections, and the socket that keeps its port from all other sockets: it is
/// bound, and does not listen.
pub(crate) fn refused() -> io::Result<(SocketAddr, Socket)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&any_port().into())?;
    Ok((socket.local_addr()?.as_socket().expect("it is one of the internet"), socket))
}

/// Bytes that show if one is missing, doubled or in the wrong place.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..251).cycle().take(len).collect()
}

/// A path for a Unix socket of this process, free also if an earlier process of the same id was killed.
#[cfg(unix)]
pub(crate) fn socket_path(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("pizzaiolo-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}
