//! # Step 1: one client at a time
//!
//! One thread, and calls that block. The chapter is `src/guide/step01_blocking.md`.
//!
//! - Run: `cargo run --release --example ladder-1`
//! - Type: `nc 127.0.0.1 12345` in a second terminal, then `3`, then `three`. Stay connected, and
//!   do the same in a third terminal.
//! - See: the second terminal shows `Thank you for ordering 3 pizzas!` and `Wrong number of pizzas,
//!   please try again.` The third shows nothing until you end the second with Ctrl-C.
//! - Still wrong: a client that is connected and silent makes all other clients wait.
//! - Next: [`step2_threads.rs`](step2_threads.rs), a thread for each client.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, process, thread, time::Duration};

fn main() {
    let addr = env::args_os().nth(1).unwrap_or("127.0.0.1:12345".into());
    if let Err(error) = start(&addr.to_string_lossy()) {
        eprintln!("Cannot serve on {addr:?}: {error}");
        process::exit(1);
    }
}

/// The accept loop.
fn start(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    println!("Starting up on: {}", listener.local_addr()?);
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                println!("Connected to {peer}");
                match serve(stream) {
                    Ok(()) => println!("Connection with {peer} has been closed"),
                    Err(error) => eprintln!("Connection with {peer} failed: {error}"),
                }
            }
            Err(error) => {
                eprintln!("Cannot accept a connection: {error}");
                // The cause (too many open files) lasts, so do not fill the log.
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// The client loop: one read is one order, an empty read is the end.
fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut order = [0; 1024];
    loop {
        let n = stream.read(&mut order)?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&reply(&order[..n]))?;
    }
}

/// Answers an order. Bytes that are not UTF-8 become U+FFFD, which makes the number wrong.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}
