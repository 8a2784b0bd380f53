//! Streams and datagrams that are tried.

use std::io::{IoSlice, IoSliceMut};

use super::{fill, narrow_pair, own_pair, pair, with_pair};
use crate::support::prelude::*;

/// Tries until it is done. Nothing is awaited here, so no event reaches the socket meanwhile. (On TCP, bytes
/// and room for bytes need a moment.)
fn tried(mut a_try: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match a_try() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            result => return result,
        }
    }
}

#[test]
fn a_try_of_a_stream_never_waits() {
    run(async || {
        let (client, server) = own_pair()?;
        let mut buf = [0; 8];
        assert!(would_block(server.try_read(&mut buf)));
        assert_eq!(client.try_write(b"dough")?, 5);
        server.readable().await?;
        assert_eq!(server.try_read(&mut buf)?, 5);
        assert!(would_block(server.try_read(&mut buf)));

        assert_eq!(client.try_write_vectored(&[IoSlice::new(b"to"), IoSlice::new(b"mato")])?, 6);
        server.readable().await?;
        let (mut first, mut second) = ([0; 4], [0; 4]);
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(server.try_read_vectored(&mut bufs)?, 6);
        assert_eq!((&first, &second[..2]), (b"toma", &b"to"[..]));

        // Until there is no room.
        while client.try_write(&[0; 8192]).is_ok() {}
        assert!(would_block(client.try_write(&[0])));
        drop(client);
        while server.read(&mut [0; 8192]).await? > 0 {}
        assert_eq!(server.try_read(&mut buf)?, 0, "the end");
        Ok(())
    });
}

/// A try that finds nothing clears the readiness: otherwise `readable` would return at once, for ever.
#[test]
fn readable_waits_after_a_try_that_would_block() {
    run(async || {
        let (client, server) = own_pair()?;
        client.write_all(b"pizza").await?;
        server.readable().await?;
        assert_eq!(server.try_read(&mut [0; 5])?, 5);
        assert!(would_block(server.try_read(&mut [0; 5])));
        assert!(poll_here(server.readable()).await.is_pending());
        Ok(())
    });
}

#[test]
fn a_try_to_read_asks_the_os_also_when_the_socket_is_known_not_to_be_ready() {
    let (executor, (stream, mut peer)) = (executor(), pair().expect("loopback"));
    let mut buf = [0; 8];
    let mut read_what_comes = |sent: &[u8]| {
        peer.write_all(sent).expect("there is room");
        assert_eq!(tried(|| stream.try_read(&mut buf)).expect("it is there"), sent.len());
        assert_eq!(&buf[..sent.len()], sent);
    };
    executor.block_on(async {
        assert!(poll_here(stream.readable()).await.is_pending(), "it is registered");
        read_what_comes(b"dough");
    });
    read_what_comes(b"tomato");
    drop(executor);
    read_what_comes(b"salami");
}

#[test]
fn a_try_to_write_asks_the_os_also_when_the_socket_is_known_not_to_be_ready() {
    let (executor, (stream, mut peer)) = (executor(), narrow_pair().expect("loopback"));
    let mut filled = executor.block_on(fill(&stream)).expect("there was room");
    let mut drain_and_fill_again = || {
        peer.read_exact(&mut vec![0; filled]).expect("it was written");
        filled = tried(|| stream.try_write(b"!")).expect("there is room");
        while let Ok(len) = stream.try_write(&[b'.'; 4096]) {
            filled += len;
        }
    };
    executor.block_on(async { drain_and_fill_again() });
    drain_and_fill_again();
    drop(executor);
    drain_and_fill_again();
}

/// On a Unix socket Linux would answer "would block".
#[test]
fn to_try_to_read_nothing_reads_nothing() {
    with_pair(async |stream, _peer| {
        assert_eq!(stream.try_read(&mut [])?, 0);
        assert_eq!(stream.try_read_vectored(&mut [IoSliceMut::new(&mut [])])?, 0);
        Ok(())
    });
}
