//! On tokio's sockets; `R` says whether tasks go through `spawn` or `spawn_local`.

use std::io;
use std::net;

use pizzaiolo_benches::order::{ORDER_CAPACITY, Reply};
use pizzaiolo_benches::runtime::Runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) fn run<R: Runtime>(listener: net::TcpListener, nodelay: bool) -> io::Result<()> {
    R::new().block_on(start::<R>(listener, nodelay))
}

async fn start<R: Runtime>(listener: net::TcpListener, nodelay: bool) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        R::spawn_detached(async move {
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
