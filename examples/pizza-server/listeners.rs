//! Where clients come in: one listener for each thread, all at the same address.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, SockRef, Socket, Type};

/// How many connections may wait to be accepted; the OS may allow fewer. Who comes when the queue
/// is full tries again after a second, and then after two more. std's 128 are full within a few
/// milliseconds, if a crowd comes.
const BACKLOG: i32 = 4096;

/// Creates `count` listeners. The OS deals the connections out among them.
///
/// # Errors
///
/// The OS's, if the address cannot be had; and on platforms that have no `SO_REUSEPORT`, if there
/// is more than one to create.
pub(crate) fn bind(addr: &str, count: usize) -> io::Result<Vec<TcpListener>> {
    let listener = TcpListener::bind(addr)?;
    if count == 1 {
        // To a socket that listens already, this sets the length of its queue.
        SockRef::from(&listener).listen(BACKLOG)?;
        return Ok(vec![listener]);
    }
    // An address that several can share could also be shared with another server, which happens to
    // run, without an error. So the first has had it for itself for a moment.
    let addr = listener.local_addr()?;
    drop(listener);
    (0..count).map(|_| shared(addr)).collect()
}

fn shared(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    // As std does it, so that the address of a server that has just ended can be had.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    share_port(&socket)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(unix)]
fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(unix))]
fn share_port(_: &Socket) -> io::Result<()> {
    Err(io::Error::other("this platform has no SO_REUSEPORT: take one thread"))
}
