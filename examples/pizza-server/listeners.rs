//! Where clients come in: one listener for each thread, all at the same address.

use std::{io, net::TcpListener};

use socket2::{Domain, SockRef, Socket, Type};

/// How many connections may wait to be accepted; the OS may allow fewer. A client that finds the
/// queue full tries again after a second. std's 128 are full within milliseconds, if a crowd comes.
const BACKLOG: i32 = 4096;

/// Creates `count` listeners. The OS deals the connections out among them.
pub(crate) fn bind(addr: &str, count: usize) -> io::Result<Vec<TcpListener>> {
    let listener = TcpListener::bind(addr)?;
    if count == 1 {
        // To a socket that listens already, this sets the length of its queue.
        SockRef::from(&listener).listen(BACKLOG)?;
        return Ok(vec![listener]);
    }
    // An address that several share could be shared with another server, too, without an error.
    // So the first has had it for itself for a moment.
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
