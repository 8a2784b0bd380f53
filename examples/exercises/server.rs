//! The two loops of the pizza server, on the code of exercises 12 to 17.
//!
//! A conversation ends after an hour at most. This uses a join, a timer and an abort.

use std::{
    io::{self, Read, Write},
    net::{self, SocketAddr},
    rc::Rc,
    time::Duration,
};

use mio::net::{TcpListener, TcpStream};

use crate::{
    ex04_select::{Either, select},
    ex12_spawn::Executor,
    ex13_join::{JoinError, spawn},
    ex14_threads::{executor, run},
    ex15_abort::abortable,
    ex16_timers::{Clock, Clocked},
    ex17_reactor::{Direction, Reactor, Source},
};

/// How long a conversation may last.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Serves pizzas until something fails. Calls `started` with its address.
pub(crate) fn serve(addr: &str, started: impl FnOnce(SocketAddr)) -> io::Result<()> {
    let listener = net::TcpListener::bind(addr)?;
    listener.set_nonblocking(true)?;
    started(listener.local_addr()?);
    let park = Rc::new(Clocked::new(Reactor::new()?));
    let listener = park.inner().register(TcpListener::from_std(listener))?;
    let executor = Rc::new(executor(&*park));
    let accepting = accept(listener, Rc::clone(&park), Rc::clone(&executor));
    executor.spawn(accepting);
    run(&executor, &*park)
}

/// The accept loop.
async fn accept(listener: Source<TcpListener>, park: Rc<Clocked<Reactor>>, executor: Rc<Executor>) {
    let clock = park.clock();
    loop {
        let accepted = listener.io(Direction::Read, TcpListener::accept).await;
        let source = accepted.and_then(|(stream, _)| park.inner().register(stream));
        match source {
            Ok(stream) => serve_one(&executor, stream, clock.clone()),
            Err(error) => {
                eprintln!("Cannot accept a connection: {error}");
                // The cause (too many open files) lasts for a while.
                clock.sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Spawns the conversation with a client, and a task that waits for its end for a limited time.
fn serve_one(executor: &Executor, stream: Source<TcpStream>, clock: Clock) {
    let (conversation, abort) = abortable(async move { converse(&stream).await });
    let handle = spawn(executor, conversation);
    executor.spawn(async move {
        match select(handle, clock.sleep(PATIENCE)).await {
            Either::Left(Ok(Some(Err(error)))) => eprintln!("A connection failed: {error}"),
            Either::Left(Err(JoinError::Panicked(_))) => eprintln!("A conversation panicked"),
            Either::Left(_) => {}
            Either::Right(()) => abort.abort(),
        }
    });
}

/// The client loop: one read is one order, an empty read is the end.
async fn converse(stream: &Source<TcpStream>) -> io::Result<()> {
    let mut order = [0; 1024];
    loop {
        let n = stream.io(Direction::Read, |mut stream| stream.read(&mut order)).await?;
        if n == 0 {
            return Ok(());
        }
        let reply = reply(&order[..n]);
        let mut unsent = &reply[..];
        while !unsent.is_empty() {
            let n = stream.io(Direction::Write, |mut stream| stream.write(unsent)).await?;
            unsent = &unsent[n..];
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
