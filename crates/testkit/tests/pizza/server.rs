//! The two loops of the pizza server, accept and serve, over any listener and any stream.

use std::{io, net::SocketAddr};

use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use pizzaiolo::spawn;

/// One read of up to this many bytes is one order.
const BUFFER_SIZE: usize = 1024;

/// What the accept loop needs of a listener.
pub(crate) trait Listen {
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)>;
}

impl Listen for pizzaiolo::net::TcpListener {
    type Stream = pizzaiolo::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        self.accept().await
    }
}

impl Listen for pizzaiolo_testkit::net::TcpListener {
    type Stream = pizzaiolo_testkit::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        self.accept().await
    }
}

/// Accepts connections for ever, and serves each in a task of its own.
pub(crate) async fn start(listener: impl Listen) -> io::Result<()> {
    loop {
        let (conn, _) = listener.accept().await?;
        // An error concerns that client only.
        drop(spawn(serve(conn)));
    }
}

/// Takes orders until the client hangs up.
async fn serve(mut conn: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut data = [0; BUFFER_SIZE];
    loop {
        let len = conn.read(&mut data).await?;
        if len == 0 {
            return Ok(());
        }
        let response = match parse_order(&data[..len]) {
            Some(order) => format!("Thank you for ordering {order} pizzas!\n"),
            None => "Wrong number of pizzas, please try again.\n".to_owned(),
        };
        conn.write_all(response.as_bytes()).await?;
    }
}

/// The number in an order. White space around it is allowed, and a sign.
fn parse_order(data: &[u8]) -> Option<i64> {
    std::str::from_utf8(data).ok()?.trim().parse().ok()
}
