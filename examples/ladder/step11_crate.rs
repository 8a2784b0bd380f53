//! # Step 11: the crate itself
//!
//! What was `READY`, `WAKERS`, `Task`, `spawn`, `run` and `ready` in step 10 is now the crate; the
//! two loops are left. It has the same parts, under the same names or nearly, and adds:
//!
//! - A waker carries an id, not a future: `src/executor/waker.rs`. The futures are in a slab that
//!   the executor owns (`src/executor/tasks.rs`), so no waker keeps a task alive, and none can drop
//!   a future on another thread. That is why tasks need not be `Send`, and may hold `Rc`, without
//!   `unsafe`.
//! - Generations: `src/slab.rs`. An id, a token or a timer of something that is over leads to
//!   nothing, although its entry is used again. Step 10 has to leave `pending` where a task ended.
//! - One entry in the queue: `src/executor/waker.rs`. A task that is woken ten times before its
//!   poll is polled once; in step 10, ten times. The queue itself (`src/executor/queue.rs`) has no
//!   lock.
//! - Wakes from other threads: `src/executor/remote.rs`. They send the task's id, and unpark the
//!   executor if it sleeps in mio (`src/reactor/unparker.rs`). On the executor's thread a wake
//!   needs neither lock nor system call. `src/executor/handle.rs` spawns from other threads.
//! - Budgets: `src/current.rs`. A poll has so many operations on sockets, and then its task must
//!   let the others run. So a client that never pauses makes no other wait.
//! - Readiness: `src/reactor/source.rs` remembers it, for reading and for writing. A read that did
//!   not fill its buffer spares the try that would fail.
//! - Waiters: `src/reactor/waiters.rs`. Several tasks may wait for one socket, and a waker that
//!   waits again and again is cloned once.
//! - Operations: `src/async_io.rs`. What was `ready` is a future that tries until it is done, and
//!   takes its waker out when it is dropped: in step 10 a late event wakes a task that no longer
//!   waits.
//! - Timers: `src/reactor/timers.rs`, `src/time/sleep.rs`. When `accept` fails, all of step 10
//!   sleeps; here one task does.
//! - Join handles and cancellation: `src/executor/join.rs`. A task can be awaited, and aborted. If
//!   one panics, its handle says so and the others go on; in step 10 it ends the program.
//! - Two halves: `src/reactor/mod.rs` calls wakers and knows no task, `src/executor/mod.rs` polls
//!   tasks and knows no socket. They meet in `src/runtime/mod.rs`.
//! - No statics: thread-locals say which executor runs here (`src/executor/spawn.rs`) and which
//!   reactor (`src/reactor/entered.rs`), and there may be many.
//! - To see all that: `src/trace/mod.rs` reports each step, `src/runtime/diagnosis.rs` why nothing
//!   happens.
//!
//! How to try it, and what comes after it:
//!
//! - Run: `cargo run --release --example ladder-11`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both are answered at once, by one thread that takes no processor time while all are
//!   silent.
//! - Still wrong: one thread is all there is. A task that computes for long, or calls what blocks
//!   (a file, a name to look up), makes all others wait.
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
                // The task is not joined: to drop its handle is to detach it.
                drop(spawn(async move {
                    match serve(stream).await {
                        Ok(()) => println!("Connection with {peer} has been closed"),
                        Err(error) => eprintln!("Connection with {peer} failed: {error}"),
                    }
                }));
            }
            Err(error) => {
                eprintln!("Cannot accept a connection: {error}");
                // The cause (too many open files) lasts, and must not fill the log.
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

/// Answers an order. Bytes that are not UTF-8 become U+FFFD here, which is in no number.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}
