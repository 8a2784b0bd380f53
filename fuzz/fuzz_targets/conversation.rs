//! The pizza server's conversation, with a client in memory that does what the input says: it
//! speaks, says nothing for a while, resets the connection, is slow to listen; and at some moment
//! the server may close. Whatever comes, each order that was read has its reply, made of nothing
//! but the order, unless the client is gone; and no task panics or waits for ever.
#![no_main]

use std::{
    cell::{Cell, RefCell},
    io::{self, ErrorKind},
    net::{Ipv4Addr, Shutdown},
    rc::Rc,
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use pizzaiolo::{Executor, spawn, time::sleep};

#[allow(dead_code)]
#[path = "../../examples/pizza-server/connections.rs"]
mod connections;
#[path = "../../tests/pizza_server/meaning.rs"]
mod meaning;
#[allow(dead_code)]
#[path = "../../examples/pizza-server/server.rs"]
mod server;
#[path = "../../examples/pizza-server/sockets.rs"]
mod sockets;

use connections::{Connections, Freed, Place};
use meaning::reply_to;
use server::serve;
use sockets::Stream;

/// How long a client may idle.
const PATIENCE: Duration = Duration::from_secs(10);

fuzz_target!(|script: &[u8]| {
    thread_local! {
        // On a paused clock, which jumps, no time is spent. And one that waits for ever panics.
        static EXECUTOR: Executor = Executor::builder().paused_clock(true).build().unwrap();
    }
    EXECUTOR.with(|executor| executor.block_on(run(script.to_vec())));
});

async fn run(script: Vec<u8>) {
    let connections = Rc::new(Connections::new(1, Some(PATIENCE), Freed::default()));
    let place = connections.place().await;
    let client = Rc::new(Client::new(script, Rc::clone(&connections)));
    let talk = |client: Rc<Client>, mut place: Place| async move {
        serve(&mut place, &*client, (Ipv4Addr::LOCALHOST, 1).into()).await
    };
    let result = spawn(talk(Rc::clone(&client), place)).await.expect("no panic");

    let (read, heard) = (client.read.take(), client.heard.take());
    let replies: String = read.iter().map(|order| reply_to(order)).collect();
    let heard = String::from_utf8(heard).expect("text");
    match (result, client.is_gone.get()) {
        // A client that is gone or does not listen has missed the last reply, or a part of it.
        (Err(error), true) => {
            assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::TimedOut));
            assert!(replies.starts_with(&heard));
            let missed = &replies[heard.len()..];
            assert!(missed.lines().count() <= 1, "{missed:?} was not said");
        }
        (Ok(()), false) => assert_eq!(heard, replies),
        (result, is_gone) => panic!("the client is gone: {is_gone}, and the result: {result:?}"),
    }
    assert!(!(client.has_ended.get() && client.hung_up.get()), "it had hung up itself");
}

struct Client {
    script: RefCell<std::vec::IntoIter<u8>>,
    connections: Rc<Connections>,
    /// What each read has brought.
    read: RefCell<Vec<Vec<u8>>>,
    heard: RefCell<Vec<u8>>,
    /// It has reset the connection, or does not listen any more.
    is_gone: Cell<bool>,
    has_ended: Cell<bool>,
    hung_up: Cell<bool>,
}

impl Client {
    fn new(script: Vec<u8>, connections: Rc<Connections>) -> Client {
        Client {
            script: RefCell::new(script.into_iter()),
            connections,
            read: RefCell::default(),
            heard: RefCell::default(),
            is_gone: Cell::new(false),
            has_ended: Cell::new(false),
            hung_up: Cell::new(false),
        }
    }

    fn next(&self) -> Option<u8> {
        self.script.borrow_mut().next()
    }

    fn seconds(&self) -> Duration {
        Duration::from_secs(u64::from(self.next().unwrap_or(0) % 16))
    }

    fn reset(&self) -> io::Error {
        self.is_gone.set(true);
        ErrorKind::ConnectionReset.into()
    }
}

impl Stream for Client {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        if self.hung_up.get() {
            // What it says from now on is thrown away.
            return Ok(0);
        }
        assert!(!self.has_ended.get() && !self.is_gone.get(), "the client is gone");
        loop {
            match self.next() {
                None => {
                    self.has_ended.set(true);
                    return Ok(0);
                }
                Some(0) => return Err(self.reset()),
                Some(1) => self.connections.close(),
                Some(2) => sleep(self.seconds()).await,
                // So many bytes; or a whole buffer of the same.
                Some(255) => {
                    buf.fill(self.next().unwrap_or(b'7'));
                    self.read.borrow_mut().push(buf.to_vec());
                    return Ok(buf.len());
                }
                Some(len) => {
                    let data: Vec<u8> =
                        self.script.borrow_mut().by_ref().take(usize::from(len) - 2).collect();
                    self.has_ended.set(data.is_empty());
                    buf[..data.len()].copy_from_slice(&data);
                    if !data.is_empty() {
                        self.read.borrow_mut().push(data.clone());
                    }
                    return Ok(data.len());
                }
            }
        }
    }

    async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        assert!(!self.is_gone.get(), "the client is gone");
        match self.next() {
            Some(0) => Err(self.reset()),
            Some(1) => {
                self.heard.borrow_mut().extend_from_slice(&buf[..buf.len() / 2]);
                Err(self.reset())
            }
            Some(2) => {
                self.connections.close();
                self.heard.borrow_mut().extend_from_slice(buf);
                Ok(())
            }
            Some(3) => {
                self.is_gone.set(true);
                sleep(self.seconds()).await;
                self.is_gone.set(false);
                self.heard.borrow_mut().extend_from_slice(buf);
                Ok(())
            }
            _ => {
                self.heard.borrow_mut().extend_from_slice(buf);
                Ok(())
            }
        }
    }

    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.hung_up.set(true);
        Ok(())
    }
}
