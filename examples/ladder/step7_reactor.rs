//! # Step 7: the reactor, and with it the whole system in one file
//!
//! A task that would block leaves its waker in the reactor's table, and mio says whose is due. The
//! executor itself sleeps in mio when nobody is ready: one thread does it all, and tasks accept as
//! well. `async fn` writes the state machine, so that `serve` is step 1 with `.await`.
//!
//! - Run: `cargo run --release --example ladder-7`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both are answered at once, by one thread that takes no processor time while all rest.
//! - Still wrong: no wake from another thread ends the sleep in mio; nobody can set a timer, join a
//!   task or cancel it; who never pauses keeps the thread; tasks must be `Send`; statics.
//! - Next: [`step8_crate.rs`](step8_crate.rs): the crate itself, which cures these.

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Registry, Token};
use std::collections::{BTreeMap, VecDeque};
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{env, mem, pin::Pin, process, thread, time::Duration};

/// The executor's queue: the tasks to poll.
static READY: Mutex<VecDeque<Arc<Task>>> = Mutex::new(VecDeque::new());
/// The reactor's table: who waits for which socket.
static WAKERS: Mutex<BTreeMap<Token, Waker>> = Mutex::new(BTreeMap::new());

/// A future, and the way back to the queue. Where one has ended stands `pending`, for late wakes.
struct Task(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        READY.lock().unwrap().push_back(self);
    }
}

fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    Arc::new(Task(Mutex::new(Box::pin(future)))).wake();
}

/// The executor: polls who is ready, then sleeps in mio until somebody is.
fn run(mut poll: mio::Poll) {
    let mut events = Events::with_capacity(64);
    loop {
        let turn = mem::take(&mut *READY.lock().unwrap());
        for task in turn {
            let waker = Waker::from(Arc::clone(&task));
            let mut future = task.0.lock().unwrap();
            if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                *future = Box::pin(pending());
            }
        }
        // Who woke itself in its turn is ready now: then a glance at the sockets, and no sleep.
        let idle = READY.lock().unwrap().is_empty();
        // Ctrl-Z and `fg` end a sleep, which is no reason to stay awake.
        while let Err(error) = poll.poll(&mut events, (!idle).then_some(Duration::ZERO)) {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "mio cannot sleep: {error}");
        }
        for event in &events {
            WAKERS.lock().unwrap().remove(&event.token()).inspect(Waker::wake_by_ref);
        }
    }
}

/// Tries until it need not wait; between two tries, the task sleeps until the socket's event.
async fn ready<T>(token: Token, mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    poll_fn(|cx| match attempt() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            // After the try: events come in `run`, on this thread, so none is missed in between.
            WAKERS.lock().unwrap().insert(token, cx.waker().clone());
            Poll::Pending
        }
        result => Poll::Ready(result),
    })
    .await
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
    spawn(accept(listener, registry));
    run(poll);
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
                // The cause lasts (too many open files), and must not fill the log.
                thread::sleep(Duration::from_millis(50));
                // Now all others first: one may leave, and make room.
                let mut polls = [Poll::Pending, Poll::Ready(())].into_iter();
                poll_fn(|cx| polls.next().inspect(|_| cx.waker().wake_by_ref()).unwrap()).await;
            }
        }
    }
}

/// The client loop: one read is one order, an empty read is the end.
async fn serve(mut stream: TcpStream, token: Token) -> io::Result<()> {
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
