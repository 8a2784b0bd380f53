//! # Step 2: a thread for each client
//!
//! `serve` is that of step 1. Only its caller is new. The chapter is `src/guide/step02_threads.md`.
//!
//! - Run: `cargo run --release --example ladder-2`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both get replies at once. On Linux, `grep Threads /proc/$(pidof ladder-2)/status` shows
//!   one thread more than there are clients.
//! - Still wrong: ten thousand clients are ten thousand threads, and most of them only wait.
//! - Next: [`step3_busy_loop.rs`](step3_busy_loop.rs), one thread that never blocks.

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
        // The OS may refuse a thread. `thread::spawn` would panic then; this returns the error.
        let accepted = listener.accept().and_then(|(stream, peer)| {
            println!("Connected to {peer}");
            thread::Builder::new().spawn(move || match serve(stream) {
                Ok(()) => println!("Connection with {peer} has been closed"),
                Err(error) => eprintln!("Connection with {peer} failed: {error}"),
            })
        });
        if let Err(error) = accepted {
            eprintln!("Cannot accept a connection: {error}");
            // The cause (too many open files) lasts, so do not fill the log.
            thread::sleep(Duration::from_millis(50));
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
