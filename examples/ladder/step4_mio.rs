//! # Step 4: sleep until a socket is ready
//!
//! mio's `Poll` sleeps until a registered socket is ready. The chapter is `src/guide/step04_mio.md`.
//!
//! - Run: `cargo run --release --example ladder-4`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both. Then stop, and look at `top`.
//! - See: both get replies at once, from one thread that uses no processor time while all clients
//!   are silent.
//! - Still wrong: the loop has to know what a conversation is. There is no contract between the
//!   code that waits and the loop that sleeps.
//! - Next: [`step5_bell.rs`](step5_bell.rs), where that contract is `Future`, `Context` and
//!   `Waker`.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::{env, process, thread, time::Duration};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token, event::Event};

const LISTENER: Token = Token(0);

/// The conversation with one client: all state that is needed between two tries.
struct Conversation {
    stream: TcpStream,
    peer: SocketAddr,
    /// The rest of the reply, which the socket has not taken yet.
    unsent: Vec<u8>,
}

fn main() {
    let addr = env::args_os().nth(1).unwrap_or("127.0.0.1:12345".into());
    if let Err(error) = start(&addr.to_string_lossy()) {
        eprintln!("Cannot serve on {addr:?}: {error}");
        process::exit(1);
    }
}

/// The loop: sleep, then continue with the sockets that are ready, and with no others.
fn start(addr: &str) -> io::Result<()> {
    let listener = std::net::TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    println!("Starting up on: {}", listener.local_addr()?);
    let mut listener = TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    registry.register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut conversations = HashMap::new();
    let mut tokens = (1..).map(Token);
    let mut events = Events::with_capacity(64);
    loop {
        // Ctrl-Z and `fg` end the sleep with this error, and no socket is ready.
        while let Err(error) = poll.poll(&mut events, None) {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "mio cannot sleep: {error}");
        }
        for token in events.iter().map(Event::token) {
            if token == LISTENER {
                for token in &mut tokens {
                    match accept(&listener, &registry, token) {
                        Ok(conversation) => drop(conversations.insert(token, conversation)),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => {
                            eprintln!("Cannot accept a connection: {error}");
                            // The cause (too many open files) lasts, so do not fill the log.
                            thread::sleep(Duration::from_millis(50));
                            // mio reports an event once. After a new registration it reports
                            // the connections that are still waiting.
                            registry.reregister(&mut listener, LISTENER, Interest::READABLE)?;
                            break;
                        }
                    }
                }
            }
            let Some(conversation) = conversations.get_mut(&token) else { continue };
            let peer = conversation.peer;
            match serve(conversation) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => eprintln!("Connection with {peer} failed: {error}"),
                Ok(()) => println!("Connection with {peer} has been closed"),
            }
            conversations.remove(&token);
        }
    }
}

/// Accepts one client, if one is there.
fn accept(listener: &TcpListener, registry: &Registry, token: Token) -> io::Result<Conversation> {
    let (mut stream, peer) = listener.accept()?;
    println!("Connected to {peer}");
    registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
    Ok(Conversation { stream, peer, unsent: Vec::new() })
}

/// The client loop, until it would have to wait. The next call continues from there.
fn serve(conversation: &mut Conversation) -> io::Result<()> {
    let Conversation { stream, unsent, .. } = conversation;
    let mut order = [0; 1024];
    loop {
        while !unsent.is_empty() {
            let n = stream.write(unsent)?;
            unsent.drain(..n);
        }
        let n = stream.read(&mut order)?;
        if n == 0 {
            return Ok(());
        }
        *unsent = reply(&order[..n]);
    }
}

/// Answers an order. Bytes that are not UTF-8 become U+FFFD, which makes the number wrong.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}
