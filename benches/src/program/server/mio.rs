//! By hand on mio: the floor, what is left of a server when there is no runtime at all.
//!
//! A slab of connections and one loop over mio's events. A read that is shorter than its buffer
//! has emptied the socket, and the edge-triggered poll will tell of more; [`Reads::Drain`] asks
//! once more nevertheless. A client that doesn't take its replies loses its connection: a server
//! for everyday use would keep them.

use std::io::{self, ErrorKind, Read, Write};
use std::net;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use pizzaiolo_benches::order::{ORDER_CAPACITY, Reply};

/// The listener's; a connection's is its place in the slab.
const LISTENER: Token = Token(usize::MAX);

/// When the server stops reading from a socket.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Reads {
    /// After a read that did not fill the buffer.
    TrustShort,
    /// When the kernel says that it would block.
    Drain,
}

pub(crate) fn run(listener: net::TcpListener, nodelay: bool, reads: Reads) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::from_std(listener);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections = Connections::default();
    let mut events = Events::with_capacity(1024);
    let mut order = [0; ORDER_CAPACITY];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            if event.token() == LISTENER {
                connections.accept(&listener, poll.registry(), nodelay)?;
                continue;
            }
            let place = event.token().0;
            if let Some(stream) = &mut connections.slab[place] {
                // A short read does not report an end that the same event has reported already.
                let drain = reads == Reads::Drain || event.is_read_closed();
                match serve(stream, &mut order, drain) {
                    Ok(Connection::Open) => {}
                    Ok(Connection::Ended) | Err(_) => connections.close(place),
                }
            }
        }
    }
}

/// What became of a connection.
enum Connection {
    Open,
    Ended,
}

/// Serves the orders that are there.
fn serve(stream: &mut TcpStream, order: &mut [u8], drain: bool) -> io::Result<Connection> {
    loop {
        let length = match stream.read(order) {
            Ok(0) => return Ok(Connection::Ended),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Connection::Open),
            Err(error) => return Err(error),
        };
        stream.write_all(Reply::to(&order[..length]).as_bytes())?;
        super::order_served();
        if !drain && length < order.len() {
            return Ok(Connection::Open);
        }
    }
}

/// The open connections, each in a place that its token names.
#[derive(Default)]
struct Connections {
    slab: Vec<Option<TcpStream>>,
    free: Vec<usize>,
}

impl Connections {
    /// Takes every client that waits.
    fn accept(
        &mut self,
        listener: &TcpListener,
        registry: &Registry,
        nodelay: bool,
    ) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            if nodelay {
                stream.set_nodelay(true)?;
            }
            let place = self.free.pop().unwrap_or_else(|| {
                self.slab.push(None);
                self.slab.len() - 1
            });
            registry.register(&mut stream, Token(place), Interest::READABLE)?;
            self.slab[place] = Some(stream);
        }
    }

    /// Closing the descriptor takes it out of epoll as well.
    fn close(&mut self, place: usize) {
        self.slab[place] = None;
        self.free.push(place);
        super::connection_ended();
    }
}
