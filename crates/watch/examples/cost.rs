//! What it costs a server to be watched live: a program for `cost.sh`, which counts its instructions.
//!
//! `cost ORDERS` serves so many orders without an observer; `cost ORDERS N` with the page served, and N
//! browsers that read it. The server's thread is the main one.

use std::{
    env,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
};

use pizzaiolo::{Executor, net::TcpListener};

fn main() -> io::Result<()> {
    let mut args = env::args().skip(1).map(|arg| arg.parse::<usize>().expect("a number"));
    let orders = args.next().expect("how many orders");
    let browsers = args.next();
    let mut builder = Executor::builder();
    if let Some(browsers) = browsers {
        let live = pizzaiolo_watch::serve("127.0.0.1:0")?;
        for _ in 0..browsers {
            read_events(live.local_addr())?;
        }
        builder = builder.observer(live);
    }
    builder.build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let client = thread::spawn(move || order(addr, orders));
        let (stream, _) = listener.accept().await?;
        let server = pizzaiolo::spawn(async move {
            let mut order = [0; 64];
            while let Ok(n @ 1..) = stream.read(&mut order).await {
                stream.write_all(&order[..n]).await?;
            }
            io::Result::Ok(())
        });
        server.await.expect("it does not panic")?;
        client.join().expect("it does not panic")
    })
}

/// Orders, reads the reply, and orders again.
fn order(addr: SocketAddr, orders: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    let mut reply = [0; 64];
    for _ in 0..orders {
        stream.write_all(b"2\n")?;
        let _ = stream.read(&mut reply)?;
    }
    Ok(())
}

/// A browser that reads all events.
fn read_events(addr: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    write!(stream, "GET /events HTTP/1.1\r\nHost: {addr}\r\n\r\n")?;
    let mut first = [0; 1];
    stream.read_exact(&mut first)?;
    thread::spawn(move || io::copy(&mut stream, &mut io::sink()));
    Ok(())
}
