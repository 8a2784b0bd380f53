//! Clients that order from a server, each in a closed loop: the next order follows the reply.
//!
//! One thread drives them all on mio's poll. Every reply is compared with the right one.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{self, SocketAddr};
use std::thread;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::order::Reply;

/// A server that is silent for so long has lost an order, or a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// So many clients connect in a row, then the last of them makes an order: its reply says that all
/// are accepted. The kernel would drop those for which the server's queue has no room.
const CROWD: usize = 100;

/// Connected clients, none of them with an order under way.
#[derive(Debug)]
pub struct Load {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
}

/// One client and the order that it waits for.
#[derive(Debug)]
struct Client {
    stream: TcpStream,
    token: Token,
    /// How many pizzas it orders next: each order differs from the last.
    pizzas: i64,
    /// An order is under way. A client without one doesn't care if the server has stopped.
    waits: bool,
    /// What of the reply is here already.
    reply: [u8; 64],
    received: usize,
}

impl Load {
    /// Connects `clients` clients.
    ///
    /// # Errors
    ///
    /// When one can't connect.
    pub fn connect(address: SocketAddr, clients: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let events = Events::with_capacity(1024);
        let mut load = Load { poll, events, clients: Vec::with_capacity(clients) };
        for place in 0..clients {
            load.clients.push(Client::new(address, load.poll.registry(), Token(place))?);
            if place % CROWD == CROWD - 1 {
                load.clients[place].send()?;
                load.collect(1, |_, _| Ok(()))?;
            }
        }
        Ok(load)
    }

    /// How many orders it took to connect so many clients.
    #[must_use]
    pub fn orders_to_connect(clients: usize) -> usize {
        clients / CROWD
    }

    /// Makes so many orders in all, with every client at it, and collects their replies.
    ///
    /// # Errors
    ///
    /// When a connection fails, a reply is wrong, or a server falls silent.
    pub fn order(&mut self, orders: usize) -> io::Result<()> {
        self.drive(orders, |_, _| Ok(()))
    }

    /// Makes so many orders in all, each over a connection of its own that is closed after it.
    ///
    /// # Errors
    ///
    /// As [`Load::order`].
    pub fn come_and_go(&mut self, address: SocketAddr, connections: usize) -> io::Result<()> {
        self.drive(connections, |client, registry| client.reconnect(address, registry))
    }

    /// Lets the clients make so many orders; each is made ready before it orders again.
    fn drive(
        &mut self,
        orders: usize,
        mut make_ready: impl FnMut(&mut Client, &Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut to_send = orders;
        for client in self.clients.iter_mut().take(orders) {
            client.send()?;
            to_send -= 1;
        }
        self.collect(orders, |client, registry| {
            if to_send > 0 {
                make_ready(client, registry)?;
                client.send()?;
                to_send -= 1;
            }
            Ok(())
        })
    }

    /// Collects this many replies, and reports each.
    fn collect(
        &mut self,
        mut replies: usize,
        mut on_reply: impl FnMut(&mut Client, &Registry) -> io::Result<()>,
    ) -> io::Result<()> {
        while replies > 0 {
            wait(&mut self.poll, &mut self.events)?;
            for event in &self.events {
                let client = &mut self.clients[event.token().0];
                if client.receive()? {
                    replies -= 1;
                    on_reply(client, self.poll.registry())?;
                }
            }
        }
        Ok(())
    }

    /// Makes so many orders by clients that think for `pause` before the next: a server that looks
    /// for one right after its reply finds none. They all order at once, so that the server
    /// still learns of many in one wait.
    ///
    /// # Errors
    ///
    /// As [`Load::order`].
    pub fn order_slowly(&mut self, orders: usize, pause: Duration) -> io::Result<()> {
        let mut left = orders;
        while left > 0 {
            let round = left.min(self.clients.len());
            self.order(round)?;
            left -= round;
            thread::sleep(pause);
        }
        Ok(())
    }
}

impl Client {
    fn new(address: SocketAddr, registry: &Registry, token: Token) -> io::Result<Self> {
        let stream = connect(address, registry, token)?;
        let pizzas = i64::try_from(token.0).expect("clients are counted in thousands");
        Ok(Client { stream, token, pizzas, waits: false, reply: [0; 64], received: 0 })
    }

    fn reconnect(&mut self, address: SocketAddr, registry: &Registry) -> io::Result<()> {
        self.stream = connect(address, registry, self.token)?;
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        let mut order = [0; 32];
        let mut free = &mut order[..];
        writeln!(free, "{}", self.pizzas)?;
        let length = 32 - free.len();
        self.waits = true;
        self.stream.write_all(&order[..length])
    }

    /// Takes what is there of the reply; whether it is whole now.
    fn receive(&mut self) -> io::Result<bool> {
        if !self.waits {
            return Ok(false);
        }
        match self.stream.read(&mut self.reply[self.received..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => self.received += read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        let reply = &self.reply[..self.received];
        if !reply.ends_with(b"\n") {
            return Ok(false);
        }
        if reply != Reply::thanks(self.pizzas).as_bytes() {
            let reply = String::from_utf8_lossy(reply);
            let message = format!("{} pizzas were ordered: {reply:?}", self.pizzas);
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        self.waits = false;
        self.received = 0;
        self.pizzas += 1;
        Ok(true)
    }
}

/// Waits for replies.
pub(crate) fn wait(poll: &mut Poll, events: &mut Events) -> io::Result<()> {
    loop {
        match poll.poll(events, Some(PATIENCE)) {
            Ok(()) if events.is_empty() => {
                return Err(io::Error::new(ErrorKind::TimedOut, "the server does not reply"));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Connects a client, which learns of replies through this registry.
pub(crate) fn connect(
    address: SocketAddr,
    registry: &Registry,
    token: Token,
) -> io::Result<TcpStream> {
    // Blocking is quickest on loopback, where the kernel answers at once.
    let stream = net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    registry.register(&mut stream, token, Interest::READABLE)?;
    Ok(stream)
}
