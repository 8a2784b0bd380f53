//! # Step 2: a thread for each client
//!
//! `serve` is the same, line for line; only its caller is new. Each client has a thread of its own
//! to block, and the operating system switches between the threads.
//!
//! - Run: `cargo run --release --example ladder-2`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both are answered at once. On Linux, `grep Threads /proc/$(pidof ladder-2)/status` counts
//!   one thread more than there are clients.
//! - Still wrong: ten thousand clients, most of them silent, are ten thousand threads. Each has a
//!   stack and an entry in the kernel's tables, only to wait.
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
        // A thread can be refused, as a connection can: `thread::spawn` would panic then.
        let accepted = listener.accept().and_then(|(stream, peer)| {
            println!("Connected to {peer}");
            thread::Builder::new().spawn(move || match serve(stream) {
                Ok(()) => println!("Connection with {peer} has been closed"),
                Err(error) => eprintln!("Connection with {peer} failed: {error}"),
            })
        });
        if let Err(error) = accepted {
            eprintln!("Cannot accept a connection: {error}");
            // The cause (too many open files) lasts, and must not fill the log.
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

/// Answers an order. Bytes that are not UTF-8 become U+FFFD here, which is in no number.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}
