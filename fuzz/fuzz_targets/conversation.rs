//! The pizza server's conversation, with a client in memory that does what the input says: it
//! speaks, says nothing for a while, resets the connection, is slow to listen; and at some moment
//! the server may close. Whatever comes, each order that was read has its reply, made of nothing
//! but the order, unless the client is gone; and no task panics or waits for ever.
#![no_main]

use std::{
    cell::{Cell, RefCell},
    io::{self, ErrorKind},
    rc::Rc,
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use pizzaiolo::{Executor, spawn, time::sleep};

#[allow(dead_code)]
#[path = "../../examples/pizza-server/connections.rs"]
mod connections;
#[path = "../../examples/pizza-server/conversation.rs"]
mod conversation;
#[path = "../../tests/pizza_server/meaning.rs"]
mod meaning;

use connections::{Connections, Freed, Place};
use conversation::{Line, converse};
use meaning::reply_to;

/// How long a client may idle, and how long the server waits when it closes.
const PATIENCE: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(5);

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
    let talk = |client: Rc<Client>, place: Place| async move {
        converse(&*client, "client", &place).await
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
    /// The server is closing.
    closing: Cell<bool>,
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
            closing: Cell::new(false),
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

    fn server_closes(&self) {
        if self.closing.replace(true) {
            return;
        }
        let connections = Rc::clone(&self.connections);
        spawn(async move { connections.close(GRACE).await }).detach();
    }

    fn reset(&self) -> io::Error {
        self.is_gone.set(true);
        ErrorKind::ConnectionReset.into()
    }
}

impl Line for Client {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(!self.has_ended.get() && !self.is_gone.get(), "the client is gone");
        loop {
            match self.next() {
                None => {
                    self.has_ended.set(true);
                    return Ok(0);
                }
                Some(0) => return Err(self.reset()),
                Some(1) => self.server_closes(),
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
                self.server_closes();
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

    async fn hang_up(&self, _: &mut [u8]) -> io::Result<()> {
        self.hung_up.set(true);
        Ok(())
    }
}
