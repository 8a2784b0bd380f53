//! On pizzaiolo, as its example has it, without the log.

use std::io;
use std::net;

use pizzaiolo::net::{TcpListener, TcpStream};
use pizzaiolo_benches::order::{ORDER_CAPACITY, Reply};

pub(crate) fn run(listener: net::TcpListener, nodelay: bool) -> io::Result<()> {
    pizzaiolo::block_on(start(TcpListener::try_from(listener)?, nodelay))
}

async fn start(listener: TcpListener, nodelay: bool) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        pizzaiolo::spawn(async move {
            // A connection that fails is over, like one that has ended.
            let _ = serve(stream, nodelay).await;
            super::connection_ended();
        })
        .detach();
    }
}

async fn serve(stream: TcpStream, nodelay: bool) -> io::Result<()> {
    if nodelay {
        stream.set_nodelay(true)?;
    }
    let mut order = [0; ORDER_CAPACITY];
    loop {
        let length = stream.read(&mut order).await?;
        if length == 0 {
            return Ok(());
        }
        let reply = Reply::to(&order[..length]);
        stream.write_all(reply.as_bytes()).await?;
        super::order_served();
    }
}
