//! On monoio's sockets, whose operations own their buffers: both are made once a connection.

use std::io;
use std::net;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use pizzaiolo_benches::order::{ORDER_CAPACITY, Reply};
use pizzaiolo_benches::runtime::{Monoio, Runtime};

pub(crate) fn run(listener: net::TcpListener, nodelay: bool) -> io::Result<()> {
    Monoio::new().block_on(start(listener, nodelay))
}

async fn start(listener: net::TcpListener, nodelay: bool) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        monoio::spawn(async move {
            // A connection that fails is over, like one that has ended.
            let _ = serve(stream, nodelay).await;
            super::connection_ended();
        });
    }
}

async fn serve(mut stream: TcpStream, nodelay: bool) -> io::Result<()> {
    if nodelay {
        stream.set_nodelay(true)?;
    }
    let mut order = vec![0; ORDER_CAPACITY];
    let mut reply = Vec::with_capacity(64);
    loop {
        let (length, filled) = stream.read(order).await;
        let length = length?;
        if length == 0 {
            return Ok(());
        }
        reply.clear();
        reply.extend_from_slice(Reply::to(&filled[..length]).as_bytes());
        let (written, sent) = stream.write_all(reply).await;
        written?;
        (order, reply) = (filled, sent);
        super::order_served();
    }
}
