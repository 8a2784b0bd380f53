//! The traits of `futures-io`. A stream may be polled by one task a direction this way.

use std::{
    io,
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};

use super::{OwnedReadHalf, OwnedWriteHalf, TcpStream};

macro_rules! impl_read {
    ($($type:ty),*) => {$(
        impl AsyncRead for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                // Taken out: nothing is borrowed while a waker runs.
                let mut timer = self.end.read_timer.take();
                let result = self.end.poll_read(buf, &mut timer, cx);
                self.end.read_timer.replace(timer);
                result
            }
        }
    )*};
}

macro_rules! impl_write {
    ($($type:ty),*) => {$(
        impl AsyncWrite for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                // Taken out: nothing is borrowed while a waker runs.
                let mut timer = self.end.write_timer.take();
                let result = self.end.poll_write(buf, &mut timer, cx);
                self.end.write_timer.replace(timer);
                result
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.end.shutdown(Shutdown::Write);
                Poll::Ready(Ok(()))
            }
        }
    )*};
}

impl_read!(TcpStream, &TcpStream, OwnedReadHalf);
impl_write!(TcpStream, &TcpStream, OwnedWriteHalf);
