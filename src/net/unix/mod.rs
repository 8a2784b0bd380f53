//! Sockets with a path in place of an address, for processes on one machine.

mod datagram;
mod listener;
mod stream;

pub use self::{
    datagram::UnixDatagram,
    listener::{UnixIncoming, UnixIntoIncoming, UnixListener},
    stream::UnixStream,
};

use std::os::unix::net::SocketAddr;

/// The path of a socket, as a text for people: ` at /tmp/pizza.sock`, say, or nothing if it has no
/// path.
#[inline]
fn path_of(addr: std::io::Result<SocketAddr>, preposition: &str) -> String {
    let addr = addr.ok();
    let path = addr.as_ref().and_then(SocketAddr::as_pathname);
    path.map(|path| format!(" {preposition} {}", path.display())).unwrap_or_default()
}
