//! # Step 6: a queue of tasks
//!
//! `block_on` runs one future, an executor many: `spawn` makes each a task, and a task's waker puts
//! it back on the queue. mio's thread does so while the executor's is at work: hence the `Mutex`,
//! and `Arc`. Two threads would lose count of an `Rc`'s owners, so `Waker::from` refuses it.
//!
//! - Run: `cargo run --release --example ladder-6`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both are answered at once; `grep Threads /proc/$(pidof ladder-6)/status` always says 3.
//! - Still wrong: threads hand each order on, the machine is hand-written, the tables are statics.
//! - Next: [`step7_reactor.rs`](step7_reactor.rs): one thread, and `async fn` writes the machine.

use mio::{Events, Interest, Token, net::TcpStream};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{env, future::pending, net, pin::Pin, process, thread, time::Duration};

/// The executor's queue: the tasks to poll; and where it parks while there are none.
static READY: Mutex<VecDeque<Arc<Task>>> = Mutex::new(VecDeque::new());
static WOKEN: Condvar = Condvar::new();
/// Who waits for which socket.
static WAKERS: Mutex<BTreeMap<Token, Waker>> = Mutex::new(BTreeMap::new());

/// A future, and the way back to the queue. Where one has ended stands `pending`, for late wakes.
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

/// The executor: polls who is ready, first in, first out.
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

/// The second thread: sleeps in mio, and wakes whoever waits for a socket that is ready.
fn watch(mut poll: mio::Poll) {
    let mut events = Events::with_capacity(64);
    loop {
        // Ctrl-Z and `fg` end a sleep, which is no reason to stay awake.
        while let Err(error) = poll.poll(&mut events, None) {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "mio cannot sleep: {error}");
        }
        for event in &events {
            WAKERS.lock().unwrap().remove(&event.token()).inspect(Waker::wake_by_ref);
        }
    }
}

/// One client's conversation, with all that it must remember while it waits.
struct Conversation {
    stream: TcpStream,
    token: Token,
    peer: net::SocketAddr,
    state: State,
}

/// What a conversation waits for: to read an order, or to write the rest of a reply.
enum State {
    Read,
    Write(Vec<u8>),
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
    let listener = net::TcpListener::bind(addr)?;
    println!("Starting up on: {}", listener.local_addr()?);
    let poll = mio::Poll::new()?;
    let registry = poll.registry().try_clone()?;
    thread::spawn(move || watch(poll));
    thread::spawn(run);
    let mut tokens = (0..).map(Token);
    loop {
        let accepted = listener.accept().and_then(|(stream, peer)| {
            println!("Connected to {peer}");
            stream.set_nonblocking(true)?;
            let (mut stream, token) = (TcpStream::from_std(stream), tokens.next().unwrap());
            registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            spawn(Conversation { stream, token, peer, state: State::Read });
            Ok(())
        });
        if let Err(error) = accepted {
            eprintln!("Cannot accept a connection: {error}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Future for Conversation {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // First this, then the try: the event may come right after it, on the other thread.
        WAKERS.lock().unwrap().insert(self.token, cx.waker().clone());
        match serve(&mut self) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Poll::Pending,
            Err(error) => eprintln!("Connection with {} failed: {error}", self.peer),
            Ok(()) => println!("Connection with {} has been closed", self.peer),
        }
        WAKERS.lock().unwrap().remove(&self.token);
        Poll::Ready(())
    }
}

/// The client loop, until it would have to wait. The next call goes on from there.
fn serve(Conversation { stream, state, .. }: &mut Conversation) -> io::Result<()> {
    let mut order = [0; 1024];
    loop {
        *state = match state {
            State::Read => match stream.read(&mut order)? {
                0 => return Ok(()),
                n => State::Write(reply(&order[..n])),
            },
            State::Write(unsent) if unsent.is_empty() => State::Read,
            State::Write(unsent) => State::Write(unsent.split_off(stream.write(unsent)?)),
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
