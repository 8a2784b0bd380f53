//! A web server that says hello, and clients that ask it in a closed loop.
//!
//! One thread drives the clients on mio's poll. Each keeps its connection, and checks every reply.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Events, Poll, Token};

use crate::load;

/// Every kind that the `web` program knows.
pub const KINDS: [&str; 5] = ["pizzaiolo", "tokio", "tokio-local", "tokio-localset", "smol"];

/// The body of every reply.
pub const BODY: &str = "Hello, world!";

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Connected clients, none of them with a request under way.
#[derive(Debug)]
pub struct Load {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
}

impl Load {
    /// Connects `clients` clients, at most as many as the server's queue takes.
    ///
    /// # Errors
    ///
    /// When one can't connect.
    pub fn connect(address: SocketAddr, clients: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let clients = (0..clients).map(|place| {
            let stream = load::connect(address, poll.registry(), Token(place))?;
            Ok(Client { stream, waits: false, reply: [0; 256], received: 0 })
        });
        let clients = clients.collect::<io::Result<_>>()?;
        Ok(Load { poll, events: Events::with_capacity(1024), clients })
    }

    /// Makes so many requests in all, with every client at it, and collects their replies.
    ///
    /// # Errors
    ///
    /// When a connection fails, a reply is wrong, or a server falls silent.
    pub fn request(&mut self, requests: usize) -> io::Result<()> {
        let mut to_send = requests;
        for client in self.clients.iter_mut().take(requests) {
            client.send()?;
            to_send -= 1;
        }
        let mut replies = requests;
        while replies > 0 {
            load::wait(&mut self.poll, &mut self.events)?;
            for event in &self.events {
                let client = &mut self.clients[event.token().0];
                if !client.receive()? {
                    continue;
                }
                replies -= 1;
                if to_send > 0 {
                    client.send()?;
                    to_send -= 1;
                }
            }
        }
        Ok(())
    }
}

/// One client and the request that it waits for.
#[derive(Debug)]
struct Client {
    stream: TcpStream,
    /// A request is under way.
    waits: bool,
    /// What of the reply is here already.
    reply: [u8; 256],
    received: usize,
}

impl Client {
    fn send(&mut self) -> io::Result<()> {
        self.waits = true;
        self.stream.write_all(REQUEST)
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
        if !reply.ends_with(BODY.as_bytes()) {
            return Ok(false);
        }
        if !reply.starts_with(b"HTTP/1.1 200 OK\r\n") {
            let message = String::from_utf8_lossy(reply).into_owned();
            return Err(io::Error::new(ErrorKind::InvalidData, message));
        }
        self.waits = false;
        self.received = 0;
        Ok(true)
    }
}
