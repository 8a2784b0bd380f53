//! # Step 3: no call blocks, and a core burns
//!
//! One thread and non-blocking sockets. The chapter is `src/guide/step03_busy_loop.md`.
//!
//! - Run: `cargo run --release --example ladder-3`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both. Then stop, and look at `top`.
//! - See: both get replies at once, from one thread. It uses 100% of a core, even when no client
//!   orders anything.
//! - Still wrong: nearly every try fails. The kernel knows which sockets are ready, but the loop
//!   does not ask it.
//! - Next: [`step4_mio.rs`](step4_mio.rs), which sleeps until a socket is ready.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::{env, process, thread, time::Duration};

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

/// The loop: one try to accept, then one try with each client.
fn start(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    println!("Starting up on: {}", listener.local_addr()?);
    let mut conversations = Vec::new();
    loop {
        match accept(&listener) {
            Ok(conversation) => conversations.push(conversation),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => {
                eprintln!("Cannot accept a connection: {error}");
                // The cause (too many open files) lasts, so do not fill the log.
                thread::sleep(Duration::from_millis(50));
            }
        }
        conversations.retain_mut(|conversation| {
            let peer = conversation.peer;
            match serve(conversation) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) => eprintln!("Connection with {peer} failed: {error}"),
                Ok(()) => println!("Connection with {peer} has been closed"),
            }
            false
        });
    }
}

/// Accepts one client, if one is there.
fn accept(listener: &TcpListener) -> io::Result<Conversation> {
    let (stream, peer) = listener.accept()?;
    println!("Connected to {peer}");
    stream.set_nonblocking(true)?;
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
