//! An address that hangs.
#![cfg(target_os = "linux")]

use std::{io, net::SocketAddr};

use socket2::{Domain, Socket, Type};

/// A listener whose queue is full: Linux answers no further connection, and so it hangs.
pub(crate) fn full_listener() -> io::Result<(Socket, Vec<Socket>, SocketAddr)> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    listener.listen(0)?;
    let addr = listener.local_addr()?.as_socket().expect("it has one");
    let mut clients = Vec::new();
    // One is in the queue, and those after it hang.
    for _ in 0..8 {
        let client = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        client.set_nonblocking(true)?;
        let _ = client.connect(&addr.into());
        clients.push(client);
    }
    Ok((listener, clients, addr))
}
