//! # Step 11: the crate itself
//!
//! `READY`, `WAKERS`, `Task`, `spawn`, `run` and `ready` of step 10 are now the crate; the two
//! loops are left. The chapter, `src/guide/step11_crate.md`, says which file of `src` solves which
//! problem of step 10.
//!
//! - Run: `cargo run --release --example ladder-11`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both get replies at once, from one thread that uses no processor time while all clients
//!   are silent.
//! - Still wrong: there is one thread. A task that computes for long, or that calls blocking code
//!   (a file, the lookup of a host name), makes all other tasks wait.
//! - Next: [the exercises](../exercises/README.md), and the source, from `src/lib.rs` on.

use std::{env, io, process, time::Duration};

use pizzaiolo::net::{TcpListener, TcpStream};
use pizzaiolo::{Executor, spawn, time};

fn main() {
    let addr = env::args_os().nth(1).unwrap_or("127.0.0.1:12345".into());
    if let Err(error) = start(&addr.to_string_lossy()) {
        eprintln!("Cannot serve on {addr:?}: {error}");
        process::exit(1);
    }
}

/// Runs the accept loop.
fn start(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    println!("Starting up on: {}", listener.local_addr()?);
    Executor::new()?.block_on(accept(listener));
    Ok(())
}

/// The accept loop.
async fn accept(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                println!("Connected to {peer}");
                // No task joins it: it runs on by itself.
                spawn(async move {
                    match serve(stream).await {
                        Ok(()) => println!("Connection with {peer} has been closed"),
                        Err(error) => eprintln!("Connection with {peer} failed: {error}"),
                    }
                })
                .detach();
            }
            Err(error) => {
                eprintln!("Cannot accept a connection: {error}");
                // The cause (too many open files) lasts, so do not fill the log.
                time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The client loop: one read is one order, an empty read is the end.
async fn serve(stream: TcpStream) -> io::Result<()> {
    let mut order = [0; 1024];
    loop {
        let n = stream.read(&mut order).await?;
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&reply(&order[..n])).await?;
    }
}

/// Answers an order. Bytes that are not UTF-8 become U+FFFD, which makes the number wrong.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}
