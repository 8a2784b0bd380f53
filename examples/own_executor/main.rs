//! The loops of the pizza server on your own executor.
//!
//! [`executor.rs`](executor.rs) is a whole executor: a table of tasks, a queue, a waker. It sleeps
//! in the [`Reactor`](pizzaiolo::Reactor) of the crate. So everything in `pizzaiolo::net` and
//! `pizzaiolo::time` works on it, and a wake from another thread ends its sleep.
//!
//! Run it with `cargo run --example own_executor`. It prints:
//!
//! ```text
//! Thank you for ordering 2 pizzas!
//! Wrong number of pizzas, please try again.
//! A timer has fired.
//! Another thread has called the waker.
//! ```

mod executor;

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    thread,
    time::Duration,
};

use pizzaiolo::{
    net::{TcpListener, TcpStream},
    time,
};

use self::executor::Executor;

fn main() -> io::Result<()> {
    let executor = Rc::new(Executor::new()?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    executor.spawn(accept(Rc::clone(&executor), listener));
    executor.spawn(async move {
        if let Err(error) = guest(addr).await {
            eprintln!("The guest leaves: {error}");
        }
    });
    executor.run()
}

/// The accept loop, for one guest only, so that the program ends.
async fn accept(executor: Rc<Executor>, listener: TcpListener) {
    match listener.accept().await {
        Ok((stream, peer)) => executor.spawn(async move {
            if let Err(error) = serve(stream).await {
                eprintln!("Connection with {peer} failed: {error}");
            }
        }),
        Err(error) => eprintln!("Cannot accept a connection: {error}"),
    }
}

/// The client loop, as in the ladder: one read is one order, an empty read is the end.
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

/// Orders twice, then waits for a timer and for another thread.
async fn guest(addr: SocketAddr) -> io::Result<()> {
    let stream = TcpStream::connect(addr).await?;
    for order in ["2", "margherita"] {
        stream.write_all(order.as_bytes()).await?;
        let mut reply = [0; 64];
        let n = stream.read(&mut reply).await?;
        print!("{}", String::from_utf8_lossy(&reply[..n]));
    }
    time::sleep(Duration::from_millis(10)).await;
    println!("A timer has fired.");
    another_thread().await;
    println!("Another thread has called the waker.");
    Ok(())
}

/// Starts a thread, and waits until that thread has called the waker.
async fn another_thread() {
    let (mut started, done) = (false, Arc::new(AtomicBool::new(false)));
    poll_fn(move |cx| {
        if !std::mem::replace(&mut started, true) {
            let (done, waker) = (Arc::clone(&done), cx.waker().clone());
            thread::spawn(move || {
                done.store(true, Ordering::Relaxed);
                waker.wake();
            });
        }
        if done.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
