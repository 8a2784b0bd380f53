//! # Step 9: accepting is a task too
//!
//! The accept loop is an `async fn` like `serve`. The chapter is `src/guide/step09_accept_task.md`.
//!
//! - Run: `cargo run --release --example ladder-9`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both get replies at once. `grep Threads /proc/$(pidof ladder-9)/status` always shows 2.
//! - Still wrong: each order goes from mio's thread to the executor's. One thread could do both.
//! - Next: [`step10_reactor.rs`](step10_reactor.rs), where the executor itself sleeps in mio.

use mio::net::TcpListener;
use mio::{Events, Interest, Registry, Token};
use std::collections::{BTreeMap, VecDeque};
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{env, mem, process, thread, time::Duration};

/// The ready queue: the tasks to poll. The executor waits at `WOKEN` while it is empty.
static READY: Mutex<VecDeque<Arc<Task>>> = Mutex::new(VecDeque::new());
static WOKEN: Condvar = Condvar::new();
/// The wakers of the tasks that wait, by socket.
static WAKERS: Mutex<BTreeMap<Token, Waker>> = Mutex::new(BTreeMap::new());

/// A task: its future. A completed future is replaced by `pending`, as a late wake may come.
struct Task(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        READY.lock().unwrap().push_back(self);
        WOKEN.notify_one();
    }
}

fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    Arc::new(Task(Mutex::new(Box::pin(future)))).wake();
}

/// The executor: polls the tasks that are ready, first in, first out.
fn run() {
    loop {
        let ready = WOKEN.wait_while(READY.lock().unwrap(), |ready| ready.is_empty());
        let task = ready.unwrap().pop_front().unwrap();
        let waker = Waker::from(Arc::clone(&task));
        let mut future = task.0.lock().unwrap();
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            *future = Box::pin(pending());
        }
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

/// The second thread: sleeps in mio, and wakes the task that waits for a ready socket.
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

/// Lets every other ready task run before this one, once.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn main() {
    let addr = env::args_os().nth(1).unwrap_or("127.0.0.1:12345".into());
    if let Err(error) = start(&addr.to_string_lossy()) {
        eprintln!("Cannot serve on {addr:?}: {error}");
        process::exit(1);
    }
}

/// Spawns the accept loop, and runs it.
fn start(addr: &str) -> io::Result<()> {
    let listener = std::net::TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    println!("Starting up on: {}", listener.local_addr()?);
    let mut listener = TcpListener::from_std(listener);
    let poll = mio::Poll::new()?;
    let registry = poll.registry().try_clone()?;
    registry.register(&mut listener, Token(0), Interest::READABLE)?;
    thread::spawn(move || watch(poll));
    spawn(accept(listener, registry));
    run();
    Ok(())
}

/// The accept loop.
async fn accept(listener: TcpListener, registry: Registry) {
    for token in (1..).map(Token) {
        let accepted = ready(Token(0), || {
            let (mut stream, peer) = listener.accept()?;
            println!("Connected to {peer}");
            registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            Ok((stream, peer))
        });
        match accepted.await {
            Ok((stream, peer)) => spawn(async move {
                match serve(stream, token).await {
                    Ok(()) => println!("Connection with {peer} has been closed"),
                    Err(error) => eprintln!("Connection with {peer} failed: {error}"),
                }
            }),
            Err(error) => {
                eprintln!("Cannot accept a connection: {error}");
                // The cause (too many open files) lasts, so do not fill the log.
                thread::sleep(Duration::from_millis(50));
                // In between another client may leave and free a descriptor.
                yield_now().await;
            }
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
