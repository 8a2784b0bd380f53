//! An operation that is dropped before it is ready loses no data and leaves nothing behind.

use std::{io::IoSliceMut, net::Shutdown};

use pizzaiolo_testkit::Cancel;

use super::{StdStream, fill, narrow_pair, pair, with_pair};
use crate::support::prelude::*;

/// Bytes come, and the read that waits for them is given up: the next one gets them.
async fn all_is_read(
    cancel: Cancel,
    mut peer: StdStream,
    read: impl AsyncFn(&mut [u8]) -> io::Result<usize>,
) -> io::Result<()> {
    begin_and_drop(read(&mut [0; 8]));
    let sender = spawn(async move {
        yield_now().await;
        peer.write_all(b"bytes").map(|()| peer)
    });
    let bytes = again(cancel, async || {
        let mut buf = [0; 8];
        let len = read(&mut buf).await?;
        io::Result::Ok(buf[..len].to_vec())
    });
    assert_eq!(bytes.await?, b"bytes");
    sender.await?.map(drop)
}

#[test]
fn a_dropped_read_loses_nothing() {
    cancelled_at_each_await(async |cancel| {
        let (stream, peer) = pair()?;
        all_is_read(cancel, peer, async |buf| stream.read(buf).await).await
    });
}

#[test]
fn a_dropped_read_of_a_half_loses_nothing() {
    cancelled_at_each_await(async |cancel| {
        let (stream, peer) = pair()?;
        let (read, _write) = stream.into_split();
        let vectored = async |buf: &mut [u8]| {
            let (first, second) = buf.split_at_mut(2);
            read.read_vectored(&mut [IoSliceMut::new(first), IoSliceMut::new(second)]).await
        };
        all_is_read(cancel, peer, vectored).await
    });
}

#[test]
fn a_dropped_wait_leaves_nothing_behind() {
    run(async || {
        let (stream, mut peer) = narrow_pair()?;
        let filled = fill(&stream).await?;
        begin_and_drop(stream.readable());
        begin_and_drop(stream.writable());
        peer.write_all(b"!")?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        drop(peer);
        assert!(filled > 0);
        Ok(())
    });
}

#[test]
fn a_dropped_write_has_written_nothing() {
    cancelled_at_each_await(async |cancel| {
        let (stream, peer) = narrow_pair()?;
        let filled = fill(&stream).await?;
        begin_and_drop(stream.write(b"never"));
        let reader = spawn(async move {
            yield_now().await;
            read_all(peer)
        });
        let written = cancel.run(stream.write(b"?")).await.transpose()?.unwrap_or(0);
        stream.write_all(b"!").await?;
        stream.shutdown(Shutdown::Write)?;
        let all = reader.await?.join().expect("no panic")?;
        assert_eq!((all.len(), all.last()), (filled + written + 1, Some(&b'!')));
        Ok(())
    });
}

#[test]
fn ten_thousand_dropped_waits_leave_nothing_behind() {
    with_pair(async |stream, mut peer| {
        let (count, waker) = Counter::with_waker();
        for _ in 0..10_000 {
            let mut buf = [0; 8];
            let mut read = pin!(stream.read(&mut buf));
            assert!(poll_with(read.as_mut(), &waker).is_pending());
        }
        assert_eq!(count.wakers(), 1);
        peer.write_all(b"!")?;
        assert_eq!(stream.read(&mut [0; 8]).await?, 1);
        assert_eq!(count.get(), 0);
        Ok(())
    });
}

#[test]
fn a_dropped_wait_leaves_the_others_waiting() {
    with_pair(async |stream, mut peer| {
        let stream = Rc::new(stream);
        let reader = || {
            let stream = Rc::clone(&stream);
            spawn(async move { stream.read(&mut [0]).await })
        };
        let first = reader();
        yield_now().await;
        let mut buf = [0];
        let mut dropped = Box::pin(stream.read(&mut buf));
        assert!(poll_with(dropped.as_mut(), Waker::noop()).is_pending());
        let last = reader();
        yield_now().await;
        drop(dropped);
        peer.write_all(b"ab")?;
        assert_eq!((first.await??, last.await??), (1, 1));
        Ok(())
    });
}
