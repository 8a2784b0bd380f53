//! Streams and datagrams that are tried.

use std::io::{IoSlice, IoSliceMut};

use super::{own_pair, with_pair};
use crate::support::prelude::*;

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

/// On a Unix socket Linux would answer "would block".
#[test]
fn to_try_to_read_nothing_reads_nothing() {
    with_pair(async |stream, _peer| {
        assert_eq!(stream.try_read(&mut [])?, 0);
        assert_eq!(stream.try_read_vectored(&mut [IoSliceMut::new(&mut [])])?, 0);
        Ok(())
    });
}
