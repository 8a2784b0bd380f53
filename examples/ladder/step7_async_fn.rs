//! # Step 7: `async fn` writes the state machine
//!
//! `serve` is an `async fn`, with `.await` where `block_on` was. `step7_by_hand.rs` has the enum
//! that the compiler makes of it. The chapter is `src/guide/step07_async_fn.md`.
//!
//! - Run: `cargo run --release --example ladder-7`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: the same as in step 6. `cargo run --example ladder -- diff 6 7` shows how little is new,
//!   and `cargo test --test step7` compares `serve` with the enum.
//! - Still wrong: each future has a `block_on` and a thread of its own, as in step 2.
//! - Next: [`step8_task_queue.rs`](step8_task_queue.rs), many futures on one thread.

use mio::{Events, Interest, Token, net::TcpStream};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{env, process, thread, time::Duration};

/// The wakers of the futures that wait, by socket.
static WAKERS: Mutex<BTreeMap<Token, Waker>> = Mutex::new(BTreeMap::new());

/// Wakes a future by waking the thread that polls it.
struct ThreadWaker(thread::Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs one future to its end, and sleeps while the future waits.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(ThreadWaker(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        // If `unpark` was called since the poll began, `park` returns at once: no wake is lost.
        thread::park();
    }
}

/// Waits for a socket: a future that tries again until the try does not block.
fn ready<T>(
    token: Token,
    mut attempt: impl FnMut() -> io::Result<T>,
) -> impl Future<Output = io::Result<T>> {
    poll_fn(move |cx| {
        // Before the try: the event may come right after the try, on the other thread.
        WAKERS.lock().unwrap().insert(token, cx.waker().clone());
        let result = attempt();
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            return Poll::Pending;
        }
        WAKERS.lock().unwrap().remove(&token);
        Poll::Ready(result)
    })
}

/// The second thread: sleeps in mio, and wakes the future that waits for a ready socket.
fn watch(mut poll: mio::Poll) {
    let mut events = Events::with_capacity(64);
    loop {
        // Ctrl-Z and `fg` end the sleep with this error, and no socket is ready.
        while let Err(error) = poll.poll(&mut events, None) {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "mio cannot sleep: {error}");
        }
        for event in &events {
            WAKERS.lock().unwrap().remove(&event.token()).inspect(Waker::wake_by_ref);
        }
    }
}

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
    let poll = mio::Poll::new()?;
    let registry = poll.registry().try_clone()?;
    thread::spawn(move || watch(poll));
    let mut tokens = (0..).map(Token);
    loop {
        // The OS may refuse a thread. `thread::spawn` would panic then; this returns the error.
        let accepted = listener.accept().and_then(|(stream, peer)| {
            println!("Connected to {peer}");
            stream.set_nonblocking(true)?;
            let (mut stream, token) = (TcpStream::from_std(stream), tokens.next().unwrap());
            registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            thread::Builder::new().spawn(move || match block_on(serve(stream, token)) {
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
async fn serve(mut stream: impl Read + Write, token: Token) -> io::Result<()> {
    let mut order = [0; 1024];
    loop {
        let n = ready(token, || stream.read(&mut order)).await?;
        if n == 0 {
            return Ok(());
        }
        let mut unsent = reply(&order[..n]);
        while !unsent.is_empty() {
            let n = ready(token, || stream.write(&unsent)).await?;
            unsent.drain(..n);
        }
    }
}

/// Answers an order. Bytes that are not UTF-8 become U+FFFD, which makes the number wrong.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}

#[cfg(test)]
#[path = "step7_by_hand.rs"]
mod by_hand;
