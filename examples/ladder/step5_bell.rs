//! # Step 5: a future, and what polls it
//!
//! This is step 2 with an oven: one more thread, which bakes the pizzas. The thread of a client
//! waits for its pizza with a future. The chapter is `src/guide/step05_bell.md`.
//!
//! - Run: `cargo run --release --example ladder-5`
//! - Type: `nc 127.0.0.1 12345` in two terminals, and orders in both.
//! - See: both get replies at once, as in step 2. `cargo run --example ladder -- diff 2 5` shows
//!   what is new since then.
//! - Still wrong: no future waits for a socket yet. `read` still blocks.
//! - Next: [`step6_sockets.rs`](step6_sockets.rs), a future that waits for a socket.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::{Pin, pin};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::{env, process, thread, time::Duration};

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

/// Rings when a pizza is baked. The oven and the future share it.
#[derive(Default)]
struct Bell {
    rung: bool,
    waker: Option<Waker>,
}

/// Waits for a bell.
struct Baked(Arc<Mutex<Bell>>);

impl Future for Baked {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut bell = self.0.lock().unwrap();
        if bell.rung {
            return Poll::Ready(());
        }
        bell.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// The oven: bakes one pizza after the other, and rings the bell of each.
fn bake(pizzas: Receiver<Arc<Mutex<Bell>>>) {
    for bell in pizzas {
        let mut bell = bell.lock().unwrap();
        bell.rung = true;
        bell.waker.take().inspect(Waker::wake_by_ref);
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
    let (oven, pizzas) = mpsc::channel();
    thread::spawn(move || bake(pizzas));
    loop {
        // The OS may refuse a thread. `thread::spawn` would panic then; this returns the error.
        let accepted = listener.accept().and_then(|(stream, peer)| {
            println!("Connected to {peer}");
            let oven = oven.clone();
            thread::Builder::new().spawn(move || match serve(stream, &oven) {
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
fn serve(mut stream: TcpStream, oven: &Sender<Arc<Mutex<Bell>>>) -> io::Result<()> {
    let mut order = [0; 1024];
    loop {
        let n = stream.read(&mut order)?;
        if n == 0 {
            return Ok(());
        }
        let bell = Arc::default();
        oven.send(Arc::clone(&bell)).unwrap();
        block_on(Baked(bell));
        stream.write_all(&reply(&order[..n]))?;
    }
}

/// Answers an order. Bytes that are not UTF-8 become U+FFFD, which makes the number wrong.
fn reply(order: &[u8]) -> Vec<u8> {
    match String::from_utf8_lossy(order).trim().parse::<i64>() {
        Ok(order) => format!("Thank you for ordering {order} pizzas!\n").into(),
        Err(_) => "Wrong number of pizzas, please try again.\n".into(),
    }
}
