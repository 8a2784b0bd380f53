//! # Step 7: `async fn` writes the state machine
//!
//! `serve` is a future now: `async fn` in front, and `.await` where `block_on` was. The compiler
//! makes an enum of it, with a variant for each place where it can wait: the file
//! `step7_by_hand.rs` shows that enum, and a test sees both return the same from each poll.
//! `.await` polls the inner future with the same `Context`, and returns Pending if that does. One
//! `block_on` for each client is left, at the top.
//!
//! - Run: `cargo run --release --example ladder-7`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: the same as in step 6. `cargo run --example ladder -- diff 6 7` shows how little is new,
//!   and `cargo test --test step7` compares `serve` with the enum.
//! - Still wrong: one future is one `block_on` is one thread, as in step 2.
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

/// Waits for a socket: a future that tries, until the try need not wait.
fn ready<T>(
    token: Token,
    mut attempt: impl FnMut() -> io::Result<T>,
) -> impl Future<Output = io::Result<T>> {
    poll_fn(move |cx| {
        // Before the try: the event may come right after it, on the other thread.
        WAKERS.lock().unwrap().insert(token, cx.waker().clone());
        let result = attempt();
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            return Poll::Pending;
        }
        WAKERS.lock().unwrap().remove(&token);
        Poll::Ready(result)
    })
}

/// The second thread: sleeps in mio, and wakes the future that waits for a socket that is ready.
fn watch(mut poll: mio::Poll) {
    let mut events = Events::with_capacity(64);
    loop {
        // Ctrl-Z and `fg` end the sleep with an error, and nothing is ready.
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
        // A thread can be refused, as a connection can: `thread::spawn` would panic then.
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
            // The cause (too many open files) lasts, and must not fill the log.
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

/// Answers an order. Bytes that are not UTF-8 become U+FFFD here, which is in no number.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}

#[cfg(test)]
#[path = "step7_by_hand.rs"]
mod by_hand;
