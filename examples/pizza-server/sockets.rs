//! What the two loops need of a listener and a stream, so that a network in memory will do, too.

use std::{io, net::Shutdown, net::SocketAddr};

use pizzaiolo::net::{TcpListener, TcpStream};

pub(crate) trait Listener {
    type Stream: Stream + 'static;

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)>;
}

pub(crate) trait Stream {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize>;
    async fn write_all(&self, buf: &[u8]) -> io::Result<()>;
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.accept().await
    }
}

impl Stream for TcpStream {
    async fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf).await
    }

    async fn write_all(&self, buf: &[u8]) -> io::Result<()> {
        self.write_all(buf).await
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}
