//! On async-io's sockets; `R` says whether smol's executor or `LocalPool` runs the tasks.

use std::io;
use std::net::{TcpListener, TcpStream};

use pizzaiolo_benches::order::{ORDER_CAPACITY, Reply};
use pizzaiolo_benches::runtime::Runtime;
use smol::Async;
use smol::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) fn run<R: Runtime>(listener: TcpListener, nodelay: bool) -> io::Result<()> {
    R::new().block_on(start::<R>(listener, nodelay))
}

async fn start<R: Runtime>(listener: TcpListener, nodelay: bool) -> io::Result<()> {
    let listener = Async::new_nonblocking(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        R::spawn_detached(async move {
            // A connection that fails is over, like one that has ended.
            let _ = serve(stream, nodelay).await;
            super::connection_ended();
        });
    }
}

async fn serve(mut stream: Async<TcpStream>, nodelay: bool) -> io::Result<()> {
    if nodelay {
        stream.get_ref().set_nodelay(true)?;
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
