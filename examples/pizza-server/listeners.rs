//! One listener for each thread, all at the same address.

use std::{io, net::TcpListener};

use socket2::{Domain, SockRef, Socket, Type};

/// How many connections may wait to be accepted; the OS may allow fewer. A client that finds the
/// queue full tries again after a second, and std's queue of 128 is full within milliseconds.
const BACKLOG: i32 = 4096;

/// Creates `count` listeners. The OS distributes the connections among them.
pub(crate) fn bind(addr: &str, count: usize) -> io::Result<Vec<TcpListener>> {
    let listener = TcpListener::bind(addr)?;
    if count == 1 {
        // This changes the length of the queue of a socket that listens.
        SockRef::from(&listener).listen(BACKLOG)?;
        return Ok(vec![listener]);
    }
    // Listeners that share an address would share it with another server too, without an error. So
    // one has had it alone first.
    let addr = listener.local_addr()?;
    drop(listener);
    let shared = |_| {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
        #[cfg(unix)]
        {
            socket.set_reuse_address(true)?;
            socket.set_reuse_port(true)?;
        }
        socket.bind(&addr.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    (0..count).map(shared).collect()
}
