//! The traits of `futures-io` on Unix streams, where they differ from TCP's.

use futures_util::{AsyncWrite, AsyncWriteExt as _};
use pizzaiolo::net::UnixStream;

use super::stream::poll_style::poll_read;
use crate::support::prelude::*;

/// On Unix sockets, for what was written arrives at once: nothing makes room later on.
#[test]
fn reading_and_writing_have_a_waiter_each() {
    run(async || {
        let (stream, peer) = UnixStream::pair()?;
        let ((read, read_waker), (write, write_waker)) =
            (Counter::with_waker(), Counter::with_waker());
        let mut sent = 0;
        let chunk = vec![7; 100_000];
        let cx = &mut Context::from_waker(&write_waker);
        while let Poll::Ready(len) = Pin::new(&mut &stream).poll_write(cx, &chunk) {
            sent += len?;
        }
        assert!(poll_read(&stream, Waker::noop()).is_pending());
        assert!(poll_read(&stream, &read_waker).is_pending());
        assert_eq!((read.wakers(), write.wakers()), (2, 2));
        // Another writer takes the writer's place, and not the reader's.
        let (other, other_waker) = Counter::with_waker();
        let cx = &mut Context::from_waker(&other_waker);
        assert!(Pin::new(&mut &stream).poll_write(cx, &chunk).is_pending());
        assert_eq!((read.wakers(), write.wakers()), (2, 1));
        peer.write_all(b"order").await?;
        stream.readable().await?;
        assert_eq!((read.get(), other.get()), (1, 0));
        peer.read_exact(&mut vec![0; sent]).await?;
        stream.writable().await?;
        assert_eq!((read.get(), write.get(), other.get()), (1, 0, 1));
        Ok(())
    });
}

#[test]
fn close_is_no_error_when_the_peer_is_gone() {
    run(async || {
        let (mut stream, peer) = UnixStream::pair()?;
        drop(peer);
        stream.close().await
    });
}
