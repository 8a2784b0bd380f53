//! An operation that is dropped before it is ready loses no data and leaves nothing behind.

use std::net::Shutdown;

use super::{fill, narrow_pair, with_pair};
use crate::support::prelude::*;

#[test]
fn a_dropped_read_loses_nothing() {
    with_pair(async |stream, mut peer| {
        let mut buf = [0; 8];
        begin_and_drop(stream.read(&mut buf));
        peer.write_all(b"early")?;
        assert_eq!(stream.read(&mut buf).await?, 5);
        begin_and_drop(stream.read(&mut buf));
        peer.write_all(b"late")?;
        assert_eq!(stream.read(&mut buf).await?, 4);
        assert_eq!(&buf[..4], b"late");
        Ok(())
    });
}

#[test]
fn a_read_that_is_woken_and_then_dropped_leaves_the_bytes_to_the_next() {
    with_pair(async |stream, mut peer| {
        let (count, waker) = Counter::with_waker();
        let mut buf = [0; 8];
        {
            let mut read = pin!(stream.read(&mut buf));
            assert!(poll_with(read.as_mut(), &waker).is_pending());
            peer.write_all(b"bytes")?;
            stream.readable().await?;
            assert_eq!(count.get(), 1);
        }
        assert_eq!(stream.read(&mut buf).await?, 5);
        assert_eq!(&buf[..5], b"bytes");
        Ok(())
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
    run(async || {
        let (stream, peer) = narrow_pair()?;
        let filled = fill(&stream).await?;
        begin_and_drop(stream.write(b"never"));
        let reader = read_all(peer);
        stream.write_all(b"!").await?;
        stream.shutdown(Shutdown::Write)?;
        let all = reader.join().expect("no panic")?;
        assert_eq!(all.len(), filled + 1);
        assert_eq!(all.last(), Some(&b'!'));
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
