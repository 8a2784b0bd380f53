//! # Step 5: a future, and what polls it
//!
//! `poll` calls `serve` as step 4's loop did, but with a contract: it returns `Ready` when all is
//! over, or `Pending`, and then it has left the `Waker` from its `Context` with somebody who will
//! wake it. `block_on` knows no sockets, only that contract: it polls, and parks its thread until
//! the waker unparks it. The somebody is a second thread that sleeps in mio. Accepting blocks
//! again, because `block_on` runs one future.
//!
//! - Run: `cargo run --release --example ladder-5`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both are answered at once; `grep Threads /proc/$(pidof ladder-5)/status` says 4.
//! - Still wrong: one future is one `block_on` is one thread, as in step 2. An order has to go from
//!   thread to thread. And the table of wakers is a static, one for the whole process.
//! - Next: [`step6_task_queue.rs`](step6_task_queue.rs), many futures on one thread.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{env, net, pin, pin::Pin, process, thread, time::Duration};

use mio::{Events, Interest, Token, net::TcpStream};

/// Who waits for which socket.
static WAKERS: Mutex<BTreeMap<Token, Waker>> = Mutex::new(BTreeMap::new());

/// Wakes a future by waking the thread that polls it.
struct ThreadWaker(thread::Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs one future to its end, and sleeps while that waits.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin::pin!(future);
    let waker = Waker::from(Arc::new(ThreadWaker(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        // Who was unparked since the poll began does not park: no wake is lost.
        thread::park();
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
    let mut tokens = (0..).map(Token);
    loop {
        let accepted = listener.accept().and_then(|(stream, peer)| {
            println!("Connected to {peer}");
            stream.set_nonblocking(true)?;
            let (mut stream, token) = (TcpStream::from_std(stream), tokens.next().unwrap());
            registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            let conversation = Conversation { stream, token, peer, state: State::Read };
            thread::Builder::new().spawn(move || block_on(conversation))
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
