//! Work that blocks, with the `blocking` crate: a pizza is in the oven for some time, and all other
//! orders are served meanwhile.
//!
//! Run it with `cargo run --example slow_oven`, order with `nc 127.0.0.1 12345` from two terminals,
//! and see that neither order waits for the other.
//!
//! The oven blocks its thread, as a computation does, or a file. In a task it would stop all the
//! others too, for they share one thread. `unblock` runs it on a thread of the crate's own pool,
//! and wakes the task when it is done: a waker works from any thread.

use std::{env, io, thread, time::Duration};

use blocking::unblock;
use pizzaiolo::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    let mut args = env::args().skip(1);
    let addr = args.next().unwrap_or_else(|| "127.0.0.1:12345".to_owned());
    let baking_time = match args.next().map(|seconds| seconds.parse().map(Duration::from_secs)) {
        Some(Ok(baking_time)) => baking_time,
        None => Duration::from_secs(1),
        Some(Err(_)) => {
            eprintln!("Usage: slow_oven [ADDR [SECONDS]]");
            std::process::exit(2);
        }
    };
    pizzaiolo::block_on(async {
        let listener = TcpListener::bind(addr)?;
        println!("Starting up on: {}", listener.local_addr()?);
        loop {
            let (conn, address) = listener.accept().await?;
            pizzaiolo::spawn(async move {
                if let Err(error) = serve(&conn, baking_time).await {
                    eprintln!("Connection with {address} has failed: {error}");
                }
            })
            .detach();
        }
    })
}

async fn serve(conn: &TcpStream, baking_time: Duration) -> io::Result<()> {
    let mut data = [0; 1024];
    loop {
        let len = conn.read(&mut data).await?;
        if len == 0 {
            return Ok(());
        }
        let order =
            std::str::from_utf8(&data[..len]).ok().and_then(|text| text.trim().parse().ok());
        let Some(order) = order else {
            conn.write_all(b"Wrong number of pizzas, please try again.\n").await?;
            continue;
        };
        conn.write_all(format!("Thank you for ordering {order} pizzas!\n").as_bytes()).await?;
        let ready = unblock(move || bake(order, baking_time)).await;
        conn.write_all(ready.as_bytes()).await?;
    }
}

/// Blocks the thread that it runs on.
fn bake(order: i64, baking_time: Duration) -> String {
    thread::sleep(baking_time);
    format!("Your {order} pizzas are ready.\n")
}
